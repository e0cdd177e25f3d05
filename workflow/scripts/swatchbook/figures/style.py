"""How every figure looks and is saved: one style, one colour a model, SVG, PNG and CSV."""

import logging
import math
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from swatchbook.files import replacing

logger = logging.getLogger(__name__)

MARKERS = "os^Dvp"
LETTER, LINE = 0.08, 0.21  # inches that a letter is wide and a line is high in a legend

# The colour of text and axes. In the report it becomes the page's own, light or dark.
INK = "#1a1a1a"

STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#808080",
    "grid.alpha": 0.25,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # a class may have a dollar sign in its name
    "svg.fonttype": "none",  # text stays text: it can be searched, selected and read aloud
    "svg.hashsalt": "swatchbook",  # the same figure is the same file
}

_told: set[str] = set()  # missing characters that this process has named


def new(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, np.ndarray]:
    """Return a figure of this size in inches and its axes, shape (rows, columns)."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(rows, columns, squeeze=False)
    return figure, axes


def legend(figure: Figure, columns: int, entries: Mapping[str, Any] | None = None) -> None:
    """Write a legend above the axes, in as many of `columns` as fit, and make room for its lines.

    Parameters
    ----------
    columns
        How many entries may stand side by side.
    entries
        What is drawn, by its label; that of the first axes if there is nothing given.
    """
    if entries is None:
        handles, labels = figure.axes[0].get_legend_handles_labels()
        entries = dict(zip(labels, handles, strict=True))
    width = 0.6 + LETTER * max(map(len, entries), default=0)
    fitting = max(1, int(figure.get_figwidth() // width))
    columns = max(1, min(columns, len(entries), fitting))
    lines = math.ceil(len(entries) / columns)
    # A few lines fit into a figure as it is.
    figure.set_figheight(figure.get_figheight() + LINE * max(0, lines - 3))
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=columns)


def save(figure: Figure, folder: str | Path, name: str) -> None:
    """Save a figure as ``<name>.svg`` (transparent) and ``<name>.png`` (on white)."""
    with mpl.rc_context(STYLE), _naming_missing_characters():
        with replacing(Path(folder) / f"{name}.svg") as path:
            figure.savefig(path, metadata={"Date": None})
        with replacing(Path(folder) / f"{name}.png") as path:
            figure.savefig(path, dpi=150, facecolor="white", metadata={"Software": None})


@contextmanager
def _naming_missing_characters() -> Iterator[None]:
    """Turn the warnings of characters that the font lacks into one line on the terminal."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    missing = {}
    for warning in caught:
        if found := re.match(r"Glyph (\d+) .* missing from font", str(warning.message)):
            missing[chr(int(found[1]))] = None
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    if new := [character for character in missing if character not in _told]:
        _told.update(new)
        told = (
            f"the font has no {' '.join(new)}: PNG figures show boxes in their place; "
            "SVG figures and the report show them where the reader's fonts have them"
        )
        logger.warning("%s", told)
        print(f"swatchbook: warning: {told}", file=sys.stderr)


def write_table(table: pd.DataFrame, folder: str | Path, name: str) -> None:
    """Save a figure's numbers beside it as ``<name>.csv``."""
    with replacing(Path(folder) / f"{name}.csv") as path:
        table.to_csv(path, index=False, lineterminator="\n")


def show_image(axes: Axes, image: np.ndarray) -> None:
    """Draw an image pixel by pixel, without axes.

    Parameters
    ----------
    image
        float32 in [0, 1], shape (height, width, channels), RGB or grey.
    """
    if image.shape[2] == 1:
        axes.imshow(image[:, :, 0], cmap="gray", vmin=0, vmax=1, interpolation="none")
    else:
        axes.imshow(np.clip(image, 0, 1), interpolation="none")
    axes.set_axis_off()


def show_sheet(
    axes: Axes, rows: Sequence[Sequence[np.ndarray]], columns: int, gap: float = 0.08
) -> None:
    """Draw rows of small images in one pair of axes, where a cell is one unit wide and high.

    The image in row r and column c has its upper left corner at (c, r). Axes of their own for every
    image would make the layout of a sheet slow.

    Parameters
    ----------
    rows
        For each row its images, float32 in [0, 1], shape (height, width, channels).
    columns
        How many cells a row has room for.
    gap
        The part of a cell to leave free at its right and lower edge.
    """
    for r, images in enumerate(rows):
        for c, image in enumerate(images):
            place_image(axes, image, c, r, 1 - gap)
    axes.set_xlim(0, columns)
    axes.set_ylim(len(rows), 0)
    axes.set_aspect("equal")
    axes.set_axis_off()


def place_image(axes: Axes, image: np.ndarray, left: float, top: float, side: float) -> None:
    """Draw an image into a square of a pair of axes whose y axis points down.

    The longer side fills the square; at the shorter one's end the square stays free.

    Parameters
    ----------
    image
        float32 in [0, 1], shape (height, width, channels).
    left, top, side
        Of the square, in the axes' units.
    """
    height, width = (side * pixels / max(image.shape[:2]) for pixels in image.shape[:2])
    axes.imshow(
        image[:, :, 0] if image.shape[2] == 1 else np.clip(image, 0, 1),
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="none",
        extent=(left, left + width, top + height, top),
    )


def shortened(name: str, length: int = 14) -> str:
    """Return a class name that fits under a small image."""
    return name if len(name) <= length else f"{name[: length - 1]}…"
