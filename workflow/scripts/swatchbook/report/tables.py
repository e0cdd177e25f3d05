"""Tables of the page that take more than a template: reports, confusion matrices, an image."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison.inference import bounded_interval
from swatchbook.figures import many_classes
from swatchbook.report.sentences import percent, points

CLICKABLE_CLASSES = 30  # with more, a matrix of buttons is no help: the drawing is shown
PAIRS = 200  # confusions that are listed where there is no matrix of all classes
DEEP = 0.72  # shares above which white text has more contrast than black
NUMBERS = 32  # rows and columns of an image shown as numbers
LARGEST_CHANGE = 0.1  # the full colour of a matrix of differences


def mean_report(
    folder: Path, seeds: Sequence[int], confidence: float, rates: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the classification report of one model: over all seeds, with intervals.

    Parameters
    ----------
    folder
        The model's folder, with ``seed-<seed>/classification_report.csv``.
    seeds
        Its seeds.
    confidence
        Of the interval of F1, which is ``None`` for a single seed.
    rates
        The model's rows of ``per_class.csv``.

    Returns
    -------
    list of dict
        Of each class and average ``class``, ``support``, and ``precision``, ``recall`` and
        ``f1-score``, the first two with ``precision_interval`` and ``recall_interval`` (``None`` of
        averages), the last with ``interval``. Averages and F1 are means over seeds. ``None`` where
        there is no image to tell. Of many classes those with the lowest F1 come first.
    """
    tables = [
        pd.read_csv(folder / f"seed-{seed}" / "classification_report.csv", keep_default_na=False)
        for seed in seeds
    ]
    rows = []
    for number, name in enumerate(tables[0]["class"]):
        cells = [table.iloc[number] for table in tables]
        row: dict[str, Any] = {"class": name, "support": int(cells[0]["support"])}
        for column in ("precision", "recall", "f1-score"):
            values = pd.to_numeric(pd.Series([cell[column] for cell in cells]), errors="coerce")
            row[column] = None if values.isna().all() else float(values.mean())
        scores = pd.to_numeric(pd.Series([cell["f1-score"] for cell in cells])).to_numpy(float)
        row["interval"] = bounded_interval(scores, confidence)
        rate = rates.iloc[number] if number < len(rates) else None
        if not row["support"]:
            row["f1-score"] = row["interval"] = None
        rows.append(row | _rated("precision", row, rate) | _rated("recall", row, rate))
    return rows if len(rates) <= many_classes.MANY else _worst_first(rows, len(rates))


def _worst_first(rows: list[dict[str, Any]], classes: int) -> list[dict[str, Any]]:
    """Return classes from the lowest F1 to the highest, those without images after them."""

    def rank(row: Mapping[str, Any]) -> tuple[bool, float]:
        return row["f1-score"] is None, row["f1-score"] or 0.0

    return sorted(rows[:classes], key=rank) + rows[classes:]


def _rated(name: str, row: Mapping[str, Any], rate: pd.Series | None) -> dict[str, Any]:
    """Return a share of all runs together with its interval; of an average only what it is."""
    if rate is None:
        return {name: row[name], f"{name}_interval": None}
    if pd.isna(rate[name]):  # no image is of the class, or was called so
        return {name: None, f"{name}_interval": None}
    return {
        name: float(rate[name]),
        f"{name}_interval": [rate[f"{name}_low"], rate[f"{name}_high"]],
    }


