"""A data set larger than memory, made up: what its jobs need, and how fast it trains.

    python benchmarks/scale.py make FOLDER [--images 1000000] [--side 64] [--shards 16]
    snakemake --cores 2 --directory FOLDER
    python benchmarks/scale.py jobs FOLDER
    python benchmarks/scale.py speed FOLDER [--rows 100000]
    python benchmarks/scale.py plan [--shards 10 100 1000]
    python benchmarks/scale.py train --mirror FOLDER [--rounds 2]

`make` writes a working directory: an uncompressed tar of JPEG files, in ten folders by class, and a
configuration. An image is a coloured texture whose direction says the class; one in a thousand is
a near copy of an earlier one. `jobs` prints the peak memory and the seconds of every job, from
Snakemake's benchmark files. `speed` reads batches in a shuffled order from the shards and from
memory, in turn, and prints images/s of both. `plan` prints how long Snakemake plans a run of so
many shards, with one training, and how much memory it takes for that. `train` trains on CIFAR-10
from whole arrays and from four shards in turn, two epochs each, and prints images/s of the second.
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.data import arrays

CLASSES = [f"direction-{number}" for number in range(10)]
A_TIME = 2000  # images that a process makes at a time
COPY_EVERY = 1000  # images: one of so many is a near copy of an earlier one


def picture(number: int, side: int) -> np.ndarray:
    """Return an image, uint8, shape (side, side, 3), and nearly the same for a copy."""
    is_copy = number % COPY_EVERY == COPY_EVERY - 1
    chance = np.random.default_rng(number - number % COPY_EVERY if is_copy else number)
    angle = np.pi * (number_of_class(number) + chance.uniform(-0.3, 0.3)) / len(CLASSES)
    down, across = np.mgrid[0:side, 0:side] / side
    waves = sum(
        np.sin(2 * np.pi * frequency * (down * np.sin(angle) + across * np.cos(angle)) + phase)
        for frequency, phase in zip(chance.uniform(2, 6, 2), chance.uniform(0, 7, 2), strict=True)
    )
    field = cv2.resize(chance.normal(size=(6, 6, 3)), (side, side), interpolation=cv2.INTER_CUBIC)
    image = 128 + 25 * waves[..., None] * chance.uniform(0.5, 1.5, 3) + 30 * field
    if is_copy:
        image = np.roll(image, 1, axis=1) * 0.97
    return np.clip(image, 0, 255).astype(np.uint8)


def number_of_class(number: int) -> int:
    """Return the class of an image; a copy has that of its original."""
    is_copy = number % COPY_EVERY == COPY_EVERY - 1
    return (number - number % COPY_EVERY if is_copy else number) % len(CLASSES)


def encoded(side: int, numbers: range) -> list[tuple[str, bytes]]:
    """Return the names and contents of some image files."""
    found = []
    for number in numbers:
        _, content = cv2.imencode(".jpg", picture(number, side), [cv2.IMWRITE_JPEG_QUALITY, 90])
        found.append((f"{CLASSES[number_of_class(number)]}/{number:08}.jpg", content.tobytes()))
    return found


def make(folder: Path, images: int, side: int, shards: int) -> None:
    """Write the working directory."""
    resources = folder / "resources" / "made-up"
    resources.mkdir(parents=True)
    archive = resources / "images.tar"
    blocks = [range(at, min(at + A_TIME, images)) for at in range(0, images, A_TIME)]
    with ProcessPoolExecutor() as pool, tarfile.open(archive, "w") as file:
        for block in pool.map(partial(encoded, side), blocks):
            for name, content in block:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while part := file.read(1 << 24):
            digest.update(part)
    spec = {
        "title": f"{images:,} made-up images",
        "format": "archive",
        "image": {"height": side, "width": side, "channels": 3},
        "classes": CLASSES,
        "files": {archive.name: {"sha256": [digest.hexdigest()]}},
        "archive": {"images": archive.name, "folders": ["class"]},
        "shards": shards,
        "limits": {"members": 2 * images, "total_bytes": 10**12},
        "split": {"test_share": 0.02, "validation_share": 0.01},
    }
    layers = [
        {"conv": {"filters": 16, "stride": 2}},
        {"pool": {"size": 2}},
        {"conv": {"filters": 32}},
        {"pool": {"size": 2}},
        {"flatten": {}},
    ]
    config = {
        "datasets": ["made-up"],
        "models": {"small": {"layers": layers}},
        "seeds": [0],
        "training": {"epochs": 1, "batch_size": 256},
        "analysis": {"corruptions": None, "look_inside": None},
    }
    (folder / "config" / "datasets").mkdir(parents=True)
    for path, content in (("datasets/made-up.yaml", spec), ("config.yaml", config)):
        (folder / "config" / path).write_text(yaml.safe_dump(content, sort_keys=False))


def jobs(folder: Path) -> None:
    """Print what every job needed."""
    for path in sorted((folder / "results/made-up/benchmarks").glob("*.tsv")):
        row = pd.read_csv(path, sep="\t").iloc[-1]
        print(
            json.dumps(
                {
                    "job": path.stem,
                    "seconds": round(float(row["s"]), 1),
                    "peak_mb": round(float(row["max_rss"])),
                    "own_mb": round(float(row["max_uss"])),
                }
            )
        )


def speed(folder: Path, rows: int, batch: int = 256) -> None:
    """Print how fast shuffled batches are read from the shards and from memory."""
    stored, _ = arrays.load_compact(folder / "results/made-up/arrays", "train")
    chosen = np.random.default_rng(0).permutation(len(stored))[:rows]
    in_memory = stored[chosen]
    order = np.random.default_rng(1).permutation(rows)
    for _ in range(3):
        for name, images, numbers in (("shards", stored, chosen), ("memory", in_memory, None)):
            start = time.perf_counter()
            for at in range(0, rows, batch):
                part = order[at : at + batch]
                images[part if numbers is None else numbers[part]]
            seconds = time.perf_counter() - start
            print(json.dumps({"from": name, "images_per_second": round(rows / seconds)}))


def plan(shards: list[int]) -> None:
    """Print what the dry run of so many shards takes."""
    for count in shards:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, 10, 8, count)
            command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"]
            command += ["--cores", "2", "--directory", str(folder)]
            start = time.perf_counter()
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            assert status == 0
            cpu = used.ru_utime + used.ru_stime
            found = {
                "shards": count,
                "seconds": seconds,
                "cpu": cpu,
                "peak_mb": used.ru_maxrss / 1e3,
            }
            print(json.dumps({key: round(value, 1) for key, value in found.items()}), flush=True)


def train(mirror: Path, rounds: int) -> None:
    """Print how fast the default baseline trains from whole arrays and from shards."""
    if not mirror.is_dir():
        sys.exit(f"{mirror}: no such folder; nothing was measured")
    default = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    spec = (ROOT / "config" / "datasets" / "cifar10.yaml").read_text()
    model = "results/cifar10/baseline/seed-0/model.keras"
    with tempfile.TemporaryDirectory() as name:
        folders = {"whole": Path(name) / "whole", "shards": Path(name) / "shards"}
        for kind, folder in folders.items():
            config = {
                "datasets": ["cifar10"],
                "mirror": str(mirror.absolute()),
                "models": {"baseline": default["models"]["baseline"]},
                "training": {"epochs": 2},
            }
            (folder / "config" / "datasets").mkdir(parents=True)
            (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
            divided = f"{spec}\nshards: 4\n" if kind == "shards" else spec
            (folder / "config" / "datasets" / "cifar10.yaml").write_text(divided)
        for number in range(rounds):
            for kind, folder in folders.items():
                command = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory"]
                command += [str(folder), "--forcerun", "train_model", "--", model]
                subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
                history = pd.read_csv((folder / model).parent / "history.csv")
                speed = round(float(history["images_per_second"].iloc[-1]))
                found = {"round": number, "from": kind, "images_per_second": speed}
                print(json.dumps(found), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("make")
    made.add_argument("folder", type=Path)
    made.add_argument("--images", type=int, default=1_000_000)
    made.add_argument("--side", type=int, default=64)
    made.add_argument("--shards", type=int, default=16)
    listed = commands.add_parser("jobs")
    listed.add_argument("folder", type=Path)
    read = commands.add_parser("speed")
    read.add_argument("folder", type=Path)
    read.add_argument("--rows", type=int, default=100_000)
    planned = commands.add_parser("plan")
    planned.add_argument("--shards", type=int, nargs="+", default=[10, 100, 1000])
    trained = commands.add_parser("train")
    trained.add_argument("--mirror", type=Path, required=True)
    trained.add_argument("--rounds", type=int, default=2)
    given = vars(parser.parse_args())
    functions = {"make": make, "jobs": jobs, "speed": speed, "plan": plan, "train": train}
    functions[given.pop("command")](**given)
