"""Hostile inputs: how each is made, and what the library must say of it.

Each is a data set's folder with one thing wrong, read as a whole by the stage that meets it.
"""

import gzip
import io
import pickle
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hostile_archives import ARCHIVES, GIGABYTES, READ
from hostile_parquets import PARQUET_TABLES, PARQUETS, write_table_of_parquet
from hostile_tars import HOSTILE_TARS, UNNAMED
from hostile_zips import ZIPS
from makers import chunk, idx_bytes, raw_png, write_7z, write_table
from swatchbook.data import arrays, cifar10_batches, decoding
from swatchbook.sources import cifar10
from wanted import (
    ARCHIVE,
    CLASSES,
    GREY,
    IDS,
    IDX,
    LABELS,
    PACKED,
    PARQUET,
    PIXELS,
    write_archive,
    write_idx_files,
    write_parquet_files,
)


@dataclass(frozen=True)
class Hostile:
    """One hostile input.

    Attributes
    ----------
    kind, name
        What it is a kind of, and what is wrong.
    file
        The file in the folder that the message must begin with.
    make
        Puts the wrong file into a folder in which everything is right.
    expected
        A part of the message; of what is read right nevertheless, ``read``.
    spec
        What differs in the data set's file.
    """

    kind: str
    name: str
    file: str
    make: Callable[[Path], object]
    expected: str
    spec: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


# The kinds of archives, each with the name of its file and its table.
OF_ARCHIVES: dict[str, tuple[str, dict[str, tuple]]] = {
    "archive": ("some.7z", ARCHIVES),
    "zip": ("some.zip", ZIPS),
    **{ending: (f"some.{ending}", table) for ending, table in HOSTILE_TARS.items()},
    "archive without an ending": ("some.data", UNNAMED),
}
BATCH = 3  # images in one of the tarball's batches


def good(kind: str, folder: Path) -> None:
    """Write what the stage for this kind reads, with nothing wrong in it."""
    folder.mkdir()
    if kind == "IDX":
        write_idx_files(folder)
    elif kind == "array":
        rows = {name: np.arange(2) for name in ("train", "validation", "test")}
        arrays.write(folder, PIXELS, np.zeros(6, int), IDS, rows, CLASSES)
    elif kind == "tarball":
        write_tarball(folder / "cifar.tar.gz")
    elif kind == "Parquet":
        write_parquet_files(folder)
    else:
        if kind == "Parquet table":
            write_table_of_parquet(folder / "labels.parquet")
        write_archive(folder, OF_ARCHIVES[kind][0] if kind in OF_ARCHIVES else "some.7z")


def read(hostile: Hostile, folder: Path, output: Path) -> object:
    """Read the folder as the workflow would."""
    if hostile.kind == "array":
        return arrays.load(folder, "test", mapped=hostile.name.endswith("mapped"))
    if hostile.kind == "tarball":
        return cifar10.write_label_table(
            folder / "cifar.tar.gz", output, CLASSES, images_per_batch=BATCH
        )
    spec = {"IDX": IDX, "Parquet": PARQUET}.get(hostile.kind, ARCHIVE)
    if hostile.kind in OF_ARCHIVES:
        spec = spec | {"archive": spec["archive"] | {"images": hostile.file}}
    return decoding.decode(spec | hostile.spec, folder, output)


def all_of_them() -> Iterator[Hostile]:
    """Every hostile input, in the order in which the report shows them."""
    for kind, file, table in (
        *((kind, file, table) for kind, (file, table) in OF_ARCHIVES.items()),
        ("PNG", "some.7z", PNGS),
        ("label table", "labels.csv", TABLES),
        ("IDX", "train-x", IDX_FILES),
        ("Parquet", "train-1.parquet", PARQUETS),
        ("Parquet table", "labels.parquet", PARQUET_TABLES),
        ("tarball", "cifar.tar.gz", TARBALLS),
        ("array", "x_test.npy", ARRAYS),
    ):
        for name, (made, expected, *spec) in table.items():
            yield Hostile(kind, name, *_written(kind, file, made), expected, dict(*spec))


