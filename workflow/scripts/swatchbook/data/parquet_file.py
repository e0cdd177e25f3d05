"""Parquet files, read by DuckDB row by row: what columns a file has, and what stands in them.

The format is described at https://parquet.apache.org/docs/file-format/. Its end, the footer, states
the columns, how many rows there are in each group of rows and how much a column of it takes. What
it states is held to the limits first; the reader is then given as much memory as that needs.
"""

import glob
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import duckdb
import pandas as pd

from swatchbook.data import file_kinds
from swatchbook.data.archives import DAMAGED_HINT
from swatchbook.data.limits import Limits
from swatchbook.errors import DataError, first_ten

LONGEST_TEXT = 1000  # characters of a label or an id
LARGEST_GROUP = 1 << 30  # bytes of one column in a group of rows
# What was seen to be enough: some for itself, and a few buffers of the size of a group's column.
OWN_MEMORY, MEMORY_A_BYTE = 256 << 20, 6
FETCHED = 256  # rows at a time; the reader goes on only when they are used up
IMAGES_AT_A_TIME = 64 << 20  # bytes
WHOLE = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint", "boolean"),
}
REAL = {"float", "double"}
TEXT = {"varchar", "enum", "uuid", "date"}


class Column(NamedTuple):
    """What a column is.

    Attributes
    ----------
    kind
        DuckDB's word for its type, of a structure ``struct``.
    shown
        The whole type, for a message.
    holds_bytes
        Whether it is a structure with a part of the name ``bytes`` that is bytes.
    """

    kind: str
    shown: str
    holds_bytes: bool

    @property
    def is_image(self) -> bool:
        """Whether it may hold the files of images."""
        return self.holds_bytes or self.kind == "blob"

    @property
    def is_text(self) -> bool:
        """Whether it can be read as text."""
        return self.kind in WHOLE | REAL | TEXT

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.kind in WHOLE


