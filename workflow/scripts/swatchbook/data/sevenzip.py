"""7z archives, streamed member by member without touching the disk.

py7zr reads the headers and provides the decompressors, whatever the method. Its own extraction
costs about as much again as LZMA itself where members are small (a path resolved, the memory of the
machine asked for and a decompressor entered for each): here a whole block is decompressed at a time
and cut into members by the sizes that the header states. Only `SevenZipFile.header`, `.files` and
the decompressor of a folder are used, and the version is pinned.
"""

import stat
import struct
import zlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import py7zr

from swatchbook.data import archives, limits, py7zr_limits
from swatchbook.data.archives import DAMAGED_HINT, Member
from swatchbook.errors import DataError

BLOCK_BYTES = 1 << 20


class Archive(archives.Archive):
    """An open 7z archive.

    Raises
    ------
    DataError
        As any archive; on opening, also if it is encrypted or packed by a method that is not
        supported.
    """

    def members(self) -> list[Member]:
        with _telling(self.path), py7zr_limits.held_to(self.limits):
            self._check_header_size()
            self._archive = self.resources.enter_context(py7zr.SevenZipFile(self.path))
            if self._archive.needs_password():
                raise py7zr.exceptions.PasswordRequired
            streams = self._archive.header.main_streams
            for block in streams.unpackinfo.folders if streams else ():
                py7zr_limits.check_methods(block)
            members = list(self._archive.files)
        self._files = [member for member in members if not member.is_directory]
        return [
            Member(
                member.filename,
                0 if member.is_directory else member.uncompressed,
                member.is_directory,
                _why_not_a_file(member),
            )
            for member in members
        ]

    def _check_header_size(self) -> None:
        """Check the header's size as packed, since py7zr reads it whole."""
        with open(self.path, "rb") as file:
            start = file.read(32)
        if not start:
            raise DataError("an empty file, no 7z archive", where=self.path, hint=DAMAGED_HINT)
        most = py7zr_limits.most_header_bytes(self.limits)
        if len(start) < 32 or not start.startswith(py7zr.properties.MAGIC_7Z):
            return  # py7zr says so better
        stated = struct.unpack_from("<Q", start, 20)[0]
        if stated > most:
            raise py7zr.exceptions.Bad7zFile(f"header size {stated} exceeds limit {most}")

    def contents(self, wanted: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of every file, in archive order.

        A solid block is unpacked from its beginning to the last file that is wanted. One pass,
        one member in memory at a time beside a block of about 1 MB. The decompression
        releases Python's global lock, so a second thread can decode what has been yielded.
        """
        filled: dict[int, list[Any]] = {}
        for member in self._files:
            if member.emptystream:
                yield member.filename, b""
            else:
                filled.setdefault(id(member.folder), []).append(member)
        streams = self._archive.header.main_streams
        solid_blocks = streams.unpackinfo.folders if filled else []
        for number, block in enumerate(solid_blocks):
            members = filled.get(id(block), [])
            if wanted is not None:
                last = max(
                    (at for at, member in enumerate(members, 1) if member.filename in wanted),
                    default=0,
                )
                members = members[:last]
            if not members:
                continue
            with _telling(self.path):
                start, end = streams.packinfo.packpositions[number : number + 2]
                self._archive.fp.seek(self._archive.afterheader + start)
                decompressor = py7zr_limits.decompressor(block, end - start)
            yield from self._cut(decompressor, members)

    def _cut(self, decompressor: Any, members: list[Any]) -> Iterator[tuple[str, bytes]]:
        """Cut the stream of one solid block into its members."""
        buffer, position = b"", 0
        for member in members:
            parts = [buffer[position : position + member.uncompressed]]
            position += len(parts[0])
            missing = member.uncompressed - len(parts[0])
            while missing > 0:
                buffer = self._next(decompressor, member.filename)
                parts.append(buffer[:missing])
                position = len(parts[-1])
                missing -= position
            content = b"".join(parts)
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


def _why_not_a_file(member: Any) -> str | None:
    """Say what a member is, if neither a file nor a folder."""
    if member.is_directory and not member.emptystream:
        return "a folder with a content"
    if member.is_symlink or member.is_junction:
        return "a link"
    if member.st_fmt and not (stat.S_ISREG(member.st_fmt) or stat.S_ISDIR(member.st_fmt)):
        return "a device, pipe or socket"
    return None


@contextmanager
def _telling(path: str | Path) -> Iterator[None]:
    """Turn what py7zr and the decompressors raise into a DataError."""
    try:
        yield
    except DataError:
        raise
    except py7zr.exceptions.PasswordRequired as error:
        raise DataError("the archive is encrypted", where=path, hint="unpack it first") from error
    except py7zr.exceptions.UnsupportedCompressionMethodError as error:
        raise DataError(
            f"packed by a method that is not supported: {error.args[-1]}",
            where=path,
            hint="pack it again, for example with 7z a -m0=lzma2",
        ) from error
    except Exception as error:  # a damaged header or block: py7zr raises what it stumbles on
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"cannot be read: {error.strerror}", where=path) from error
        text = str(error) or type(error).__name__
        if "exceeds limit" in text:
            what, hint = (
                f"its header asks for more than is allowed: {text}",
                limits.advice("members"),
            )
        elif "truncated" in text or "exceeds the archive size" in text:
            what, hint = f"the archive is cut off: {text}", DAMAGED_HINT
        else:
            what, hint = f"not a readable 7z archive: {text}", DAMAGED_HINT
        raise DataError(what, where=path, hint=hint) from error
