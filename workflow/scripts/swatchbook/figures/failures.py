"""Figures of how models fail: under corruptions, in sets of classes, and by wrong labels."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import pandas as pd

from swatchbook.data import corruptions
from swatchbook.data.corruptions import CORRUPTIONS, STRENGTHS
from swatchbook.figures import checks, style

COLUMNS = 5  # of panels, and twice that of samples
LARGEST = 32  # pixels, the longer side of an image that is shown under every corruption
SHOWN_CLASSES = 30  # in a drawing
SHOWN_IMAGES, IMAGES_A_ROW = 16, 8  # of each of the two that find label errors


def draw_corruptions(table: pd.DataFrame, colours: Mapping[str, str], folder: str | Path) -> None:
    """Draw each model's accuracy over the strength of each corruption, as ``corruptions``.

    Parameters
    ----------
    table
        The content of ``corruptions.csv``, as `robustness.sum_up_corruptions` has it.
    colours
        Of each model.
    """
    style.write_table(table, folder, "corruptions")
    rows = -(-len(CORRUPTIONS) // COLUMNS)
    models = list(dict.fromkeys(table["model"]))
    with mpl.rc_context(style.STYLE):
        figure, grid = style.new(9, 2 * rows + 0.6, rows, COLUMNS)
        for axes, name in zip(grid.flat, CORRUPTIONS, strict=False):
            for model in models:
                of_model = table[table["model"] == model]
                shown = of_model[of_model["corruption"].isin(["none", name])]
                look = {"color": colours[model], "lw": 1.5}
                axes.plot(shown["strength"], shown["mean"], "o-", ms=3, label=model, **look)
                bounds = (shown["low"].astype(float), shown["high"].astype(float))
                axes.fill_between(
                    shown["strength"], *bounds, color=colours[model], alpha=0.16, lw=0
                )
            axes.set_title(name, fontsize=10)
            axes.set(ylim=(0, 1.02), xticks=range(STRENGTHS + 1))
            axes.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
            axes.label_outer()
        for axes in grid.flat[len(CORRUPTIONS) :]:
            axes.set_axis_off()
        figure.supxlabel("strength; 0 is the images as they are", fontsize=10)
        figure.supylabel("accuracy", fontsize=10)
        style.legend(figure, 4)
        style.save(figure, folder, "corruptions")


def draw_corruption_samples(image: np.ndarray, index: pd.DataFrame, folder: str | Path) -> None:
    """Draw an image as it is and under each corruption and strength, as ``corruption_samples``.

    All of them are one raster, which is a tenth of the size of as many.

    Parameters
    ----------
    image
        float32 in [0, 1], shape (1, height, width, channels).
    index
        Its row of ``index.csv``.
    """
    style.write_table(index, folder, "corruption_samples")
    rows = index["row"].to_numpy(int)
    lines = [
        [np.rint(image[0] * 255).astype(np.uint8)]
        + [
            corruptions.corrupted(image, rows, name, strength)[0]
            for strength in range(1, STRENGTHS + 1)
        ]
        for name in CORRUPTIONS
    ]
    half = -(-len(lines) // 2)
    height, width = _shown_size(image.shape[1:3])
    columns = 2 * (STRENGTHS + 1)
    sheet = np.zeros((half * height, columns * width, 4), np.uint8)
    for number, line in enumerate(lines):
        column, row = divmod(number, half)
        for place, one in enumerate(line):
            left = (column * (STRENGTHS + 1) + place) * width
            part = sheet[row * height : (row + 1) * height, left : left + width]
            part[..., :3] = cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA).reshape(
                height, width, -1
            )
            part[..., 3] = 255
    with mpl.rc_context(style.STYLE):
        figure, ((axes,),) = style.new(9.5, 0.58 * half * height / width + 0.5)
        for column in range(2):
            left = column * (STRENGTHS + 3.3)
            part = slice(column * (STRENGTHS + 1) * width, (column + 1) * (STRENGTHS + 1) * width)
            axes.imshow(
                sheet[:, part],
                interpolation="none",
                aspect=height / width,
                extent=(left, left + STRENGTHS + 1, half, 0),
            )
            for place in range(STRENGTHS + 1):
                title = str(place) if place else "as is"
                axes.text(left + place + 0.5, -0.08, title, ha="center", va="bottom", fontsize=11)
            for row, name in enumerate(list(CORRUPTIONS)[column * half : (column + 1) * half]):
                axes.text(left - 0.1, row + 0.5, name, ha="right", va="center", fontsize=11)
        axes.set_xlim(-2.2, 2 * STRENGTHS + 4.4)
        axes.set_ylim(half, -0.6)
        axes.set_axis_off()
        style.save(figure, folder, "corruption_samples")


def _shown_size(size: tuple[int, int]) -> tuple[int, int]:
    shrink = min(1.0, LARGEST / max(size))
    height, width = (max(1, round(side * shrink)) for side in size)
    return height, width


def draw_prediction_sets(
    table: pd.DataFrame, colours: Mapping[str, str], folder: str | Path
) -> None:
    """Draw coverage and mean size of each class's prediction sets, as ``prediction_sets``.

    Of many classes those with the lowest coverage.

    Parameters
    ----------
    table
        The content of ``prediction_sets.csv``, as `prediction_sets.make_prediction_sets` has it; no
        rows where there are no validation images.
    colours
        Of each model.
    """
    style.write_table(table, folder, "prediction_sets")
    scores, models = (list(dict.fromkeys(table[column])) for column in ("score", "model"))
    least = table.groupby("class", sort=False)["coverage"].min().astype(float)
    hardest = set(least.nsmallest(SHOWN_CLASSES).index)
    names = [name for name in least.index if name in hardest]
    with mpl.rc_context(style.STYLE):
        rows = max(1, len(scores))
        figure, grid = style.new(9, rows * (0.24 * len(names) + 1.1) + 0.4, rows, 2)
        for (of_coverage, of_size), score in zip(grid, scores, strict=False):
            for number, model in enumerate(models):
                chosen = (table["score"] == score) & (table["model"] == model)
                shown = table[chosen].set_index("class").loc[names]
                places = np.arange(len(names)) + 0.22 * (number - (len(models) - 1) / 2)
                look = {"color": colours[model], "label": model}
                bounds = shown[["low", "high"]].astype(float).to_numpy().T
                of_coverage.hlines(places, *bounds, color=colours[model], lw=1.5)
                of_coverage.plot(shown["coverage"], places, "o", ms=4, **look)
                of_size.plot(shown["size"], places, "o", ms=4, **look)
            of_coverage.axvline(table["wanted"].iloc[0], color=style.INK, lw=1, ls=":")
            of_coverage.set_yticks(range(len(names)), [style.shortened(name, 20) for name in names])
            of_size.set_yticks(range(len(names)), [])
            of_coverage.set_xlabel("right class in the set")
            of_coverage.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
            of_size.set_xlabel("classes in the set, mean")
            of_size.set_xlim(left=0)
            for axes in (of_coverage, of_size):
                axes.set_title(score)
                axes.invert_yaxis()
        if scores:
            style.legend(figure, 4)
        else:
            for axes in grid.flat:
                axes.set_axis_off()
            grid[0, 0].text(0, 0.5, "no validation images, so no prediction sets")
        style.save(figure, folder, "prediction_sets")


def draw_label_errors(issues: pd.DataFrame, x: np.ndarray, folder: str | Path) -> None:
    """Draw the images whose labels only one of two ways takes for wrong, as ``label_errors``.

    Parameters
    ----------
    issues
        Of the rows of ``issues.csv`` those, the most doubtful first.
    x
        The test images, float32, shape (n, height, width, channels).
    """
    order = issues["found_by"].map({"only ours": 0, "only cleanlab": 1})
    in_order = issues.assign(order=order).sort_values("order", kind="stable").drop(columns="order")
    shown = in_order.groupby("found_by", sort=False).head(SHOWN_IMAGES)
    style.write_table(shown, folder, "label_errors")
    captions = [
        f"{style.shortened(label)}\ncalled {style.shortened(called, 10)}\n{found_by}"
        for label, called, found_by in shown[["label", "called", "found_by"]].itertuples(
            index=False
        )
    ]
    images = [[np.array(x[row])] for row in shown["row"]]
    checks.draw_sheet(images, captions, IMAGES_A_ROW, folder, "label_errors")
