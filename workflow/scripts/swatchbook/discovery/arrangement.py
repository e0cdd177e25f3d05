"""Where labels, splits and groups of images are said: by their folders, by a table, or by both."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from swatchbook.data import layout
from swatchbook.data.labels import composed
from swatchbook.data.splits import WORDS
from swatchbook.discovery import tables
from swatchbook.discovery.inventory import common_folder
from swatchbook.errors import DataError


@dataclass
class Arrangement:
    """How images are arranged.

    Attributes
    ----------
    root, folders, ids
        As in the data set's file; see `layout.places`.
    table
        The table that says something of them, if there is one.
    classes
        How many images each class has.
    splits
        How many images each of train, validation and test has where the data come with them.
    groups
        How many groups there are; 0 for none.
    unlabelled, without_image
        How many images have no label, how many rows no image.
    """

    root: str
    folders: list[str]
    ids: str
    table: tables.Found | None
    classes: Counter[str]
    splits: Counter[str] = field(default_factory=Counter)
    groups: int = 0
    unlabelled: int = 0
    without_image: int = 0


def find(
    images: Sequence[str],
    documents: Mapping[str, bytes],
    label: str | None = None,
    where: object = None,
) -> Arrangement:
    """Find out what says which class an image has.

    Parameters
    ----------
    images
        Their names in an archive.
    documents
        The contents of files that may be tables, by name.
    label
        The table's column of labels, if the user has said it.
    where
        What they are from, for the message.

    Raises
    ------
    DataError
        If nothing says it, or too much.
    """
    root = common_folder(images)
    table = _table(images, documents, root, label, where)
    has_labels = table is not None and bool(table.reading["label"])
    folders = _folders(images, root, has_labels)
    if not has_labels and "class" not in folders:
        raise DataError(
            f"{len(images):,} images, and nothing says what is on them",
            where=where,
            hint="put the images of each class into a folder of its own, or put a table (CSV) "
            "beside them with a column of their names and one of their classes",
        )
    ids = table.ids if table is not None else "path"
    if table is not None and table.root != root:
        if folders:
            between = PurePosixPath(root).relative_to(table.root or ".").parts
            folders = ["any" for _ in between] + folders
        root = table.root
    places = layout.places(images, root, folders, ids, where)
    found = Arrangement(root, folders, ids, table, Counter())
    if table is not None:
        columns = {what: table.reading.get(what) for what in ("label", "split", "group")}
        said = table.rows.set_index(composed(table.rows[table.reading["id"]]))
        said = said[[column for column in columns.values() if column]]
        said.columns = [what for what, column in columns.items() if column]
        said = said.apply(composed)
        found.without_image = len(said.index.difference(places.index))
        known = places.index.isin(said.index)
        if "label" in said:
            known &= places.index.isin(said.index[said["label"] != ""])
        found.unlabelled = int((~known).sum())
        places = places[known].join(said[~said.index.duplicated()])
    classes = places["label"] if "label" in places else places["class"]
    found.classes = Counter(dict(sorted(Counter(classes).items(), key=lambda of: natural(of[0]))))
    if "split" in places:
        found.splits = Counter(WORDS[word.casefold()] for word in places["split"])
    if "group" in places:
        found.groups = places["group"].nunique()
    return found


def natural(name: str) -> tuple[bool, int, str]:
    """Sort numbers by their value, before texts."""
    is_number = name.isascii() and name.isdigit()
    return not is_number, int(name) if is_number else 0, name


def _table(
    images: Sequence[str],
    documents: Mapping[str, bytes],
    root: str,
    label: str | None,
    where: object,
) -> tables.Found | None:
    found = []
    for name, content in documents.items():
        if PurePosixPath(name).suffix.lower() in (".csv", ".tsv", ".txt", ".parquet"):
            table = tables.match(name, content, images, root, label)
            if table is not None:
                found.append(table)
    if len(found) > 1:
        best = max(table.matched for table in found)
        found = [table for table in found if table.matched == best]
    if len(found) > 1:
        names = ", ".join(table.name for table in found)
        raise DataError(
            f"several tables name the images: {names}",
            where=where,
            hint="leave the one that counts",
        )
    return found[0] if found else None


def _folders(images: Sequence[str], root: str, has_labels: bool) -> list[str]:
    """Return what the folders below the common one say."""
    below = [PurePosixPath(name).relative_to(root or ".").parts[:-1] for name in images]
    depth = min(map(len, below))
    folders: list[str] = []
    if depth and {parts[0].casefold() for parts in below} <= set(WORDS):
        folders.append("split")
    if not has_labels and depth > len(folders):
        folders.append("class")
    return folders
