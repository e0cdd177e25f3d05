"""What a compressed file unpacks to, read forwards as a stream, within limits.

Python's own `GzipFile` and its like have no bound on memory or on headers without an end, and each
has another idea of what may follow the end. Here all kinds are read alike: piece by piece, stream
after stream if several were put together, until nothing but zeros is left. What the format has to
check a stream by is checked by the decompressor when it ends.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from backports import zstd

from swatchbook.data import file_kinds
from swatchbook.data.archives import DAMAGED_HINT, reading
from swatchbook.data.file_kinds import FileKind
from swatchbook.data.limits import Limits
from swatchbook.errors import DataError

PIECE_BYTES = 1 << 16
# So much may come out before the ratio counts: the start of a file may well be all zeros, and that
# much is unpacked in no time.
FREE_BYTES = 1 << 26
# Packers that use several cores put streams together, of 64 KiB at least; to begin one takes longer
# than to unpack that much.
FREE_STREAMS = 1000
BYTES_A_STREAM = 1 << 10
LONGEST_MARK = 6
# A file may ask for any memory: xz -9 takes 65 MiB, and zstd's decompressor allows 128 MiB itself.
XZ_MEMORY = 1 << 27


class _Gzip:
    """zlib's decompressor with the attributes of the others."""

    def __init__(self) -> None:
        self._made = zlib.decompressobj(zlib.MAX_WBITS + 16)  # with the header and end of gzip

    def decompress(self, packed: bytes, most: int) -> bytes:
        return self._made.decompress(self._made.unconsumed_tail + packed, most)

    @property
    def eof(self) -> bool:
        return self._made.eof

    @property
    def needs_input(self) -> bool:
        return not self._made.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._made.unused_data


DECOMPRESSORS: Mapping[FileKind, Callable[[], Any]] = {
    file_kinds.GZIP: _Gzip,
    file_kinds.BZIP2: bz2.BZ2Decompressor,
    file_kinds.XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY),
    file_kinds.ZSTD: zstd.ZstdDecompressor,
}


class UnpackedStream(io.RawIOBase):
    """What a file unpacks to; put an `io.BufferedReader` before it to read small pieces.

    Parameters
    ----------
    file
        The compressed file, at its beginning.
    kind
        One of `DECOMPRESSORS`.
    limits
        How much may come out in all, and for each byte that went in.
    path
        What the messages call the file.

    Raises
    ------
    DataError
        On reading, if it is cut off, damaged, followed by anything but zeros, or beyond the limits.
    """

    def __init__(self, file: BinaryIO, kind: FileKind, limits: Limits, path: object):
        self._file = file
        self._kind = kind
        self._limits = limits
        self._path = path
        self._decompressor = DECOMPRESSORS[kind]()
        self._waiting = b""  # taken from the file, and not yet given to the decompressor
        self._streams = 1
        self._packed = 0
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._next(len(buffer))
        buffer[: len(content)] = content
        self._unpacked += len(content)
        if self._unpacked > FREE_BYTES:
            self._limits.check_total(self._unpacked, self._packed, self._path)
        return len(content)

    def _next(self, most: int) -> bytes:
        """Return the next bytes, no more than `most`; none at the end."""
        while True:
            if self._decompressor.eof and not self._begins_another():
                return b""
            packed = self._waiting
            if not packed and self._decompressor.needs_input:
                packed = self._take()
            self._waiting = b""
            content = self._decompress(packed, most)
            if content:
                return content
            is_waiting = self._decompressor.needs_input and not self._decompressor.eof
            if is_waiting and not packed:
                raise DataError("the archive is cut off", where=self._path, hint=DAMAGED_HINT)

    def _take(self) -> bytes:
        with reading(self._path):
            packed = self._file.read(PIECE_BYTES)
        self._packed += len(packed)
        return packed

    def _decompress(self, packed: bytes, most: int) -> bytes:
        try:
            return self._decompressor.decompress(packed, most)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError) as error:
            raise DataError(
                f"{self._kind.name.removeprefix('a ')} that is damaged: {error}",
                where=self._path,
                hint=DAMAGED_HINT,
            ) from error

    def _begins_another(self) -> bool:
        """Begin the stream that follows the one that has ended, if there is one."""
        rest = self._decompressor.unused_data.lstrip(b"\0")
        while not rest:
            taken = self._take()
            if not taken:
                return False
            rest = taken.lstrip(b"\0")
        if len(rest) < LONGEST_MARK:  # it may have been cut in two
            rest += self._take()
        if file_kinds.told(rest, [self._kind]) is None:
            raise DataError(
                "something that does not belong to it follows its end",
                where=self._path,
                hint=DAMAGED_HINT,
            )
        self._streams += 1
        if self._streams > FREE_STREAMS + self._unpacked // BYTES_A_STREAM:
            raise DataError(
                f"it is {self._streams:,} files put together that hold next to nothing",
                where=self._path,
                hint=DAMAGED_HINT,
            )
        self._decompressor = DECOMPRESSORS[self._kind]()
        self._waiting = rest
        return True
