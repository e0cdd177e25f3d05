"""A data set of an archive with image files, labelled by a table or by the folders they lie in."""

import hashlib
import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.data import archive_formats, layout, limits, splits
from swatchbook.data.archives import Archive
from swatchbook.data.dataset_formats import Images
from swatchbook.data.image_stream import Seen, decode_all
from swatchbook.data.labels import class_indices, read_table, sorted_ids
from swatchbook.data.limits import Limits
from swatchbook.data.shards import StoredImages
from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

DIGESTED = 4096  # images at a time, of which there may be more than fit into memory
MOST_SIZES = 100  # that are written down; a folder of photographs may have thousands


@dataclass(frozen=True)
class Layout:
    """How an archive and its table are read; see `dataset_formats.archive`."""

    table: Mapping[str, Any] | None = None
    table_in_archive: str | None = None
    root: str = ""
    folders: Sequence[str] = ()
    ids: str = "stem"
    leave_out: Sequence[str] = ()


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
    found = {
        part: read(
            Source(
                spec,
                *(folder / files[part][key] for key in ("images", "labels")),
                Layout(),
                f"{part}_",
            )
        )
        for part in ("train", "test")
    }
    return Images(
        [f"{part}/{id_}" for part, images in found.items() for id_ in images.ids],
        np.concatenate([images.pixels for images in found.values()]),
        np.concatenate([images.labels for images in found.values()]),
        parts=np.repeat(list(found), [len(images.ids) for images in found.values()]),
        notes={part: images.notes for part, images in found.items()},
        originals=found["train"].originals,
    )


@dataclass(frozen=True)
class Source:
    """An archive with its label table.

    Attributes
    ----------
    spec
        The content of the data set's file.
    images, labels
        The archive and the label table, if there is one.
    how
        How both are read.
    part
        What stands before ``images`` and ``labels`` in the names of the pinned digests.
    """

    spec: Mapping[str, Any]
    images: Path
    labels: Path | None
    how: Layout
    part: str = ""

    @property
    def limits(self) -> Limits:
        """How much the archive may unpack to."""
        return limits.of(self.spec)

    @property
    def table(self) -> object:
        """What a message calls the table, or the archive if there is none."""
        if self.labels is None and self.how.table_in_archive:
            return f"{self.images}: {self.how.table_in_archive}"
        return self.labels or self.images

    def listing(self) -> "Listing":
        """Return what there is, by names and table.

        Raises
        ------
        DataError
            If they are not what the data set's file says.
        """
        table = _table(self)
        with archive_formats.opened(self.images, self.limits) as archive:
            return _listing(self, archive, table)

    def decoded(self, names: pd.Series) -> tuple[np.ndarray, Seen]:
        """Decode some of the images, or all; see `decoded`."""
        with archive_formats.opened(self.images, self.limits) as archive:
            return decoded(archive, names, self.spec["image"])

    def without_broken(self, ids: Sequence[str], problems: Mapping[str, str]) -> np.ndarray:
        """Return which images are kept, bool, shape (len(ids),); see `without_broken`."""
        return without_broken(ids, problems, self.images, self.how.leave_out)

    def check_contents(self, pixels: np.ndarray | StoredImages, indices: np.ndarray) -> None:
        """Check the pinned digests of all images and labels; see `check_contents`."""
        check_contents(self.spec, self.part, self.images, self.table, pixels, indices)


def read(source: Source) -> Images:
    """Read all images of an archive, in the order of their ids, and their labels.

    Raises
    ------
    DataError
        If archive or table are not what the data set's file says.
    """
    table = _table(source)
    with archive_formats.opened(source.images, source.limits) as archive:
        listing = _listing(source, archive, table)
        source.limits.check_arrays(len(listing.images), source.spec["image"], source.images)
        pixels, seen = decoded(archive, listing.images["name"], source.spec["image"])
    if seen.problems:
        kept = source.without_broken(list(listing.images.index), seen.problems)
        listing = listing.without(kept, seen.problems)
        pixels = pixels[kept]
    tell_left_out(listing.left_out)
    if listing.passed_over:
        logger.info("passed over in %s: %s", source.images.name, first_ten(listing.passed_over))
    found = listing.images
    indices = found["class"].to_numpy(np.int64)
    source.check_contents(pixels, indices)
    return Images(
        list(found.index),
        pixels,
        indices,
        parts=found["split"].to_numpy(str) if "split" in found else None,
        groups=found["group"].to_numpy(str) if "group" in found else None,
        notes=notes_of(seen, listing.left_out, listing.passed_over),
        originals=seen.originals,
    )


