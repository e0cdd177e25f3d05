"""Zip archives, read by the directory at their end, member by member, without touching the disk.

Python's `zipfile` is not used: it reads a directory of any size before its members can be counted,
takes a directory that stands elsewhere than it says, and leaves it to the reader to find members
that overlap, that unpack to more than they state, or whose own headers say something else.

The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import bz2
import stat
import struct
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from backports import zstd

from swatchbook.data import archives, limits
from swatchbook.data.archives import DAMAGED_HINT, Member, reading
from swatchbook.errors import DataError, first_ten

END = struct.Struct("<4s4H2LH")  # of the directory; then a comment
END_OF_ZIP64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")  # where that is, between the two
ENTRY = struct.Struct("<4s6H3L5H2L")  # of the directory; then name, extra fields and comment
HEADER = struct.Struct("<4s5H3L2H")  # of a member; then name, extra fields and content
LONGEST_COMMENT = 0xFFFF
ZIP64_FIELD = 1
IN_ZIP64 = 0xFFFFFFFF  # stands in place of a number that does not fit
ENCRYPTED, SIZES_FOLLOW, UTF_8 = 0x2041, 0x08, 0x800  # bits of the flags
REPARSE_POINT = 0x400  # an attribute in Windows

ENTRY_BYTES_A_MEMBER = 256  # names of about a hundred letters, times, owners
LEAST_DIRECTORY_BYTES = 1 << 16
LONGER_PACKED = 1 << 12

DECOMPRESSORS: Mapping[int, Callable[[], Any]] = {
    8: lambda: zlib.decompressobj(-zlib.MAX_WBITS),
    12: bz2.BZ2Decompressor,
    93: zstd.ZstdDecompressor,
}
STORED = 0
METHOD_NAMES = {1: "Shrink", 6: "Implode", 9: "Deflate64", 14: "LZMA", 95: "xz", 98: "PPMd"}


class Entry(NamedTuple):
    """What the directory says of a member."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int
    name_bytes: int = 0


PLACE = ("flags", "method", "crc", "packed", "size", "offset")  # what a member is read by