def _written(kind: str, file: str, made: Any) -> tuple[str, Callable[[Path], object]]:
    """Return which file the message is about and what writes it."""
    if kind == "PNG":
        return file, lambda folder: write_7z(folder / file, PACKED | {"train/3.png": made})
    if callable(made):
        return file, lambda folder: made(folder / file)
    if isinstance(made, dict):  # rows that differ in a table that is right otherwise
        rows = {id_: label for id_, label in (LABELS | made).items() if label is not None}
        named = "some.7z" if None not in made.values() and set(made) - set(LABELS) else file
        return named, lambda folder: write_table(folder / file, rows)
    return file, lambda folder: (folder / file).write_bytes(made)


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :]


def header_only(width: int, height: int) -> bytes:
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return RED[:8] + chunk(b"IHDR", ihdr) + chunk(b"IEND", b"")


RED = raw_png(5, 4, 8, 2, bytes([255, 0, 0]) * 5)
NOISE = PACKED["train/1.png"]
IDAT = NOISE.index(b"IDAT")
PALETTE = chunk(b"PLTE", bytes([255, 0, 0]))
TRANSPARENT = chunk(b"tRNS", struct.pack(">3H", 255, 0, 0))
TEXT_BOMB = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))
PNGS: dict[str, tuple] = {
    "zero bytes": (b"", "an empty file"),
    "the start of a JPEG": (b"\xff\xd8\xff\xe0" + bytes(60), "its header cannot be read"),
    "text": (b"red" * 30, "no known format"),
    "wrong signature": (flipped(RED, 0), "no known format"),
    "line ends converted": (RED.replace(b"\r\n", b"\n"), "no known format"),
    "signature only": (RED[:8], "not a PNG file"),
    "cut in the header": (RED[:30], "not a PNG file"),
    "cut in the pixels": (NOISE[: IDAT + 20], "ends too early"),
    "without its end": (RED[:-12], "ends too early"),
    "a tail": (RED + b"tail", "4 bytes after the end"),
    "damaged pixels": (flipped(NOISE, IDAT + 25), "damaged"),
    "damaged checksum of the pixels": (flipped(NOISE, len(NOISE) - 13), "damaged"),
    "damaged checksum of the header": (flipped(NOISE, 30), "damaged"),
    "no pixels": (RED.replace(b"IDAT", b"iDAT"), "damaged"),
    "16 bits": (raw_png(5, 4, 16, 2, bytes(30)), "16 bits a channel instead of 8"),
    "1 bit": (raw_png(5, 4, 1, 0, bytes(1)), "1 bits a channel instead of 8"),
    "grey": (raw_png(5, 4, 8, 0, bytes(5)), "grey instead of RGB"),
    "grey with alpha": (raw_png(5, 4, 8, 4, bytes(10)), "grey with alpha instead of RGB"),
    "palette": (raw_png(5, 4, 8, 3, bytes(5), PALETTE), "palette instead of RGB"),
    "alpha": (raw_png(5, 4, 8, 6, bytes(20)), "RGB with alpha instead of RGB"),
    "a transparent colour": (raw_png(5, 4, 8, 2, bytes(15), TRANSPARENT), "transparent colour"),
    "no kind of colour": (raw_png(5, 4, 8, 9, bytes(15)), "colour type 9 instead of RGB"),
    "other size": (raw_png(4, 5, 8, 2, bytes(12)), "4 × 5 pixels instead of 5 × 4"),
    "50,000 pixels wide": (header_only(50_000, 4), "50000 × 4 pixels instead of 5 × 4"),
    "2.5 gigapixels by its header": (header_only(50_000, 50_000), "50000 × 50000 pixels instead"),
}


def swapped(table: bytes) -> bytes:
    """Swap the two columns of a table."""
    rows = [line.split(b",") for line in table.splitlines()]
    return b"".join(b"%s,%s\n" % (second, first) for first, second in rows)


