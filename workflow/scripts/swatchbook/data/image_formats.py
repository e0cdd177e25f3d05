"""The formats of image files, told by the endings of their names.

A new format is a function that decodes one file, and its line in `FORMATS`.
"""

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from swatchbook.data import png
from swatchbook.errors import DataError, first_ten

# From a file's content and the wanted height, width and number of channels (3 for RGB, 1 for grey)
# to uint8 of that shape; a ValueError, whose words the user reads, for whatever is not just that.
Decode = Callable[[bytes, int, int, int], np.ndarray]


class ImageFormat(NamedTuple):
    decode: Decode
    suffixes: tuple[str, ...]  # in lower case; capital letters count as the same


FORMATS = {
    "PNG": ImageFormat(png.decode, (".png",)),
}


def decoders(names: Iterable[str], where: object) -> dict[str, Decode]:
    """Return what decodes each file of an archive, by its name.

    Raises
    ------
    DataError
        If a file is no image by its name.
    """
    by_suffix = {suffix: kind.decode for kind in FORMATS.values() for suffix in kind.suffixes}
    found = {name: by_suffix.get(PurePosixPath(name).suffix.lower()) for name in names}
    others = [name for name, decode in found.items() if decode is None]
    if others:
        known = " or ".join(FORMATS)
        raise DataError(f"members that are no {known} files: {first_ten(others)}", where=where)
    return found
