"""Tar archives written block by block, since no packer writes what these have to say."""

from collections.abc import Mapping

from makers import TARS

LINK, SYMBOLIC_LINK, DEVICE, FOLDER, PIPE = b"1", b"2", b"4", b"5", b"6"
LONG_NAME, SPARSE, ATTRIBUTES, GLOBAL = b"L", b"S", b"x", b"g"
END = bytes(1024)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def number(value: int) -> bytes:
    """Write a size: octal, or binary where it is negative or has too many digits."""
    if 0 <= value < 8**11:
        return b"%011o\0" % value
    return bytes([0xFF if value < 0 else 0x80]) + value.to_bytes(11, signed=True)


def header(
    name: str | bytes, size: int = 0, kind: bytes = b"0", *, field: bytes | None = None
) -> bytes:
    """Write a header; `field` stands in it in place of the size."""
    written = name if isinstance(name, bytes) else name.encode("utf-8")
    block = written[:100].ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2
    block += number(size) if field is None else field
    block += b"%011o\0" % 0 + b" " * 8 + kind + bytes(100) + b"ustar\x0000"
    block = block.ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def member(name: str | bytes, content: bytes = b"", kind: bytes = b"0") -> bytes:
    """Write a header and a content."""
    return header(name, len(content), kind) + padded(content)


def long_name(name: bytes) -> bytes:
    """Write GNU's header of a long name; the member with it follows."""
    return member("././@LongLink", name, LONG_NAME)


def attributes(values: Mapping[str, str], kind: bytes = ATTRIBUTES) -> bytes:
    """Write a header of pax; the member with these attributes follows."""
    records = b""
    for key, value in values.items():
        record = f" {key}={value}\n".encode()
        length = len(record) + 1
        while len(f"{length}".encode() + record) != length:
            length += 1
        records += f"{length}".encode() + record
    return member("pax", records, kind)


def members(contents: Mapping[str, bytes]) -> bytes:
    return b"".join(member(name, content) for name, content in contents.items())


def zeros(ending: str, start: bytes, size: int) -> bytes:
    """Pack `start` and about `size` zeros; whole streams are repeated, so that it takes no time."""
    pack = TARS[ending]
    return pack(start) + pack(bytes(1 << 24)) * (size >> 24)
