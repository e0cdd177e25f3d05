"""What the columns of Parquet files are, by their types, their names and the metadata."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from swatchbook.data import parquet_dataset, splits
from swatchbook.data.labels import composed
from swatchbook.data.limits import Limits
from swatchbook.data.parquet_dataset import UNLABELLED, Columns, Rows
from swatchbook.data.parquet_file import Column, ParquetFile, table
from swatchbook.discovery import decisions, inventory, tables
from swatchbook.discovery.arrangement import Arrangement, natural
from swatchbook.discovery.decisions import Decided
from swatchbook.discovery.inventory import Inventory
from swatchbook.errors import DataError, first_ten

USUAL = Limits()
IMAGES = ("image", "img", "picture", "photo", "pixel_values")  # the likeliest first


class Described(NamedTuple):
    """What was found.

    Attributes
    ----------
    spec
        What the data set's file says, but for ``image``.
    arranged, found
        How the images are arranged, and what they are.
    lines
        What else the user is told.
    """

    spec: dict[str, Any]
    arranged: Arrangement
    found: Inventory
    lines: list[str]


def describe(
    paths: Sequence[Path],
    relative: Mapping[str, str],
    name: str,
    source: object,
    image: str | None = None,
    label: str | None = None,
    most: Limits = USUAL,
) -> Described:
    """Return what the data set's file says of Parquet files.

    Parameters
    ----------
    paths
        The files.
    relative
        What each was called, from the folder that the user named, by its name now.
    name, source
        The data set's name, and what the user named, for the message.
    image, label
        The columns, if the user has said them.
    most
        How much the files may hold.

    Raises
    ------
    DataError
        If they cannot be read, or nothing says which column holds images or labels.
    """
    files, left_out = _sets(paths, relative, source)
    first = files["train"][0]
    columns, classes = _columns(files, first, image, label, source, most)
    spec = {"classes": classes}
    pairs = [(part, path) for part, of in files.items() for path in of]
    rows = parquet_dataset.rows_of(spec, pairs, columns, most)
    table_of_rows = parquet_dataset.table_of(rows)
    contents = parquet_dataset.contents(first.parent, table_of_rows, columns.image, most)
    found = inventory.take(((id_, content or b"") for id_, content in contents), len(rows.ids))
    arranged = _arranged(rows, classes, columns)
    lines = [f"labels: the column {columns.label!r}"]
    if columns.group is not None:
        lines.append(f"groups: by the column {columns.group!r}; each is in one set only")
    if left_out:
        names = first_ten(relative[path.name] for path in left_out)
        lines.append(f"left out, no files of a split by their names: {names}")
    said = {
        "title": Decided(name, "for the report: say what it is"),
        "format": Decided("parquet", ""),
        "classes": Decided(classes, ""),
        "parquet": _block(files, columns, found, arranged),
        "split": decisions.split(arranged),
    }
    return Described(said, arranged, found, lines)


def _sets(
    paths: Sequence[Path], relative: Mapping[str, str], source: object
) -> tuple[dict[str, list[Path]], list[Path]]:
    """Return the files of each set, as their names or folders say, and those of none.

    Where no name says a set, all files are for training.
    """
    files: dict[str, list[Path]] = {part: [] for part in splits.SPLITS}
    rest = []
    for path in paths:
        names = reversed(PurePosixPath(relative[path.name].lower()).parts)  # the file's own first
        words = [word for name in names for word in re.split(r"[^a-z]+", name)]
        part = next((splits.WORDS[word] for word in words if word in splits.WORDS), None)
        (rest if part is None else files[part]).append(path)
    if not any(files.values()):
        return {"train": rest}, []
    if not files["train"]:
        names = first_ten(relative[path.name] for path in paths)
        raise DataError(f"no file is for training by its name: {names}", where=source)
    return {part: of for part, of in files.items() if of}, rest


def _columns(
    files: Mapping[str, Sequence[Path]],
    first: Path,
    image: str | None,
    label: str | None,
    source: object,
    most: Limits,
) -> tuple[Columns, list[str]]:
    """Return what the columns say, and the names of the classes."""
    with ParquetFile(first, most) as file:
        types, class_names = file.columns, file.class_names
    image = _image(types, image, source)
    texts = table(first, limits=most)
    if label is None:
        label = _named_by_metadata(class_names, texts, source)
    said = tables.roles(str(source), texts, label)
    label = said["label"]
    if label is None:
        raise DataError(
            f"no column can be the labels by its name: {', '.join(map(repr, types))}",
            where=source,
            hint="say which one is: --label COLUMN",
        )
    names = class_names.get(label)
    is_index = names is not None
    if names is None:
        names, is_index = _classes(files, label, types[label].is_whole, most)
    split = said.get("split") if len(files) == 1 else None
    return Columns(image, label, is_index, split, said.get("group")), names


def _image(types: Mapping[str, Column], asked: str | None, source: object) -> str:
    """Return the column of image files: as asked for, or the only one or the likeliest."""
    possible = [name for name, column in types.items() if column.is_image]
    if asked is not None:
        if asked not in possible:
            raise DataError(
                f"the column {asked!r} has no image files; {_those_that_have(possible)}",
                where=source,
            )
        return asked
    lower = {name.casefold(): name for name in reversed(possible)}
    likely = [lower[word] for word in IMAGES if word in lower]
    if likely or len(possible) == 1:
        return (likely or possible)[0]
    if possible:
        raise DataError(
            f"which column holds the images: {', '.join(map(repr, possible))}?",
            where=source,
            hint="say so: --image COLUMN",
        )
    raise DataError(
        f"no column holds image files; there are {', '.join(map(repr, types))}",
        where=source,
        hint="a table goes beside its images, in a folder or an archive",
    )


def _those_that_have(possible: Sequence[str]) -> str:
    return f"those that have: {', '.join(map(repr, possible))}" if possible else "no column has"


def _named_by_metadata(
    class_names: Mapping[str, Sequence[str]], texts: pd.DataFrame, source: object
) -> str | None:
    """Return the column whose numbers the metadata gives names, if it is one."""
    named = [column for column in class_names if column in texts]
    if len(named) > 1:
        raise DataError(
            f"which column is the label: {', '.join(map(repr, named))}?",
            where=source,
            hint="say so: --label COLUMN",
        )
    return named[0] if named else None


def _classes(
    files: Mapping[str, Sequence[Path]], label: str, is_whole: bool, most: Limits
) -> tuple[list[str], bool]:
    """Return the classes of a column without metadata, and whether it holds their indices."""
    there: set[str] = set()
    for path in (path for of in files.values() for path in of):
        there |= set(composed(table(path, [label], limits=most)[label])) - {""}
    numbers = sorted(there - {str(UNLABELLED)}, key=natural)
    if is_whole and numbers == [str(number) for number in range(len(numbers))]:
        return numbers, True
    return sorted(there, key=natural), False


def _arranged(rows: Rows, classes: Sequence[str], columns: Columns) -> Arrangement:
    counts = Counter(rows.indices)
    unlabelled = counts.pop(UNLABELLED, 0)
    # In the order of the classes; those without an image have no share in anything.
    there = Counter({name: counts[index] for index, name in enumerate(classes) if counts[index]})
    arranged = Arrangement("", [], "", None, there, unlabelled=unlabelled)
    if len(set(rows.parts)) > 1:
        labelled = zip(rows.parts, rows.indices, strict=True)
        arranged.splits = Counter(part for part, index in labelled if index != UNLABELLED)
    return arranged


def _block(
    files: Mapping[str, Sequence[Path]], columns: Columns, found: Inventory, arranged: Arrangement
) -> dict[str, Decided]:
    """Return what stands under ``parquet`` in the data set's file."""
    block = {part: Decided([path.name for path in of], "") for part, of in files.items()}
    block["image"] = Decided(columns.image, "the column of images")
    block["label"] = Decided(columns.label, "the column of their classes")
    block["labels"] = (
        Decided("index", "a number is the place of its class under classes, from 0")
        if columns.is_index
        else Decided("name", "a label is the name of its class")
    )
    if columns.split is not None:
        block["split"] = Decided(columns.split, "the column that says which set an image is in")
    if columns.group is not None:
        block["group"] = Decided(columns.group, "images of one are in one set only")
    out = decisions.left_out(found, arranged, 0)
    if out:
        because = "; ".join(one.because for one in out.values())
        block["leave_out"] = Decided(list(out), because)
    return block
