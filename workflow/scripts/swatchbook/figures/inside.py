"""Figures of what networks compute: a map of the test images, and the first filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from swatchbook.figures import style
from swatchbook.figures.colours import CLASS_COLOURS
from swatchbook.figures.style import write_table

ACROSS = 16  # filters in a row
MOST_FILTERS = 128
RIGHT, WRONG = "#808080", "#d55e00"  # where there are more classes than colours


@dataclass(frozen=True)
class Looked:
    """What was found inside the networks of one data set.

    Attributes
    ----------
    places
        ``map.csv``: model, row, id, label, called, probability, x, y.
    classes
        The class names.
    models
        Those that were looked into.
    filters
        Of those that begin with a convolution its weights: float32, shape (height, width,
        channels, filters).
    """

    places: pd.DataFrame
    classes: Sequence[str]
    models: Sequence[str]
    filters: Mapping[str, np.ndarray]


def draw_map(of: Looked, folder: Path) -> None:
    """Draw a map a model: each test image a mark in its class's colour, a cross if called wrong.

    Of more classes than there are colours only right and wrong are told apart.
    """
    columns = min(2, len(of.models))
    rows = -(-len(of.models) // columns)
    are_many = len(of.classes) > len(CLASS_COLOURS)
    figure, grid = style.new(4.4 * columns, 4.3 * rows + 0.8, rows, columns)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, model in zip(grid.flat, of.models, strict=False):
        _draw_places(axes, of.places[of.places["model"] == model], of.classes, are_many)
        axes.set_title(model)
    entries = (
        {}
        if are_many
        else {
            style.shortened(name, 20): Line2D([], [], marker="o", ls="", color=colour)
            for name, colour in zip(of.classes, CLASS_COLOURS, strict=False)
        }
    )
    entries["called wrong"] = Line2D([], [], marker="x", ls="", color=style.INK)
    style.legend(figure, 6, entries)
    style.save(figure, folder, "map")
    write_table(of.places, folder, "map")


def _draw_places(axes: Axes, places: pd.DataFrame, classes: Sequence[str], are_many: bool) -> None:
    number = {name: place for place, name in enumerate(classes)}
    colours = np.array(
        [RIGHT] * len(places)
        if are_many
        else [CLASS_COLOURS[number[label]] for label in places["label"]]
    )
    wrong = (places["label"] != places["called"]).to_numpy()
    # As pixels: a mark each would be as much as all the rest of a page.
    x, y = places["x"].to_numpy(), places["y"].to_numpy()
    crosses = np.full(wrong.sum(), WRONG) if are_many else colours[wrong]
    dots = {"s": 9, "c": colours[~wrong], "alpha": 0.8, "linewidths": 0}
    axes.scatter(x[~wrong], y[~wrong], rasterized=True, **dots)
    marks = {"s": 26, "c": crosses, "marker": "x", "linewidths": 1.2}
    axes.scatter(x[wrong], y[wrong], rasterized=True, **marks)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")


def draw_filters(of: Looked, folder: Path) -> None:
    """Draw the weights of each model's first convolution on one scale, a square a filter.

    Of three channels as colours, grey being 0; of others the mean over channels, orange above 0
    and purple below.
    """
    shown = {model: weights[..., :MOST_FILTERS] for model, weights in of.filters.items()}
    most = max((float(np.abs(weights).max()) for weights in shown.values()), default=0) or 1.0
    lines = [-(-weights.shape[3] // ACROSS) for weights in shown.values()] or [1]
    figure, grid = style.new(8, 0.56 * sum(lines) + 0.7 * len(lines) + 0.3, len(lines), 1)
    for row in grid.flat:
        row.set_axis_off()
    if not shown:
        grid[0, 0].text(0.5, 0.5, "no model has a convolution", ha="center", va="center")
    for (axes,), (model, weights) in zip(grid, shown.items(), strict=False):
        axes.imshow(_mosaic(weights, most), interpolation="none")
        all_of_them = of.filters[model].shape[3]
        told = f", the first {MOST_FILTERS} of {all_of_them}" if all_of_them > MOST_FILTERS else ""
        axes.set_title(f"{model}: {weights.shape[0]} × {weights.shape[1]} pixels{told}", loc="left")
    style.save(figure, folder, "filters")
    write_table(_weights(of.filters), folder, "filters")


def _mosaic(weights: np.ndarray, most: float) -> np.ndarray:
    """Return all filters as one picture, RGBA in [0, 1], with a free pixel between them."""
    height, width, channels, count = weights.shape
    rows = -(-count // ACROSS)
    picture = np.zeros((rows * (height + 1) - 1, ACROSS * (width + 1) - 1, 4))
    for number in range(count):
        top, left = number // ACROSS * (height + 1), number % ACROSS * (width + 1)
        shares = weights[..., number] / most
        if channels == 3:
            coloured = np.concatenate([0.5 + shares / 2, np.ones((height, width, 1))], axis=2)
        else:
            coloured = mpl.colormaps["PuOr_r"](0.5 + shares.mean(axis=2) / 2)
        picture[top : top + height, left : left + width] = coloured
    return picture


def _weights(filters: Mapping[str, np.ndarray]) -> pd.DataFrame:
    columns = ["model", "filter", "row", "column", "channel", "weight"]
    tables = []
    for model, weights in filters.items():
        of_filters = np.moveaxis(weights, 3, 0)
        places = np.indices(of_filters.shape).reshape(4, -1)
        table = pd.DataFrame(dict(zip(columns[1:5], places, strict=True)))
        tables.append(table.assign(model=model, weight=of_filters.ravel().astype(float).round(6)))
    return pd.concat(tables)[columns] if tables else pd.DataFrame(columns=columns)
