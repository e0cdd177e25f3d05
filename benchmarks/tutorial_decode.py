"""Baseline: how the tutorial "Convolutional Neural Networks with TensorFlow" reads CIFAR-10.

The 2017-18 tutorial's way from Kaggle's archive to arrays: extract every PNG to disk, read them
one by one with OpenCV into a list, divide by the maximum (which makes float64), one-hot encode,
split 80/20 and save four `.npy` files. The project's decoding is compared with it.

    python benchmarks/tutorial_decode.py --archive train.7z --labels trainLabels.csv --output FOLDER

FOLDER must be new or empty; it then holds the extracted images and the arrays (about 1.5 GB).
The result is one JSON object on standard output: the seconds of each phase and in total, and the
process's peak resident memory in MB (10^6 bytes).

One thing differs from the tutorial: it matched labels to images by directory order, which is
wrong; here they are joined by id. Images keep the directory's order and OpenCV's BGR channels.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import py7zr
from sklearn.model_selection import train_test_split

TEST_SHARE = 0.2
SPLIT_SEED = 42
# Linux reports ru_maxrss in kibibytes, macOS in bytes.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Stopwatch:
    """Collects the seconds that each named phase took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def extract(archive: Path, folder: Path) -> None:
    with py7zr.SevenZipFile(archive) as file:
        file.extractall(path=folder)


def list_images(folder: Path) -> list[Path]:
    """Return the extracted PNG files in the order the directory lists them."""
    return list(folder.rglob("*.png"))


def read_images(paths: list[Path]) -> np.ndarray:
    """Return the images as uint8, shape (N, height, width, 3), BGR, in the order of the paths."""
    images = []
    for path in paths:
        image = cv2.imread(str(path))
        if image is None:
            sys.exit(f"OpenCV cannot read {path}.")
        images.append(image)
    return np.array(images)


def join_labels(paths: list[Path], table: Path) -> pd.Series:
    """Return the label of each image, looked up by the id in its file name."""
    listed = pd.DataFrame({"id": [int(path.stem) for path in paths]})
    joined = listed.merge(pd.read_csv(table), on="id", how="left", validate="one_to_one")
    unlabelled = joined.loc[joined["label"].isna(), "id"]
    if len(unlabelled):
        sys.exit(
            f"{table} has no label for {len(unlabelled)} images, id {unlabelled.iloc[0]} first."
        )
    return joined["label"]


def one_hot(labels: pd.Series) -> np.ndarray:
    """Return the labels as one-hot float64, shape (N, classes), classes in alphabetical order."""
    return pd.get_dummies(labels).to_numpy(dtype=np.float64)


def save(folder: Path, arrays: list[np.ndarray]) -> None:
    """Save the arrays in the order in which train_test_split returns them."""
    for name, array in zip(("x_train", "x_test", "y_train", "y_test"), arrays, strict=True):
        np.save(folder / f"{name}.npy", array)


def decode(archive: Path, labels: Path, output: Path) -> dict[str, float]:
    """Go the tutorial's whole way from archive to arrays; return the seconds of each phase."""
    watch = Stopwatch()
    with watch.phase("extract"):
        extract(archive, output)
    with watch.phase("list"):
        paths = list_images(output)
    with watch.phase("read"):
        x = read_images(paths)
    with watch.phase("labels"):
        y = one_hot(join_labels(paths, labels))
    with watch.phase("normalise"):
        x = x / np.max(x)
    with watch.phase("split"):
        arrays = train_test_split(x, y, test_size=TEST_SHARE, random_state=SPLIT_SEED)
    with watch.phase("save"):
        save(output, arrays)
    return watch.seconds


def peak_rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT / 1e6


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archive", type=Path, required=True, help="train.7z")
    parser.add_argument("--labels", type=Path, required=True, help="trainLabels.csv: id,label")
    parser.add_argument("--output", type=Path, required=True, help="new or empty work folder")
    options = parser.parse_args()
    for path in (options.archive, options.labels):
        if not path.is_file():
            parser.error(f"{path} is not a file")
    options.output.mkdir(parents=True, exist_ok=True)
    if any(options.output.iterdir()):
        parser.error(
            f"--output {options.output} is not empty: its files would be counted as images"
        )
    return options


def main() -> None:
    options = parse_options()
    seconds = decode(options.archive, options.labels, options.output)
    result = {
        "seconds": {phase: round(value, 2) for phase, value in seconds.items()},
        "total_seconds": round(sum(seconds.values()), 2),
        "peak_rss_mb": round(peak_rss_mb()),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
