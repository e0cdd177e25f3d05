"""What is said of images, as lines: a table for people, CSV and JSON lines for programs.

A new form is a class with ``write(rows)`` and its line in `LISTINGS`.
"""

import csv
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TextIO

from swatchbook.deployment.classification import NAMED, Row
from swatchbook.errors import printable

COLUMNS = (
    "image",
    "class",
    "probability",
    "second",
    "second_probability",
    "third",
    "third_probability",
    "unlike",
)
PLACES = 6  # of a probability, for programs
WIDEST = 60  # characters of a name in a table, before the columns shift


class Listing(Protocol):
    def write(self, rows: Sequence[Row]) -> None: ...


def record(row: Row) -> dict[str, Any]:
    """Return a row by the names of its columns, ``None`` where there is nothing."""
    values: list[Any] = []
    for place in range(NAMED):
        there = place < len(row.classes)
        values += (
            [row.classes[place], round(row.probabilities[place], PLACES)] if there else [None] * 2
        )
    return dict(zip(COLUMNS, [row.image, *values, row.unlike], strict=True))


def _word(unlike: bool | None) -> str:
    return {True: "yes", False: "no", None: ""}[unlike]


class Table:
    """Columns of text under a heading, as wide as the first rows need."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._widths: list[int] = []

    def write(self, rows: Sequence[Row]) -> None:
        lines = [self._cells(row) for row in rows]
        if lines and not self._widths:
            heading = ["image", "class", "", "second", "", "third", "", "unlike"]
            lines = [heading, *lines]
            columns = zip(*lines, strict=True)
            self._widths = [min(WIDEST, max(map(len, column))) for column in columns]
        for cells in lines:
            padded = [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)]
            print("  ".join(padded).rstrip(), file=self._stream)

    @staticmethod
    def _cells(row: Row) -> list[str]:
        """Return the texts of one line; names may be anybody's, and must not steer a terminal."""
        cells = [printable(row.image).replace("\n", r"\n")]
        for place in range(NAMED):
            there = place < len(row.classes)
            cells += [row.classes[place], f"{row.probabilities[place]:.3f}"] if there else ["", ""]
        return [*cells, _word(row.unlike)]


class Csv:
    """CSV as RFC 4180 has it but for line feeds, with a heading above the first image."""

    def __init__(self, stream: TextIO):
        self._writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        self._has_heading = False

    def write(self, rows: Sequence[Row]) -> None:
        if rows and not self._has_heading:
            self._writer.writeheader()
            self._has_heading = True
        for row in rows:
            self._writer.writerow(record(row) | {"unlike": _word(row.unlike)})


class JsonLines:
    """A JSON object a line."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            print(json.dumps(record(row), ensure_ascii=False), file=self._stream)


LISTINGS: dict[str, Callable[[TextIO], Listing]] = {
    "table": Table,
    "csv": Csv,
    "json": JsonLines,
}