ROWS = b"".join(f"{id_},{label}\n".encode() for id_, label in LABELS.items())
TABLE = b"id,label\n" + ROWS
TABLES: dict[str, tuple] = {
    "a byte order mark": (b"\xef\xbb\xbf" + TABLE, READ),
    "CRLF": (TABLE.replace(b"\n", b"\r\n"), READ),
    "quotes": (TABLE.replace(b"cat", b'"cat"').replace(b"1", b'"1"'), READ),
    "spaces": (TABLE.replace(b",", b" ,  ").replace(b"\n", b"  \n"), READ),
    "blank lines": (TABLE.replace(b"\n", b"\n\n"), READ),
    "no line end": (TABLE[:-1], READ),
    "empty file": (b"", "cannot be read: No columns"),
    "header only": (b"id,label\n", "without a label: 1, 2, 3, 4, 5, 6"),
    "semicolons": (TABLE.replace(b",", b";"), "no column 'id', 'label'; it has 'id;label' (name"),
    "tabs": (TABLE.replace(b",", b"\t"), r"no column 'id', 'label'; it has 'id\tlabel'"),
    "Latin-1": ("id,label\n1,chât\n".encode("latin-1"), "not in UTF-8"),
    "UTF-16": ("id,label\n1,cat\n".encode("utf-16"), "not in UTF-8"),
    "an image": (b"\x89PNG\r\n\x1a\n", "not in UTF-8"),
    "other columns": (b"name,class\n1,cat\n", "it has 'name', 'class' (name its columns"),
    "columns swapped": (swapped(TABLE), READ),
    "a third column": (TABLE.replace(b"\n", b",3\n").replace(b"label,3", b"label,size"), READ),
    "no header": (ROWS, "it has '1', 'cat'"),
    "a third field in each row": (b"id,label\n7,1,cat\n8,2,dog\n", "more fields than the header"),
    "a third field in one row": (b"id,label\n1,cat\n2,dog,x\n", "Expected 2 fields in line 3"),
    "an open quote": (b'id,label\n"1,cat\n2,dog\n', "EOF inside string"),
    "blank ids": (b"id,label\n1,cat\n,dog\n  ,dog\n", "no id in line 3, 4"),
    "an id twice": (TABLE + b" 1 ,dog\n", "ids that stand twice: 1"),
    "an unknown label": (TABLE + b"7,Dog\n", "no class: 'Dog' of 7"),
    "no label": (TABLE.replace(b"4,dog", b"4,"), "without a label: 4"),
    "a short row": (TABLE.replace(b"4,dog", b"4"), "without a label: 4"),
    "what steers a terminal": (TABLE + b"7,\x1b[2J\n", r"no class: '\x1b[2J' of 7"),
    "01 in place of 1": ({"1": None, "01": "cat"}, "without a label: 1"),
    "an image without a label": ({"5": None}, "without a label: 5"),
    "a label without an image": ({"7": "cat"}, "without an image: 7"),
    "no table": (Path.unlink, "cannot be read: No such file"),
}

