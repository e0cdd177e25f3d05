"""Tar archives, compressed or not, read forwards and never unpacked to a disk.

A tar archive has no table of contents: it is read once for the headers alone, in which everything
is checked, and once more for the contents. Python's `tarfile` is not used, since it takes a damaged
header for the end, keeps every member, follows headers that announce headers as deep as they go,
and reads maps of sparse files without a bound; a header takes it three times as long.

The format: POSIX's pax, and GNU's long names (https://www.gnu.org/software/tar/manual/).
"""

import io
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import BinaryIO

from swatchbook.data import archives, file_kinds
from swatchbook.data.archives import DAMAGED_HINT, Member, reading, why_not_a_name
from swatchbook.data.unpacked_stream import DECOMPRESSORS, FREE_BYTES, UnpackedStream
from swatchbook.errors import DataError

BLOCK_BYTES = 512
BUFFER_BYTES = 1 << 20
# Headers that say more of the next one: a long name, or attributes of it.
MORE_BYTES = 1 << 16
MORE_RECORDS = 200
MORE_HEADERS = 4  # one of each kind
PAX_RECORD = re.compile(rb"([0-9]{1,9}) ([^=\n]+)=")
LONG_NAME, LONG_LINK, GLOBAL = b"L", b"K", b"g"
PAX = {b"x", b"X"}
SAYING_MORE = {LONG_NAME, LONG_LINK, GLOBAL, *PAX}
FILES = {b"0", b"\0", b"7"}
FOLDER = b"5"
NO_FILES = {
    b"1": "a link",
    b"2": "a link",
    b"3": "a device, pipe or socket",
    b"4": "a device, pipe or socket",
    b"6": "a device, pipe or socket",
    b"S": "a sparse file",
}
MEANING = ("path", "size")  # attributes that change what a header says


