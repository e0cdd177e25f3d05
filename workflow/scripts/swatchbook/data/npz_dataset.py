"""A data set of arrays in one NumPy file (.npz), as MedMNIST and many small sets come."""

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import archive_formats, limits
from swatchbook.data.content_digests import check_digest, digests
from swatchbook.data.dataset_formats import Images
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError, first_ten


def read(spec: Mapping[str, Any], path: Path, names: Mapping[str, Mapping[str, str]]) -> Images:
    """Read the arrays of one file.

    Parameters
    ----------
    spec
        The content of the data set's file.
    path
        The file.
    names
        For ``train``, and for ``validation`` and ``test`` where the data come with them, the names
        of the arrays ``images`` (uint8, shape (n, height, width) or (n, height, width, channels))
        and ``labels`` (whole numbers, shape (n,) or (n, 1)).

    Returns
    -------
    Images
        With ids like ``train/0``, the place in the array.

    Raises
    ------
    DataError
        If an array is missing or is not what `spec` says.
    """
    wanted = {name for of in names.values() for name in of.values()}
    arrays = _arrays(path, wanted, limits.of(spec))
    size = tuple(spec["image"][key] for key in ("height", "width", "channels"))
    ids: list[str] = []
    parts, pixels, labels = [], [], []
    for part in SPLITS:
        if not names.get(part):
            continue
        of_part = _images(path, names[part]["images"], arrays[names[part]["images"]], size)
        indices = _labels(path, names[part]["labels"], arrays[names[part]["labels"]], spec)
        if len(of_part) != len(indices):
            raise DataError(f"{len(indices)} labels for {len(of_part)} {part} images", where=path)
        ids += [f"{part}/{number}" for number in range(len(of_part))]
        parts += [part] * len(of_part)
        pixels.append(of_part)
        labels.append(indices)
    all_pixels, all_labels = np.concatenate(pixels), np.concatenate(labels)
    pinned = spec.get("content", {})
    found = digests(all_pixels, all_labels, len(spec["classes"])) if pinned else {}
    for what in found:
        check_digest(path, what, found[what], pinned.get(what))
    given = np.array(parts) if len(set(parts)) > 1 else None
    return Images(ids, all_pixels, all_labels, parts=given)


def _arrays(path: Path, wanted: set[str], most: limits.Limits) -> dict[str, np.ndarray]:
    """Read the arrays of these names out of the zip archive that the file is."""
    found = {}
    # An array may be as large as all of it; the limit of a member is for a file of one image.
    with archive_formats.opened(path, replace(most, member_bytes=most.total_bytes)) as archive:
        there = [name.removesuffix(".npy") for name in archive.names]
        missing = sorted(wanted - set(there))
        if missing:
            raise DataError(
                f"there is no array {', '.join(missing)}; there are {first_ten(there)}", where=path
            )
        for name, content in archive.stream():
            array = name.removesuffix(".npy")
            if array in wanted:
                try:
                    found[array] = np.load(io.BytesIO(content), allow_pickle=False)
                except (ValueError, EOFError, OSError) as error:
                    raise DataError(
                        f"{array} cannot be read: it holds no plain numbers, or is damaged",
                        where=path,
                    ) from error
    return found


def _images(path: Path, name: str, array: np.ndarray, size: tuple[int, int, int]) -> np.ndarray:
    """Return images of shape (n, height, width, channels)."""
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1:] != size:
        shape = " × ".join(map(str, array.shape))
        raise DataError(
            f"{name} is {array.dtype} of {shape}, not uint8 of images of "
            f"{' × '.join(map(str, size))} (height, width, channels)",
            where=path,
        )
    return array


def _labels(path: Path, name: str, array: np.ndarray, spec: Mapping[str, Any]) -> np.ndarray:
    """Return class indices, int64, shape (n,)."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(
            f"{name} is {array.dtype} of {array.shape}, not a whole number for each image",
            where=path,
        )
    wrong = array[(array < 0) | (array >= len(spec["classes"]))]
    if len(wrong):
        raise DataError(
            f"labels in {name} that are no class: {first_ten(sorted(set(wrong.tolist())))}",
            where=path,
            hint=f"there are {len(spec['classes'])} classes, counted from 0",
        )
    return array.astype(np.int64)
