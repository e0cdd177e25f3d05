"""Figures of any two models of one data set, class by class and as a whole."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import inference
from swatchbook.figures import style
from swatchbook.figures.inputs import Drawn
from swatchbook.figures.style import write_table

SHOWN = 30  # classes: the largest differences either way


def draw_class_differences(of: Drawn, folder: Path) -> None:
    """Draw how much more often each other model calls a class's images right than the reference.

    The interval counts the chance in the class's images and in the seeds, for each class alone, as
    `inference.difference` does for all images; of a cross-validation there is none. The numbers are
    of every two models.
    """
    labels = of.predictions[of.models[0]][0]["label"].to_numpy()
    of_class = {name: labels == name for name in of.classes}
    rows = [
        {"model": model, "other": other, "class": name, "images": int(its.sum())}
        | _difference(right[:, its], theirs[:, its], of.confidence)
        for (model, right), (other, theirs) in _every_two(of)
        for name, its in of_class.items()
        if its.any()
    ]
    columns = ["model", "other", "class", "images", "difference", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    others = [model for model in of.models if model != of.reference]
    shown = [_largest(_against(table, model, of.reference)) for model in others]
    height = 0.24 * max((len(part) for part in shown), default=1) + 1.4
    figure, (panels,) = style.new(5 * max(1, len(shown)), height, 1, max(1, len(shown)))
    for axes, part, model in zip(panels, shown, others, strict=False):
        places = np.arange(len(part))
        axes.axvline(0, color=style.INK, lw=1)
        axes.hlines(places, part["low"] * 100, part["high"] * 100, color=of.colours[model], lw=2)
        axes.plot(part["difference"] * 100, places, "o", color=of.colours[model])
        axes.set_yticks(places, part["class"])
        axes.set_ylim(max(1, len(part)) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.set(xlabel="difference in points", title=f"{model} − {of.reference}")
    style.save(figure, folder, "class_differences")
    write_table(table, folder, "class_differences")


def draw_pairs(of: Drawn, folder: Path) -> None:
    """Draw the difference of test accuracy of every two models, row minus column."""
    count = len(of.models)
    values = np.full((count, count), np.nan)
    rows = []
    for (model, right), (other, theirs) in _every_two(of):
        found = _difference(right, theirs, of.confidence)
        rows.append({"model": model, "other": other} | found)
        place = of.models.index(model), of.models.index(other)
        values[place] = 100 * found["difference"]
        values[place[::-1]] = -values[place]
    figure, ((axes,),) = style.new(0.8 * count + 2, 0.5 * count + 1.2)
    most = max(0.1, float(np.nanmax(np.abs(values), initial=0)))
    axes.imshow(values, cmap="PuOr_r", vmin=-most, vmax=most, interpolation="none", aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if abs(value) > 0.6 * most else "#222222"
            text = f"{value:+.1f}".replace("-", "−")
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(count), of.models, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), of.models)
    axes.grid(visible=False)
    style.save(figure, folder, "pairs")
    columns = ["model", "other", "difference", "low", "high"]
    write_table(pd.DataFrame(rows, columns=columns), folder, "pairs")


def _every_two(of: Drawn) -> combinations:
    """Return every two models, the reference second, each with who of its runs is right.

    Right or not as float64, shape (seeds, images).
    """
    right = {
        model: np.array(
            [(table["label"] == table["predicted"]).to_numpy(float) for table in tables]
        )
        for model, tables in of.predictions.items()
        if model in of.models
    }
    reference_last = sorted(of.models, key=lambda model: model == of.reference)
    return combinations([(model, right[model]) for model in reference_last], 2)


def _difference(right: np.ndarray, theirs: np.ndarray, confidence: float | None) -> dict[str, Any]:
    found = inference.difference(right, theirs)
    interval = None if confidence is None else found.interval(confidence)
    # No difference of shares can be larger than one.
    low, high = np.clip(interval or (np.nan, np.nan), -1, 1)
    return {"difference": found.estimate, "low": low, "high": high}


def _against(table: pd.DataFrame, model: str, reference: str) -> pd.DataFrame:
    return table[(table["model"] == model) & (table["other"] == reference)]


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by their difference, of many the largest either way."""
    size = table["difference"].abs()
    kept = table.loc[size.sort_values(kind="stable").index[-SHOWN:]]
    return kept.sort_values("difference", ascending=False, kind="stable")
