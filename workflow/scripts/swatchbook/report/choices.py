"""Which images the report shows: telling ones in lists, some of each confusion and each class."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.figures import many_classes

PER_CELL = 6  # images of one cell of a confusion matrix
PER_LIST = 18
SAMPLES = 8  # of each class and split
BUDGET = 1000  # test images: about half a megabyte on the page


@dataclass(frozen=True)
class Predicted:
    """What all runs make of the test images.

    Attributes
    ----------
    labels
        Class indices, shape (images,).
    called
        For each model the class indices, shape (seeds, images).
    means
        For each model the mean probabilities over seeds, shape (images, classes).
    """

    labels: np.ndarray
    called: Mapping[str, np.ndarray]
    means: Mapping[str, np.ndarray]


def lists(of: Predicted, reference: str, suspects: Sequence[int]) -> list[dict[str, Any]]:
    """Return the lists of the gallery in its order, each with at most `PER_LIST` rows.

    Parameters
    ----------
    reference
        The model that the others are compared with.
    suspects
        The rows of the test images whose labels look wrong, the surest first.
    """
    return [
        *wrong_lists(of.labels, of.called, of.means),
        *only_lists(of.labels, of.called, of.means, reference),
        {"kind": "suspect", "model": None, "rows": suspects[:PER_LIST], "of": len(suspects)},
        *right_lists(of.labels, of.called),
    ]


def cells(of: Predicted) -> dict[str, dict[str, list[int]]]:
    """Return for each model the rows of each cell of its confusion matrix, by `cell_rows`."""
    return {
        model: cell_rows(of.labels, called, of.means[model]) for model, called in of.called.items()
    }


def confusion(labels: np.ndarray, called: np.ndarray, classes: int) -> np.ndarray:
    """Return how often a true class (row) was called a class (column) over all seeds, int64.

    Parameters
    ----------
    labels
        Class indices, shape (images,).
    called
        Class indices, shape (seeds, images).
    """
    flat = (labels * classes + called).ravel()
    return np.bincount(flat, minlength=classes * classes).reshape(classes, classes)


def sample_rows(index: pd.DataFrame, classes: Sequence[str]) -> list[list[int]]:
    """Return the first rows of each class in one split; where there are many, of some only.

    Parameters
    ----------
    index
        The split's rows of ``index.csv``.
    """
    shown = set(many_classes.some(len(classes)))
    return [
        index.loc[index["label"] == name, "row"].head(SAMPLES).tolist() if place in shown else []
        for place, name in enumerate(classes)
    ]


def right_lists(labels: np.ndarray, called: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return for each model the first images that all of its seeds get right.

    Not the surest, which all look alike.
    """
    result = []
    for model, predicted in called.items():
        rows = np.flatnonzero((predicted == labels).all(axis=0))
        chosen = rows[:PER_LIST].tolist()
        result.append({"kind": "right", "model": model, "rows": chosen, "of": len(rows)})
    return result


def wrong_lists(
    labels: np.ndarray, called: Mapping[str, np.ndarray], means: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Return for each model the images that all of its seeds get wrong, the surest first."""
    result = []
    for model, predicted in called.items():
        rows = np.flatnonzero((predicted != labels).all(axis=0))
        sure = _wrongly(labels, means[model])[rows]
        result.append(_list("wrong", model, rows, sure))
    return result


def only_lists(
    labels: np.ndarray,
    called: Mapping[str, np.ndarray],
    means: Mapping[str, np.ndarray],
    reference: str,
) -> list[dict[str, Any]]:
    """Return the images that all seeds of one model get right and all of the other wrong.

    For each model and the reference, both ways round; the surest of the wrong first.
    """
    right = {model: predicted == labels for model, predicted in called.items()}
    result = []
    for model in called:
        if model == reference:
            continue
        for better, worse in ((model, reference), (reference, model)):
            rows = np.flatnonzero(right[better].all(axis=0) & ~right[worse].any(axis=0))
            sure = _wrongly(labels, means[worse])[rows]
            result.append(_list("only", better, rows, sure) | {"other": worse})
    return result


def _wrongly(labels: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the greatest mean probability of a wrong class, shape (images,)."""
    wrong = means.copy()
    wrong[np.arange(len(labels)), labels] = -1
    return wrong.max(axis=1)


def _list(kind: str, model: str, rows: np.ndarray, sure: np.ndarray) -> dict[str, Any]:
    surest = rows[np.argsort(-sure, kind="stable")][:PER_LIST]
    return {"kind": kind, "model": model, "rows": surest.tolist(), "of": len(rows)}


def cell_rows(labels: np.ndarray, called: np.ndarray, means: np.ndarray) -> dict[str, list[int]]:
    """Return images of each cell of one model's confusion matrix, fullest cell first.

    At most `BUDGET` cells, since no more images are shown.

    Those come first that most seeds called so, and of these the surest; on the diagonal the least
    sure, which are nearest to being wrong.

    Parameters
    ----------
    labels
        Class indices, shape (images,).
    called
        Class indices, shape (seeds, images).
    means
        Mean probabilities over seeds, shape (images, classes).
    """
    classes = means.shape[1]
    counts = confusion(labels, called, classes)
    cells = {}
    for flat in np.argsort(-counts.ravel(), kind="stable")[:BUDGET]:
        true, cell_class = divmod(int(flat), classes)
        if not counts[true, cell_class]:
            break
        agreeing = ((called == cell_class) & (labels == true)).sum(axis=0)
        rows = np.flatnonzero(agreeing)
        sure = means[rows, cell_class] * (-1 if true == cell_class else 1)
        order = np.lexsort([-sure, -agreeing[rows]])
        cells[f"{true}-{cell_class}"] = rows[order][:PER_CELL].tolist()
    return cells


def within_budget(
    lists: Iterable[Sequence[int]], cells: Mapping[str, Mapping[str, Sequence[int]]]
) -> list[int]:
    """Return the rows to show, sorted: all of the lists', then those of cells, the fullest first.

    Every model's cells take turns, the first image of each before the second of any, so that a
    large number of classes leaves out images and not models.
    """
    chosen = {row for rows in lists for row in rows}
    fullest_first = itertools.zip_longest(*(of_model.values() for of_model in cells.values()))
    in_turns = [rows for place in fullest_first for rows in place if rows]
    for turn in range(PER_CELL):
        for rows in in_turns:
            if len(chosen) < BUDGET and turn < len(rows):
                chosen.add(rows[turn])
    return sorted(chosen)
