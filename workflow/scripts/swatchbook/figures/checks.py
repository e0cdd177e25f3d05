"""Figures of what the data checks found: images side by side."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from swatchbook.figures import style

PAIRS, PAIRS_A_ROW = 25, 5
SUSPECTS, SUSPECTS_A_ROW = 32, 8
UNIT = 0.75  # inches, the side of an image with the gap beside it
GAP = 0.06  # units, beside and below an image
SPACE = 0.5  # units, between groups
CAPTION = 0.7  # units, below an image: three lines


def draw_twins(
    pairs: pd.DataFrame, pixels: np.ndarray, numbers: pd.DataFrame, folder: str | Path
) -> None:
    """Draw the closest pairs whose images are in different splits, as ``twins``.

    Parameters
    ----------
    pairs
        Of the rows of ``duplicates.csv`` those of such pairs, from the closest to the farthest.
    pixels
        uint8, shape (N, height, width, channels).
    numbers
        For each pair the columns first and second, numbers of images in `pixels`.
    """
    shown = pairs.head(PAIRS)
    ends = numbers.loc[shown.index, ["first", "second"]].to_numpy(int)
    images = [[pixels[number] / np.float32(255) for number in pair] for pair in ends]
    captions = [
        f"{style.shortened(pair.first_label)} · {style.shortened(pair.second_label)}\n"
        f"{_places(pair.first_split, pair.second_split)}\n"
        f"{'exact' if pair.kind == 'exact' else f'{pair.relative_distance:.2f}'}"
        for pair in shown.itertuples()
    ]
    draw_sheet(images, captions, PAIRS_A_ROW, folder, "twins")
    style.write_table(shown, folder, "twins")


def _places(first: str, second: str) -> str:
    """Say where the images of a pair are; in one array they are those of a cross-validation."""
    return "different folds" if first == second else f"{first} · {second}"


def draw_label_suspects(suspects: pd.DataFrame, x: np.ndarray, folder: str | Path) -> None:
    """Draw the test images whose labels look wrong, the surest first, as ``label_suspects``.

    Parameters
    ----------
    suspects
        The content of ``label_suspects.csv``.
    x
        The test images, float32, shape (n, height, width, channels).
    """
    shown = suspects.head(SUSPECTS)
    images = [[np.array(x[row])] for row in shown["row"]]
    captions = [
        f"{style.shortened(suspect.label)}\nall: {style.shortened(suspect.called)}\n"
        f"at least {int(suspect.least_probability * 100 + 1e-9)}%"  # rounded down
        for suspect in shown.itertuples()
    ]
    draw_sheet(images, captions, SUSPECTS_A_ROW, folder, "label_suspects")


def draw_sheet(
    groups: Sequence[Sequence[np.ndarray]],
    captions: Sequence[str],
    groups_a_row: int,
    folder: str | Path,
    name: str,
) -> None:
    """Draw groups of images, a caption under each group; the word "none" if there is no group."""
    width, height = max(map(len, groups), default=1) + SPACE, 1 + CAPTION
    rows = max(1, -(-len(groups) // groups_a_row))
    with mpl.rc_context(style.STYLE):
        figure, ((axes,),) = style.new(UNIT * groups_a_row * width, UNIT * rows * height)
        for number, (images, caption) in enumerate(zip(groups, captions, strict=True)):
            row, column = divmod(number, groups_a_row)
            _place_group(axes, images, caption, column * width, row * height)
        if not groups:
            axes.text(0, 0.5, "none", va="center")
        axes.set_xlim(0, groups_a_row * width)
        axes.set_ylim(rows * height, 0)
        axes.set_aspect("equal")
        axes.set_axis_off()
        style.save(figure, folder, name)


def _place_group(
    axes: Axes, images: Sequence[np.ndarray], caption: str, left: float, top: float
) -> None:
    """Draw images beside each other, each a unit wide and high, and a caption below."""
    for place, image in enumerate(images):
        style.place_image(axes, image, left + place, top, 1 - GAP)
    axes.text(left, top + 1, caption, va="top", fontsize=6.5)
