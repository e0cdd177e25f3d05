"""A data set of an archive with image files, labelled by a table or by the folders they lie in."""

import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.data import archive_formats, layout, limits, splits
from swatchbook.data.archives import Archive
from swatchbook.data.content_digests import check_contents
from swatchbook.data.dataset_formats import Images
from swatchbook.data.image_stream import Seen, decode_all
from swatchbook.data.labels import class_indices, read_table, sorted_ids
from swatchbook.data.limits import Limits
from swatchbook.data.listing import Listing, images_of, without_broken
from swatchbook.data.shards import StoredImages
from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

AT = "at_"  # of a listing's columns, those that say where in the archive a file stands


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
        As `Source.read`.
    """
    found = {
        part: Source(
            spec,
            *(folder / files[part][key] for key in ("images", "labels")),
            Layout(),
            f"{part}_",
        ).read()
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
    def where(self) -> Path:
        """What a message calls the images' file."""
        return self.images

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

    def read(self) -> Images:
        """Read all images, in the order of their ids, and their labels.

        Raises
        ------
        DataError
            If archive or table are not what the data set's file says.
        """
        table = _table(self)
        # A compressed tar is unpacked to its end for its names: it stays open for its images.
        with archive_formats.opened(self.images, self.limits) as archive:
            listing = _listing(self, archive, table)
            self.limits.check_arrays(len(listing.images), self.spec["image"], self.images)
            files = archive.stream(set(listing.images["name"]))
            pixels, seen = _decode(self, files, listing.images)
        return images_of(self, listing, pixels, seen)

    def listing(self) -> Listing:
        """Return what there is, by names and table.

        Where files can be read alone, further columns that begin with `AT` say where they stand,
        and what the archive was then, its size and the time of its last change.

        Raises
        ------
        DataError
            If they are not what the data set's file says.
        """
        table = _table(self)
        with archive_formats.opened(self.images, self.limits) as archive:
            found = _listing(self, archive, table)
            places = archive.places()
            if places is None:
                return found
            status = self.images.stat()
            where = pd.DataFrame(places, index=archive.names)
            where = where.assign(archive_bytes=status.st_size, archive_time=status.st_mtime_ns)
            where = where.add_prefix(AT)
            return replace(found, images=found.images.join(where, on="name"))

    def decoded(self, images: pd.DataFrame) -> tuple[np.ndarray, Seen]:
        """Decode images of a listing, in the order of its rows; see `listing.Source`."""
        archive = archive_formats.opened(self.images, self.limits)
        where = images.filter(regex=f"^{AT}").rename(columns=lambda name: name.removeprefix(AT))
        if self._are_places_true(where):
            files = zip(images["name"], where.to_dict("records"), strict=True)
            return _decode(self, archive.stream_at(files), images)
        with archive:
            return _decode(self, archive.stream(set(images["name"])), images)

    def _are_places_true(self, where: pd.DataFrame) -> bool:
        """Say whether there are places of files, and the archive is the one they were noted of."""
        if not len(where.columns) or not len(where):
            return False
        status = self.images.stat()
        noted = where[["archive_bytes", "archive_time"]].to_numpy()
        is_same = bool((noted == (status.st_size, status.st_mtime_ns)).all())
        if not is_same:
            logger.info("%s was written anew since: its list is read again", self.images)
        return is_same

    def without_broken(self, images: pd.DataFrame, problems: Mapping[str, str]) -> np.ndarray:
        """Return which images of a listing are kept, bool, shape (n,); see `without_broken`."""
        return without_broken(list(images.index), problems, self.images, self.how.leave_out)

    def check_contents(self, pixels: np.ndarray | StoredImages, indices: np.ndarray) -> None:
        """Check the pinned digests of all images and labels; see `check_contents`."""
        check_contents(self.spec, self.part, self.images, self.table, pixels, indices)


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


def _decode(
    source: Source, files: Iterable[tuple[str, bytes]], images: pd.DataFrame
) -> tuple[np.ndarray, Seen]:
    """Decode images as they come, by their names, in the order of the rows of `images`."""
    image = source.spec["image"]
    id_of = dict(zip(images["name"], images.index, strict=True))
    row_of = {id_: row for row, id_ in enumerate(images.index)}
    pixels = np.empty((len(images), image["height"], image["width"], image["channels"]), np.uint8)
    with Progress(f"decode {source.images.name}", len(images), "image") as progress:
        encoded = ((id_of[name], content) for name, content in files)
        seen = decode_all(encoded, row_of, image, pixels, progress)
    missing = len(images) - seen.formats.total() - len(seen.problems)
    if missing:
        raise DataError(
            f"{missing} images that were in it are not any more",
            where=source.images,
            hint="delete the data set's folder in results and run again",
        )
    return pixels, seen
