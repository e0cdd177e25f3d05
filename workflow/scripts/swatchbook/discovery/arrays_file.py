"""What the arrays of a NumPy file are, by their names and shapes."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import archive_formats
from swatchbook.data.limits import Limits
from swatchbook.discovery import decisions
from swatchbook.discovery.arrangement import Arrangement
from swatchbook.discovery.decisions import Decided
from swatchbook.errors import DataError

# What people call the sets, and the arrays of one; of the first form that is there, all are taken.
PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation"),
    "test": ("test",),
}
FORMS = (
    ("{}_images", "{}_labels"),
    ("x_{}", "y_{}"),
    ("X_{}", "y_{}"),
    ("images_{}", "labels_{}"),
    ("{}_x", "{}_y"),
    ("{}_data", "{}_labels"),
)
WHOLE = (("images", "labels"), ("x", "y"), ("X", "y"), ("data", "labels"), ("data", "target"))


def describe(path: Path, name: str, source: object) -> tuple[dict[str, Any], Arrangement]:
    """Return what the data set's file says of a NumPy file, and how its images are arranged.

    Raises
    ------
    DataError
        If no two arrays are images and their labels.
    """
    # Nothing is unpacked that is larger than a data set may be.
    with archive_formats.opened(path, Limits(member_bytes=Limits().total_bytes)):
        pass
    try:
        with np.load(path, allow_pickle=False, mmap_mode="r") as file:
            there = set(file.files)
            names = _named(there)
            if not names:
                raise DataError(
                    f"no two of its arrays are images and labels by their names: "
                    f"{', '.join(sorted(there))}",
                    where=source,
                    hint="call them images and labels, or x_train, y_train, x_test and y_test",
                )
            labels = {part: np.ravel(file[of["labels"]]) for part, of in names.items()}
            shape = file[names["train"]["images"]].shape
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"cannot be read: {' '.join(str(error).split())}", where=source) from error
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)):
        raise DataError(
            f"{names['train']['images']} has the shape {shape}, which are no images",
            where=source,
            hint="images have (n, height, width) or (n, height, width, channels)",
        )
    every = np.concatenate(list(labels.values()))
    if every.dtype.kind not in "iu" or every.min() < 0 or every.max() >= 1000:
        raise DataError("its labels are no classes counted from 0", where=source)
    counts = np.bincount(every)
    arranged = Arrangement(
        "", [], "", None, Counter({str(n): int(c) for n, c in enumerate(counts)})
    )
    if len(names) > 1:
        arranged.splits = Counter({part: len(of) for part, of in labels.items()})
    image = {
        "height": Decided(int(shape[1]), "the size of all images"),
        "width": Decided(int(shape[2]), ""),
        "channels": Decided(int(shape[3]) if len(shape) == 4 else 1, ""),
    }
    return {
        "title": Decided(name, "for the report: say what it is"),
        "format": Decided("npz", ""),
        "image": image,
        "classes": Decided(list(arranged.classes), "give them names, in this order"),
        "npz": {
            "file": Decided(path.name, ""),
            **{part: Decided(of, "") for part, of in names.items()},
        },
        "split": decisions.split(arranged),
    }, arranged


def _named(there: set[str]) -> Mapping[str, dict[str, str]]:
    """Return the arrays of images and of labels of each set; empty if there are none."""
    for images, labels in FORMS:
        found = {}
        for part, words in PARTS.items():
            for word in words:
                pair = {"images": images.format(word), "labels": labels.format(word)}
                if set(pair.values()) <= there:
                    found.setdefault(part, pair)
        if "train" in found:
            return found
    for images, labels in WHOLE:
        if {images, labels} <= there:
            return {"train": {"images": images, "labels": labels}}
    return {}
