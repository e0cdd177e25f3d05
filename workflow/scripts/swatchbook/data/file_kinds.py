"""What kind of file something is, told by its first bytes and not by its name."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from swatchbook.errors import DataError

START_BYTES = 512  # a tar archive says what it is in the middle of its first header


class FileKind(NamedTuple):
    """A kind of file.

    Attributes
    ----------
    name
        With its article, for a message.
    beginnings
        With one of these it begins.
    at
        How many bytes stand before that.
    """

    name: str
    beginnings: tuple[bytes, ...]
    at: int = 0


SEVENZIP = FileKind("a 7z archive", (b"7z\xbc\xaf\x27\x1c",))
ZIP = FileKind("a zip archive", (b"PK\3\4", b"PK\5\6", b"PK\7\x08"))
TAR = FileKind("a tar archive", (b"ustar",), at=257)
GZIP = FileKind("a file compressed by gzip", (b"\x1f\x8b",))
BZIP2 = FileKind("a file compressed by bzip2", (b"BZh",))
XZ = FileKind("a file compressed by xz", (b"\xfd7zXZ\0",))
# Sixteen marks begin a frame of Zstandard that is skipped, with which pzstd begins a file.
ZSTD = FileKind(
    "a file compressed by Zstandard",
    (b"\x28\xb5\x2f\xfd", *(bytes([mark]) + b"\x2a\x4d\x18" for mark in range(0x50, 0x60))),
)
WEB_PAGE = FileKind("a web page", (b"<!doctype html", b"<html"))
LFS_POINTER = FileKind("a pointer of Git LFS", (b"version https://git-lfs.",))
PARQUET = FileKind("a Parquet file", (b"PAR1",))
ENCRYPTED_PARQUET = FileKind("an encrypted Parquet file", (b"PARE",))
KINDS = (
    SEVENZIP,
    ZIP,
    TAR,
    GZIP,
    BZIP2,
    XZ,
    ZSTD,
    WEB_PAGE,
    LFS_POINTER,
    FileKind("a RAR archive", (b"Rar!\x1a\7",)),
    FileKind("a PNG image", (b"\x89PNG\r\n\x1a\n",)),
    FileKind("a JPEG image", (b"\xff\xd8\xff",)),
    FileKind("a GIF image", (b"GIF87a", b"GIF89a")),
    FileKind("a HEIC or AVIF image", (b"ftyphei", b"ftypmif1", b"ftypavi"), at=4),
    FileKind("an SVG drawing or another XML file", (b"<?xml", b"<svg")),
    FileKind("a Photoshop file", (b"8BPS",)),
    FileKind("a video", (b"ftypisom", b"ftypmp4", b"ftypqt"), at=4),
    FileKind("a PDF file", (b"%PDF-",)),
    FileKind("an HDF5 file", (b"\x89HDF\r\n\x1a\n",)),
    FileKind("a NumPy array", (b"\x93NUMPY",)),
    PARQUET,
    ENCRYPTED_PARQUET,
)
# What to do about a file of another kind than the one that was expected.
HINTS = {
    WEB_PAGE: "the address gave a page in place of the file: delete it and correct the "
    "source in the data set's file",
    LFS_POINTER: "fetch what it points to, with git lfs pull",
    ENCRYPTED_PARQUET: "write it again without encryption",
}


def start_of(path: str | Path) -> bytes:
    """Return the first bytes of a file, as many as tell its kind.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read(START_BYTES)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error


def told(start: bytes, kinds: Sequence[FileKind] = KINDS) -> FileKind | None:
    """Tell the kind of a file by its first bytes; ``None`` for one that nobody knows."""
    page = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for kind in kinds:
        begins = page if kind is WEB_PAGE else start[kind.at :]
        if begins.startswith(kind.beginnings):
            return kind
    return None
