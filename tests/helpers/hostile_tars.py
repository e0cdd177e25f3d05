"""Hostile tar archives: names, kinds and sizes that no packer would write, damage, and bombs."""

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import crafted
import crafted_tar as tars
from crafted_tar import END, attributes, header, long_name, member
from hostile_archives import ALLOWED, GIGABYTES, READ
from hostile_zips import GOOD_ARCHIVE as ZIP_ARCHIVE
from hostile_zips import LITTER
from makers import TARS
from wanted import PACKED

GOOD = tars.members(PACKED)
GOOD_ARCHIVE = GOOD + END
RED = PACKED["train/1.png"]


def also(*written: bytes) -> bytes:
    """Write an archive with more beside the good members."""
    return GOOD + b"".join(written) + END


def of_kind(kind: bytes) -> bytes:
    return also(header("7.png", kind=kind))


def bomb(ending: str, start: bytes, size: int = 42 * GIGABYTES) -> Callable[[Path], object]:
    """Write `start` and then so many zeros, compressed."""
    return lambda path: path.write_bytes(tars.zeros(ending, start, size))


def with_tail(content: bytes) -> bytes:
    return content + b"tail"


def with_large_dictionary() -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    return lzma.compress(GOOD_ARCHIVE, filters=filters)


UPWARDS = "'../7.png' (it leads out of its folder)"
PLAIN: dict[str, tuple] = {
    "files that computers leave": (also(*(member(name, RED) for name in LITTER)), READ),
    "folders": (also(header("train/", kind=tars.FOLDER), header("./", kind=tars.FOLDER)), READ),
    "a comment for all members": (
        attributes({"comment": "a commit"}, tars.GLOBAL) + GOOD_ARCHIVE,
        READ,
    ),
    "a step upwards": (also(member("../7.png", RED)), UPWARDS),
    "a step upwards of litter": (also(member("../Thumbs.db")), "'../Thumbs.db' (it leads out of"),
    "a step upwards in attributes": (
        also(attributes({"path": "../7.png"}), member("7.png", RED)),
        UPWARDS,
    ),
    "a step upwards in a long name": (also(long_name(b"../7.png\0"), member("7.png")), UPWARDS),
    "an absolute path": (also(member("/etc/7.png")), "'/etc/7.png' (an absolute path)"),
    "a drive letter": (also(member("C:/7.png")), "'C:/7.png' (a drive letter)"),
    "a backslash": (also(member("train\\7.png")), r"'train\\7.png' (a backslash in it)"),
    "a control character": (also(member("\x1b[2J7.png")), "(a control character in it)"),
    "a NUL in attributes": (
        also(attributes({"path": "7.png\0.exe"}), member("7.png")),
        "(a NUL in it)",
    ),
    "a NUL in a long name": (also(long_name(b"7.png\0.exe\0"), member("7.png")), "(a NUL in it)"),
    "no UTF-8": (also(member(b"train/\xff.png")), "(a control character in it)"),
    "no name": (also(member("")), "'' (no name)"),
    "a symbolic link": (of_kind(tars.SYMBOLIC_LINK), "'7.png' (a link)"),
    "a hard link": (of_kind(tars.LINK), "'7.png' (a link)"),
    "a device": (of_kind(tars.DEVICE), "'7.png' (a device, pipe or socket)"),
    "a pipe": (of_kind(tars.PIPE), "'7.png' (a device, pipe or socket)"),
    "a sparse file": (of_kind(tars.SPARSE), "'7.png' (a sparse file)"),
    "a sparse file by attributes": (
        also(attributes({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}), member("7.png")),
        "'7.png' (a sparse file)",
    ),
    "an unknown kind": (of_kind(b"V"), "'7.png' (of the kind 'V')"),
    "a folder with a content": (
        also(member("train/", RED, tars.FOLDER)),
        "'train/' (a folder with a content)",
    ),
    "a name twice": (also(member("train/1.png")), "twice, capital letters aside: train/1.png"),
    "a name twice by case": (also(member("./Train/1.PNG")), "letters aside: ./Train/1.PNG"),
    "an archive in it": (
        also(member("inner.tar", GOOD_ARCHIVE)),
        "or GIF files: inner.tar",
    ),
    "a line end in a name, and a size beyond the limits": (
        also(header("7\n.png", 42 * GIGABYTES)),
        r"'7\n.png' (a control character in it)",
    ),
    "no member": (END, "there is no image in the archive"),
    "only folders": (header("a/", kind=tars.FOLDER) + END, "there is no image in the archive"),
    "an empty file": (b"", "an empty file, no tar archive"),
    "a gzip file": (gzip.compress(GOOD_ARCHIVE), "compressed by gzip, and its name says a tar ar"),
    "cut in a header": (GOOD[:100], "the archive is cut off in or after its beginning"),
    "cut in a content": (GOOD[:600], "the archive is cut off in or after train/1.png"),
    "cut between members": (GOOD, "the archive is cut off in or after train/6.png"),
    "cut after a long name": (
        GOOD + long_name(b"7.png") + END,
        "it ends after a header that says more of the next",
    ),
    "a damaged header": (
        GOOD + header("7.png").replace(b"7", b"8", 1) + END,
        "a header that is damaged or none, after train/6.png",
    ),
    "a tail": (GOOD_ARCHIVE + b"tail", "something that does not belong to it follows its end"),
    "a second archive": (GOOD_ARCHIVE * 2, "something that does not belong to it follows its end"),
    "a negative size": (also(header("7.png", -512)), "members of a negative size: 7.png"),
    "a size that is no number": (
        also(header("7.png", field=b"0o0000000010")),
        "a header that is damaged or none, after train/6.png",
    ),
    "a size in attributes that is no number": (
        also(attributes({"size": "-1"}), member("7.png")),
        "a size that is no number, of '7.png'",
    ),
    "a size in attributes that lies": (
        also(attributes({"size": str(42 * GIGABYTES)}), member("7.png", RED)),
        "members of more than 67,108,864 bytes: 7.png (42,000,000,000)",
    ),
    "attributes that lie about their length": (
        also(member("pax", b"999 path=7.png\n", tars.ATTRIBUTES), member("7.png")),
        "attributes that cannot be read after train/6.png",
    ),
    "a thousand attributes": (
        also(attributes({str(n): "x" for n in range(1000)}), member("7.png")),
        "more than 200 attributes after train/6.png",
    ),
    "one name for all members": (
        attributes({"path": "7.png"}, tars.GLOBAL) + GOOD_ARCHIVE,
        "a header that gives all members after its beginning one path",
    ),
    "a thousand long names for one member": (
        also(long_name(b"7.png") * 1000, member("7.png")),
        "more headers than members need after train/6.png",
    ),
    "more members than the limit": (
        also(member("7.png")),
        "more than 6 members",
        {"limits": {"members": 6}},
    ),
    "an image larger than the limit": (
        GOOD_ARCHIVE,
        "members of more than 100 bytes: train/1.png",
        {"limits": {"member_bytes": 100}},
    ),
}


