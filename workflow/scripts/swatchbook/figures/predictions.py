"""Figures of what the models of one data set make of its test images."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from swatchbook.figures import many_classes, style
from swatchbook.figures.inputs import Drawn, by_seed, over_seeds
from swatchbook.figures.style import write_table

EXAMPLES = 10
COVERAGES = np.arange(2, 101, 2) / 100


def draw_confusion_matrices(of: Drawn, folder: Path) -> None:
    """Draw each model's confusion matrix on one scale, and the differences to the reference.

    Shares of the true class over all seeds. Of many classes those that are most confused, and in
    the numbers whatever occurs.
    """
    are_many = len(of.classes) > many_classes.MANY
    shares, tables = {}, []
    pairs = pd.MultiIndex.from_product([of.classes] * 2, names=["class", "called"])
    for model in of.models:
        counts = sum(matrix.to_numpy() for matrix in of.matrices[model])
        totals = counts.sum(axis=1, keepdims=True)
        shares[model] = np.divide(counts, totals, where=totals > 0, out=np.zeros(counts.shape))
        table = pd.DataFrame({"count": counts.ravel(), "share": shares[model].ravel()}, index=pairs)
        if are_many:
            table = table[table["count"] > 0]
        tables.append(table.reset_index().assign(model=model))
    others = [model for model in of.models if model != of.reference]
    # Of many classes one below the other: their names are to be read.
    columns, cell = (1, 0.3) if are_many else (min(2, len(of.models) + len(others)), 0.42)
    rows = -(-(len(of.models) + len(others)) // columns)
    shown = many_classes.most_confused(list(shares.values()))
    classes = [of.classes[place] for place in shown]
    part = np.ix_(shown, shown)
    side = cell * len(shown) + 1.2
    figure, grid = style.new(columns * (side + 0.9), rows * side, rows, columns)
    for axes in grid.flat:
        axes.set_axis_off()
    cells = iter(grid.flat)
    for model in of.models:
        _draw_matrix(next(cells), shares[model][part], classes, model)
    for model in others:
        change = (shares[model] - shares[of.reference])[part]
        _draw_change(next(cells), change, classes, f"{model} − {of.reference}, in points")
    told = many_classes.told(len(shown), len(of.classes), "that are most confused")
    if told:
        figure.suptitle(told)
    style.save(figure, folder, "confusion_matrices")
    names = ["model", "class", "called", "count", "share"]
    write_table(pd.concat(tables)[names], folder, "confusion_matrices")


def _draw_matrix(axes: Axes, shares: np.ndarray, classes: Sequence[str], title: str) -> None:
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="none")
    for (row, column), share in np.ndenumerate(shares):
        if round(share * 100):
            colour = "white" if share > 0.5 else "#222222"
            _write_cell(axes, row, column, f"{share * 100:.0f}", colour)
    _name_axes(axes, classes, title)


def _draw_change(axes: Axes, change: np.ndarray, classes: Sequence[str], title: str) -> None:
    most = max(float(np.abs(change).max()), 0.01)
    axes.imshow(change, cmap="PuOr_r", vmin=-most, vmax=most, interpolation="none")
    for (row, column), value in np.ndenumerate(change):
        if round(value * 100):
            colour = "white" if abs(value) > 0.6 * most else "#222222"
            text = f"{value * 100:+.0f}".replace("-", "−")
            _write_cell(axes, row, column, text, colour)
    _name_axes(axes, classes, title)


def _write_cell(axes: Axes, row: int, column: int, text: str, colour: str) -> None:
    axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)


def _name_axes(axes: Axes, classes: Sequence[str], title: str) -> None:
    axes.set_axis_on()
    axes.set_xticks(range(len(classes)), classes, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("called (per cent of the true class)")
    axes.set_ylabel("true class")
    axes.grid(visible=False)
    axes.set_title(title)


def draw_reliability(of: Drawn, folder: Path) -> None:
    """Draw how often each model is right by how sure it is, and how many images that is of.

    Before temperature scaling, and after it where there is a validation set; over all seeds.
    """
    figure, grid = style.new(9, 2.7 * len(of.models) + 0.9, len(of.models), 2)
    lines = {"before": "--", "after": "-"}
    tables = []
    for (diagram, counts), model in zip(grid, of.models, strict=True):
        diagram.plot([0, 1], [0, 1], ":", color=style.INK, lw=1)
        for when, line in lines.items():
            bins = of.comparison["models"][model]["reliability"][when]
            if bins is None:
                continue
            table = pd.DataFrame(bins).astype(float)
            tables.append(table.assign(model=model, scaling=when, count=table["count"].astype(int)))
            seen = table[table["count"] > 0]
            look = {"color": of.colours[model], "alpha": 0.6 if when == "before" else 1}
            diagram.plot(seen["confidence"], seen["accuracy"], f"o{line}", ms=4, **look)
            edges = [*table["from"], table["to"].iloc[-1]]
            counts.stairs(table["count"], edges, ls=line, lw=1.5, **look)
        # A little more than a share can be, so that dots at the edge are whole.
        diagram.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03), title=model, ylabel="accuracy")
        counts.set(xlim=(-0.02, 1.02), ylim=(0, None), title=model, ylabel="test images, all seeds")
    for axes in grid[-1]:
        axes.set_xlabel("confidence (probability of the predicted class)")
    handles = [
        Line2D([], [], color=style.INK, ls=line, label=f"{when} temperature scaling")
        for when, line in lines.items()
        if when in {table["scaling"].iloc[0] for table in tables}
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    style.save(figure, folder, "reliability")
    columns = ["model", "scaling", "from", "to", "count", "confidence", "accuracy"]
    write_table(pd.concat(tables)[columns], folder, "reliability")


def draw_risk_coverage(of: Drawn, folder: Path) -> None:
    """Draw how often each model is wrong on its surest images, by how many of them are kept.

    The risk-coverage curve of selective classification (Y. Geifman, R. El-Yaniv, 2017, Selective
    classification for deep neural networks, NeurIPS): mean over seeds, and a band from the least
    to the greatest.
    """
    figure, ((axes,),) = style.new(7, 3.6)
    tables = []
    for model in of.models:
        risks = np.array([_risks(table) for table in of.predictions[model]])
        table = over_seeds(risks, model=model, coverage=COVERAGES)
        tables.append(table.join(by_seed(risks, of.tested)))
        colour = of.colours[model]
        axes.fill_between(
            COVERAGES, table["least"], table["greatest"], color=colour, alpha=0.18, lw=0
        )
        axes.plot(COVERAGES, table["mean"], color=colour, label=model)
    axes.set(xlabel="share of the test images that is decided on", xlim=(0, 1), ylim=(0, None))
    axes.set_ylabel("share of these that is wrong")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    style.legend(figure, 4)
    style.save(figure, folder, "risk_coverage")
    write_table(pd.concat(tables), folder, "risk_coverage")


def _risks(table: pd.DataFrame) -> np.ndarray:
    """Return the share of wrong ones among a run's surest images, at each of `COVERAGES`."""
    by_sureness = table.sort_values("probability", ascending=False, kind="stable")
    wrong = (by_sureness["label"] != by_sureness["predicted"]).to_numpy()
    kept = np.maximum(1, np.rint(COVERAGES * len(wrong)).astype(int))
    return np.cumsum(wrong)[kept - 1] / kept


