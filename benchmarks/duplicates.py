"""Time, memory and reliability of the search for copies, on the official training and test sets.

For each data set four searches, each in a process of its own: the images as they are; with near
copies of random images put among them, for the recall; with the training set upside down, so that
no test image can have a copy there, for the false alarms; and the images as they are by the search
for many images, beside the exact one.

    python benchmarks/duplicates.py --mirror FOLDER [--dataset cifar-10] [--sheets FOLDER]

FOLDER holds cifar-10/ with train.7z, test.7z and their label tables, and fashion-mnist/ with its
four files. With --sheets a PNG for each band of relative distances shows pairs of a training and a
test image, drawn at random, to judge the limit by eye.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.data import dataset_formats, duplicates
from swatchbook.startup import configuration

CONFIGS = {"cifar-10": "cifar10", "fashion-mnist": "fashion-mnist"}
BANDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
SEARCHES = ("as they are", "with copies", "upside down", "as many")
COPIES = 500  # of each kind
PAIRS_ON_A_SHEET = 96


def images_and_labels(mirror: Path, dataset: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Return all pixels, training images first, all class indices and how many are for training."""
    schema = ROOT / "workflow" / "schemas" / "dataset.schema.json"
    spec = configuration.load_dataset(CONFIGS[dataset], [ROOT / "config" / "datasets"], schema)
    train = dataset_formats.read(spec, mirror / dataset)
    if dataset == "fashion-mnist":
        return train.pixels, train.labels, int((train.parts == "train").sum())
    spec = spec | {"archive": {"images": "test.7z", "labels": "testLabels.csv"}, "content": {}}
    test = dataset_formats.read(spec, mirror / dataset)
    pixels = np.concatenate([train.pixels, test.pixels])
    return pixels, np.concatenate([train.labels, test.labels]), len(train.ids)


def moved(images: np.ndarray, down: int, right: int) -> np.ndarray:
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    return padded[:, 2 - down : 2 - down + height, 2 - right : 2 - right + width]


def lit(images: np.ndarray, contrast: float, brightness: float = 0) -> np.ndarray:
    return np.clip(images.astype(np.float32) * contrast + brightness, 0, 255).astype(np.uint8)


