"""The formats of image files: told apart by their first bytes, found by the endings of their names.

A new format is a function from a file's content to its pixels, and its line in `FORMATS`.
"""

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple, NoReturn

import numpy as np

from swatchbook.data import file_kinds, pillow_images, png
from swatchbook.data.pillow_images import Raw
from swatchbook.errors import DataError, first_ten


class ImageFormat(NamedTuple):
    """One format.

    Attributes
    ----------
    read
        From a file's content to its pixels; a ValueError, whose words the user reads, if it cannot.
    suffixes
        The endings of its files, in lower case; capital letters count as the same.
    starts
        What a file begins with. A dot stands for any byte.
    exact
        A faster way to pixels of a height, width and number of channels (3 for RGB, 1 for grey),
        which refuses whatever is not just that; or none.
    """

    read: Callable[[bytes], Raw]
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...]
    exact: Callable[[bytes, int, int, int], np.ndarray] | None = None


FORMATS = {
    "PNG": ImageFormat(png.read, (".png",), (png.SIGNATURE,), png.decode),
    "JPEG": ImageFormat(pillow_images.read, (".jpg", ".jpeg", ".jpe", ".jfif"), (b"\xff\xd8\xff",)),
    "WebP": ImageFormat(pillow_images.read, (".webp",), (b"RIFF....WEBP",)),
    "BMP": ImageFormat(pillow_images.read, (".bmp", ".dib"), (b"BM",)),
    "TIFF": ImageFormat(
        pillow_images.read, (".tif", ".tiff"), (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
    ),
    "GIF": ImageFormat(pillow_images.read, (".gif",), (b"GIF87a", b"GIF89a")),
}


def format_of(content: bytes) -> str:
    """Return the name of a file's format, told by its first bytes.

    Raises
    ------
    ValueError
        If it is none of `FORMATS`; the message says what it is instead, where that is known.
    """
    for name, kind in FORMATS.items():
        if any(_begins(content, start) for start in kind.starts):
            return name
    if not content:
        raise ValueError("an empty file")
    kind = file_kinds.told(content[: file_kinds.START_BYTES])
    raise ValueError(f"no image that can be read, but {kind.name}" if kind else "no known format")


def _begins(content: bytes, start: bytes) -> bool:
    wild = ord(".")
    return len(content) >= len(start) and all(
        wanted in (wild, found) for wanted, found in zip(start, content, strict=False)
    )


def is_image(name: str) -> bool:
    """Say whether a file is an image by its name."""
    suffix = PurePosixPath(name).suffix.lower()
    return any(suffix in kind.suffixes for kind in FORMATS.values())


def refuse(names: Iterable[str], where: object) -> NoReturn:
    """Refuse files that are no images.

    Raises
    ------
    DataError
        With their names and the formats that there are.
    """
    *most, last = FORMATS
    raise DataError(
        f"members that are no {', '.join(most)} or {last} files: {first_ten(names)}",
        where=where,
        hint="`leave_out: [others]` in the data set's file does without them",
    )
