"""Hostile zip archives: names, kinds and sizes that no packer would write, damage, and bombs."""

import bz2
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crafted
import crafted_zip as zips
from crafted_zip import Zipped
from hostile_archives import ALLOWED, GIGABYTES, READ
from wanted import IDS, PACKED

GOOD = [Zipped(*item) for item in PACKED.items()]
FIRST, *OTHERS = GOOD
RED = FIRST.content


def named(*names: str | bytes, attributes: int = 0, content: bytes = RED, **stated: int) -> bytes:
    """Write an archive with members of these names beside the good ones."""
    more = [Zipped(name, content, attributes=attributes, stated=stated) for name in names]
    return zips.archive([*GOOD, *more])


def first(**differently: Any) -> bytes:
    """Write an archive whose first member differs."""
    return zips.archive([Zipped(**{"name": FIRST.name, "content": RED} | differently), *OTHERS])


def of_zeros(stream: bytes, method: int, stated: int, own: int | None = None) -> bytes:
    """Write an archive of the wanted images whose first one is said to have `stated` zeros."""
    zeros = Zipped(
        "1.png",
        method=method,
        stream=stream,
        stated={"size": stated},
        own={} if own is None else {"size": own},
    )
    return zips.archive([zeros, *(Zipped(f"{id_}.png") for id_ in IDS[1:])])


def bomb(size: int, stated: int | None = None) -> Callable[[Path], object]:
    """Write an archive that unpacks to `size` zeros."""
    return lambda path: path.write_bytes(
        of_zeros(crafted.deflated_zeros(size), zips.DEFLATE, size if stated is None else stated)
    )


def one_content_for_all(count: int) -> bytes:
    """Write many entries of the directory for one member (Fifield's full overlap)."""
    content = crafted.deflated_zeros(1 << 24)
    size = len(content) * 1000  # within the ratio, since it counts for each entry
    one = {"method": zips.DEFLATE, "stream": content, "stated": {"size": size}}
    whole = zips.archive([Zipped("0.png", **one)])
    directory = b"".join(zips.entry(Zipped(f"{n}.png", **one), 0) for n in range(count))
    start = whole.index(b"PK\1\2")
    return whole[:start] + directory + zips.end(count, len(directory), start)


def headers_in_contents(count: int) -> bytes:
    """Write members each of which has all that follow in its content (Fifield's quoting)."""
    written = zips.own_header(Zipped("last.png", RED)) + RED
    entries = [(Zipped("last.png", RED), len(written))]
    for number in range(count):
        member = Zipped(f"{number}.png", written)
        written = zips.own_header(member) + written
        entries.append((member, len(written)))
    directory = b"".join(zips.entry(one, len(written) - from_end) for one, from_end in entries)
    return written + directory + zips.end(len(entries), len(directory), len(written))


def many(count: int, stated: int | None = None) -> Callable[[Path], object]:
    """Write a directory of many entries, whose number is stated otherwise."""

    def write(path: Path) -> None:
        directory = zips.entry(Zipped("1.png"), 0) * count
        end = zips.wide_end(count if stated is None else stated, len(directory), 4)
        path.write_bytes(b"PK\3\4" + directory + end + zips.end(0xFFFF, len(directory), 4))

    return write


