"""What four IDX files are, by their dimensions and their names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import idx
from swatchbook.data.limits import Limits
from swatchbook.discovery.arrangement import Arrangement
from swatchbook.discovery.decisions import Decided
from swatchbook.errors import DataError, first_ten

DIMENSIONS = {"images": 3, "labels": 1}
# How names say which set a file is of; MNIST calls the first 10,000 of its test images t10k.
SETS = {"train": ("train",), "test": ("t10k", "test")}
HELD_OUT = 10  # of so many training images one is for the validation


def describe(
    paths: Sequence[Path], name: str, source: object
) -> tuple[dict[str, Any], Arrangement, dict[str, str]]:
    """Return what the data set's file says of IDX files, how they are arranged, and their digests.

    Raises
    ------
    DataError
        If they are not images and labels for training, and the same for the test.
    """
    files = _files(paths, source)
    most = Limits()
    labels = {part: idx.read(of["labels"], 1, limits=most) for part, of in files.items()}
    if not all(map(len, labels.values())):
        raise DataError("there is no label in one of its files", where=source)
    shape = idx.read(files["train"]["images"], 3, limits=most).shape
    counts = np.bincount(np.concatenate(list(labels.values())))
    classes = [str(number) for number in range(len(counts))]
    there = {name: int(count) for name, count in zip(classes, counts, strict=True) if count}
    splits = Counter({part: len(of) for part, of in labels.items()})
    content = {
        f"{part}_{what}": idx.content_digest(path)
        for part, of in files.items()
        for what, path in of.items()
    }
    return (
        {
            "title": Decided(name, "for the report: say what it is"),
            "format": Decided("idx", ""),
            "image": {
                "height": Decided(shape[1], "the size of all images"),
                "width": Decided(shape[2], ""),
                "channels": Decided(1, "grey"),
            },
            "classes": Decided(classes, "give them names, in this order"),
            "idx": {
                part: Decided({what: path.name for what, path in of.items()}, "")
                for part, of in files.items()
            },
            "split": _split(labels["train"]),
        },
        Arrangement("", [], "", None, Counter(there), splits),
        content,
    )


def _files(paths: Sequence[Path], source: object) -> Mapping[str, Mapping[str, Path]]:
    """Return the files of images and of labels of each set."""
    found: dict[str, dict[str, Path]] = {}
    for part, words in SETS.items():
        for what, count in DIMENSIONS.items():
            of = [
                path
                for path in paths
                if idx.dimensions(path) == count
                and any(word in path.name.lower() for word in words)
            ]
            if len(of) != 1:
                names = first_ten(path.name for path in of or paths)
                raise DataError(
                    f"{'no' if not of else 'several'} IDX files can be the {what} "
                    f"for {'training' if part == 'train' else 'the test'}: {names}",
                    where=source,
                    hint="there are four, with train and with t10k or test in their names",
                )
            found.setdefault(part, {})[what] = of[0]
    return found


def _split(labels: np.ndarray) -> dict[str, Decided]:
    """Decide how many of the first training images become the validation set."""
    held = len(labels) // HELD_OUT
    if held and set(labels[:held]) == set(labels):
        return {"validation_first": Decided(held, "a tenth of the training images, the first ones")}
    return {
        "validation_first": Decided(
            0, "the first images are not of all classes: shuffle the files to hold some out"
        )
    }
