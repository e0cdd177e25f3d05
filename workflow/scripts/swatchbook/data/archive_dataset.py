"""A data set of an archive with image files and a table of labels, joined by the images' ids."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from swatchbook.data import archive_formats, image_formats, limits
from swatchbook.data.archives import Archive
from swatchbook.data.dataset_formats import Images
from swatchbook.data.image_formats import Decode
from swatchbook.data.image_stream import decode_all
from swatchbook.data.labels import join, read_table, sorted_ids
from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress


def read_both(
    spec: Mapping[str, Any], folder: Path, files: Mapping[str, Mapping[str, str]]
) -> Images:
    """Read an archive for training and one for the test, whose ids may be the same.

    Parameters
    ----------
    spec
        The content of the data set's file.
    folder
        Where the files are.
    files
        For ``train`` and for ``test`` the names of the files, ``images`` and ``labels``.

    Returns
    -------
    Images
        With ids like ``train/1``.

    Raises
    ------
    DataError
        As `read`.
    """
    parts = {
        part: read(spec, *(folder / files[part][key] for key in ("images", "labels")), f"{part}_")
        for part in ("train", "test")
    }
    return Images(
        [f"{part}/{id_}" for part, images in parts.items() for id_ in images.ids],
        np.concatenate([images.pixels for images in parts.values()]),
        np.concatenate([images.labels for images in parts.values()]),
        given_test=len(parts["test"].ids),
    )


def read(spec: Mapping[str, Any], images: Path, labels: Path, part: str = "") -> Images:
    """Read all images of an archive, in the order of their ids, and their labels.

    Parameters
    ----------
    spec
        The content of the data set's file.
    images, labels
        The archive and the label table.
    part
        What stands before ``images`` and ``labels`` in the names of the pinned digests.

    Raises
    ------
    DataError
        If one of them is not what `spec` says.
    """
    table = read_table(labels, spec["classes"])
    with archive_formats.opened(images, limits.of(spec)) as archive:
        decode_of = image_formats.decoders(archive.names, images)
        id_of = image_ids(archive.names, images)
        ids = sorted_ids(list(id_of.values()))
        indices = join(ids, table, images=images, labels=labels)
        pixels = decoded(archive, decode_of, id_of, ids, spec["image"])
    pinned = spec.get("content", {})
    check_content(images, "pixels in id order", pixels, pinned.get(f"{part}images"))
    check_content(
        labels, "labels in id order", indices.astype(np.uint8), pinned.get(f"{part}labels")
    )
    return Images(ids, pixels, indices)


def decoded(
    archive: Archive,
    decode_of: Mapping[str, Decode],
    id_of: Mapping[str, str],
    ids: Sequence[str],
    size: Mapping[str, int],
) -> np.ndarray:
    """Decode all images of an open archive.

    Parameters
    ----------
    decode_of, id_of
        What decodes each file, and its id, by its name.
    ids
        The ids in the order of the rows.
    size
        Their ``height``, ``width`` and ``channels``.

    Returns
    -------
    numpy.ndarray
        uint8, shape (len(ids), height, width, channels), RGB or grey.

    Raises
    ------
    DataError
        If a file is no image of just this size; the message names the first ten.
    """
    path = Path(archive.path)
    row_of = {id_: row for row, id_ in enumerate(ids)}
    pixels = np.empty((len(ids), size["height"], size["width"], size["channels"]), np.uint8)
    with Progress(f"decode {path.name}", len(ids), "image") as progress:
        encoded = ((id_of[name], decode_of[name], content) for name, content in archive.stream())
        decode_all(encoded, row_of, pixels, path, progress)
    return pixels


def image_ids(names: list[str], archive: object) -> dict[str, str]:
    """Return the id of every image in an archive: its file name without folder and suffix.

    Raises
    ------
    DataError
        If there is none, or if two have the same id, capital letters aside.
    """
    if not names:
        raise DataError("there is no image in the archive", where=archive)
    id_of: dict[str, str] = {}
    seen: set[str] = set()
    twice = []
    for name in names:
        id_ = PurePosixPath(name).stem
        if id_.casefold() in seen:
            twice.append(id_)
        seen.add(id_.casefold())
        id_of[name] = id_
    if twice:
        raise DataError(f"ids that stand twice in the archive: {first_ten(twice)}", where=archive)
    return id_of


def check_content(path: Path, what: str, values: np.ndarray, pinned: str | None) -> None:
    """Check the SHA-256 of an array's values in C order, if one is pinned.

    Parameters
    ----------
    path, what
        Where the values are from, and what they are, for the message.

    Raises
    ------
    DataError
        If it is another one.
    """
    if pinned is None:
        return
    actual = hashlib.sha256(np.ascontiguousarray(values)).hexdigest()
    if actual != pinned:
        raise DataError(
            f"its {what} have SHA-256 {actual}, not the pinned {pinned}",
            where=path,
            hint="it is another data set or a changed one: delete the file and run again to "
            "download it anew, or correct `content` in the data set's file",
        )
