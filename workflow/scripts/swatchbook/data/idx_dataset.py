"""A data set of four IDX files, with a test set of its own, as MNIST comes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import idx, limits
from swatchbook.data.dataset_formats import Images, ImagesAndLabels
from swatchbook.errors import DataError, first_ten


def read(spec: Mapping[str, Any], folder: Path, files: Mapping[str, ImagesAndLabels]) -> Images:
    """Read the images and the labels of both parts; the ids are ``train/0``, ``train/1`` …

    Parameters
    ----------
    spec
        The content of the data set's file.
    folder
        Where the files are.
    files
        For ``train`` and for ``test`` the names of the files.

    Raises
    ------
    DataError
        If a file is not what `spec` says.
    """
    content = spec.get("content", {})
    most = limits.of(spec)
    ids: list[str] = []
    parts = []
    for part in ("train", "test"):
        images_path, labels_path = (folder / files[part][key] for key in ("images", "labels"))
        pixels = idx.read(images_path, 3, content.get(f"{part}_images"), most)
        indices = idx.read(labels_path, 1, content.get(f"{part}_labels"), most)
        _check(spec, images_path, pixels, labels_path, indices)
        ids += [f"{part}/{number}" for number in range(len(pixels))]
        parts.append((pixels, indices))
    (train_x, train_y), (test_x, test_y) = parts
    return Images(
        ids,
        np.concatenate([train_x, test_x])[..., np.newaxis],
        np.concatenate([train_y, test_y]).astype(np.int64),
        parts=np.repeat(["train", "test"], [len(train_x), len(test_x)]),
    )


def _check(
    spec: Mapping[str, Any],
    images_path: Path,
    pixels: np.ndarray,
    labels_path: Path,
    indices: np.ndarray,
) -> None:
    size = (spec["image"]["height"], spec["image"]["width"])
    if pixels.shape[1:] != size:
        raise DataError(f"images of {pixels.shape[1:]} pixels instead of {size}", where=images_path)
    if len(pixels) != len(indices):
        raise DataError(f"{len(indices)} labels for {len(pixels)} images", where=labels_path)
    wrong = np.flatnonzero(indices >= len(spec["classes"]))
    if len(wrong):
        pairs = (f"{indices[number]} at image {number}" for number in wrong)
        raise DataError(
            f"labels that are no class: {first_ten(pairs)}",
            where=labels_path,
            hint=f"there are {len(spec['classes'])} classes, counted from 0",
        )
