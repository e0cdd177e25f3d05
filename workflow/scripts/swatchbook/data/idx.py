"""IDX files, the format of MNIST and its successors.

The format is described at the end of http://yann.lecun.com/exdb/mnist/: two zero bytes, a type
code, the number of dimensions, each dimension as a big-endian 32-bit integer, then the values.
"""

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from swatchbook.data.limits import Limits
from swatchbook.errors import DataError

UNSIGNED_BYTE = 0x08


def read(
    path: str | Path,
    dimensions: int,
    content_sha256: str | None = None,
    limits: Limits | None = None,
) -> np.ndarray:
    """Read an IDX file of unsigned bytes, compressed by gzip or not.

    The header is read first, and then no more than it states.

    Parameters
    ----------
    path
        The file; compression is told by its first bytes, not by its name.
    dimensions
        How many dimensions it must have: 1 for labels, 3 for images.
    content_sha256
        The SHA-256 that the uncompressed file must have, if it is known.
    limits
        How much it may unpack to.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape that the header states.

    Raises
    ------
    DataError
        If it cannot be read, is beyond the limits, or the header, the type, the number of
        dimensions, the size or the digest is wrong.
    """
    path = Path(path)
    with _opened(path) as file:
        header = file.read(4 + 4 * dimensions)
        shape = _shape(header, dimensions, path)
        size = math.prod(shape)
        (limits or Limits()).check_total(len(header) + size, path.stat().st_size, path)
        values = file.read(size)
        if len(values) < size:
            raise DataError(
                f"{len(values)} values, but the header states {_stated(shape)}", where=path
            )
        if file.read(1):
            raise DataError(f"more values than the header states: {_stated(shape)}", where=path)
    if content_sha256 is not None:
        digest = hashlib.sha256(header)
        digest.update(values)
        actual = digest.hexdigest()
        if actual != content_sha256:
            raise DataError(
                f"its uncompressed content has SHA-256 {actual}, not the pinned {content_sha256}",
                where=path,
                hint="delete the file and run again to download it anew",
            )
    return np.frombuffer(values, np.uint8).reshape(shape)


def dimensions(path: str | Path) -> int | None:
    """Return how many dimensions a file states, by gzip or not; ``None`` if it is no IDX file."""
    try:
        with _opened(Path(path)) as file:
            start = file.read(4)
    except DataError:
        return None
    is_idx = len(start) == 4 and start[:2] == b"\0\0" and start[2] == UNSIGNED_BYTE
    return start[3] if is_idx else None


def content_digest(path: str | Path) -> str:
    """Return the SHA-256 of an IDX file uncompressed.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    with _opened(Path(path)) as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _shape(header: bytes, dimensions: int, path: Path) -> tuple[int, ...]:
    """Return the shape that a header states, for as many dimensions as are wanted."""
    if len(header) < 4:
        raise DataError(f"an IDX file has a header, this one has {len(header)} bytes", where=path)
    zeros, type_code, stated_dimensions = struct.unpack_from(">HBB", header)
    if zeros != 0:
        raise DataError(f"not an IDX file: it begins with {header[:4].hex()}", where=path)
    if type_code != UNSIGNED_BYTE:
        raise DataError(
            f"values of IDX type 0x{type_code:02x}; only unsigned bytes (0x08) are read", where=path
        )
    if stated_dimensions != dimensions:
        raise DataError(f"{stated_dimensions} dimensions instead of {dimensions}", where=path)
    if len(header) < 4 + 4 * dimensions:
        raise DataError("the file ends inside its header", where=path)
    return struct.unpack_from(f">{dimensions}I", header, 4)


def _stated(shape: tuple[int, ...]) -> str:
    return f"{' × '.join(map(str, shape))} = {math.prod(shape)}"


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read what it is uncompressed, told by its first bytes."""
    try:
        with open(path, "rb") as raw:
            is_zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if is_zipped:
                with gzip.GzipFile(fileobj=raw) as unzipped:
                    yield unzipped
            else:
                yield raw
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"the gzip stream is damaged: {error}",
            where=path,
            hint="delete the file and run again to download it anew",
        ) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
