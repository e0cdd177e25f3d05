"""Hostile Parquet files: how each is made, and what the library must say of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from crafted_parquet import (
    hugging_face,
    write_dictionary_bomb,
    write_page_bomb,
    write_parquet,
)
from hostile_archives import GIGABYTES, READ
from wanted import FILES, IDS, INDICES, LABELS

Make = Callable[[Path], object]
IMAGES, NUMBERS = FILES[2:4], INDICES[2:4]
ZEROS = 100 * 1024


def rows(image: Any = None, label: Any = None, **options: Any) -> Make:
    """Write the two rows of the second file with something else in a column."""
    columns = {"image": image or IMAGES, "label": label or NUMBERS} | options.pop("more", {})
    return lambda path: write_parquet(path, columns, **options)


def only(**columns: Any) -> Make:
    return lambda path: write_parquet(path, columns)


def changed(change: Callable[[bytes], bytes]) -> Make:
    """Change the bytes of the file that is there."""
    return lambda path: path.write_bytes(change(path.read_bytes()))


def footer(content: bytes) -> int:
    """Return how long the footer of a file is."""
    return int.from_bytes(content[-8:-4], "little")


# What the data set's file says where it differs.
LARGE = {"limits": {"ratio": 10**9}}
SMALL = {"limits": {"member_bytes": 1000}}
NAMES = {"parquet": {"train": ["train-1.parquet"], "labels": "name"}}
SETS = {"parquet": {"train": ["train-1.parquet"], "split": "set"}}
IN_TABLE = {"archive": {"images": "some.7z", "labels": "labels.parquet"}}
PARQUETS: dict[str, tuple] = {
    "several groups of rows, compressed": (rows(rows_a_group=1, codec=6), READ),
    "columns that nobody asked for": (rows(more={"text": ["a", None], "n": [1, 2]}), READ),
    "the files of images without paths": (rows([image for (image,) in IMAGES]), READ),
    "no metadata": (rows(), READ),
    "empty": (b"", "no Parquet file: it is an empty file"),
    "text": (b"hello" * 20, "no Parquet file: it is of no known kind"),
    "a web page": (b"<!DOCTYPE html><html>", "it is a web page (the address gave a page in place"),
    "a pointer of Git LFS": (b"version https://git-lfs.x/spec/v1\n", "with git lfs pull"),
    "a zip archive": (b"PK\3\4" + bytes(60), "it is a zip archive"),
    "encrypted": (changed(lambda it: b"PARE" + it[4:-4] + b"PARE"), "an encrypted Parquet file"),
    "its end says that it is encrypted": (changed(lambda it: it[:-4] + b"PARE"), "is encrypted"),
    "columns that are encrypted": (
        rows(encrypted_by=b"abc"),
        "columns of it are encrypted (write it again without",
    ),
    "columns that are encrypted, of a file of no text": (
        rows(encrypted_by=b"\xff\xfe"),
        "columns of it are encrypted (write it again without",
    ),
    "cut at its end": (changed(lambda it: it[:-20]), "No magic bytes found at end of file"),
    "cut in the middle": (changed(lambda it: it[: len(it) // 2]), "No magic bytes found at end"),
    "its marks only": (b"PAR1PAR1", "too small to be a Parquet file"),
    "a footer longer than the file": (
        changed(lambda it: it[:-8] + b"\xff\xff\xff\x7fPAR1"),
        "Footer length error",
    ),
    "a footer of zeros": (
        changed(lambda it: it[: -8 - footer(it)] + bytes(footer(it)) + it[-8:]),
        "cannot be read: ",
    ),
    "a damaged page": (changed(lambda it: it[:4] + b"\xff" * 40 + it[44:]), "cannot be read: "),
    "4 billion rows by its footer": (
        rows(rows_stated=4_000_000_000),
        "more than 500,000 rows (a bomb? If you trust it, raise limits.members",
    ),
    "more rows by its footer than there are": (
        rows(rows_stated=3),
        "2 rows, but its footer states 3",
    ),
    "fewer than no rows": (rows(rows_stated=-1), "cannot be read: "),
    "a petabyte by its footer": (rows(size_stated=10**15), "and 17,179,869,184 are allowed"),
    "more than is read at a time by its footer": (
        rows(size_stated=3 * GIGABYTES),
        "bytes in one column, and 1,073,741,824 are read at a time (write it again in smaller",
        LARGE,
    ),
    "a negative size": (rows(size_stated=-1), "its footer states a negative size"),
    "a bomb: a page of 0.3 GB": (
        lambda path: write_page_bomb(path, 3 * GIGABYTES // 10, None),
        "more than 200 times that (a bomb?",
    ),
    "a bomb: a page of 0.3 GB that its footer does not state": (
        lambda path: write_page_bomb(path, 3 * GIGABYTES // 10, 1000),
        "needs more memory than what its footer states explains",
    ),
    "a bomb: a dictionary that makes 42 GB of one image": (
        lambda path: write_dictionary_bomb(path, 42 * GIGABYTES // ZEROS, ZEROS, codec=0),
        "more than 200 times that (a bomb?",
    ),
    "a bomb: a dictionary that makes 1 GB of one image, within the ratio": (
        lambda path: write_dictionary_bomb(path, GIGABYTES // (30 << 20), 30 << 20, codec=0),
        "images that cannot be used: train/2 (no known format), ",
    ),
    "an image larger than a file may be": (
        lambda path: write_parquet(path, {"image": [(bytes(2000),)], "label": [0]}),
        "members of more than 1,000 bytes: the image in row 0 (2,000)",
        SMALL,
    ),
    "no image": (rows([None, IMAGES[1]]), "train/2 (there is no image in its row)"),
    "an image without its file": (rows([IMAGES[0], (b"",)]), "train/3 (an empty file)"),
    "no picture": (rows([(b"red" * 30,), IMAGES[1]]), "train/2 (no known format)"),
    "a page in place of a picture": (
        rows([(b"<html>" * 30,), IMAGES[1]]),
        "train/2 (no image that can be read, but a web page)",
    ),
    "a cut picture": (rows([(IMAGES[0][0][:40],), IMAGES[1]]), "train/2 (the "),
    "no label": (rows(label=[None, 1]), "images without a label: train/2 (`leave_out:"),
    "-1 for no label": (rows(label=[-1, 1]), "images without a label: train/2"),
    "a label of no class": (rows(label=[3, 1]), "labels that are no class: 3 of train/2 (there"),
    "a label below no label": (rows(label=[-2, 1]), "labels that are no class: -2 of train/2"),
    "a label of 63 bits": (rows(label=[2**62, 1]), f"labels that are no class: {2**62} of"),
    "labels that are names": (rows(label=["cat", "dog"]), "is VARCHAR, and no number of a class"),
    "a name that is no class": (
        rows(label=["cat", "cow"]),
        "labels that are no class: 'cow' of train/1",
        NAMES,
    ),
    "a name without end": (
        rows(label=["cat", "c" * 5000]),
        "a text of more than 1,000 characters in row 1",
        NAMES,
    ),
    "a name that is no text": (
        rows(label=["cat", b"\xff\xfe"]),
        "cannot be read: ",
        NAMES,
    ),
    "names of parts that are no text": (
        changed(lambda it: it.replace(b"\x18\x05bytes", b"\x18\x05by\xff\xfes")),
        "cannot be read: ",
    ),
    "a split of no known name": (
        rows(more={"set": ["train", "rest"]}),
        "no name of a split: 'rest'",
        SETS,
    ),
    "a column of images is missing": (only(label=NUMBERS), "no column 'image'; there are 'label'"),
    "a column of labels is missing": (only(image=IMAGES), "no column 'label'; there are 'image'"),
    "images are texts": (
        rows(["a.png", "b.png"]),
        "the column 'image' is VARCHAR, and no image files",
    ),
    "other classes than in the other files": (
        rows(metadata=hugging_face(["cat", "cow", "T-shirt, blue"])),
        "its classes are cat, cow, T-shirt, blue, and cat, dog, T-shirt, blue in the files before",
    ),
    "not there": (Path.unlink, "cannot be read: No such file"),
}


def write_table_of_parquet(path: Path) -> None:
    """Write the label table of the wanted images."""
    write_parquet(path, {"id": IDS, "label": list(LABELS.values())})


def table(ids: Any = None, labels: Any = None, **options: Any) -> Make:
    columns = {"id": ids or IDS, "label": labels or list(LABELS.values())}
    return lambda path: write_parquet(path, columns, **options)


PARQUET_TABLES: dict[str, tuple] = {
    "compressed": (table(codec=6), READ),
    "ids that are numbers": (table([int(id_) for id_ in IDS]), READ),
    "no Parquet file": (b"id,label\n1,cat\n", "no Parquet file: it is of no known kind"),
    "cut": (
        lambda path: [table()(path), path.write_bytes(path.read_bytes()[:-9])],
        "No magic bytes found",
    ),
    "an id twice": (table(["1", "1", "3", "4", "5", "6"]), "ids that stand twice: 1"),
    "no id": (table([None, "2", "3", "4", "5", "6"]), "no id in line 2"),
    "no label": (table(labels=["cat", None, *["dog"] * 4]), "without a label: 2"),
    "an unknown label": (table(labels=["cat", "cow", *["dog"] * 4]), "no class: 'cow' of 2"),
    "a column is missing": (
        lambda path: write_parquet(path, {"id": IDS, "class": IDS}),
        "no column 'label'; there are 'id', 'class'",
    ),
    "a label without end": (
        table(labels=["cat", "c" * 2000, *["dog"] * 4]),
        "a text of more than 1,000 characters in the column 'label'",
    ),
    "4 billion rows by its footer": (table(rows_stated=4_000_000_000), "more than 500,000 rows"),
}
PARQUET_TABLES = {
    name: (made, expected, IN_TABLE) for name, (made, expected) in PARQUET_TABLES.items()
}
