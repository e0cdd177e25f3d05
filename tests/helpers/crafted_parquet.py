"""Parquet files written by hand, right ones and ones that lie: every field is ours to choose.

The format is described at https://parquet.apache.org/docs/file-format/; its headers are structures
of Thrift in the compact protocol. Pages are plain, one for each group of rows and column; every
column may have missing values.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backports import zstd

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
INT64, BYTE_ARRAY = 2, 6
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
NONE, ZSTD = 0, 6
Values = Sequence[Any]
Fields = Mapping[int, tuple[int, Any]]  # Thrift's number of each, its type and its value


def hugging_face(names: Sequence[str], column: str = "label") -> dict[str, str]:
    """Return the metadata with which Hugging Face says what the numbers in a column mean."""
    features = {
        "image": {"_type": "Image"},
        column: {"names": list(names), "_type": "ClassLabel"},
    }
    return {"huggingface": json.dumps({"info": {"features": features}})}


def write_parquet(
    path: Path,
    columns: Mapping[str, Values],
    *,
    metadata: Mapping[str, str] | None = None,
    rows_a_group: int = 100,
    codec: int = NONE,
    rows_stated: int | None = None,
    size_stated: int | None = None,
    encrypted_by: bytes | None = None,
) -> Path:
    """Write columns into a file; ``None`` is a missing value.

    Parameters
    ----------
    columns
        Whole numbers, texts, bytes (a column of bytes), or the files of images as one-tuples, which
        become a structure of ``bytes`` and ``path`` as Hugging Face has it.
    rows_stated, size_stated
        What the footer states of all rows, and of each column's size in a group of rows, if not the
        truth.
    encrypted_by
        What the footer says of the encryption of columns: bytes that identify the file.
    """
    count = len(next(iter(columns.values())))
    leaves = [leaf for name, values in columns.items() for leaf in _leaves(name, values)]
    content = bytearray(b"PAR1")
    groups = []
    for start in range(0, count, rows_a_group):
        chunks = []
        for names, kind, _, depth, values in leaves:
            part = values[start : start + rows_a_group]
            page = _levels(part, depth) + b"".join(_plain(kind, value) for value in part)
            header = data_page(len(part), PLAIN)
            chunks.append(_chunk(content, names, kind, len(part), [(header, page)], codec))
        rows = min(rows_a_group, count - start)
        groups.append(_group(chunks, rows, size_stated))
    rows = count if rows_stated is None else rows_stated
    return _finish(path, content, _schema(columns), groups, rows, metadata or {}, encrypted_by)


def write_dictionary_bomb(path: Path, rows: int, size: int, codec: int = ZSTD) -> Path:
    """Write a column of images that are all one file of zeros, which stands there once."""
    content = bytearray(b"PAR1")
    dictionary = struct.pack("<I", size) + bytes(size)
    header = {1: (I32, 2), 7: (STRUCT, {1: (I32, 1), 2: (I32, PLAIN)})}
    run = _varint(rows << 1)
    level = run + b"\1"
    places = struct.pack("<I", len(level)) + level + b"\1" + run + b"\0"
    pages = [(header, dictionary), (data_page(rows, RLE_DICTIONARY), places)]
    chunks = [_chunk(content, ["image"], BYTE_ARRAY, rows, pages, codec)]
    labels = struct.pack("<I", len(level)) + level + bytes(8 * rows)
    pages = [(data_page(rows, PLAIN), labels)]
    chunks.append(_chunk(content, ["label"], INT64, rows, pages, codec))
    schema = _schema({"image": [b""], "label": [0]})
    return _finish(path, content, schema, [_group(chunks, rows, None)], rows, {})


def write_page_bomb(path: Path, size: int, stated: int | None) -> Path:
    """Write one image, a page that unpacks to many zeros; its column may state another size."""
    content = bytearray(b"PAR1")
    page = _levels([b""], 1) + struct.pack("<I", size) + bytes(size)
    image = _chunk(content, ["image"], BYTE_ARRAY, 1, [(data_page(1, PLAIN), page)], ZSTD)
    label = _levels([0], 1) + bytes(8)
    label = _chunk(content, ["label"], INT64, 1, [(data_page(1, PLAIN), label)], NONE)
    schema = _schema({"image": [b""], "label": [0]})
    return _finish(path, content, schema, [_group([image, label], 1, stated)], 1, {})


def data_page(values: int, encoding: int) -> Fields:
    fields = {1: (I32, values), 2: (I32, encoding), 3: (I32, RLE), 4: (I32, RLE)}
    return {1: (I32, 0), 5: (STRUCT, fields)}


def _leaves(name: str, values: Values) -> list[tuple[list[str], int, bool, int, Values]]:
    """Return a column's leaves: path, type, whether it is text, how deep, the values."""
    first = next((value for value in values if value is not None), 0)
    if isinstance(first, tuple):
        files = [value and value[0] for value in values]
        return [
            ([name, "bytes"], BYTE_ARRAY, False, 2, files),
            ([name, "path"], BYTE_ARRAY, True, 2, [None] * len(values)),
        ]
    is_number = isinstance(first, int)
    return [([name], INT64 if is_number else BYTE_ARRAY, isinstance(first, str), 1, values)]


