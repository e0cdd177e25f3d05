"""Tables with a row an image, of more images than a CSV file is good for.

A million rows are 20 MB as Parquet and read in a fraction of a second, a column at a time.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from swatchbook.errors import DataError
from swatchbook.files import replacing

HINT = "delete it and run again: it is written anew"
SETTINGS = {"threads": 1, "autoinstall_known_extensions": False}  # one thread keeps rows in order


# DuckDB is imported where there is such a table: every job reads this module.


def write(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table's columns, in the order of its rows; the same table gives the same bytes."""
    import duckdb

    with replacing(path) as temporary, duckdb.connect(":memory:", config=SETTINGS) as connection:
        connection.register("given", table)
        name = str(temporary).replace("'", "''")
        connection.execute(f"COPY given TO '{name}' (FORMAT parquet, COMPRESSION zstd)")


def read(path: str | Path, columns: Sequence[str] = (), where: str = "") -> pd.DataFrame:
    """Read columns, all if none are named, of what `write` wrote, in the order of its rows.

    Parameters
    ----------
    where
        Which rows, in SQL; empty for all.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    import duckdb

    names = ", ".join(f'"{name}"' for name in columns) or "*"
    query = f"SELECT {names} FROM read_parquet(?)" + (f" WHERE {where}" if where else "")
    try:
        with duckdb.connect(":memory:", config=SETTINGS) as connection:
            return connection.execute(query, [str(path)]).df()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"cannot be read: {reason}", where=path, hint=HINT) from error
