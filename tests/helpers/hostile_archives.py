"""Hostile 7z archives: names, kinds and sizes that no packer would write, damage, and bombs."""

import stat
from collections.abc import Callable
from pathlib import Path

import py7zr

import crafted
from crafted import Coder, Packed, mode
from makers import write_7z
from wanted import IDS, PACKED


def named(*names: str, attributes: int | None = None) -> bytes:
    """Write an archive with members of these names beside the good ones."""
    more = [Packed(name, PACKED["train/1.png"], attributes) for name in names]
    return crafted.archive([*(Packed(*item) for item in PACKED.items()), *more])


def of_zeros(stream: bytes, coder: Coder, stated: int) -> bytes:
    """Write an archive of the wanted images whose first one is said to have `stated` zeros."""
    first = Packed("1.png", size=stated, crc=0)
    empty = [Packed(f"{id_}.png") for id_ in IDS[1:]]
    return crafted.archive([first, *empty], stream=stream, coders=[coder])


def bomb(size: int, stated: int | None = None) -> Callable[[Path], object]:
    """Write an archive that unpacks to `size` zeros."""
    return lambda path: path.write_bytes(
        of_zeros(crafted.lzma2_zeros(size), ZEROS_BY_LZMA2, stated or size)
    )


def deflate_bomb(size: int, stated: int) -> Callable[[Path], object]:
    coder = Coder(crafted.DEFLATE)
    return lambda path: path.write_bytes(of_zeros(crafted.deflated_zeros(size), coder, stated))


def header_bomb(size: int, stated: int) -> Callable[[Path], object]:
    """Write an archive whose header itself unpacks to `size` zeros."""
    return lambda path: path.write_bytes(
        crafted.with_packed_header(crafted.lzma2_zeros(size), ZEROS_BY_LZMA2, stated)
    )


def packed_by(method: bytes, *more: Coder, properties: bytes = b"") -> bytes:
    coders = [Coder(method, properties), *more]
    return crafted.archive([Packed(*item) for item in PACKED.items()], coders=coders)


def encrypted(header: bool) -> Callable[[Path], object]:
    filters = py7zr.properties.DEFAULT_FILTERS.ENCRYPTED_ARCHIVE_FILTER
    options = {"filters": filters, "password": "x", "header_encryption": header}
    return lambda path: write_7z(path, PACKED, **options)