class Archive(archives.Archive):
    """An open tar archive; how it is compressed is told by its first bytes.

    Raises
    ------
    DataError
        As any archive; also if anything but zeros follows its end.
    """

    def members(self) -> Iterator[Member]:
        self._file, self._packed = self.open_file()
        self._offsets: list[tuple[str, int, int]] = []
        total = 0
        for member in self._headers():
            if member.why_not_a_file or why_not_a_name(member.name):
                yield member
                return  # it is refused, and where the next header stands nobody may be able to say
            # At once: what a header states would be unpacked to come to the next one.
            self.limits.check_sizes({member.name: member.size}, self._packed, self.path)
            total += member.size
            self.limits.check_total(total, self._packed, self.path)
            if not member.is_folder and self._stream is self._file:
                self._offsets.append((member.name, self._file.tell(), member.size))
            yield member
            self._skip(member)

    def contents(self, wanted: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
        for member in self._headers():
            if wanted is not None and member.name not in wanted:
                self._skip(member)
                continue
            content = self._read(member.size, member.name)
            self._read(-member.size % BLOCK_BYTES, member.name)
            if not member.is_folder:
                yield member.name, content

    def places(self) -> dict[str, list[int]] | None:
        if self._stream is not self._file:
            return None
        files = [file for file in self._offsets if not archives.is_litter(file[0])]
        return {"offset": [file[1] for file in files], "size": [file[2] for file in files]}

    def contents_at(
        self, files: Iterable[tuple[str, Mapping[str, int]]]
    ) -> Iterator[tuple[str, bytes]]:
        self._file, self._packed = self.open_file()
        self._stream = self._file
        for name, place in files:
            with reading(self.path):
                self._file.seek(place["offset"])
            yield name, self._read(place["size"], name)

    def _begin(self) -> None:
        """Begin to read at the beginning."""
        with reading(self.path):
            self._file.seek(0)
            kind = file_kinds.told(self._file.read(file_kinds.START_BYTES), tuple(DECOMPRESSORS))
            self._file.seek(0)
        self._stream: BinaryIO = self._file
        if kind:
            stream = UnpackedStream(self._file, kind, self.limits, self.path)
            self._stream = io.BufferedReader(stream, BUFFER_BYTES)
        elif self._packed > FREE_BYTES:  # as of a compressed one, headers count too
            self.limits.check_total(self._packed, self._packed, self.path)

    def _headers(self) -> Iterator[Member]:
        """Yield the members from the beginning; whoever takes one reads past its content."""
        self._begin()
        name = "its beginning"
        while True:
            more: dict[str, str] = {}
            for _ in range(MORE_HEADERS + 1):
                header = self._read(BLOCK_BYTES, name)
                if header == bytes(BLOCK_BYTES):
                    if more:
                        raise self._damaged("it ends after a header that says more of the next")
                    self._check_end()
                    return
                size = self._checked_size(header, name)
                kind = header[156:157]
                if kind not in SAYING_MORE:
                    break
                more |= self._more(kind, size, name)
            else:
                raise self._damaged(f"more headers than members need after {name}")
            member = self._member(header, size, more)
            name = member.name
            yield member

    def _checked_size(self, header: bytes, before: str) -> int:
        """Return the size that a header states, once its checksum is right."""
        stated = _number(header[148:156])
        blank = sum(header) - sum(header[148:156]) + 8 * ord(" ")
        size = _number(header[124:136])
        if stated != blank or size is None:
            raise self._damaged(f"a header that is damaged or none, after {before}")
        return size

    def _more(self, kind: bytes, size: int, before: str) -> dict[str, str]:
        """Read what a header says of the next one."""
        if not 0 <= size <= MORE_BYTES:
            raise self._damaged(f"{size:,} bytes of names and attributes after {before}")
        content = self._read(size, before)
        self._read(-size % BLOCK_BYTES, before)
        if kind == LONG_NAME:
            return {"path": _text(content.removesuffix(b"\0"))}
        if kind == LONG_LINK:
            return {}  # links are refused anyway
        records = self._records(content, before)
        if kind != GLOBAL:
            return records
        changes = [key for key in records if key in MEANING or key.startswith("GNU.sparse")]
        if changes:
            raise self._damaged(f"a header that gives all members after {before} one {changes[0]}")
        return {}

    def _records(self, content: bytes, before: str) -> dict[str, str]:
        """Cut pax attributes: ``LENGTH KEY=VALUE`` and a line end, the length including itself."""
        records: dict[str, str] = {}
        position = 0
        while position < len(content):
            found = PAX_RECORD.match(content, position)
            end = position + int(found[1]) if found else 0
            if not found or not found.end() < end <= len(content) or content[end - 1] != 0x0A:
                raise self._damaged(f"attributes that cannot be read after {before}")
            records[_text(found[2])] = _text(content[found.end() : end - 1])
            position = end
            if len(records) > MORE_RECORDS:
                raise self._damaged(f"more than {MORE_RECORDS} attributes after {before}")
        return records

    def _member(self, header: bytes, size: int, more: dict[str, str]) -> Member:
        """Make a member of a header and of what those before it say."""
        name = _text(header[:100].partition(b"\0")[0])
        prefix = header[345:500].partition(b"\0")[0]
        if prefix and header[257:263] == b"ustar\0":
            name = f"{_text(prefix)}/{name}"
        name = more.get("path", name)
        if "size" in more:
            if not re.fullmatch("[0-9]{1,19}", more["size"]):
                raise self._damaged(f"a size that is no number, of {name!r}")
            size = int(more["size"])
        kind = header[156:157]
        is_folder = kind == FOLDER or (kind in FILES and name.endswith("/"))
        if any(key.startswith("GNU.sparse") for key in more):
            why_not = NO_FILES[b"S"]
        elif is_folder:
            why_not = "a folder with a content" if size else None
        elif kind in FILES:
            why_not = None
        else:
            why_not = NO_FILES.get(kind, f"of the kind {_text(kind)!r}")
        return Member(name, size, is_folder, why_not)

    def _skip(self, member: Member) -> None:
        missing = member.size + -member.size % BLOCK_BYTES
        if self._stream is self._file:
            # The last byte is read, so that an archive that is cut off within is noticed here.
            with reading(self.path):
                self._file.seek(max(0, missing - 1), os.SEEK_CUR)
            missing = min(missing, 1)
        while missing:
            missing -= len(self._read(min(missing, BUFFER_BYTES), member.name))

    def _read(self, size: int, name: str) -> bytes:
        """Read just so many bytes; `name` says where, if the archive ends before."""
        with reading(self.path):
            content = self._stream.read(size)
        if len(content) < size:
            raise DataError(
                f"the archive is cut off in or after {name}", where=self.path, hint=DAMAGED_HINT
            )
        return content

    def _check_end(self) -> None:
        """Read the rest, which is zeros, so that the end of the compressed stream is checked."""
        while True:
            with reading(self.path):
                rest = self._stream.read(BUFFER_BYTES)
            if rest.strip(b"\0"):
                raise self._damaged("something that does not belong to it follows its end")
            if not rest:
                return

    def _damaged(self, what: str) -> DataError:
        return DataError(f"not a readable tar archive: {what}", where=self.path, hint=DAMAGED_HINT)


def _text(written: bytes) -> str:
    """Decode a name; bytes that are no UTF-8 become characters that no name may have."""
    return written.decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int | None:
    """Read a number of a header, octal or, with the first bit set, binary; ``None`` if neither."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:])
    if field[0] == 0xFF:
        return int.from_bytes(field, signed=True)
    digits = field.partition(b"\0")[0].strip(b" ")
    return int(digits or b"0", 8) if re.fullmatch(b"[0-7]*", digits) else None
