"""IDX files, the format of MNIST and its successors.

The format is described at the end of http://yann.lecun.com/exdb/mnist/: two zero bytes, a type
code, the number of dimensions, each dimension as a big-endian 32-bit integer, then the values.
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from swatchbook.errors import DataError

UNSIGNED_BYTE = 0x08


def read(path: str | Path, dimensions: int, content_sha256: str | None = None) -> np.ndarray:
    """Read an IDX file of unsigned bytes, compressed by gzip or not.

    Parameters
    ----------
    path
        The file; compression is told by its first bytes, not by its name.
    dimensions
        How many dimensions it must have: 1 for labels, 3 for images.
    content_sha256
        The SHA-256 that the uncompressed file must have, if it is known.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape that the header states.

    Raises
    ------
    DataError
        If it cannot be read, or the header, the type, the number of dimensions, the size or the
        digest is wrong.
    """
    content = _uncompressed(Path(path))
    if len(content) < 4:
        raise DataError(f"an IDX file has a header, this one has {len(content)} bytes", where=path)
    zeros, type_code, stated_dimensions = struct.unpack_from(">HBB", content)
    if zeros != 0:
        raise DataError(f"not an IDX file: it begins with {content[:4].hex()}", where=path)
    if type_code != UNSIGNED_BYTE:
        raise DataError(
            f"values of IDX type 0x{type_code:02x}; only unsigned bytes (0x08) are read", where=path
        )
    if stated_dimensions != dimensions:
        raise DataError(f"{stated_dimensions} dimensions instead of {dimensions}", where=path)
    header_size = 4 + 4 * dimensions
    if len(content) < header_size:
        raise DataError("the file ends inside its header", where=path)
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    size = math.prod(shape)
    if len(content) != header_size + size:
        raise DataError(
            f"{len(content) - header_size} values, but the header states "
            f"{' × '.join(map(str, shape))} = {size}",
            where=path,
        )
    if content_sha256 is not None:
        actual = hashlib.sha256(content).hexdigest()
        if actual != content_sha256:
            raise DataError(
                f"its uncompressed content has SHA-256 {actual}, not the pinned {content_sha256}",
                where=path,
                hint="delete the file and run again to download it anew",
            )
    return np.frombuffer(content, np.uint8, offset=header_size).reshape(shape)


def _uncompressed(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    if raw[:2] != b"\x1f\x8b":
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"the gzip stream is damaged: {error}",
            where=path,
            hint="delete the file and run again to download it anew",
        ) from error