@dataclass(frozen=True)
class Listing:
    """What an archive and its table say of the images, before one is decoded.

    Attributes
    ----------
    images
        A row an image, in the order of their ids, which are the index: ``name`` in the archive,
        ``place`` in its order, ``class`` (its index), and, where it is said, ``split`` (one of
        `SPLITS`) and ``group``.
    left_out
        The ids of images that are left out, by the reason.
    passed_over
        The names of files that are no images.
    """

    images: pd.DataFrame
    left_out: Mapping[str, list[str]]
    passed_over: list[str]

    def without(self, kept: np.ndarray, problems: Mapping[str, str]) -> "Listing":
        """Return the listing without the images that cannot be decoded.

        Parameters
        ----------
        kept
            Which are kept, bool.
        problems
            By the id of each other one what is wrong with it.
        """
        broken = [f"{id_} ({problem})" for id_, problem in problems.items()]
        return Listing(self.images[kept], {**self.left_out, "broken": broken}, self.passed_over)


def _listing(source: Source, archive: Archive, table: pd.DataFrame | None) -> Listing:
    """Say what is in the open archive by its names and the table, if there is one."""
    how, classes, where = source.how, source.spec["classes"], source.table
    left_out: dict[str, list[str]] = {}
    if table is not None and "label" in table:
        class_indices(table["label"][table["label"] != ""], classes, where)
    names, documents = layout.images_of(archive.names, how.leave_out, archive.path)
    found = layout.places(names, how.root, how.folders, how.ids, archive.path)
    found["place"] = np.arange(len(found))
    if table is not None:
        found, left_out = _joined(found, table, archive.path, where, how.leave_out)
    found = found.loc[sorted_ids(list(found.index))]
    images = found[["name", "place"]].assign(**{"class": _labels(found, classes, where)})
    if "split" in found:
        images["split"] = splits.named(list(found["split"]), where)
    if "group" in found:
        images["group"] = found["group"]
    return Listing(images, left_out, documents)


def _table(source: Source) -> pd.DataFrame | None:
    """Read the table, if there is one."""
    how = source.how
    if source.labels is not None:
        return read_table(source.labels, how.table)
    if how.table_in_archive is None:
        return None
    # It can be read through only once.
    with archive_formats.opened(source.images, source.limits) as archive:
        for _, content in archive.stream({how.table_in_archive}):
            return read_table(str(source.table), how.table, io.BytesIO(content))
    raise DataError(f"there is no {how.table_in_archive} in the archive", where=source.images)


