"""Label tables: which image is what, joined by id and never by the order of anything."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.data import file_kinds
from swatchbook.errors import DataError, first_ten

TABLE = {"id": "id", "label": "label"}
# What the columns of a table can say of an image.
SAYS = ("id", "label", "split", "group")


def read_table(
    source: str | Path, table: Mapping[str, Any] | None = None, content: Any = None
) -> pd.DataFrame:
    """Read what a table says of images.

    Parameters
    ----------
    source
        A file of separated values or a Parquet file, or the name by which a message calls
        `content`.
    table
        The names of its columns ``id``, ``label``, ``split`` and ``group``, of which the last two
        may be missing or ``None`` and the first two are called so by default; a ``label`` of
        ``None`` says that there is none. ``delimiter`` (by default a tab for names that end in
        ``.tsv``, else a comma) and ``encoding`` (by default UTF-8, with or without a byte-order
        mark) are for separated values. Other columns are ignored.
    content
        Where the table is read from if not from `source`: a binary file.

    Returns
    -------
    pandas.DataFrame
        Text columns ``label``, ``split`` and ``group``, as far as asked for; its index holds the
        ids as text, Unicode composed (NFC), each once.

    Raises
    ------
    DataError
        If the table cannot be read, lacks a column, or has an id twice or without a name; the
        message names the first ten and their number.
    """
    table = TABLE | dict(table or {})
    columns = {what: table[what] for what in SAYS if table.get(what)}
    if is_parquet(source, content):
        from swatchbook.data import parquet_file

        rows = parquet_file.table(source, list(columns.values()), content)
    else:
        rows = _rows(source, table, content)
    missing = [name for name in columns.values() if name not in rows.columns]
    if missing:
        raise DataError(
            f"the label table has no column {_named(missing)}; it has {_named(rows.columns)}",
            where=source,
            hint="name its columns and its delimiter under `table` in the data set's file",
        )
    ids = _ids(rows[columns["id"]], source)
    found = {what: composed(rows[name]) for what, name in columns.items() if what != "id"}
    return pd.DataFrame(found).set_axis(pd.Index(ids, name="id"))


def is_parquet(source: str | Path, content: Any = None) -> bool:
    """Say whether a table is a Parquet file: by its name, or by what it begins with."""
    if str(source).lower().endswith((".parquet", ".pq")):
        return True
    if content is None:
        return file_kinds.told(file_kinds.start_of(source)) == file_kinds.PARQUET
    start = content.read(file_kinds.START_BYTES)
    content.seek(0)
    return file_kinds.told(start) == file_kinds.PARQUET


def _named(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _rows(source: str | Path, table: Mapping[str, Any], content: Any) -> pd.DataFrame:
    """Read all rows and columns as text."""
    delimiter = table.get("delimiter") or ("\t" if str(source).lower().endswith(".tsv") else ",")
    encoding = table.get("encoding") or "utf-8"
    try:
        rows = pd.read_csv(
            source if content is None else content,
            sep=delimiter,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig" if encoding.lower().replace("_", "-") == "utf-8" else encoding,
            skipinitialspace=True,
            compression=None,  # not told by the name: there is no limit to what it unpacks to
        )
    except UnicodeError as error:
        raise DataError(
            f"the label table is not in {encoding.upper()}",
            where=source,
            hint="convert it, or name its encoding under `table` in the data set's file",
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        text = " ".join(str(error).split())
        raise DataError(f"the label table cannot be read: {text}", where=source) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=source) from error
    rows.columns = rows.columns.str.strip()
    if not isinstance(rows.index, pd.RangeIndex):  # pandas takes surplus fields for row names
        raise DataError("the rows have more fields than the header has columns", where=source)
    return rows


def composed(texts: pd.Series) -> pd.Series:
    """Return texts without space around them, with letters and their marks composed (NFC).

    macOS writes the names of files with letters and marks apart.
    """
    return texts.str.strip().map(lambda text: unicodedata.normalize("NFC", text))


def _ids(column: pd.Series, source: str | Path) -> pd.Series:
    """Return the ids of a table, of which none may be missing or stand twice."""
    ids = composed(column)
    if (ids == "").any():
        rows = first_ten(int(row) + 2 for row in np.flatnonzero(ids == ""))
        raise DataError(f"no id in line {rows}", where=source)
    if ids.duplicated().any():
        raise DataError(f"ids that stand twice: {first_ten(ids[ids.duplicated()])}", where=source)
    return ids


def class_indices(names: pd.Series, classes: Sequence[str], source: object) -> np.ndarray:
    """Return the class index (int64) of each name; the series' index holds the ids.

    Raises
    ------
    DataError
        If a name is not among `classes`; the message names the first ten and their number.
    """
    index_of = {unicodedata.normalize("NFC", name): index for index, name in enumerate(classes)}
    indices = names.map(index_of)
    unknown = names[indices.isna()]
    if len(unknown):
        pairs = [f"{name!r} of {id_}" for id_, name in unknown.items()]
        raise DataError(
            f"labels that are no class: {first_ten(pairs)}",
            where=source,
            hint=f"the classes are {', '.join(classes[:50])}{' …' if len(classes) > 50 else ''}",
        )
    return indices.to_numpy(np.int64)


def sorted_ids(ids: Sequence[str]) -> list[str]:
    """Return ids in their natural order: by number if all are plain numbers, else by text."""
    if all(id_.isascii() and id_.isdigit() for id_ in ids):
        return sorted(ids, key=lambda id_: (int(id_), id_))
    return sorted(ids)
