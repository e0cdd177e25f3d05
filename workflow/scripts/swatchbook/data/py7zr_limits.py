"""py7zr held to a data set's limits while it reads headers and unpacks.

py7zr is made for all archives. It has limits of its own for what a header may ask for, many times
beyond ours; it turns backslashes in names into slashes before anybody can see them; and some of
its decompressors give all that they can make of a block. There is no option for any of these, so
they are replaced while an archive is opened: the version is pinned, and the tests show that each
holds. Opening is for one thread at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import py7zr
from py7zr import archiveinfo
from py7zr.compressor import SupportedMethods

from swatchbook.data.limits import Limits

HEADER_BYTES_A_MEMBER = 256  # names of about a hundred letters, sizes, times, checksums
LEAST_HEADER_BYTES = 1 << 16
# PPMd brings the process down on a damaged block; ten bytes of Brotli can make 16 MB.
REFUSED = {b"\x03\x04\x01": "PPMd", b"\x04\xf7\x11\x02": "Brotli"}
# Deflate, Deflate64 and Zstandard give all that they can make of what they get, so they get little:
# 128 MB is the most that comes of it.
UNBOUNDED = {b"\x04\x01\x08", b"\x04\x01\x09", b"\x04\xf7\x11\x01"}
LITTLE = 1 << 12


def most_header_bytes(limits: Limits) -> int:
    """Return how large a header may be, compressed or not."""
    return LEAST_HEADER_BYTES + HEADER_BYTES_A_MEMBER * limits.members


@contextmanager
def held_to(limits: Limits) -> Iterator[None]:
    """Make py7zr refuse headers beyond the limits before it allocates for them."""
    replaced: list[tuple[Any, str, Any]] = [
        (archiveinfo, "MAX_NUMFILES", limits.members),
        (archiveinfo, "MAX_SUBSTREAMS", limits.members),
        (archiveinfo, "MAX_NUMFOLDERS", limits.members),
        (archiveinfo, "MAX_HEADER_SIZE", most_header_bytes(limits)),
        (archiveinfo.FilesInfo, "_read_name", _names_as_they_are),
        (archiveinfo.Folder, "get_decompressor", decompressor),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    try:
        for owner, name, value in replaced:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def decompressor(block: Any, packed: int) -> Any:
    """Make the decompressor of a solid block (py7zr: a folder) that has `packed` bytes.

    Raises
    ------
    py7zr.exceptions.UnsupportedCompressionMethodError
        As `check_methods`, or if py7zr does not know the method.
    """
    check_methods(block)
    made = _make_decompressor(block, packed)
    if UNBOUNDED & {coder["method"] for coder in block.coders}:
        made.block_size = LITTLE
    return made


def check_methods(block: Any) -> None:
    """Refuse a block whose methods could ask for any memory.

    Raises
    ------
    py7zr.exceptions.UnsupportedCompressionMethodError
        For such a method, or for one compression on top of another.
    """
    methods = [coder["method"] for coder in block.coders]
    for method in methods:
        if method in REFUSED:
            raise py7zr.exceptions.UnsupportedCompressionMethodError(method, REFUSED[method])
    known = [found for coder in block.coders if (found := SupportedMethods.get_filter_id(coder))]
    if sum(map(SupportedMethods.is_compressor_id, known)) > 1:
        raise py7zr.exceptions.UnsupportedCompressionMethodError(
            methods, "one compression on top of another"
        )


def _names_as_they_are(files: Any, buffer: BinaryIO) -> None:
    """Read all names at once: py7zr's way, letter by letter, takes seconds for many."""
    names = buffer.read().decode("utf-16-le").split("\0")
    if len(names) <= len(files.files):
        raise py7zr.exceptions.Bad7zFile("the header ends inside its names")
    for file, name in zip(files.files, names, strict=False):
        file["filename"] = name


_make_decompressor = archiveinfo.Folder.get_decompressor
