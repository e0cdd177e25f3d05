"""From a data set's files to its arrays: the work of the rule `decode`."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from swatchbook.data import archive_formats, arrays, idx, image_formats, labels, limits, png, splits
from swatchbook.data.image_stream import decode_all
from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Images:
    """A data set's images before they are split.

    Attributes
    ----------
    ids
        The id of each image.
    pixels
        uint8, shape (N, height, width, channels), RGB or grey.
    labels
        Class indices, int64, shape (N,).
    given_test
        How many images at the end are a test set that the data set came with; 0 for none.
    """

    ids: list[str]
    pixels: np.ndarray
    labels: np.ndarray
    given_test: int = 0


def decode(spec: Mapping[str, Any], folder: str | Path, output: str | Path) -> None:
    """Decode the files of one data set in `folder` into the arrays in `output`.

    Parameters
    ----------
    spec
        The content of the data set's file, ``config/datasets/<name>.yaml``.
    folder
        Where its downloaded files are.
    output
        Where `arrays.write` writes.

    Raises
    ------
    DataError
        If anything in the files is not what `spec` says; nothing is skipped.
    """
    images = read_images(spec, folder)
    rows = splits.from_settings(spec["split"], len(images.ids), images.given_test)
    logger.info("split: %s", ", ".join(f"{name} {len(part)}" for name, part in rows.items()))
    arrays.write(output, images.pixels, images.labels, images.ids, rows, spec["classes"])


def read_images(spec: Mapping[str, Any], folder: str | Path) -> Images:
    """Read every image of a data set, with its label, and check the pinned content."""
    reader = {"idx": _read_idx, "archive": _read_archive}[spec["format"]]
    return reader(spec, Path(folder))


def _read_idx(spec: Mapping[str, Any], folder: Path) -> Images:
    content = spec.get("content", {})
    most = limits.of(spec)
    ids: list[str] = []
    parts = []
    for part in ("train", "test"):
        files = spec["idx"][part]
        images_path, labels_path = folder / files["images"], folder / files["labels"]
        pixels = idx.read(images_path, 3, content.get(f"{part}_images"), most)
        indices = idx.read(labels_path, 1, content.get(f"{part}_labels"), most)
        _check_idx(spec, images_path, pixels, labels_path, indices)
        ids += [f"{part}/{number}" for number in range(len(pixels))]
        parts.append((pixels, indices))
    (train_x, train_y), (test_x, test_y) = parts
    return Images(
        ids,
        np.concatenate([train_x, test_x])[..., np.newaxis],
        np.concatenate([train_y, test_y]).astype(np.int64),
        given_test=len(test_x),
    )


def _check_idx(
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


def _read_archive(spec: Mapping[str, Any], folder: Path) -> Images:
    images_path = folder / spec["archive"]["images"]
    labels_path = folder / spec["archive"]["labels"]
    table = labels.read_table(labels_path, spec["classes"])
    with archive_formats.opened(images_path, limits.of(spec)) as archive:
        decode_of = image_formats.decoders(archive.names, images_path)
        id_of = image_ids(archive.names, images_path)
        ids = labels.sorted_ids(list(id_of.values()))
        indices = labels.join(ids, table, images=images_path, labels=labels_path)
        row_of = {id_: row for row, id_ in enumerate(ids)}
        size = spec["image"]
        pixels = np.empty((len(ids), size["height"], size["width"], size["channels"]), np.uint8)
        with Progress(f"decode {images_path.name}", len(ids), "image") as progress:
            encoded = (
                (id_of[name], decode_of[name], content) for name, content in archive.stream()
            )
            decode_all(encoded, row_of, pixels, images_path, progress)
    pinned = spec.get("content", {})
    _check_content(images_path, "pixels in id order", pixels, pinned.get("images"))
    _check_content(
        labels_path, "labels in id order", indices.astype(np.uint8), pinned.get("labels")
    )
    return Images(ids, pixels, indices)


def image_ids(names: list[str], archive: object) -> dict[str, str]:
    """Return the id of every member of an archive: its file name without folder and suffix.

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


def _check_content(path: Path, what: str, values: np.ndarray, pinned: str | None) -> None:
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


def extract(spec: Mapping[str, Any], folder: str | Path, output: str | Path) -> None:
    """Write every image of one data set as ``<id>.png`` into `output`, to look at.

    Parameters
    ----------
    spec, folder
        As in `decode`.
    output
        The folder to write into; slashes in ids become folders.
    """
    images = read_images(spec, folder)
    output = Path(output)
    with Progress("extract", len(images.ids), "image") as progress:
        for id_, pixels in zip(images.ids, images.pixels, strict=True):
            path = output / f"{id_}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png.encode(pixels))
            progress.update()