READ = "read right"  # in place of a message
GOOD_ARCHIVE = named()
GIGABYTES = 10**9
ZEROS_BY_LZMA2 = Coder(crafted.LZMA2, crafted.LZMA2_DICTIONARY)
ALLOWED = {"limits": {"member_bytes": 100 * GIGABYTES}}
ARCHIVES: dict[str, tuple] = {
    "a step upwards": (named("train/../../7.png"), "7.png' (it leads out of its folder)"),
    "an absolute path": (named("/etc/7.png"), "'/etc/7.png' (an absolute path)"),
    "a drive letter": (named("C:/7.png"), "'C:/7.png' (a drive letter)"),
    "a drive letter without a slash": (named("c:7.png"), "'c:7.png' (a drive letter)"),
    "a backslash": (named("train\\7.png"), r"'train\\7.png' (a backslash in it)"),
    "a network path": (named("\\\\host\\7.png"), "(a backslash in it)"),
    "a control character": (named("train/\x1b[2J7.png"), r"'train/\x1b[2J7.png' (a control"),
    "a new line": (named("train/7.png\n.png"), "(a control character in it)"),
    "a line end of Unicode": (named("train/7\u2028.png"), "(a control character in it)"),
    "half a character": (named("train/\ud800.png"), "not a readable 7z archive"),
    "no name": (named(""), "'' (no name)"),
    "a folder that leads upwards": (
        crafted.archive([Packed("../up", attributes=crafted.FOLDER)]),
        "'../up' (it leads out of its folder)",
    ),
    "a symbolic link": (named("7.png", attributes=mode(stat.S_IFLNK)), "'7.png' (a link)"),
    "a Windows link": (named("7.png", attributes=crafted.REPARSE_POINT), "'7.png' (a link)"),
    "a device": (named("7.png", attributes=mode(stat.S_IFBLK)), "'7.png' (a device, pipe"),
    "a pipe": (named("7.png", attributes=mode(stat.S_IFIFO)), "'7.png' (a device, pipe or"),
    "a socket": (named("7.png", attributes=mode(stat.S_IFSOCK)), "'7.png' (a device, pipe"),
    "a folder with a content": (
        named("train", attributes=crafted.FOLDER),
        "'train' (a folder with a content)",
    ),
    "a name twice": (named("train/1.png"), "twice, capital letters aside: train/1.png"),
    "a name twice by case": (named("Train/1.PNG"), "capital letters aside: Train/1.PNG"),
    "an id in two folders": (named("more/1.png"), "ids that stand twice in the archive: 1"),
    "an id twice by case": (
        crafted.archive([Packed("a/x.png", b"x"), Packed("b/X.png", b"x")]),
        "ids that stand twice in the archive: X",
    ),
    "a member that is no image": (named("Thumbs.db", "setup.exe"), "or GIF files: setup.exe"),
    "no member": (crafted.archive([]), "there is no image in the archive"),
    "only folders": (
        crafted.archive([Packed("train", attributes=crafted.FOLDER)]),
        "there is no image in the archive",
    ),
    "no file": (Path.unlink, "cannot be read: No such file"),
    "an empty file": (b"", "an empty file, no 7z archive"),
    "a zip archive": (
        b"PK\3\4" + bytes(100),
        "it is a zip archive, and its name says a 7z archive",
    ),
    "a web page": (
        b"\n<!DOCTYPE html><title>Log in</title>",
        "it is a web page, and no archive (the address gave a page in place of the file",
    ),
    "a pointer of Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "it is a pointer of Git LFS, and no archive (fetch what it points to, with git lfs pull)",
    ),
    "text": (b"id,label\n" * 99, "not a readable 7z archive: not a 7z file"),
    "files that computers leave": (named("train/.DS_Store", "__MACOSX/7.png", "._8.png"), READ),
    "cut in the signature": (GOOD_ARCHIVE[:20], "the archive is cut off"),
    "cut in the content": (GOOD_ARCHIVE[:200], "the archive is cut off"),
    "cut in the header": (GOOD_ARCHIVE[:-9], "the archive is cut off"),
    "a damaged byte": (
        GOOD_ARCHIVE[:60] + bytes([GOOD_ARCHIVE[60] ^ 1]) + GOOD_ARCHIVE[61:],
        "train/1.png does not have the checksum",
    ),
    "a damaged header": (GOOD_ARCHIVE[:-9] + b"?" + GOOD_ARCHIVE[-8:], "not a readable 7z"),
    "less content than stated": (
        of_zeros(b"one", Coder(), stated=9),
        "the archive ends inside 1.png",
    ),
    "a negative size": (
        crafted.archive([Packed("1.png", b"x", size=9), Packed("2.png", b"x", size=-8)]),
        "members of a negative size: 2.png",
    ),
    "encrypted": (encrypted(False), "the archive is encrypted (unpack it first)"),
    "encrypted, the names too": (encrypted(True), "the archive is encrypted (unpack it first)"),
    "an unknown method": (packed_by(b"\x7e"), "packed by a method that is not supported"),
    "PPMd": (packed_by(crafted.PPMD), "packed by a method that is not supported: PPMd"),
    "Brotli": (packed_by(crafted.BROTLI), "packed by a method that is not supported: Brotli"),
    "Deflate on Deflate": (
        packed_by(crafted.DEFLATE, Coder(crafted.DEFLATE)),
        "one compression on top of another",
    ),
    "a bomb of 42 GB in one image": (
        bomb(42 * GIGABYTES),
        "members of more than 67,108,864 bytes: 1.png (42,000,000,000)",
    ),
    "a bomb of 42 GB in total": (
        bomb(42 * GIGABYTES),
        "would unpack to 42,000,000,000 bytes, and 17,179,869,184 are allowed",
        ALLOWED,
    ),
    "a bomb by its ratio": (
        bomb(10 * GIGABYTES),
        "would unpack to 10,000,000,000, more than 200 times that",
        ALLOWED,
    ),
    "a bomb of 42 GB that states ten bytes": (
        bomb(42 * GIGABYTES, stated=10),
        "1.png does not have the checksum",
    ),
    "a bomb of Deflate that states ten bytes": (
        deflate_bomb(42 * GIGABYTES, stated=10),
        "1.png does not have the checksum",
    ),
    "a header of 42 GB": (
        header_bomb(42 * GIGABYTES, stated=42 * GIGABYTES),
        "its header asks for more than is allowed: decoded header size exceeds limit 128065536",
    ),
    "a header of 42 GB that states 1 MB": (
        header_bomb(42 * GIGABYTES, stated=10**6),
        "not a readable 7z archive",
    ),
    "a million members": (
        crafted.archive([Packed("1.png", b"x")], count=1_000_000),
        "numfiles value 1000000 exceeds limit 500000",
    ),
    "more members than the limit": (
        named("7.png"),
        "value 7 exceeds limit 6",
        {"limits": {"members": 6}},
    ),
    "an image larger than the limit": (
        named(),
        "members of more than 100 bytes: train/1.png",
        {"limits": {"member_bytes": 100}},
    ),
}
