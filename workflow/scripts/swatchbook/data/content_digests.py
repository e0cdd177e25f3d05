"""The pinned digests of a data set's content: of its pixels and labels, whatever they came in."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from swatchbook.data.shards import StoredImages
from swatchbook.errors import DataError

DIGESTED = 4096  # images at a time, of which there may be more than fit into memory


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