def _schema(columns: Mapping[str, Values]) -> list[Fields]:
    elements: list[Fields] = [{4: (BINARY, b"schema"), 5: (I32, len(columns))}]
    for name, values in columns.items():
        leaves = _leaves(name, values)
        if len(leaves) > 1:
            element = {3: (I32, 1), 4: (BINARY, name.encode()), 5: (I32, len(leaves))}
            elements.append(element)
        for names, kind, is_text, _, _ in leaves:
            element = {1: (I32, kind), 3: (I32, 1), 4: (BINARY, names[-1].encode())}
            elements.append(element | ({6: (I32, 0)} if is_text else {}))
    return elements


def _levels(values: Values, depth: int) -> bytes:
    """Say of each value how deep it is there, as a run of one."""
    runs = b"".join(bytes([2, 0 if value is None else depth]) for value in values)
    return struct.pack("<I", len(runs)) + runs


def _plain(kind: int, value: Any) -> bytes:
    if value is None:
        return b""
    if kind == INT64:
        return struct.pack("<q", value)
    content = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(content)) + content


def _chunk(
    content: bytearray,
    names: Sequence[str],
    kind: int,
    count: int,
    pages: Sequence[tuple[Fields, bytes]],
    codec: int,
) -> Fields:
    """Append the pages of a column, and return what the footer says of them."""
    starts, size = [], 0
    for header, page in pages:
        packed = zstd.compress(page) if codec == ZSTD else page
        starts.append(len(content))
        sizes = {2: (I32, len(page)), 3: (I32, len(packed))}
        content += _struct(dict(sorted({**header, **sizes}.items()))) + packed
        size += len(page)
    fields = {
        1: (I32, kind),
        2: (LIST, (I32, [PLAIN, RLE])),
        3: (LIST, (BINARY, [name.encode() for name in names])),
        4: (I32, codec),
        5: (I64, count),
        6: (I64, size),
        7: (I64, len(content) - starts[0]),
        9: (I64, starts[-1]),
    }
    if len(pages) > 1:
        fields[11] = (I64, starts[0])
    return {2: (I64, starts[0]), 3: (STRUCT, fields)}


def _group(chunks: list[Fields], rows: int, size: int | None) -> Fields:
    if size is not None:
        for chunk in chunks:
            chunk[3][1][6] = (I64, size)
    return {1: (LIST, (STRUCT, chunks)), 2: (I64, 0), 3: (I64, rows)}


def _finish(
    path: Path,
    content: bytearray,
    schema: list[Fields],
    groups: list[Fields],
    rows: int,
    metadata: Mapping[str, str],
    encrypted_by: bytes | None = None,
) -> Path:
    pairs = [
        {1: (BINARY, key.encode()), 2: (BINARY, value.encode())} for key, value in metadata.items()
    ]
    fields: dict[int, tuple[int, Any]] = {
        1: (I32, 1),
        2: (LIST, (STRUCT, schema)),
        3: (I64, rows),
        4: (LIST, (STRUCT, groups)),
    }
    if pairs:
        fields[5] = (LIST, (STRUCT, pairs))
    if encrypted_by is not None:  # AES-GCM
        fields[8] = (STRUCT, {1: (STRUCT, {2: (BINARY, encrypted_by)})})
    footer = _struct(fields)
    path.write_bytes(bytes(content) + footer + struct.pack("<I", len(footer)) + b"PAR1")
    return path


def _struct(fields: Fields) -> bytes:
    written, last = b"", 0
    for number, (kind, value) in fields.items():
        written += bytes([(number - last) << 4 | kind]) + _value(kind, value)
        last = number
    return written + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (I32, I64):
        return _varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if kind == BINARY:
        return _varint(len(value)) + value
    if kind == STRUCT:
        return _struct(value)
    of, items = value
    return bytes([0xF0 | of]) + _varint(len(items)) + b"".join(_value(of, item) for item in items)


def _varint(number: int) -> bytes:
    written = b""
    while number > 127:
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])