def compressed(ending: str) -> dict[str, tuple]:
    """Return what can be wrong whatever compresses."""
    good = TARS[ending](GOOD_ARCHIVE)
    pack = TARS[ending]
    return {
        "two streams": (pack(GOOD_ARCHIVE[:1000]) + pack(GOOD_ARCHIVE[1000:]), READ),
        "zeros after it": (good + bytes(1000), READ),
        "cut": (good[:-9], "the archive is cut off"),
        "a tail": (with_tail(good), "something that does not belong to it follows its end"),
        "damaged": (good[:200] + bytes([good[200] ^ 0x55]) + good[201:], "that is damaged: "),
        "no tar archive in it": (pack(b"id,label\n" * 99), "a header that is damaged or none"),
        "a zip archive": (ZIP_ARCHIVE, "it is a zip archive, and its name says a file compressed"),
        "a step upwards": (pack(also(member("../7.png"))), UPWARDS),
        "a bomb of 42 GB in one image": (
            bomb(ending, header("1.png", 42 * GIGABYTES)),
            "members of more than 67,108,864 bytes: 1.png (42,000,000,000)",
        ),
        "a bomb of 42 GB in total": (
            bomb(ending, header("1.png", 42 * GIGABYTES)),
            "would unpack to 42,000,000,000 bytes, and 17,179,869,184 are allowed",
            ALLOWED,
        ),
        "a bomb of 42 GB after the end": (bomb(ending, GOOD_ARCHIVE), "times that (a bomb?"),
        "a bomb of 42 GB in a long name": (
            bomb(ending, header("long", 42 * GIGABYTES, tars.LONG_NAME)),
            "42,000,000,000 bytes of names and attributes after its beginning",
        ),
        "a bomb of a million streams": (
            lambda path: path.write_bytes(good + pack(b"") * 1_000_000),
            "files put together that hold next to nothing",
        ),
    }


HOSTILE_TARS: dict[str, dict[str, tuple]] = {
    "tar": PLAIN,
    **{ending: compressed(ending) for ending in TARS if ending != "tar"},
}
HOSTILE_TARS["tar.gz"] |= {
    "a tar archive that is not compressed": (
        GOOD_ARCHIVE,
        "it is a tar archive, and its name says a file compressed by gzip",
    ),
    "a 7z archive": (crafted.archive([]), "it is a 7z archive, and its name says a file compre"),
    "compressed twice": (
        gzip.compress(gzip.compress(GOOD_ARCHIVE)),
        "a header that is damaged or none, after its beginning",
    ),
    "a wrong checksum": (
        gzip.compress(GOOD_ARCHIVE)[:-8] + bytes(8),
        "damaged: Error -3 while decompressing data: incorrect data check",
    ),
    "a bomb of headers": (
        bomb("tar.gz", header("1.png") * 200_000),
        "more than 200 times that",
    ),
}
HOSTILE_TARS["tar.xz"]["a dictionary of 256 MB"] = (
    with_large_dictionary(),
    "that is damaged: Memory",
)
# The names of these say nothing.
UNNAMED: dict[str, tuple] = {
    "a zip archive": (ZIP_ARCHIVE, READ),
    **{f"a {ending} archive": (pack(GOOD_ARCHIVE), READ) for ending, pack in TARS.items()},
    "text": (b"id,label\n" * 99, "it is of no kind that is known, and no archive"),
    "an image": (RED, "it is a PNG image, and no archive (pack the images into one of .7z, .zip"),
    "an empty file": (b"", "an empty file, no archive"),
    "no file": (Path.unlink, "cannot be read: No such file"),
}
