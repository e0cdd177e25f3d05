"""What formats share whose images are listed first and then decoded, all at once or by shards."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from swatchbook.data.dataset_formats import Images
from swatchbook.data.image_stream import Seen
from swatchbook.data.limits import Limits
from swatchbook.data.shards import StoredImages
from swatchbook.errors import DataError, first_ten

logger = logging.getLogger(__name__)

MOST_SIZES = 100  # that are written down; a folder of photographs may have thousands


@dataclass(frozen=True)
class Listing:
    """What the files of a data set say of the images, before one is decoded.

    Attributes
    ----------
    images
        A row an image, in the order of their ids, which are the index: ``name``, in the archive or
        of the file; ``place`` in their order; ``class`` (its index); where it is said, ``split``
        (one of `SPLITS`) and ``group``; and whatever else its source decodes it by.
    left_out
        The ids of images that are left out, by the reason.
    passed_over
        The names of files that are no images.
    """

    images: pd.DataFrame
    left_out: Mapping[str, list[str]]
    passed_over: list[str]

    def unseen(self) -> Images:
        """Return the data set without its pixels, to be split."""
        return unseen(self.images.reset_index(names="id"))

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


def unseen(table: pd.DataFrame) -> Images:
    """Return a data set without its pixels, from a listing's rows with their ``id`` in a column."""
    return Images(
        list(table["id"]),
        np.empty((0, 0, 0, 0), np.uint8),
        table["class"].to_numpy(np.int64),
        parts=table["split"].to_numpy(str) if "split" in table else None,
        groups=table["group"].to_numpy(str) if "group" in table else None,
    )


class Source(Protocol):
    """The files of a data set: what they hold, and the images, of which some can be decoded alone.

    Attributes
    ----------
    spec
        The content of the data set's file.
    where
        What a message calls the files of images.
    """

    spec: Mapping[str, Any]

    @property
    def where(self) -> object: ...

    @property
    def limits(self) -> Limits: ...

    def read(self) -> Images:
        """Return all images.

        Raises
        ------
        DataError
            If the files are not what the data set's file says.
        """

    def listing(self) -> Listing:
        """Return what there is.

        Raises
        ------
        DataError
            If the files are not what the data set's file says.
        """

    def decoded(self, images: pd.DataFrame) -> tuple[np.ndarray, Seen]:
        """Decode images of a listing, in the order of its rows.

        Returns
        -------
        tuple
            uint8, shape (len(images), height, width, channels), RGB or grey; and what was seen.
        """

    def without_broken(self, images: pd.DataFrame, problems: Mapping[str, str]) -> np.ndarray:
        """Return which images of a listing are kept, bool, shape (n,); see `without_broken`."""

    def check_contents(self, pixels: np.ndarray | StoredImages, indices: np.ndarray) -> None:
        """Check the pinned digests of all images and labels.

        Raises
        ------
        DataError
            If they are others.
        """


def images_of(source: Source, listing: Listing, pixels: np.ndarray, seen: Seen) -> Images:
    """Return a data set of all that was listed and decoded.

    Raises
    ------
    DataError
        If an image is broken and is not to be left out, or the content is not the pinned one.
    """
    if seen.problems:
        kept = source.without_broken(listing.images, seen.problems)
        listing = listing.without(kept, seen.problems)
        pixels = pixels[kept]
    tell_left_out(listing.left_out)
    if listing.passed_over:
        logger.info("passed over in %s: %s", source.where, first_ten(listing.passed_over))
    found = listing.unseen()
    source.check_contents(pixels, found.labels)
    notes = notes_of(seen, listing.left_out, listing.passed_over)
    return replace(found, pixels=pixels, notes=notes, originals=seen.originals)


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