class Archive(archives.Archive):
    """An open zip archive.

    Raises
    ------
    DataError
        As any archive; on opening, also if it is encrypted, packed by a method that is not
        supported, or has members that overlap; on reading, if a member's own header says something
        else than the directory.
    """

    def members(self) -> list[Member]:
        self._file, self._size = self.open_file()
        count, start, end = self._directory()
        self._entries = list(self._listed(count, start, end))
        self._check_packing()
        self._room = self._checked_room(start)
        return [
            Member(entry.name, entry.size, _is_folder(entry), _why_not_a_file(entry))
            for entry in self._entries
        ]

    def contents(self, wanted: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
        for entry, end in zip(self._entries, self._room, strict=True):
            if not _is_folder(entry) and (wanted is None or entry.name in wanted):
                yield entry.name, self._unpacked(entry, self._content_of(entry, end))

    def places(self) -> dict[str, list[int]]:
        files = [
            (entry, end)
            for entry, end in zip(self._entries, self._room, strict=True)
            if not _is_folder(entry) and not archives.is_litter(entry.name)
        ]
        return {
            **{key: [getattr(entry, key) for entry, _ in files] for key in PLACE},
            "end": [end for _, end in files],
        }

    def contents_at(
        self, files: Iterable[tuple[str, Mapping[str, int]]]
    ) -> Iterator[tuple[str, bytes]]:
        self._file, self._size = self.open_file()
        for name, place in files:
            entry = Entry(name, *(place[key] for key in PLACE), attributes=0)
            yield name, self._unpacked(entry, self._content_of(entry, place["end"]))

    def _directory(self) -> tuple[int, int, int]:
        """Find the directory: how many members it states, where it begins and where it ends."""
        tail_size = LOCATOR.size + END_OF_ZIP64.size + END.size + LONGEST_COMMENT
        tail_start = max(0, self._size - tail_size)
        tail = self._bytes(tail_start, self._size - tail_start)
        at = tail.rfind(b"PK\5\6")
        if at < 0 or at + END.size > len(tail):
            raise DataError(
                "the archive is cut off: there is no directory at its end",
                where=self.path,
                hint=DAMAGED_HINT,
            )
        _, disk, first_disk, _, count, size, start, comment = END.unpack_from(tail, at)
        if at + END.size + comment != len(tail):
            raise self._damaged("something that does not belong to it follows its end")
        end = tail_start + at
        if tail.startswith(b"PK\6\7", max(0, at - LOCATOR.size)):
            short = (disk, first_disk, count, size, start)
            end, (disk, first_disk, count, size, start) = self._wide_end(
                tail, at, tail_start, short
            )
        if disk or first_disk:
            raise DataError(
                "one of several parts of an archive", where=self.path, hint="join them first"
            )
        if start + size != end:
            raise self._damaged("its directory does not stand where it says")
        self.limits.check_count(count, self.path)
        if size > LEAST_DIRECTORY_BYTES + ENTRY_BYTES_A_MEMBER * self.limits.members:
            raise DataError(
                f"its directory asks for more than is allowed: {size:,} bytes",
                where=self.path,
                hint=limits.advice("members"),
            )
        return count, start, end

    def _wide_end(
        self, tail: bytes, at: int, tail_start: int, short: Sequence[int]
    ) -> tuple[int, Sequence[int]]:
        """Read what stands before an end that is too short for the archive's numbers."""
        at -= LOCATOR.size + END_OF_ZIP64.size
        if at < 0 or not tail.startswith(b"PK\6\6", at):
            raise self._damaged("it has no end as larger archives have")
        end = LOCATOR.unpack_from(tail, at + END_OF_ZIP64.size)[2]
        if end != tail_start + at:
            raise self._damaged("its end does not stand where it says")
        disk, first_disk, _, *numbers = END_OF_ZIP64.unpack_from(tail, at)[4:]
        wide = (disk, first_disk, *numbers)
        largest = (0xFFFF, 0xFFFF, 0xFFFF, IN_ZIP64, IN_ZIP64)
        for one, other, most in zip(short, wide, largest, strict=True):
            if one not in (other, most):
                raise self._damaged("it says two things of its directory")
        return end, wide

    def _listed(self, count: int, start: int, end: int) -> Iterator[Entry]:
        """Read the directory, entry by entry."""
        directory = self._bytes(start, end - start)
        position = found = 0
        while position < len(directory):
            if not directory.startswith(b"PK\1\2", position) or (
                position + ENTRY.size > len(directory)
            ):
                raise self._damaged(f"its directory is damaged after {found} members")
            fields = ENTRY.unpack_from(directory, position)
            position += ENTRY.size
            lengths = fields[10:13]  # of the name, the extra fields and the comment
            if position + sum(lengths) > len(directory):
                raise self._damaged("its directory is cut off")
            name = directory[position : position + lengths[0]]
            extra = directory[position + lengths[0] : position + sum(lengths[:2])]
            position += sum(lengths)
            found += 1
            self.limits.check_count(found, self.path)
            yield self._entry(fields, name, extra)
        # The number has 16 bits, and some packers write larger archives nevertheless.
        if found & 0xFFFF != count & 0xFFFF:
            raise self._damaged(f"it states {count} members, and has {found}")

    def _entry(self, fields: tuple[Any, ...], written_name: bytes, extra: bytes) -> Entry:
        flags, method, crc = fields[3], fields[4], fields[7]
        packed, size, disk, attributes, offset = *fields[8:10], fields[13], *fields[15:17]
        name = _text(written_name, flags)
        if IN_ZIP64 in (packed, size, offset):
            size, packed, offset = self._wide((size, packed, offset), extra, name)
        if disk not in (0, 0xFFFF):
            raise self._damaged(f"{name!r} stands in another part of the archive")
        return Entry(name, flags, method, crc, packed, size, offset, attributes, len(written_name))

    def _wide(self, numbers: Sequence[int], extra: bytes, name: str) -> list[int]:
        """Return numbers, with those that did not fit taken from an extra field of zip64."""
        field = _zip64_field(extra)
        wide = [number for (number,) in struct.iter_unpack("<Q", field[: len(field) & ~7])]
        if numbers.count(IN_ZIP64) > len(wide):
            raise self._damaged(f"sizes of {name!r} that stand nowhere")
        return [wide.pop(0) if number == IN_ZIP64 else number for number in numbers]

    def _check_packing(self) -> None:
        """Check how members are packed, before any is unpacked."""
        if any(entry.flags & ENCRYPTED for entry in self._entries):
            raise DataError("the archive is encrypted", where=self.path, hint="unpack it first")
        unknown = {entry.method for entry in self._entries} - {STORED, *DECOMPRESSORS}
        if unknown:
            named = (METHOD_NAMES.get(method, str(method)) for method in sorted(unknown))
            raise DataError(
                f"packed by a method that is not supported: {first_ten(named)}",
                where=self.path,
                hint="pack it again, for example with zip -r",
            )
        # It is read whole, and no packing makes a file much longer.
        longer = [
            repr(entry.name)
            for entry in self._entries
            if entry.packed > entry.size + entry.size // 8 + LONGER_PACKED
        ]
        if longer:
            raise self._damaged(f"members that packing has made longer: {first_ten(longer)}")

    def _checked_room(self, directory: int) -> list[int]:
        """Return where each member ends at the latest: where what comes after it begins.

        Members that overlap are how a small archive unpacks to a large one (D. Fifield, 2019,
        "A better zip bomb", https://www.bamsoftware.com/hacks/zipbomb/).
        """
        order = sorted(range(len(self._entries)), key=lambda row: self._entries[row].offset)
        offsets = [self._entries[row].offset for row in order]
        room = [0] * len(order)
        overlapping = []
        for row, end in zip(order, [*offsets[1:], directory], strict=False):
            entry = self._entries[row]
            room[row] = end
            if entry.offset + HEADER.size + entry.name_bytes + entry.packed > end:
                overlapping.append(repr(entry.name))
        if overlapping:
            raise self._damaged(f"members that reach into others: {first_ten(overlapping)}")
        return room

    def _content_of(self, entry: Entry, end: int) -> bytes:
        """Return a member's content as it is packed, once its own header says the same of it.

        `end` is where it ends at the latest.
        """
        header = self._bytes(entry.offset, HEADER.size)
        mark, _, flags, method, *_, crc, packed, size, name_length, extra_length = HEADER.unpack(
            header
        )
        if mark != b"PK\3\4":
            raise self._damaged(f"there is no header of {entry.name} where there should be")
        named = self._bytes(entry.offset + HEADER.size, name_length + extra_length)
        if IN_ZIP64 in (packed, size):
            size, packed = self._wide((size, packed), named[name_length:], entry.name)
        own, stated = (crc, packed, size), (entry.crc, entry.packed, entry.size)
        if flags & SIZES_FOLLOW:  # the header may have been written before they were known
            own = tuple(one or other for one, other in zip(own, stated, strict=True))
        own_name = _text(named[:name_length], entry.flags)
        is_same = own_name == entry.name and method == entry.method
        if not is_same or own != stated or flags & ENCRYPTED:
            raise self._damaged(f"{entry.name} has a header that says something else of it")
        start = entry.offset + HEADER.size + name_length + extra_length
        if start + entry.packed > end:
            raise self._damaged(f"members that reach into others: {entry.name!r}")
        return self._bytes(start, entry.packed)

    def _unpacked(self, entry: Entry, packed: bytes) -> bytes:
        """Unpack a member, which must end where it should and have its checksum."""
        try:
            if entry.method == STORED:
                content, is_whole = packed, True
            else:
                decompressor = DECOMPRESSORS[entry.method]()
                content = decompressor.decompress(packed, entry.size + 1)
                is_whole = decompressor.eof and not decompressor.unused_data
        except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
            raise self._damaged(f"{entry.name} cannot be unpacked: {error}") from error
        if not is_whole or len(content) != entry.size:
            raise self._damaged(f"{entry.name} does not unpack to the {entry.size:,} bytes stated")
        if zlib.crc32(content) != entry.crc:
            raise DataError(
                f"{entry.name} does not have the checksum that the archive states",
                where=self.path,
                hint=DAMAGED_HINT,
            )
        return content

    def _bytes(self, start: int, count: int) -> bytes:
        """Read just so many bytes of the file."""
        with reading(self.path):
            self._file.seek(start)
            content = self._file.read(count)
        if len(content) < count:
            raise DataError("the archive is cut off", where=self.path, hint=DAMAGED_HINT)
        return content

    def _damaged(self, what: str) -> DataError:
        return DataError(f"not a readable zip archive: {what}", where=self.path, hint=DAMAGED_HINT)


def _zip64_field(extra: bytes) -> bytes:
    """Return the extra field of zip64; empty if there is none."""
    position = 0
    while position + 4 <= len(extra):
        number, length = struct.unpack_from("<2H", extra, position)
        if number == ZIP64_FIELD:
            return extra[position + 4 : position + 4 + length]
        position += 4 + length
    return b""


def _text(written: bytes, flags: int) -> str:
    """Decode a name: UTF-8 where the archive says so or it can be nothing else, else code page 437.

    macOS writes UTF-8 without saying so; names of code page 437 are hardly ever valid UTF-8.
    """
    try:
        return written.decode()
    except UnicodeDecodeError:
        # With the flag, what is no UTF-8 becomes characters that no name may have.
        if flags & UTF_8:
            return written.decode("utf-8", "surrogateescape")
        return written.decode("cp437")


def _is_folder(entry: Entry) -> bool:
    return entry.name.endswith("/") or stat.S_ISDIR(entry.attributes >> 16)


def _why_not_a_file(entry: Entry) -> str | None:
    """Say what a member is, if neither a file nor a folder."""
    mode = entry.attributes >> 16
    if stat.S_ISLNK(mode) or entry.attributes & REPARSE_POINT:
        return "a link"
    if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "a device, pipe or socket"
    if _is_folder(entry) and entry.size:
        return "a folder with a content"
    return None