def noisy(images: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 5, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


CHANGES = {
    "moved by (1, 0)": lambda images: moved(images, 1, 0),
    "moved by (1, 1)": lambda images: moved(images, 1, -1),
    "moved by (2, 0)": lambda images: moved(images, 2, 0),
    "moved by (2, 2)": lambda images: moved(images, -2, 2),
    "times 0.8": lambda images: lit(images, 0.8),
    "times 1.2, clipped": lambda images: lit(images, 1.2),
    "plus 10 % of the range, clipped": lambda images: lit(images, 1, 25.5),
    "noise, deviation 2 % of the range": noisy,
    "moved by (1, 2), times 0.9, noise": lambda images: noisy(lit(moved(images, 1, 2), 0.9)),
}


def search(pixels: np.ndarray) -> tuple[duplicates.Found, dict[str, float]]:
    """Search and return what was found, seconds and the process's peak memory."""
    start, cpu = time.perf_counter(), time.process_time()
    found = duplicates.find(pixels)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return found, {
        "images": len(pixels),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "peak_mb": round(peak),
    }


def as_they_are(
    pixels: np.ndarray, labels: np.ndarray, training: int, sheets: Path | None
) -> dict[str, object]:
    """Count the copies of test images in the training set, at several limits."""
    duplicates.NEAR = BANDS[-1]
    found, result = search(pixels)
    pairs = found.pairs.assign(
        same=labels[found.pairs["first"]] == labels[found.pairs["second"]],
    )
    across = pairs[(pairs["first"] < training) & (pairs["second"] >= training)]
    if sheets:
        for low, high in itertools.pairwise(BANDS):
            band = across[across["relative_distance"].between(low, high, inclusive="left")]
            sample = band.sample(min(len(band), PAIRS_ON_A_SHEET), random_state=0).sort_index()
            draw_sheet(pixels, sample, sheets / f"{training}-{low:.1f}-to-{high:.1f}.png")
    limits = {}
    for limit in BANDS[1:]:
        within = across[across["relative_distance"] < limit]
        limits[str(limit)] = {
            "pairs": len(within),
            "test_images": within["second"].nunique(),
            "pairs_with_different_labels": int((~within["same"]).sum()),
        }
    exact = pairs[pairs["exact"]]
    return result | {
        "constant": int(found.constant.sum()),
        "exact_within_training": int((exact["second"] < training).sum()),
        "exact_within_test": int((exact["first"] >= training).sum()),
        "exact_across": int(across["exact"].sum()),
        "training_to_test_by_limit": limits,
    }


def draw_sheet(pixels: np.ndarray, pairs, path: Path) -> None:
    """Draw pairs beside each other, each below its relative distance."""
    columns, cells = 8, []
    for pair in pairs.itertuples():
        both = np.concatenate([pixels[pair.first], pixels[pair.second]], axis=1)
        both = np.repeat(both, 3 // both.shape[2], axis=2)[..., ::-1]
        both = cv2.resize(both, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
        cell = np.pad(both, ((14, 4), (2, 6), (0, 0)), constant_values=255)
        cell = np.ascontiguousarray(cell)
        text = f"{pair.relative_distance:.2f}{'' if pair.same else ' other label'}"
        cv2.putText(cell, text, (2, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1)
        cells.append(cell)
    if cells:
        cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
        rows = [np.concatenate(cells[at : at + columns], 1) for at in range(0, len(cells), columns)]
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.concatenate(rows))


def with_copies(pixels: np.ndarray, training: int) -> dict[str, object]:
    """Put changed copies of random training images among the images; return which are found."""
    chosen = np.random.default_rng(0).permutation(training)[: COPIES * len(CHANGES)]
    originals = chosen.reshape(len(CHANGES), COPIES)
    copies = [
        change(pixels[part]) for change, part in zip(CHANGES.values(), originals, strict=True)
    ]
    found, result = search(np.concatenate([pixels, *copies]))
    pairs = set(found.pairs[["first", "second"]].itertuples(index=False, name=None))
    recall = {}
    for number, (name, part) in enumerate(zip(CHANGES, originals, strict=True)):
        places = len(pixels) + number * COPIES + np.arange(COPIES)
        hits = sum(pair in pairs for pair in zip(part.tolist(), places.tolist(), strict=True))
        recall[name] = hits / COPIES
    return result | {"limit": duplicates.NEAR, "recall": recall}


def upside_down(pixels: np.ndarray, training: int) -> dict[str, object]:
    """Turn the training images upside down; return how many pairs with test images are found."""
    turned = np.concatenate([pixels[:training, ::-1], pixels[training:]])
    duplicates.NEAR = BANDS[-1]
    found, result = search(turned)
    pairs = found.pairs
    across = pairs[(pairs["first"] < training) & (pairs["second"] >= training)]
    by_limit = {str(b): int((across["relative_distance"] < b).sum()) for b in BANDS[1:]}
    return result | {"pairs_by_limit": by_limit}


def as_many(pixels: np.ndarray) -> dict[str, object]:
    """Search as among many images, and return what of the exact search's pairs is found."""
    exact, result = search(pixels)
    started, cpu = time.perf_counter(), time.process_time()
    many = duplicates.find(pixels, exhaustive=0)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    ends = ["first", "second"]
    joined = exact.pairs.merge(many.pairs, how="outer", on=ends, indicator=True)
    counts = joined["_merge"].value_counts()
    missed = joined[joined["_merge"] == "left_only"]["relative_distance_x"]
    return {
        "exact": result | {"pairs": len(exact.pairs)},
        "many": {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1)},
        "found_by_both": int(counts["both"]),
        "by_the_exact_one_only": int(counts["left_only"]),
        "by_the_other_only": int(counts["right_only"]),
        "relative_distances_of_those_missed": missed.round(3).sort_values().tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--dataset", choices=CONFIGS, action="append")
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--search", choices=SEARCHES)
    parser.add_argument("--arrays", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.arrays:
        arrays = np.load(options.arrays)
        pixels, training = arrays["pixels"], int(arrays["training"])
        result = {
            "as they are": lambda: as_they_are(pixels, arrays["labels"], training, options.sheets),
            "with copies": lambda: with_copies(pixels, training),
            "upside down": lambda: upside_down(pixels, training),
            "as many": lambda: as_many(pixels),
        }[options.search]()
        print(json.dumps(result))
        return
    if not options.mirror.is_dir():
        sys.exit(f"{options.mirror}: no such folder; nothing was measured")
    results: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for dataset in options.dataset or CONFIGS:
            pixels, labels, training = images_and_labels(options.mirror, dataset)
            arrays = Path(folder) / f"{dataset}.npz"
            np.savez(arrays, pixels=pixels, labels=labels, training=training)
            for name in [options.search] if options.search else SEARCHES:
                command = [sys.executable, __file__, "--mirror", str(options.mirror)]
                command += ["--arrays", str(arrays), "--search", name]
                if options.sheets:
                    command += ["--sheets", str(options.sheets / dataset)]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
                results.setdefault(dataset, {})[name] = json.loads(done.stdout)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
