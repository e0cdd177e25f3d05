"""Which table beside images says what is on them, and how it is to be read."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from swatchbook.data import file_kinds, parquet_file
from swatchbook.data.labels import composed
from swatchbook.data.splits import WORDS
from swatchbook.errors import DataError

ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")
DELIMITERS = ",;\t|"
# What people call columns, the likeliest first; compared in small letters.
LABELS = (
    *("label", "labels", "class", "class_name", "classname", "category", "target", "species"),
    *("breed", "diagnosis", "kind", "type", "art", "klasse", "y", "dx"),
)
SPLITS = ("split", "set", "subset", "partition", "part", "usage", "fold")
GROUPS = (
    *("group", "patient", "patient_id", "patientid", "subject", "subject_id", "person"),
    *("individual", "camera", "camera_id", "site", "location", "sequence", "video", "lesion_id"),
)
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Found:
    """A table that names images.

    Attributes
    ----------
    name
        Its file.
    reading
        What stands under ``table`` in a data set's file.
    ids
        What its ids are: ``stem``, ``name`` or ``path``.
    root
        The folder that paths are from: that of all images, or one above it.
    matched
        How many images it names.
    rows
        The table as text, with the columns of the file.
    """

    name: str
    reading: dict[str, str | None]
    ids: str
    root: str
    matched: int
    rows: pd.DataFrame


def parsed(content: bytes) -> tuple[pd.DataFrame, dict[str, str]] | None:
    """Read a table: of Parquet, or of text whose delimiter and encoding are not known.

    Returns
    -------
    tuple
        Its rows as text, and what a data set's file says of its reading; ``None`` for no table.
    """
    if content.startswith(file_kinds.PARQUET.beginnings):
        try:
            return parquet_file.table("a table", content=io.BytesIO(content)), {}
        except DataError:
            return None
    for encoding in ENCODINGS:
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        break
    else:
        return None
    lines = text.splitlines()
    if len(lines) < 2:
        return None
    delimiter = max(DELIMITERS, key=lambda sign: len(next(csv.reader(lines[:1], delimiter=sign))))
    if delimiter not in lines[0]:
        return None
    try:
        rows = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error):
        return None
    rows.columns = rows.columns.str.strip()
    reading = {"delimiter": delimiter}
    if encoding != "utf-8-sig":
        reading["encoding"] = encoding
    return rows, reading


def match(
    name: str, content: bytes, images: Sequence[str], root: str, label: str | None = None
) -> Found | None:
    """Return how a table names images and what it says of them; ``None`` if it names none.

    Parameters
    ----------
    name, content
        The table's file.
    images
        The images' names in the archive.
    root
        The folder that all of them lie in.
    label
        The column of labels, if the user has said it.

    Raises
    ------
    DataError
        If it names images, and no column of it can be their labels.
    """
    read = parsed(content)
    if read is None:
        return None
    rows, reading = read
    best = (0, "", "", "")
    for column in rows.columns:
        values = set(composed(rows[column]))
        for ids, top, names in _forms(images, root):
            matched = len(values & names)
            if matched > best[0]:
                best = (matched, ids, top, column)
    matched, ids, top, column = best
    if matched < 0.5 * len(images):
        return None
    others = [other for other in rows.columns if other != column]
    said = {"id": column} | roles(name, rows[others], label)
    return Found(name, said | reading, ids, top, matched, rows)


def roles(name: str, rows: pd.DataFrame, label: str | None = None) -> dict[str, str | None]:
    """Return which columns say the split and the group of an image, as far as any does, and which
    its label; ``None`` for a label that none says.

    Parameters
    ----------
    name
        The table, for the message.
    rows
        Its columns, but for what names the images.
    label
        The column of labels, if it is known.

    Raises
    ------
    DataError
        If there is no such column, or several can be that of the labels.
    """
    said: dict[str, str | None] = {}
    lower = {other.casefold().replace(" ", "_"): other for other in reversed(rows.columns)}
    split = next((lower[word] for word in SPLITS if word in lower), None)
    if split and {value.casefold() for value in composed(rows[split])} <= set(WORDS):
        said["split"] = split
    group = next((lower[word] for word in GROUPS if word in lower), None)
    if group:
        said["group"] = group
    if label is not None and label not in rows.columns:
        raise DataError(
            f"there is no column {label!r}; there are {', '.join(map(repr, rows.columns))}",
            where=name,
        )
    free = [other for other in rows.columns if other not in said.values()]
    said["label"] = label or _label(name, rows, free, lower)
    return said


def _forms(images: Sequence[str], root: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the forms that ids can have: which, from which folder, and those of all images."""
    paths = [PurePosixPath(image) for image in images]
    yield "stem", root, {path.stem for path in paths}
    yield "name", root, {path.name for path in paths}
    for top in (PurePosixPath(root), *PurePosixPath(root).parents):
        shown = "" if top == PurePosixPath(".") else top.as_posix()
        yield "path", shown, {path.relative_to(top).as_posix() for path in paths}


def _label(
    name: str, rows: pd.DataFrame, columns: Sequence[str], lower: dict[str, str]
) -> str | None:
    """Return the column of labels: by its name, else the only one that can be; ``None``: none."""
    named = [lower[word] for word in LABELS if lower.get(word) in columns]
    if named:
        return named[0]
    possible = [
        column
        for column in columns
        if 2 <= rows[column].nunique() <= min(MOST_CLASSES, len(rows) // 2)
    ]
    if len(possible) > 1:
        raise DataError(
            f"which column is the label: {', '.join(map(repr, possible))}?",
            where=name,
            hint="say so: --label COLUMN",
        )
    return possible[0] if possible else None
