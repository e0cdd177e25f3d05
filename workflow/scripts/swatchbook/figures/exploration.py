"""Figures of a data set before training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from swatchbook.data import pictures
from swatchbook.data.originals import Original
from swatchbook.data.splits import SPLITS
from swatchbook.figures import many_classes, style
from swatchbook.figures.style import write_table

SAMPLES_A_CLASS = 8
NUMBERS = 32  # rows and columns of an image shown as numbers
GROUPS_A_ROW = 2  # images with what resizing makes of them
TILE, TILE_GAP = 0.95, 0.06  # inches of a tile; its part that stays free
GROUP_GAP, GROUP_CAPTION, HEADING = 0.5, 0.32, 0.35  # tiles
FRAME = "#d55e00"
SPLIT_COLOURS = {"train": "#4c72b0", "validation": "#8c8c8c", "test": "#c44e52"}


@dataclass(frozen=True)
class Explored:
    """What the figures of a data set are drawn from.

    Attributes
    ----------
    arrays
        For each split the images, float32, shape (n, height, width, channels), and their one-hot
        labels, float32, shape (n, classes).
    indices
        For each split its rows of ``index.csv``.
    classes
        The class names.
    """

    arrays: Mapping[str, tuple[np.ndarray, np.ndarray]]
    indices: Mapping[str, pd.DataFrame]
    classes: Sequence[str]

    @property
    def trained(self) -> str:
        """The split of the images that are trained on; of a cross-validation that of all images."""
        return "train" if len(self.arrays["train"][1]) else "test"

    def called(self, split: str) -> str:
        """Return what figures call a split."""
        return split if self.trained == "train" else "all"


@dataclass(frozen=True)
class Resized:
    """What the figure of resizing is drawn from.

    Attributes
    ----------
    originals
        Some images as they came, and as each way of resizing shows them.
    image
        The block of the data set's file, with ``resize``, the way that was chosen.
    """

    originals: Sequence[Original]
    image: Mapping[str, Any]


def draw_class_balance(of: Explored, folder: Path) -> None:
    """Draw the share of each class in each split; of many classes how many images they have."""
    with mpl.rc_context(style.STYLE):
        draw = _draw_bars if len(of.classes) <= many_classes.MANY else _draw_ranks
        figure = draw(of)
        figure.legend(loc="outside upper center", ncols=3)
        style.save(figure, folder, "class_balance")
    tables = [
        pd.DataFrame(
            {
                "split": of.called(split),
                "class": of.classes,
                "images": of.arrays[split][1].sum(0).astype(int),
            }
        )
        for split in (SPLITS if of.trained == "train" else [of.trained])
    ]
    write_table(pd.concat(tables), folder, "class_balance")


def _draw_bars(of: Explored) -> mpl.figure.Figure:
    figure, ((axes,),) = style.new(7, 0.32 * len(of.classes) + 1.4)
    places = np.arange(len(of.classes))
    for split, y in _labels(of):
        axes.barh(
            places + (SPLITS.index(split) - 1) * 0.27,
            y.mean(axis=0, dtype=np.float64),
            0.25,
            color=SPLIT_COLOURS[split],
            label=f"{of.called(split)} ({len(y):,} images)",
        )
    axes.set_yticks(places, of.classes)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("share of the split's images")
    return figure


def _draw_ranks(of: Explored) -> mpl.figure.Figure:
    """Draw how many images the classes have, in each split from the largest to the smallest.

    In one order for all the lines of small splits would go up and down from class to class.
    """
    figure, ((axes,),) = style.new(7, 3.6)
    for split, y in _labels(of):
        counts = np.sort(y.sum(axis=0))[::-1]
        label = f"{of.called(split)} ({len(y):,} images)"
        axes.step(range(1, len(counts) + 1), counts, where="mid", label=label, lw=1.5)
        axes.lines[-1].set_color(SPLIT_COLOURS[split])
    axes.set_ylim(0, None)
    axes.set_xlabel(f"the {len(of.classes)} classes, in each split from its largest")
    axes.set_ylabel("images")
    return figure


def _labels(of: Explored) -> list[tuple[str, np.ndarray]]:
    """Return the one-hot labels of each split that has images."""
    return [(split, of.arrays[split][1]) for split in SPLITS if len(of.arrays[split][1])]


def _draw_samples(split: str, of: Explored, folder: Path) -> None:
    """Draw the first images of each class in one split, a row a class; of many classes of some."""
    x, index = of.arrays[split][0], of.indices[split]
    classes = [of.classes[place] for place in many_classes.some(len(of.classes))]
    samples = [index[index["label"] == name].head(SAMPLES_A_CLASS) for name in classes]
    rows = [[np.array(x[number]) for number in of_class["row"]] for of_class in samples]
    with mpl.rc_context(style.STYLE):
        figure, ((axes,),) = style.new(0.62 * SAMPLES_A_CLASS + 1.6, 0.62 * len(classes))
        style.show_sheet(axes, rows, SAMPLES_A_CLASS)
        for row, name in enumerate(classes):
            axes.text(-0.15, row + 0.5, name, ha="right", va="center")
        style.save(figure, folder, f"samples_{split}")
    write_table(pd.concat(samples)[["label", "row", "id"]], folder, f"samples_{split}")


draw_samples_train = partial(_draw_samples, "train")
draw_samples_validation = partial(_draw_samples, "validation")
draw_samples_test = partial(_draw_samples, "test")


def draw_resizing(of: Resized, folder: Path) -> None:
    """Draw images as they came, and beside each what the models see by every way of resizing."""
    ways = list(pictures.RESIZE)
    across, down = len(ways) + 1 + GROUP_GAP, 1 + GROUP_CAPTION
    rows = max(1, -(-len(of.originals) // GROUPS_A_ROW))
    with mpl.rc_context(style.STYLE):
        width = GROUPS_A_ROW * across - GROUP_GAP
        figure, ((axes,),) = style.new(TILE * width, TILE * (rows * down + HEADING))
        for column in range(min(GROUPS_A_ROW, max(1, len(of.originals)))):
            _head_group(axes, column * across, ways, of.image["resize"])
        for number, original in enumerate(of.originals):
            row, column = divmod(number, GROUPS_A_ROW)
            _draw_group(axes, original, column * across, row * down, of.image["resize"])
        if not of.originals:
            axes.text(0, 0.5, "every image has the right size already", va="center")
        axes.set_xlim(0, width)
        axes.set_ylim(rows * down, -HEADING)
        axes.set_aspect("equal")
        axes.set_axis_off()
        style.save(figure, folder, "resizing")
    columns = ["why", "id", "height", "width", "resize"]
    table = [(one.why, one.id, *one.size, of.image["resize"]) for one in of.originals]
    write_table(pd.DataFrame(table, columns=columns), folder, "resizing")


def _head_group(axes: Axes, left: float, ways: Sequence[str], chosen: str) -> None:
    """Write what stands below: the image as it came, then each way; the chosen one is bold."""
    for place, title in enumerate(["as it came", *ways]):
        weight = "bold" if title == chosen else "normal"
        middle = left + place + (1 - TILE_GAP) / 2
        axes.text(middle, -0.08, title, ha="center", va="bottom", fontsize=8, fontweight=weight)


def _draw_group(axes: Axes, original: Original, left: float, top: float, chosen: str) -> None:
    side = 1 - TILE_GAP
    shown = {"": original.thumbnail, **original.views}
    for place, (way, pixels) in enumerate(shown.items()):
        style.place_image(axes, pixels / np.float32(255), left + place, top, side)
        if way == chosen:
            height, width = (side * n / max(pixels.shape[:2]) for n in pixels.shape[:2])
            place_of_frame = (left + place, top)
            axes.add_patch(
                mpl.patches.Rectangle(place_of_frame, width, height, fill=False, ec=FRAME, lw=1.5)
            )
    height, width = original.size
    told = f"{original.why}, {width} × {height}: {style.shortened(original.id, 34)}"
    axes.text(left, top + 1, told, va="top", fontsize=7.5)


def draw_matrix(of: Explored, folder: Path) -> None:
    """Draw the first training image beside the numbers that its middle is to a model.

    Of colour images those of the first channel.
    """
    image, origin = np.array(of.arrays[of.trained][0][0]), of.indices[of.trained].loc[0]
    with mpl.rc_context(style.STYLE):
        figure = mpl.figure.Figure(figsize=(11, 7.2))
        picture, numbers = figure.subplots(1, 2, width_ratios=[1, 2.4])
        style.show_image(picture, image)
        picture.set_title(f"{origin['label']} (id {origin['id']})")
        top, left = (max(0, (side - NUMBERS) // 2) for side in image.shape[:2])
        channel = image[top : top + NUMBERS, left : left + NUMBERS, 0]
        numbers.imshow(channel, cmap="gray", vmin=0, vmax=1, interpolation="none", alpha=0.35)
        for (row, column), value in np.ndenumerate(channel):
            text = "0" if value == 0 else f"{value:.2f}".lstrip("0")
            # They lie within the axes; to measure a thousand texts for the layout is slow.
            numbers.text(column, row, text, ha="center", va="center", fontsize=5, in_layout=False)
        numbers.set_axis_off()
        kind = "grey values" if image.shape[2] == 1 else "values of the red channel"
        what = "the same" if channel.size == image[:, :, 0].size else "its middle"
        numbers.set_title(f"{what} as numbers: {kind}, 0 to 1")
        style.save(figure, folder, "matrix")
