"""Zip archives written byte by byte, since no packer writes what these have to say."""

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFLATE, BZIP2, DEFLATE64, LZMA, ZSTD = 8, 12, 9, 14, 93
ENCRYPTED, SIZES_FOLLOW, UTF_8 = 0x01, 0x08, 0x800
REPARSE_POINT = 0x400


@dataclass(frozen=True)
class Zipped:
    """One member, and what the directory and its own header say of it.

    Attributes
    ----------
    stream
        What stands in the archive in place of the content.
    stated
        What both say in place of what is right: ``size``, ``packed``, ``crc``, ``flags``.
    own
        What only its own header says: these, or ``name`` or ``method``.
    offset
        Where the directory says that it begins.
    """

    name: str | bytes
    content: bytes = b""
    method: int = 0
    attributes: int = 0
    stream: bytes | None = None
    stated: Mapping[str, int] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    offset: int | None = None


def mode(kind: int) -> int:
    """Return the attributes of a member of this kind, as `stat` names it."""
    return (kind | 0o644) << 16


def encoded(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogatepass")


def wide(*numbers: int) -> tuple[list[int], bytes]:
    """Return numbers as they stand in 32 bits, and the extra field for those that do not fit."""
    large = [number for number in numbers if number > 0xFFFFFFFE]
    extra = struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    return [min(number, 0xFFFFFFFF) for number in numbers], extra


def said(member: Zipped) -> dict[str, Any]:
    stream = member.content if member.stream is None else member.stream
    right = {"size": len(member.content), "packed": len(stream), "flags": UTF_8}
    right |= {"crc": zlib.crc32(member.content), "name": member.name, "method": member.method}
    return right | dict(member.stated)


def own_header(member: Zipped) -> bytes:
    """Write a member's own header; it stands before the content."""
    it = said(member) | dict(member.own)
    (size, packed), extra = wide(it["size"], it["packed"])
    name = encoded(it["name"])
    numbers = (20, it["flags"], it["method"], 0, 0x21, it["crc"], packed, size)
    return struct.pack("<4s5H3L2H", b"PK\3\4", *numbers, len(name), len(extra)) + name + extra


def entry(member: Zipped, offset: int) -> bytes:
    """Write a member's entry of the directory."""
    it = said(member)
    (size, packed, at), extra = wide(it["size"], it["packed"], offset)
    name = encoded(member.name)
    numbers = (0x314, 20, it["flags"], it["method"], 0, 0x21, it["crc"], packed, size)
    lengths = (len(name), len(extra), 0, 0, 0)
    fields = struct.pack("<4s6H3L5H2L", b"PK\1\2", *numbers, *lengths, member.attributes, at)
    return fields + name + extra


def end(count: int, size: int, start: int, comment: bytes = b"", disk: int = 0) -> bytes:
    """Write the end of an archive."""
    numbers = (disk, disk, min(count, 0xFFFF), min(count, 0xFFFF), size, start, len(comment))
    return struct.pack("<4s4H2LH", b"PK\5\6", *numbers) + comment


def wide_end(count: int, size: int, start: int, *, at: int | None = None) -> bytes:
    """Write the end of an archive of zip64, before the short one."""
    numbers = (44, 45, 45, 0, 0, count, count, size, start)
    written = struct.pack("<4sQ2H2L4Q", b"PK\6\6", *numbers)
    return written + struct.pack("<4sLQL", b"PK\6\7", 0, start + size if at is None else at, 1)


def archive(
    members: Iterable[Zipped],
    *,
    count: int | None = None,
    size: int | None = None,
    moved: int = 0,
    is_wide: bool = False,
    **of_end: Any,
) -> bytes:
    """Write an archive.

    Parameters
    ----------
    count, size
        How many members and how large a directory the end states, in place of what is right.
    moved
        How far from where it is the end says that the directory begins.
    is_wide
        Write the end of zip64, too.
    """
    members = list(members)
    packed, directory = bytearray(), bytearray()
    for member in members:
        offset = len(packed) if member.offset is None else member.offset
        directory += entry(member, offset)
        packed += own_header(member)
        packed += member.content if member.stream is None else member.stream
    numbers = (
        len(members) if count is None else count,
        len(directory) if size is None else size,
        len(packed) + moved,
    )
    whole = bytes(packed + directory)
    return whole + (wide_end(*numbers) if is_wide else b"") + end(*numbers, **of_end)
