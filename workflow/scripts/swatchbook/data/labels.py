"""Labels: which image is what, joined by id and never by the order of anything."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from swatchbook.errors import DataError, first_ten

COLUMNS = ["id", "label"]


def read_table(path: str | Path, classes: Sequence[str]) -> pd.Series:
    """Read a label table.

    Parameters
    ----------
    path
        A CSV file with the columns ``id`` and ``label``.
    classes
        The class names, in the order of the class indices.

    Returns
    -------
    pandas.Series
        The class index (int64) of every image; its index holds the ids as strings.

    Raises
    ------
    DataError
        If the table cannot be read, has other columns, an id twice or without a name, or a label
        that is not among `classes`; the message names the first ten and their number.
    """
    table = _rows(path)
    ids = _ids(table, path)
    names = table["label"].str.strip()
    indices = names.map({name: index for index, name in enumerate(classes)})
    unknown = indices.isna()
    if unknown.any():
        pairs = (
            f"{name!r} of {id_}" for id_, name in zip(ids[unknown], names[unknown], strict=True)
        )
        raise DataError(
            f"labels that are no class: {first_ten(pairs)}",
            where=path,
            hint=f"the classes are {', '.join(classes)}",
        )
    return pd.Series(indices.to_numpy(np.int64), index=pd.Index(ids, name="id"))


def _rows(path: str | Path) -> pd.DataFrame:
    """Read a CSV file with just the columns that there are to be, all as text."""
    try:
        table = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            compression=None,  # not told by the name: there is no limit to what it unpacks to
        )
    except UnicodeDecodeError as error:
        raise DataError("the label table is not in UTF-8", where=path, hint="convert it") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        text = " ".join(str(error).split())
        raise DataError(f"the label table cannot be read: {text}", where=path) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from error
    table.columns = table.columns.str.strip()
    if list(table.columns) != COLUMNS:
        raise DataError(
            f"the label table has the columns {', '.join(map(repr, table.columns))}; "
            "it needs 'id' and 'label', separated by a comma",
            where=path,
        )
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes surplus fields for row names
        raise DataError("the rows have more fields than the header has columns", where=path)
    return table


def _ids(table: pd.DataFrame, path: str | Path) -> pd.Series:
    """Return the ids of a table, of which none may be missing or stand twice."""
    ids = table["id"].str.strip()
    if (ids == "").any():
        rows = first_ten(int(row) + 2 for row in np.flatnonzero(ids == ""))
        raise DataError(f"no id in line {rows}", where=path)
    if ids.duplicated().any():
        raise DataError(f"ids that stand twice: {first_ten(ids[ids.duplicated()])}", where=path)
    return ids


def sorted_ids(ids: Sequence[str]) -> list[str]:
    """Return ids in their natural order: by number if all are plain numbers, else by text."""
    if all(id_.isascii() and id_.isdigit() for id_ in ids):
        return sorted(ids, key=lambda id_: (int(id_), id_))
    return sorted(ids)


def join(ids: Sequence[str], table: pd.Series, *, images: object, labels: object) -> np.ndarray:
    """Return the class index of every id, in the order of `ids`.

    Parameters
    ----------
    ids
        The ids of the images that there are, each once.
    table
        What `read_table` returned.
    images, labels
        The files that the ids and the table came from, for the message.

    Raises
    ------
    DataError
        If an image has no label or a label has no image.
    """
    present = set(ids)
    unlabelled = [id_ for id_ in ids if id_ not in table.index]
    if unlabelled:
        raise DataError(
            f"images in {images} without a label: {first_ten(unlabelled)}", where=labels
        )
    missing = [id_ for id_ in table.index if id_ not in present]
    if missing:
        raise DataError(f"labels in {labels} without an image: {first_ten(missing)}", where=images)
    return table.loc[list(ids)].to_numpy()
