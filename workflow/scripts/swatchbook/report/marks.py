"""Small drawings that stand beside sentences: marks on a line, placed in per cent of its width."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swatchbook.report import sentences

ROOM = 0.06  # of the range, left free at both ends
APART = 4.0  # per cent of a line: numbers over nearer marks would lie on each other


@dataclass(frozen=True)
class Line:
    """A line from `low` to `high`, in the unit of what is placed on it."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float]) -> "Line":
        """Return the line that has room for all values."""
        values = list(values)
        spread = (max(values) - min(values)) or abs(values[0]) or 1.0
        return cls(min(values) - ROOM * spread, max(values) + ROOM * spread)

    def at(self, value: float) -> float:
        """Return a value's place in per cent of the line, at most its ends."""
        return round(100 * min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 2)


def forest(rows: Sequence[Mapping[str, Any]], margin: float | None) -> dict[str, Any]:
    """Return differences with their intervals as marks on one line around zero.

    Parameters
    ----------
    rows
        ``model``, ``difference``, ``interval`` (or ``None``) and what else the page shows of each.
    margin
        In points, of a sequential design that has one.
    """
    bound = 0.0 if margin is None else margin / 100
    ends = [row["difference"] for row in rows]
    ends += [end for row in rows for end in row["interval"] or ()]
    reach = max(*(abs(end) for end in ends), bound, 0.001) * (1 + ROOM)
    line = Line(-reach, reach)
    placed = [
        {
            **row,
            "at": line.at(row["difference"]),
            "from": line.at(row["interval"][0]) if row["interval"] else None,
            "to": line.at(row["interval"][1]) if row["interval"] else None,
        }
        for row in rows
    ]
    return {
        "rows": placed,
        "margin": [line.at(-bound), line.at(bound)] if bound else None,
        "ends": [sentences.points(line.low), sentences.points(line.high)],
    }


def strip(ours: Mapping[str, float], published: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return accuracies, the models' and published ones, as marks on one line.

    Parameters
    ----------
    ours
        Mean accuracies by model.
    published
        Rows of `comparison.published.results`.

    Returns
    -------
    dict
        ``ours``, ``published`` and ``ends``. A mark's ``label`` is its number; the first of several
        that are near to each other has all of theirs, and the others have none.
    """
    line = Line.over([*ours.values(), *(row["accuracy"] for row in published)])
    places = [line.at(row["accuracy"]) for row in published]
    return {
        "ours": [
            {"model": model, "accuracy": accuracy, "at": line.at(accuracy)}
            for model, accuracy in ours.items()
        ],
        "published": [
            {"number": number, "at": at, "label": label, **row}
            for number, (at, label, row) in enumerate(
                zip(places, _labels(places), published, strict=True), 1
            )
        ],
        "ends": [sentences.percent(end) for end in (line.low, line.high)],
    }


def _labels(places: Sequence[float]) -> list[str]:
    labels = [""] * len(places)
    near: list[int] = []
    for place in sorted(range(len(places)), key=places.__getitem__):
        if near and places[place] - places[near[-1]] >= APART:
            near = []
        near.append(place)
        labels[near[0]] = ", ".join(str(one + 1) for one in sorted(near))
    return labels