IMAGES = GREY[:4]
IDX_GOOD = idx_bytes(IMAGES)
ZIPPED = gzip.compress(IDX_GOOD)
IDX_FILES: dict[str, tuple] = {
    "empty": (b"", "has 0 bytes"),
    "shorter than the magic number": (IDX_GOOD[:3], "has 3 bytes"),
    "ends inside the header": (IDX_GOOD[:11], "ends inside its header"),
    "not IDX": (b"\x89PNG" + IDX_GOOD[4:], "not an IDX file: it begins with 89504e47"),
    "signed bytes": (b"\0\0\x09\x03" + IDX_GOOD[4:], "0x09"),
    "floats": (b"\0\0\x0d\x03" + IDX_GOOD[4:], "0x0d"),
    "labels for images": (idx_bytes(np.zeros(4, np.uint8)), "1 dimensions instead of 3"),
    "one value too few": (IDX_GOOD[:-1], "79 values, but the header states 4 × 4 × 5 = 80"),
    "one value too many": (IDX_GOOD + b"\0", "more values than the header states: 4 × 4 × 5"),
    "other size": (idx_bytes(GREY[:4, :, :4]), "images of (4, 4) pixels instead of (4, 5)"),
    "a petabyte by its header": (
        struct.pack(">I3I", 0x803, *[100_000] * 3),
        "would unpack to 1,000,000,000,000,016 bytes",
    ),
    "gzip truncated": (ZIPPED[: len(ZIPPED) // 2], "gzip stream is damaged"),
    "gzip header only": (ZIPPED[:4], "gzip stream is damaged"),
    "gzip wrong checksum": (ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], "gzip stream is damaged"),
    "gzip wrong content": (ZIPPED[:12] + b"\xff\xff" + ZIPPED[14:], "gzip stream is damaged"),
    "gzip with a tail": (ZIPPED + b"tail", "gzip stream is damaged"),
    "a gzip bomb of 42 GB": (
        lambda path: path.write_bytes(gzip_bomb((42_000, 1000, 1000))),
        "would unpack to 42,000,000,016 bytes",
    ),
    "a gzip bomb of 10 GB": (
        lambda path: path.write_bytes(gzip_bomb((10_000, 1000, 1000))),
        "would unpack to 10,000,000,016, more than 200 times that",
    ),
    "a gzip bomb of 42 GB that states 80 bytes": (
        lambda path: path.write_bytes(gzip_bomb((4, 4, 5))),
        "more values than the header states",
    ),
}


def gzip_bomb(shape: tuple[int, ...]) -> bytes:
    zeros = gzip.compress(bytes(1 << 24), 9)
    return gzip.compress(struct.pack(">I3I", 0x803, *shape)) + zeros * (42 * GIGABYTES >> 24)


def write_tarball(
    path: Path, kind: bytes = tarfile.REGTYPE, size: int = BATCH * 3073, names: Any = None
) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name in cifar10_batches.BATCHES if names is None else names:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            member.size = size if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(bytes(member.size)))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


TARBALLS: dict[str, tuple] = {
    "no tarball": (b"<html>", "cannot be read"),
    "cut": (cut, "cannot be read"),
    "a batch is missing": (
        lambda path: write_tarball(path, names=cifar10_batches.BATCHES[:3]),
        "has no member cifar-10-batches-bin/data_batch_4.bin",
    ),
    "a batch with a step upwards": (
        lambda path: write_tarball(path, names=[f"../{name}" for name in cifar10_batches.BATCHES]),
        "has no member cifar-10-batches-bin/data_batch_1.bin",
    ),
    "a batch is short": (
        lambda path: write_tarball(path, size=9218),
        "data_batch_1.bin has 9,218 bytes, not 9,219",
    ),
    "a batch is a symbolic link": (
        lambda path: write_tarball(path, tarfile.SYMTYPE),
        "data_batch_1.bin is no file",
    ),
    "a batch is a hard link": (
        lambda path: write_tarball(path, tarfile.LNKTYPE),
        "data_batch_1.bin is no file",
    ),
    "a batch is a device": (
        lambda path: write_tarball(path, tarfile.CHRTYPE),
        "data_batch_1.bin is no file",
    ),
}


class Payload:
    """What a pickle may do to whoever reads it: here, make a file called ``owned``."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def write_pickled_array(path: Path) -> None:
    array = np.array([Payload(path.with_name("owned"))], object)
    np.save(path, array, allow_pickle=True)


def write_bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Payload(path.with_name("owned"))))


ARRAYS: dict[str, tuple] = {
    "a pickle in it": (write_pickled_array, "it holds Python objects, not numbers"),
    "a pickle in it, mapped": (write_pickled_array, "it holds Python objects"),
    "a pickle in its place": (write_bare_pickle, "it holds Python objects"),
    "empty": (b"", "cannot be read: No data left in file"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-4]), "cannot be read"),
    "a header that is code": (
        b"\x93NUMPY\1\0\x26\0" + b"__import__('os').getcwd()".ljust(37) + b"\n",
        "cannot be read",
    ),
}