def report_out_of_fold(
    rows: Sequence[Mapping[str, Any]], classes: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the classification report of one cross-validated model, as `mean_report`.

    Parameters
    ----------
    rows
        ``classes`` of the model in ``comparison.json``.
    classes
        The class names.
    """
    names = [*classes, *(row["class"] for row in rows[len(classes) :])]
    without = dict.fromkeys(("interval", "precision_interval", "recall_interval"))
    shown = [{**row, "class": name, **without} for row, name in zip(rows, names, strict=True)]
    return shown if len(classes) <= many_classes.MANY else _worst_first(shown, len(classes))


def matrices(gallery: Mapping[str, Any], reference: str) -> list[dict[str, Any]]:
    """Return the confusion matrices as cells to show, and the others' differences to `reference`.

    Parameters
    ----------
    gallery
        The content of ``gallery.json``.
    reference
        A model's name.

    Returns
    -------
    list of dict
        ``title``, ``model``, ``is_change``, ``rows``; nothing with too many classes to press.
    """
    if len(gallery["classes"]) > CLICKABLE_CLASSES:
        return []
    shares = {model: _shares(np.array(counts)) for model, counts in gallery["counts"].items()}
    return [
        *(_matrix(gallery, model, values) for model, values in shares.items()),
        *(
            _matrix_of_changes(model, reference, values - shares[reference])
            for model, values in shares.items()
            if model != reference
        ),
    ]


def confused_pairs(gallery: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is most often taken for what, where there are too many classes for a matrix.

    Parameters
    ----------
    gallery
        The content of ``gallery.json``.

    Returns
    -------
    list of dict
        ``true`` and ``called``, classes; ``images``, how many test images the true class has;
        ``shares``: of these by model, over all seeds. At most `PAIRS`, the greatest mean share
        over models first; of few classes none.
    """
    classes = gallery["classes"]
    if len(classes) <= many_classes.MANY:
        return []
    counts = {model: np.array(of_model) for model, of_model in gallery["counts"].items()}
    shares = {model: _shares(of_model) for model, of_model in counts.items()}
    mean = np.mean(list(shares.values()), axis=0)
    np.fill_diagonal(mean, 0)
    largest = np.argsort(-mean.ravel(), kind="stable")[:PAIRS]
    images = next(iter(counts.values())).sum(axis=1) // len(gallery["seeds"])
    return [
        {
            "true": classes[true],
            "called": classes[called],
            "images": int(images[true]),
            "shares": {model: float(of_model[true, called]) for model, of_model in shares.items()},
        }
        for true, called in (divmod(int(place), len(classes)) for place in largest)
        if mean[true, called]
    ]


def orders(gallery: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the orders that the classes of the confusion matrices may stand in.

    Parameters
    ----------
    gallery
        The content of ``gallery.json``.

    Returns
    -------
    list of dict
        ``title`` and ``places``: indices of classes.
    """
    mean = np.mean([_shares(np.array(counts)) for counts in gallery["counts"].values()], axis=0)
    ways = {
        "As given": np.arange(len(mean)),
        "Most confused first": np.argsort(mean.diagonal(), kind="stable"),
        "Alike side by side": many_classes.alike(mean),
    }
    return [{"title": title, "places": places.tolist()} for title, places in ways.items()]


def _shares(counts: np.ndarray) -> np.ndarray:
    """Return counts as shares of their row, 0 in a row without any, float64, same shape."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, where=totals > 0, out=np.zeros(counts.shape))


def _matrix(gallery: Mapping[str, Any], model: str, shares: np.ndarray) -> dict[str, Any]:
    counts = gallery["counts"][model]
    return {
        "title": model,
        "model": model,
        "is_change": False,
        "rows": [
            [
                _cell(share) | {"label": _label(gallery, true, called, counts[true])}
                for called, share in enumerate(row)
            ]
            for true, row in enumerate(shares.tolist())
        ],
    }


def _matrix_of_changes(model: str, reference: str, changes: np.ndarray) -> dict[str, Any]:
    return {
        "title": f"{model} − {reference}, in points",
        "model": model,
        "is_change": True,
        "reach": f"{100 * LARGEST_CHANGE:.0f}",
        "rows": [[_change(value) for value in row] for row in changes.tolist()],
    }


def _cell(share: float) -> dict[str, Any]:
    text = f"{share * 100:.0f}" if round(share * 100) else ""
    return {"text": text, "shade": f"{share:.2f}", "deep": share > DEEP, "falls": False}


def _label(gallery: Mapping[str, Any], true: int, called: int, counts: Sequence[int]) -> str:
    classes, runs = gallery["classes"], len(gallery["seeds"])
    count, total = counts[called], sum(counts)
    share = percent(count / total) if total else "–"
    text = f"“{classes[true]}” called “{classes[called]}”: {share}, {count:,} of {total:,}"
    if runs == 1:
        return text
    noun = "repetitions" if gallery.get("cross_validated") else "seeds"
    return f"{text} ({total // runs:,} images × {runs} {noun})"


def _change(value: float) -> dict[str, Any]:
    text = points(value, 0) if round(value * 100) else ""
    shade = min(1.0, abs(value) / LARGEST_CHANGE)
    return {"text": text, "shade": f"{shade:.2f}", "deep": False, "falls": value < 0}


def samples(of_splits: Mapping[str, Sequence[Sequence[int]]]) -> list[dict[str, Any]]:
    """Return the first images of each class, of the splits that have any.

    Parameters
    ----------
    of_splits
        ``samples`` of ``gallery.json``.

    Returns
    -------
    list of dict
        ``name`` and ``rows``: of each class that is shown its ``place`` and ``images``, the numbers
        of thumbnails.
    """
    shown = {place for classes in of_splits.values() for place, its in enumerate(classes) if its}
    return [
        {
            "name": split,
            "rows": [{"place": place, "images": classes[place]} for place in sorted(shown)],
        }
        for split, classes in of_splits.items()
        if any(classes)
    ]


def numbers(matrix: pd.DataFrame) -> dict[str, Any]:
    """Return the middle of an image as numbers to show.

    Parameters
    ----------
    matrix
        The content of ``matrix.csv``; its first channel is shown.

    Returns
    -------
    dict
        ``channel``, ``rows`` (the values) and ``is_part`` (whether there is more).
    """
    channel = matrix["channel"].iloc[0]
    values = matrix[matrix["channel"] == channel].drop(columns=["channel", "row"]).to_numpy(float)
    top, left = (max(0, (side - NUMBERS) // 2) for side in values.shape)
    part = values[top : top + NUMBERS, left : left + NUMBERS]
    return {"channel": channel, "rows": part.tolist(), "is_part": part.size < values.size}