def draw_right_and_wrong(of: Drawn, folder: Path) -> None:
    """Draw test images that each model's first seed gets right, and the surest of the wrong."""
    lines = []
    for model in of.models:
        table = of.predictions[model][0].sort_values("probability", ascending=False)
        right = table["label"] == table["predicted"]
        # The surest right ones look all alike: take them from all over the test set instead.
        lines.append((f"{model}\nright", of.predictions[model][0][right.sort_index()]))
        lines.append((f"{model}\nwrong", table[~right]))
    _draw_examples(of, lines, folder, "right_and_wrong")


def draw_differences(of: Drawn, folder: Path) -> None:
    """Draw test images that one model gets right and the reference wrong, and the other way round.

    Only images count on which every seed of the one is right and every seed of the other wrong;
    where there are none, the row is empty.
    """
    right = {
        model: np.array([(t["label"] == t["predicted"]).to_numpy() for t in of.predictions[model]])
        for model in of.models
    }
    lines = []
    for model in of.models:
        if model != of.reference:
            for better, worse in ((model, of.reference), (of.reference, model)):
                chosen = right[better].all(axis=0) & ~right[worse].any(axis=0)
                lines.append((f"only {better}\nis right", of.predictions[worse][0][chosen]))
    _draw_examples(of, lines, folder, "differences")


def _draw_examples(
    of: Drawn, lines: Sequence[tuple[str, pd.DataFrame]], folder: Path, name: str
) -> None:
    """Draw rows of test images, each with its true class and what it was called, if not that."""
    shown = [
        [np.array(of.images[row]) for row in table["row"].head(EXAMPLES)] for _, table in lines
    ]
    # Cells are a little higher than wide, since captions stand above the images.
    figure, axes = style.new(0.95 * EXAMPLES + 1.2, 1.3 * max(1, len(lines)), max(1, len(lines)))
    for (row_axes,), (title, table), images in zip(axes, lines, shown, strict=False):
        style.show_sheet(row_axes, [images], EXAMPLES)
        row_axes.text(-0.2, 0.5, title, ha="right", va="center")
        if table.empty:
            row_axes.text(0, 0.5, "none", va="center")
        for column, (_, example) in enumerate(table.head(EXAMPLES).iterrows()):
            caption = style.shortened(example["label"])
            if example["predicted"] != example["label"]:
                caption += f"\nnot {style.shortened(example['predicted'])}"
                caption += f" {example['probability']:.0%}"
            row_axes.text(column + 0.46, -0.06, caption, ha="center", va="bottom", fontsize=6.5)
    for (row_axes,) in axes[len(lines) :]:
        row_axes.set_axis_off()
    style.save(figure, folder, name)
    tables = [
        table.head(EXAMPLES).assign(examples=title.replace("\n", " ")) for title, table in lines
    ]
    columns = ["examples", "row", "id", "label", "predicted", "probability"]
    write_table(pd.concat([pd.DataFrame(columns=columns), *tables])[columns], folder, name)
