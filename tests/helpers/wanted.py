"""What the hostile inputs stand beside: small data sets in which everything is right."""

from pathlib import Path
from typing import Any

import numpy as np

import makers
from crafted_parquet import hugging_face, write_parquet
from makers import png, random_images, write_idx, write_table

CLASSES = ["cat", "dog", "T-shirt, blue"]
PIXELS = random_images(6, 4, 5)
IDS = ["1", "2", "3", "4", "5", "6"]
PACKED = {f"train/{id_}.png": png(pixels) for id_, pixels in zip(IDS, PIXELS, strict=True)}
LABELS = dict(zip(IDS, ["cat", "dog", "cat", "dog", "cat", "cat"], strict=True))
ARCHIVE: dict[str, Any] = {
    "format": "archive",
    "image": {"height": 4, "width": 5, "channels": 3},
    "classes": CLASSES,
    "archive": {"images": "some.7z", "labels": "labels.csv"},
    "split": {"test_share": 0.2, "validation_share": 0.25, "random_state": 42},
}
GREY = random_images(6, 4, 5, channels=1)[..., 0]
IDX: dict[str, Any] = {
    "format": "idx",
    "image": {"height": 4, "width": 5, "channels": 1},
    "classes": CLASSES,
    "idx": {
        "train": {"images": "train-x", "labels": "train-y"},
        "test": {"images": "test-x", "labels": "test-y"},
    },
    "split": {"validation_first": 1},
}

FILES = [(content,) for content in PACKED.values()]  # of the images, as Hugging Face has them
INDICES = [CLASSES.index(label) for label in LABELS.values()]
PARQUET: dict[str, Any] = {
    "format": "parquet",
    "image": {"height": 4, "width": 5, "channels": 3},
    "classes": CLASSES,
    "parquet": {"train": ["train-0.parquet", "train-1.parquet"], "test": ["test.parquet"]},
    "split": {"validation_share": 0.25},
}


def write_archive(folder: Path, name: str = "some.7z") -> None:
    """Write the archive, of the format that its name says, and the table of `ARCHIVE`."""
    makers.write_archive(folder / name, PACKED)
    write_table(folder / "labels.csv", LABELS)


def write_idx_files(folder: Path) -> None:
    """Write the four files of `IDX`."""
    for part, rows in (("train", slice(4)), ("test", slice(4, None))):
        write_idx(folder / f"{part}-x", GREY[rows])
        write_idx(folder / f"{part}-y", np.arange(len(GREY), dtype=np.uint8)[rows] % 3)


def write_parquet_files(folder: Path) -> None:
    """Write the three files of `PARQUET`."""
    for name, rows in (("train-0", slice(2)), ("train-1", slice(2, 4)), ("test", slice(4, None))):
        columns = {"image": FILES[rows], "label": INDICES[rows]}
        write_parquet(folder / f"{name}.parquet", columns, metadata=hugging_face(CLASSES))
