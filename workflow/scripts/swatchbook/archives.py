"""7z archives, streamed member by member without touching the disk.

py7zr reads the headers and provides the decompressors, whatever the method. Its own extraction
costs about as much again as LZMA itself where members are small (a path resolved, the memory of the
machine asked for and a decompressor entered for each): here a whole block is decompressed at a time
and cut into members by the sizes that the header states. Only `SevenZipFile.header`, `.files` and
the decompressor of a folder are used, and the version is pinned.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import py7zr

from swatchbook.errors import DataError

BLOCK_BYTES = 1 << 20
PPMD = b"\x03\x04\x01"  # its decompressor brings the process down on a damaged block
DAMAGED_HINT = "delete the file and run again to download it anew"


class Archive:
    """An open 7z archive; a context manager.

    Attributes
    ----------
    names
        The names of all files in it, in archive order, directories left out.

    Raises
    ------
    DataError
        On opening or reading, if it is not a 7z archive, is encrypted, truncated or damaged, or is
        packed by a method that is not supported.
    """

    def __init__(self, path: str | Path):
        self.path = path

    def __enter__(self) -> "Archive":
        with _telling(self.path):
            self._archive = py7zr.SevenZipFile(self.path)
            if self._archive.needs_password():
                self._archive.close()
                raise py7zr.exceptions.PasswordRequired
            self._refuse_ppmd()
            self._members = [member for member in self._archive.files if not member.is_directory]
            self.names = [member.filename for member in self._members]
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def _refuse_ppmd(self) -> None:
        streams = self._archive.header.main_streams
        for block in streams.unpackinfo.folders if streams else []:
            if any(coder["method"] == PPMD for coder in block.coders):
                self._archive.close()
                raise py7zr.exceptions.UnsupportedCompressionMethodError(PPMD, "PPMd")

    def stream(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of every file, in archive order.

        One pass, one member in memory at a time beside a block of about 1 MB. The decompression
        releases Python's global lock, so a second thread can decode what has been yielded.
        """
        filled = []
        for member in self._members:
            if member.emptystream:
                yield member.filename, b""
            else:
                filled.append(member)
        streams = self._archive.header.main_streams
        solid_blocks = streams.unpackinfo.folders if filled else []
        for number, block in enumerate(solid_blocks):
            with _telling(self.path):
                start, end = streams.packinfo.packpositions[number : number + 2]
                self._archive.fp.seek(self._archive.afterheader + start)
                decompressor = block.get_decompressor(end - start)
            members = [member for member in filled if member.folder is block]
            yield from self._cut(decompressor, members)

    def _cut(self, decompressor: Any, members: list[Any]) -> Iterator[tuple[str, bytes]]:
        """Cut the stream of one solid block into its members."""
        buffer, position = b"", 0
        for member in members:
            content = buffer[position : position + member.uncompressed]
            position += len(content)
            while (missing := member.uncompressed - len(content)) > 0:
                buffer = self._next(decompressor, member.filename)
                content += buffer[:missing]
                position = min(missing, len(buffer))
            if member.crc32 is not None and zlib.crc32(content) != member.crc32:
                raise DataError(
                    f"{member.filename} does not have the checksum that the archive states",
                    where=self.path,
                    hint=DAMAGED_HINT,
                )
            yield member.filename, content

    def _next(self, decompressor: Any, name: str) -> bytes:
        """Decompress the next block; some decompressors first swallow a block and give nothing."""
        file = self._archive.fp
        while True:
            before = file.tell()
            with _telling(self.path):
                block = bytes(decompressor.decompress(file, BLOCK_BYTES))
            if block:
                return block
            if file.tell() == before:
                raise DataError(
                    f"the archive ends inside {name}", where=self.path, hint=DAMAGED_HINT
                )


@contextmanager
def _telling(path: str | Path) -> Iterator[None]:
    """Turn what py7zr and the decompressors raise into a DataError."""
    try:
        yield
    except py7zr.exceptions.PasswordRequired as error:
        raise DataError("the archive is encrypted", where=path, hint="unpack it first") from error
    except py7zr.exceptions.UnsupportedCompressionMethodError as error:
        raise DataError(
            f"packed by a method that is not supported: {error}",
            where=path,
            hint="pack it again, for example with 7z a -m0=lzma2",
        ) from error
    except Exception as error:  # a damaged header or block: py7zr raises what it stumbles on
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"cannot be read: {error.strerror}", where=path) from error
        raise DataError(
            f"not a readable 7z archive: {error or type(error).__name__}",
            where=path,
            hint=DAMAGED_HINT,
        ) from error