def _joined(
    found: pd.DataFrame,
    table: pd.DataFrame,
    images: object,
    source: object,
    leave_out: Sequence[str],
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Join images and rows of a table by id; whatever has no partner is refused or left out."""
    left_out = {}
    unlabelled = found.index.difference(table.index, sort=False)
    if "label" in table:
        empty = table.index[table["label"] == ""]
        unlabelled = unlabelled.append(found.index.intersection(empty, sort=False))
    if len(unlabelled):
        if "unlabelled" not in leave_out:
            raise DataError(
                f"images in {images} without a label: {first_ten(unlabelled)}",
                where=source,
                hint="`leave_out: [unlabelled]` in the data set's file does without them",
            )
        left_out["unlabelled"] = sorted_ids(list(unlabelled))
    missing = table.index.difference(found.index, sort=False)
    if len(missing):
        if "without_image" not in leave_out:
            raise DataError(
                f"labels in {source} without an image: {first_ten(missing)}",
                where=images,
                hint=_why_no_image(found, missing),
            )
        left_out["without_image"] = sorted_ids(list(missing))
    found = found.loc[~found.index.isin(unlabelled)]
    twofold = [name for name in table if name in found]
    if twofold:
        raise DataError(
            f"both a folder and a column say the {first_ten(twofold)}",
            where=source,
            hint="take one of them out of the data set's file",
        )
    return found.join(table), left_out


def _why_no_image(found: pd.DataFrame, missing: pd.Index) -> str:
    """Say what to do about rows without an image: often their ids are written otherwise."""
    names = found["name"]
    wanted = set(missing)
    if wanted & {name.rpartition("/")[2] for name in names}:
        return "the table has the files' endings: `ids: name` in the data set's file"
    if wanted & set(names) or any("/" in id_ for id_ in missing[:100]):
        return "the table has the files' folders: `ids: path` in the data set's file, and `root`"
    return "`leave_out: [without_image]` in the data set's file does without them"


def _labels(found: pd.DataFrame, classes: Sequence[str], source: object) -> np.ndarray:
    """Return the class index of each image, from its folder or its row of the table."""
    column = next((name for name in ("label", "class") if name in found), None)
    if column is None:
        raise DataError(
            "nothing says what class an image has",
            where=source,
            hint="name a table (`labels`), or the folders of classes (`folders: [class]`)",
        )
    return class_indices(found[column], classes, source)


def decoded(
    archive: Archive, names: pd.Series, image: Mapping[str, Any]
) -> tuple[np.ndarray, Seen]:
    """Decode images of an open archive.

    Parameters
    ----------
    names
        Their names in it; the index holds their ids, in the order of the rows.
    image
        What they are made into; see `pictures.read`.

    Returns
    -------
    tuple
        uint8, shape (len(names), height, width, channels), RGB or grey; and what was seen.
    """
    path = Path(archive.path)
    id_of = {name: id_ for id_, name in names.items()}
    row_of = {id_: row for row, id_ in enumerate(names.index)}
    pixels = np.empty((len(names), image["height"], image["width"], image["channels"]), np.uint8)
    with Progress(f"decode {path.name}", len(names), "image") as progress:
        encoded = ((id_of[name], content) for name, content in archive.stream(id_of))
        seen = decode_all(encoded, row_of, image, pixels, progress)
    return pixels, seen


def without_broken(
    ids: Sequence[str], problems: Mapping[str, str], images: object, leave_out: Sequence[str]
) -> np.ndarray:
    """Return which images are kept, bool, shape (len(ids),)."""
    if "broken" not in leave_out:
        named = [f"{id_} ({reason})" for id_, reason in problems.items()]
        raise DataError(f"images that cannot be used: {first_ten(named)}", where=images)
    kept = np.array([id_ not in problems for id_ in ids])
    if not kept.any():
        raise DataError("not one image can be used", where=images)
    return kept


def tell_left_out(left_out: Mapping[str, Sequence[str]]) -> None:
    """Log what is left out, by the reason."""
    for why, which in left_out.items():
        logger.warning("left out, %s: %s", why.replace("_", " "), first_ten(which))


def notes_of(seen: Seen, left_out: Mapping[str, list[str]], documents: list[str]) -> dict[str, Any]:
    """Return what ``arrays/decoding.json`` says; of many sizes the most frequent ones."""
    by_count = sorted(seen.sizes.items(), key=lambda item: (-item[1], item[0]))
    by_area = sorted(seen.sizes, key=lambda size: (size[0] * size[1], size))
    return {
        "formats": dict(sorted(seen.formats.items())),
        "sizes": [_size(size) | {"images": count} for size, count in by_count[:MOST_SIZES]],
        "smallest": _size(by_area[0]),
        "largest": _size(by_area[-1]),
        "changes": dict(sorted(seen.changes.items())),
        "left_out": {why: list(which) for why, which in left_out.items()},
        "passed_over": documents,
    }


def _size(size: tuple[int, int]) -> dict[str, int]:
    return {"height": size[0], "width": size[1]}


def digests(pixels: np.ndarray | StoredImages, indices: np.ndarray, classes: int) -> dict[str, str]:
    """Return the SHA-256 of ``images`` and ``labels``, of their values in C order.

    Parameters
    ----------
    pixels, indices
        Of all images in id order, uint8 and class indices.
    classes
        How many there are. Up to 256 an index counts as one byte, beyond as two.
    """
    as_pinned = indices.astype(np.uint8 if classes <= 256 else np.uint16)
    return {"images": _digest(pixels), "labels": _digest(as_pinned)}


def _digest(values: np.ndarray | StoredImages) -> str:
    found = hashlib.sha256()
    for start in range(0, len(values), DIGESTED):
        found.update(np.ascontiguousarray(values[start : start + DIGESTED]))
    return found.hexdigest()


def check_contents(
    spec: Mapping[str, Any],
    part: str,
    images: object,
    labels: object,
    pixels: np.ndarray | StoredImages,
    indices: np.ndarray,
) -> None:
    """Check the pinned digests of a part's images and labels."""
    pinned = spec.get("content", {})
    if not pinned:
        return
    found = digests(pixels, indices, len(spec["classes"]))
    for what, where, said in (("images", images, "pixels"), ("labels", labels, "labels")):
        check_digest(where, f"{said} in id order", found[what], pinned.get(f"{part}{what}"))


def check_content(path: object, what: str, values: np.ndarray, pinned: str | None) -> None:
    """Check the SHA-256 of an array's values in C order, if one is pinned; see `check_digest`."""
    if pinned is not None:
        check_digest(path, what, _digest(values), pinned)


def check_digest(path: object, what: str, actual: str, pinned: str | None) -> None:
    """Check a SHA-256 against the pinned one, if one is.

    Parameters
    ----------
    path, what
        Where the values are from, and what they are, for the message.

    Raises
    ------
    DataError
        If it is another one.
    """
    if pinned is not None and actual != pinned:
        raise DataError(
            f"its {what} have SHA-256 {actual}, not the pinned {pinned}",
            where=path,
            hint="it is another data set or a changed one: delete the file and run again to "
            "download it anew, or correct `content` in the data set's file",
        )
