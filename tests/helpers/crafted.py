"""7z archives written byte by byte, since no packer writes what these have to say.

The format: https://py7zr.readthedocs.io/en/latest/archive_format.html
"""

import lzma
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COPY, LZMA2, DEFLATE = b"\x00", b"\x21", b"\x04\x01\x08"
ZSTD, BROTLI, PPMD = b"\x04\xf7\x11\x01", b"\x04\xf7\x11\x02", b"\x03\x04\x01"
LZMA2_DICTIONARY = b"\x08"  # 64 kB
UNIX = 0x8000  # then the mode stands in the upper half of the attributes
FOLDER, REPARSE_POINT = 0x10, 0x400


@dataclass(frozen=True)
class Packed:
    """One member, and what the header says of it."""

    name: str
    content: bytes = b""
    attributes: int | None = None
    size: int | None = None  # stated in place of the content's own
    crc: int | None = None


@dataclass(frozen=True)
class Coder:
    method: bytes = COPY
    properties: bytes = b""


def mode(kind: int) -> int:
    """Return the attributes of a member of this kind, as `stat` names it."""
    return UNIX | (kind | 0o644) << 16


def number(value: int) -> bytes:
    """Write a number as the format does, in the long form where it does not fit into a byte."""
    return bytes([value]) if 0 <= value < 0x80 else b"\xff" + struct.pack("<Q", value % (1 << 64))


def of(kind: bytes, content: bytes) -> bytes:
    """Write a property: its kind, its length and it."""
    return kind + number(len(content)) + content


def folder(coders: Sequence[Coder], unpacked: int) -> bytes:
    """Write the description of one solid block, packed by all `coders` in turn."""
    written = number(len(coders))
    for coder in coders:
        written += bytes([len(coder.method) | (0x20 if coder.properties else 0)]) + coder.method
        written += number(len(coder.properties)) + coder.properties if coder.properties else b""
    for bond in range(len(coders) - 1):
        written += number(bond + 1) + number(bond)
    return b"\x07\x0b\x01\x00" + written + b"\x0c" + number(unpacked) * len(coders) + b"\x00"


def header(
    members: Sequence[Packed], packed: int, coders: Sequence[Coder], count: int | None
) -> bytes:
    """Write the header: one packed stream of `packed` bytes, one block, all members."""
    filled = [member for member in members if member.content or member.size]
    sizes = [len(member.content) if member.size is None else member.size for member in filled]
    streams = b"\x06\x00\x01\x09" + number(packed) + b"\x00" + folder(coders, sum(sizes))
    streams += b"\x08\x0d" + number(len(filled)) + b"\x09" + b"".join(map(number, sizes[:-1]))
    crcs = [zlib.crc32(m.content) if m.crc is None else m.crc for m in filled]
    streams += b"\x0a\x01" + b"".join(struct.pack("<I", crc) for crc in crcs) + b"\x00"
    empty = "".join("1" if member not in filled else "0" for member in members)
    bits = int(empty.ljust(-(-len(empty) // 8) * 8, "0") or "0", 2).to_bytes(-(-len(empty) // 8))
    names = b"".join(
        member.name.encode("utf-16le", "surrogatepass") + b"\0\0" for member in members
    )
    attributes = b"".join(struct.pack("<I", member.attributes or 0) for member in members)
    files = number(len(members) if count is None else count)
    files += of(b"\x0e", bits) + of(b"\x11", b"\0" + names) + of(b"\x15", b"\1\0" + attributes)
    main = b"\x04" + streams + b"\x00" if filled else b""
    return b"\x01" + main + b"\x05" + files + b"\x00\x00"


def archive(
    members: Iterable[Packed],
    *,
    stream: bytes | None = None,
    coders: Sequence[Coder] = (Coder(),),
    count: int | None = None,
) -> bytes:
    """Write an archive; `stream` stands in it in place of the members' contents."""
    members = list(members)
    stream = b"".join(member.content for member in members) if stream is None else stream
    return closed(stream, header(members, len(stream), coders, count))


def with_packed_header(packed: bytes, coder: Coder, unpacked: int) -> bytes:
    """Write an archive whose header is `packed`, and that is said to unpack to so many bytes."""
    streams = b"\x06\x00\x01\x09" + number(len(packed)) + b"\x00" + folder([coder], unpacked)
    return closed(packed, b"\x17" + streams + b"\x00")


def closed(stream: bytes, end: bytes) -> bytes:
    """Put the signature before a packed stream and a header."""
    pointer = struct.pack("<QQI", len(stream), len(end), zlib.crc32(end))
    start = b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(pointer))
    return start + pointer + stream + end


def lzma2_zeros(size: int, start: bytes = b"") -> bytes:
    """Pack `start` and about `size` zeros; whole pieces are repeated, so that it takes no time."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 16}]
    piece = 1 << 24
    first = lzma.compress(start + bytes(piece), lzma.FORMAT_RAW, filters=filters)
    more = lzma.compress(bytes(piece), lzma.FORMAT_RAW, filters=filters)
    return first[:-1] + more[:-1] * (size // piece) + b"\0"


def deflated_zeros(size: int) -> bytes:
    """Pack about `size` zeros by Deflate, whole pieces repeated."""
    piece = 1 << 24
    packer = zlib.compressobj(9, wbits=-15)
    more = packer.compress(bytes(piece)) + packer.flush(zlib.Z_FULL_FLUSH)
    return more * (size // piece) + packer.flush()