class ParquetFile:
    """An open Parquet file; a context manager.

    Attributes
    ----------
    path
        The file.
    limits
        How much it may hold: ``members`` are its rows, ``member_bytes`` is for one image.
    rows
        How many rows its footer states.
    columns
        Its columns by their names.
    class_names
        The names of the classes whose numbers a column holds, by the column's name: what Hugging
        Face's libraries write into a file of their own.

    Raises
    ------
    DataError
        On opening, if it is no Parquet file, is encrypted, damaged or beyond the limits; on
        reading, if it is damaged, or needs more memory than what it states explains.
    """

    def __init__(self, path: str | Path, limits: Limits | None = None):
        self.path = Path(path)
        self.limits = limits or Limits()
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        check_kind(self.path, file_kinds.start_of(self.path))
        with ExitStack() as on_failure:
            on_failure.push(self._resources)
            self._connection = self._resources.enter_context(_connection())
            # A name is no pattern, and its folders are no columns.
            self._place = glob.escape(str(self.path.absolute()))
            with self._reading():
                self._check_footer()
                described = self._connection.sql(f"FROM {SOURCE}", params=[self._place])
                self.columns = {
                    name: _column(kind)
                    for name, kind in zip(described.columns, described.types, strict=True)
                }
                self.class_names = _class_names(self._asked("FROM parquet_kv_metadata(?)"))
            on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def values(self, expressions: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the values of some expressions of SQL for each row, in the order of the file.

        They are small: as many as the reader likes are taken at a time.
        """
        seen = 0
        for row in self._selected(f"SELECT {', '.join(expressions)} FROM {SOURCE}", [self._place]):
            seen += 1
            yield row
        if seen != self.rows:
            raise DataError(
                f"{seen:,} rows, but its footer states {self.rows:,}",
                where=self.path,
                hint=DAMAGED_HINT,
            )

    def images(
        self, column: str, sizes: Sequence[int | None], rows: Sequence[int]
    ) -> Iterator[bytes | None]:
        """Yield the file of the image in each of some rows.

        Parameters
        ----------
        column
            Its name.
        sizes
            The size of each, by which few large ones and many small ones are taken at a time:
            a file that stands there once for many rows takes its size for each of them.
        rows
            Their numbers, in the order of the file.
        """
        query = (
            f"SELECT {self.image(column)} FROM {SOURCE_BY_ROW} "
            "WHERE file_row_number BETWEEN ? AND ?"
        )
        among = f"{query} AND list_contains(?, file_row_number)"
        for part in _slices(sizes, IMAGES_AT_A_TIME):
            wanted = [int(rows[place]) for place in part]
            ends = [self._place, wanted[0], wanted[-1]]
            is_stretch = wanted[-1] - wanted[0] < len(wanted)
            found = (
                self._selected(query, ends)
                if is_stretch
                else self._selected(among, [*ends, wanted])
            )
            for (content,) in found:
                yield content

    def _selected(self, query: str, parameters: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        with self._reading():
            found = self._connection.execute(query, parameters)
        rows: list[tuple[Any, ...]] | None = None
        while rows != []:
            with self._reading():
                rows = found.fetchmany(FETCHED)
            yield from rows

    def image(self, column: str) -> str:
        """Return the expression of the files of images in a column.

        The column holds them as they are, or with the path of each, as Hugging Face has it.
        """
        found, name = self._column(column), quoted(column)
        if not found.is_image:
            raise DataError(
                f"the column {column!r} is {found.shown}, and no image files",
                where=self.path,
                hint="name the column of images in the data set's file",
            )
        return f"struct_extract({name}, 'bytes')" if found.holds_bytes else name

    def whole_number(self, column: str) -> str:
        """Return the expression of a column of whole numbers."""
        found = self._column(column)
        if not found.is_whole:
            raise DataError(
                f"the column {column!r} is {found.shown}, and no number of a class",
                where=self.path,
                hint="`labels: name` in the data set's file takes texts for the classes' names",
            )
        return quoted(column)

    def text(self, column: str) -> str:
        """Return the expression of a column as text: of the length that is too long, no more.

        Whole numbers are written as such, also where missing ones have made real numbers of them.
        """
        found, name = self._column(column), quoted(column)
        if not found.is_text:
            raise DataError(f"the column {column!r} is {found.shown}, and no text", where=self.path)
        if found.kind in REAL:
            name = (
                f"CASE WHEN isnan({name}) THEN NULL WHEN {name} = floor({name}) AND "
                f"abs({name}) < 1e15 THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) "
                f"ELSE CAST({name} AS VARCHAR) END"
            )
        return f"left(CAST({name} AS VARCHAR), {LONGEST_TEXT + 1})"

    def _column(self, column: str) -> Column:
        if column not in self.columns:
            raise DataError(
                f"there is no column {column!r}; there are {first_ten(map(repr, self.columns))}",
                where=self.path,
            )
        return self.columns[column]

    def _check_footer(self) -> None:
        """Check what the footer states, before anything is unpacked for it."""
        try:
            ((self.rows, encryption),) = self._asked(
                "SELECT num_rows, encryption_algorithm FROM parquet_file_metadata(?)"
            )
        except duckdb.InvalidInputException as error:
            if "Invalid unicode" not in str(error):
                raise
            encryption = "with bytes that DuckDB takes for text"
        if encryption is not None:
            encrypted = file_kinds.ENCRYPTED_PARQUET
            raise DataError(
                "columns of it are encrypted", where=self.path, hint=file_kinds.HINTS[encrypted]
            )
        self.limits.check_count(self.rows, self.path, "rows")
        groups = self._asked(
            "SELECT total_uncompressed_size, total_compressed_size FROM parquet_metadata(?)"
        )
        packed = self.path.stat().st_size
        sizes = [max(pair) for pair in groups]
        if any(size < 0 for pair in groups for size in pair):
            raise DataError("its footer states a negative size", where=self.path)
        self.limits.check_total(sum(sizes), packed, self.path)
        largest = max(sizes, default=0)
        if largest > LARGEST_GROUP:
            raise DataError(
                f"a group of rows with {largest:,} bytes in one column, and {LARGEST_GROUP:,} "
                "are read at a time",
                where=self.path,
                hint="write it again in smaller groups of rows: row_group_size=100",
            )
        memory = (OWN_MEMORY + MEMORY_A_BYTE * largest) >> 20
        self._connection.execute(f"SET memory_limit = '{memory}MiB'")

    def _asked(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, [self._place]).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Tell what DuckDB says of a file in one line."""
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise DataError(
                "needs more memory than what its footer states explains: damaged, or a bomb",
                where=self.path,
                hint=DAMAGED_HINT,
            ) from error
        except (duckdb.Error, UnicodeError, RuntimeError) as error:
            raise DataError(
                f"cannot be read: {self._reason(error)}", where=self.path, hint=DAMAGED_HINT
            ) from error

    def _reason(self, error: Exception) -> str:
        """Return the first line of what DuckDB says, without the kind of its error and the path."""
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        first = re.sub(r"^[A-Z][\w ]* Error: ", "", first)
        first = first.replace(self._place, self.path.name).replace(str(self.path), self.path.name)
        return first if len(first) <= 120 else f"{first[:119]}…"


SOURCE = "read_parquet(?, hive_partitioning = false)"
SOURCE_BY_ROW = "read_parquet(?, hive_partitioning = false, file_row_number = true)"


def check_kind(path: Path, start: bytes) -> None:
    """Check that a file begins as a Parquet file does.

    Raises
    ------
    DataError
        If it does not; it says what it is, where that is known.
    """
    found = file_kinds.told(start)
    if found != file_kinds.PARQUET:
        known = found.name if found else "an empty file" if not start else "of no known kind"
        raise DataError(
            f"no Parquet file: it is {known}",
            where=path,
            hint=file_kinds.HINTS.get(found, DAMAGED_HINT),
        )


def _column(kind: Any) -> Column:
    """Return what a type of DuckDB is; it reads the names of parts, which may be no text, late."""
    parts = kind.children if str(kind.id) == "struct" else ()
    holds_bytes = any(name == "bytes" and str(of.id) == "blob" for name, of in parts)
    return Column(str(kind.id), str(kind), holds_bytes)


def quoted(name: str) -> str:
    """Return a column's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def table(
    source: str | Path,
    columns: Sequence[str] | None = None,
    content: Any = None,
    limits: Limits | None = None,
) -> pd.DataFrame:
    """Read columns of a Parquet file as text; what is missing is empty.

    Parameters
    ----------
    source
        The file, or the name by which a message calls `content`.
    columns
        Their names; by default all that can be text of at most 1,000 characters.
    content
        What is read if not `source`: a binary file.
    limits
        How much the file may hold.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column, or has a longer text in one that was asked for.
    """
    with ExitStack() as resources:
        path = source
        if content is not None:
            copy = resources.enter_context(tempfile.NamedTemporaryFile(suffix=".parquet"))
            copy.write(content.read())
            copy.flush()
            path = copy.name
        try:
            return _texts(resources.enter_context(ParquetFile(path, limits)), columns)
        except DataError as error:
            raise DataError(error.what, where=source, hint=error.hint) from error


def _texts(file: ParquetFile, columns: Sequence[str] | None) -> pd.DataFrame:
    asked = columns is not None
    if columns is None:
        columns = [name for name, column in file.columns.items() if column.is_text]
    expressions = list(map(file.text, columns)) or ["''"]
    rows = [
        ["" if value is None else value for value in values] for values in file.values(expressions)
    ]
    found = pd.DataFrame(rows, columns=list(columns) or None, dtype="str")
    long = [name for name in columns if (found[name].str.len() > LONGEST_TEXT).any()]
    if long and asked:
        raise DataError(
            f"a text of more than {LONGEST_TEXT:,} characters in the column {long[0]!r}",
            where=file.path,
        )
    return found[[name for name in columns if name not in long]]


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB so that it reads files here alone, on one thread and within its memory."""
    settings = {
        "threads": 1,  # rows come in the order of the file
        "memory_limit": f"{OWN_MEMORY >> 20}MiB",
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "enable_external_file_cache": False,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        # Pages as they are needed, in place of whole groups of rows.
        connection.execute("SET disable_parquet_prefetching = true")
        yield connection


def _slices(sizes: Sequence[int | None], most: int) -> Iterator[range]:
    """Cut rows into ranges whose sizes add up to `most`, or to no more than one row."""
    start = total = 0
    for row, size in enumerate(sizes):
        if total + (size or 0) > most and row > start:
            yield range(start, row)
            start, total = row, 0
        total += size or 0
    if start < len(sizes):
        yield range(start, len(sizes))


def _class_names(metadata: Sequence[tuple[Any, ...]]) -> dict[str, list[str]]:
    """Return the names of classes that Hugging Face's metadata has for each column, if any."""
    said: Any = {}
    for _, key, value in metadata:
        if bytes(key) == b"huggingface":
            try:
                said = json.loads(bytes(value))["info"]["features"]
            except (ValueError, KeyError, TypeError, RecursionError):
                said = {}
    found = {}
    for column, feature in said.items() if isinstance(said, Mapping) else ():
        names = feature.get("names") if isinstance(feature, Mapping) else None
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            found[column] = names
    return found