GOOD_ARCHIVE = zips.archive(GOOD)
DIRECTORY = GOOD_ARCHIVE.index(b"PK\1\2")
CONTENT = GOOD_ARCHIVE.index(RED)
LITTER = [".DS_Store", "__MACOSX/train/._1.png", "train/._2.png", "train/Thumbs.db", "desktop.ini"]
ZIPS: dict[str, tuple] = {
    "a comment of 65,535 bytes": (zips.archive(GOOD, comment=bytes(65_535)), READ),
    "sizes after the content": (
        first(own={"size": 0, "packed": 0, "crc": 0, "flags": zips.SIZES_FOLLOW}),
        READ,
    ),
    "the end of zip64": (zips.archive(GOOD, is_wide=True), READ),
    "files that computers leave": (named(*LITTER), READ),
    "a folder": (named("train/", content=b""), READ),
    "a step upwards": (named("train/../../7.png"), "7.png' (it leads out of its folder)"),
    "a step upwards of litter": (named("../.DS_Store"), "'../.DS_Store' (it leads out of its"),
    "an absolute path": (named("/etc/7.png"), "'/etc/7.png' (an absolute path)"),
    "a drive letter": (named("C:/7.png"), "'C:/7.png' (a drive letter)"),
    "a backslash": (named("train\\7.png"), r"'train\\7.png' (a backslash in it)"),
    "a control character": (named("train/\x1b[2J7.png"), "(a control character in it)"),
    "a NUL": (named("train/7.png\0.exe"), "(a NUL in it)"),
    "no UTF-8": (named(b"train/\xff.png"), "(a control character in it)"),
    "no name": (named(""), "'' (no name)"),
    "a symbolic link": (named("7.png", attributes=zips.mode(stat.S_IFLNK)), "'7.png' (a link)"),
    "a Windows link": (named("7.png", attributes=zips.REPARSE_POINT), "'7.png' (a link)"),
    "a device": (named("7.png", attributes=zips.mode(stat.S_IFBLK)), "'7.png' (a device, pipe"),
    "a pipe": (named("7.png", attributes=zips.mode(stat.S_IFIFO)), "'7.png' (a device, pipe or"),
    "a folder with a content": (named("train/"), "'train/' (a folder with a content)"),
    "a name twice": (named("train/1.png"), "twice, capital letters aside: train/1.png"),
    "a name twice by case": (named("Train/1.PNG"), "capital letters aside: Train/1.PNG"),
    "an archive in it": (named("inner.zip"), "or GIF files: inner.zip"),
    "no member": (zips.archive([]), "there is no image in the archive"),
    "an empty file": (b"", "an empty file, no zip archive"),
    "a 7z archive": (crafted.archive([]), "it is a 7z archive, and its name says a zip archive"),
    "cut in the content": (GOOD_ARCHIVE[:200], "the archive is cut off: there is no directory"),
    "cut in the end": (GOOD_ARCHIVE[:-9], "the archive is cut off: there is no directory"),
    "without its beginning": (
        b"PK\3\4" + GOOD_ARCHIVE[200:],
        "its directory does not stand where it says",
    ),
    "a tail": (GOOD_ARCHIVE + b"tail", "something that does not belong to it follows its end"),
    "something before it": (
        b"PK\3\4" + GOOD_ARCHIVE,
        "its directory does not stand where it says",
    ),
    "a directory that points outside": (
        zips.archive(GOOD, moved=1 << 20),
        "its directory does not stand where it says",
    ),
    "an end of zip64 that is elsewhere": (
        GOOD_ARCHIVE[:-22] + zips.wide_end(6, 0, 0, at=9) + GOOD_ARCHIVE[-22:],
        "its end does not stand where it says",
    ),
    "two ends that differ": (
        GOOD_ARCHIVE[:-22]
        + zips.wide_end(7, len(GOOD_ARCHIVE) - 22 - DIRECTORY, DIRECTORY)
        + GOOD_ARCHIVE[-22:],
        "it says two things of its directory",
    ),
    "fewer members than stated": (zips.archive(GOOD, count=7), "it states 7 members, and has 6"),
    "more members than stated": (zips.archive(GOOD, count=5), "it states 5 members, and has 6"),
    "a damaged directory": (
        GOOD_ARCHIVE[:DIRECTORY] + b"?" + GOOD_ARCHIVE[DIRECTORY + 1 :],
        "its directory is damaged after 0 members",
    ),
    "one of several parts": (zips.archive(GOOD, disk=1), "one of several parts of an archive"),
    "a damaged byte": (
        GOOD_ARCHIVE[:CONTENT] + b"?" + GOOD_ARCHIVE[CONTENT + 1 :],
        "train/1.png does not have the checksum",
    ),
    "a damaged stream": (
        first(method=zips.DEFLATE, stream=b"\xff" * 20),
        "train/1.png cannot be unpacked",
    ),
    "a member that ends too early": (
        first(stated={"size": len(RED) + 1}),
        "train/1.png does not unpack to the",
    ),
    "a member that goes on": (
        first(stated={"size": len(RED) - 1}),
        "train/1.png does not unpack to the",
    ),
    "a stream that goes on": (
        first(method=zips.BZIP2, stream=bz2.compress(RED) + bz2.compress(b"more")),
        "train/1.png does not unpack to the",
    ),
    "another name in the member's header": (
        first(own={"name": "train/9.png"}),
        "train/1.png has a header that says something else of it",
    ),
    "another size in the member's header": (
        first(own={"size": 9}),
        "train/1.png has a header that says something else of it",
    ),
    "another method in the member's header": (
        first(own={"method": zips.DEFLATE}),
        "train/1.png has a header that says something else of it",
    ),
    "no header of a member": (
        first(offset=9, stated={"packed": 0, "size": 0, "crc": 0}),
        "there is no header of train/1.png where there should be",
    ),
    "sizes of zip64 that stand nowhere": (
        GOOD_ARCHIVE.replace(zips.entry(FIRST, 0)[20:28], b"\xff" * 8),
        "sizes of 'train/1.png' that stand nowhere",
    ),
    "members of 16 exabytes": (
        first(stated={"size": 2**64 - 1}),
        "members of more than 67,108,864 bytes: train/1.png",
    ),
    "a line end in a name that reaches into others": (
        first(name="train/1\n.png", offset=2**64 - 1),
        r"members that reach into others: 'train/1\n.png'",
    ),
    "an offset of 16 exabytes": (first(offset=2**64 - 1), "members that reach into others"),
    "encrypted": (first(stated={"flags": zips.ENCRYPTED}), "the archive is encrypted (unpack it"),
    "encrypted by the member's header": (
        first(own={"flags": zips.ENCRYPTED}),
        "train/1.png has a header that says something else of it",
    ),
    "Deflate64": (
        first(method=zips.DEFLATE64),
        "packed by a method that is not supported: Deflate64",
    ),
    "LZMA": (first(method=zips.LZMA), "packed by a method that is not supported: LZMA"),
    "an unknown method": (first(method=77), "packed by a method that is not supported: 77"),
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
        "members that packing has made longer: '1.png'",
    ),
    "a bomb of bzip2 that states ten bytes": (
        of_zeros(bz2.compress(bytes(1 << 26)), zips.BZIP2, stated=10),
        "1.png does not unpack to the 10 bytes stated",
    ),
    "a bomb of 42 GB by the member's header": (
        of_zeros(crafted.deflated_zeros(1 << 24), zips.DEFLATE, 1 << 24, own=42 * GIGABYTES),
        "1.png has a header that says something else of it",
        {"limits": {"ratio": 2000}},
    ),
    "a bomb of one content for 3,000 members": (
        one_content_for_all(3000),
        "members that reach into others",
        {"limits": {"ratio": 10**9}},
    ),
    "a bomb of headers in contents": (headers_in_contents(300), "members that reach into others"),
    "a bomb of a million members": (many(1_000_000), "more than 500,000 members"),
    "a bomb of a million members that states six": (many(1_000_000, 6), "more than 500,000 memb"),
    "a directory of 4 GB": (
        zips.archive(GOOD, size=4 * GIGABYTES),
        "its directory does not stand where it says",
    ),
    "more members than the limit": (
        named("7.png"),
        "more than 6 members",
        {"limits": {"members": 6}},
    ),
    "an image larger than the limit": (
        GOOD_ARCHIVE,
        "members of more than 100 bytes: train/1.png",
        {"limits": {"member_bytes": 100}},
    ),
}
