"""Figures of the models of one data set side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from swatchbook import arrays, figures
from swatchbook.files import read_json

EXAMPLES = 10


@dataclass(frozen=True)
class Drawn:
    """What the figures are drawn from: tables by model and seed, and the comparison."""

    models: Sequence[str]
    seeds: Sequence[int]
    classes: Sequence[str]
    reference: str
    comparison: dict
    histories: dict[str, list[pd.DataFrame]]
    predictions: dict[str, list[pd.DataFrame]]
    reports: dict[str, list[pd.DataFrame]]
    matrices: dict[str, list[pd.DataFrame]]
    images: np.ndarray

    @property
    def colours(self) -> dict[str, str]:
        return figures.colours(self.models)


def draw(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str,
    classes: Sequence[str],
    output: str | Path,
) -> None:
    """Draw every figure of one data set's comparison as SVG and PNG.

    Parameters
    ----------
    results
        The data set's folder.
    models, seeds
        Which cells there are.
    reference
        The model that the others are compared with.
    classes
        The class names.
    output
        The folder to draw into.
    """
    results, output = Path(results), Path(output)

    def tables(name: str, **options: object) -> dict[str, list[pd.DataFrame]]:
        return {
            model: [
                pd.read_csv(
                    results / model / f"seed-{seed}" / f"{name}.csv",
                    keep_default_na=name == "history",
                    **options,
                )
                for seed in seeds
            ]
            for model in models
        }

    drawn = Drawn(
        models=models,
        seeds=seeds,
        classes=classes,
        reference=reference,
        comparison=read_json(results / "comparison.json"),
        histories=tables("history"),
        predictions=tables("predictions", dtype={"id": str, "label": str, "predicted": str}),
        reports=tables("classification_report", index_col="class"),
        matrices=tables("confusion_matrix", index_col="class"),
        images=arrays.load(results / "arrays", "test", mapped=True)[0],
    )
    with mpl.rc_context(figures.STYLE):
        draw_learning_curves(drawn, output)
        draw_accuracy(drawn, output)
        draw_class_f1(drawn, output)
        draw_confusion_matrices(drawn, output)
        draw_right_and_wrong(drawn, output)
        draw_differences(drawn, output)


def draw_learning_curves(drawn: Drawn, folder: Path) -> None:
    """Draw accuracy and loss by epoch: the mean over seeds, and a band from least to most."""
    figure, (panels,) = figures.new(10, 4, 1, 2)
    for axes, metric in zip(panels, ("accuracy", "loss"), strict=True):
        for model in drawn.models:
            for prefix, line, part in (("", "--", "training"), ("val_", "-", "validation")):
                curves = np.array([h[f"{prefix}{metric}"] for h in drawn.histories[model]])
                if np.isnan(curves).all():
                    continue
                epochs = drawn.histories[model][0]["epoch"]
                colour = drawn.colours[model]
                axes.fill_between(
                    epochs, curves.min(0), curves.max(0), color=colour, alpha=0.18, lw=0
                )
                marker = "." if len(epochs) == 1 else None
                label = f"{model}, {part}"
                axes.plot(epochs, curves.mean(0), line, color=colour, marker=marker, label=label)
        axes.set_xlabel("epoch")
        axes.set_title("accuracy" if metric == "accuracy" else "loss (cross-entropy, nats)")
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(drawn.models) * 2)
    figures.save(figure, folder, "learning_curves")


def draw_accuracy(drawn: Drawn, folder: Path) -> None:
    """Draw the test accuracy of each seed, with each model's mean and interval."""
    figure, ((axes,),) = figures.new(7, 0.6 * len(drawn.models) + 1.4)
    for place, model in enumerate(drawn.models):
        accuracy = drawn.comparison["models"][model]["metrics"]["accuracy"]
        colour = drawn.colours[model]
        offsets = np.linspace(-0.12, 0.12, len(drawn.seeds)) if len(drawn.seeds) > 1 else [0]
        axes.plot(
            accuracy["per_seed"], place + 0.22 + np.array(offsets), "o", color=colour, alpha=0.6
        )
        axes.plot(accuracy["mean"], place - 0.1, "D", color=colour)
        if accuracy["interval"]:
            axes.plot(accuracy["interval"], [place - 0.1] * 2, "-", color=colour, lw=2)
    axes.set_yticks(range(len(drawn.models)), drawn.models)
    axes.set_ylim(len(drawn.models) - 0.4, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("test accuracy")
    figures.save(figure, folder, "accuracy")


def draw_class_f1(drawn: Drawn, folder: Path) -> None:
    """Draw each class's F1 by model: the mean over seeds, and a line from least to most."""
    figure, ((axes,),) = figures.new(7, 0.38 * len(drawn.classes) + 1.4)
    places = np.arange(len(drawn.classes))
    for number, model in enumerate(drawn.models):
        scores = np.array(
            [report["f1-score"].iloc[: len(drawn.classes)] for report in drawn.reports[model]],
            dtype=float,
        )
        shifted = places + (number - (len(drawn.models) - 1) / 2) * 0.5 / len(drawn.models)
        colour = drawn.colours[model]
        axes.hlines(shifted, scores.min(0), scores.max(0), color=colour, lw=2)
        marker = figures.MARKERS[number % len(figures.MARKERS)]
        axes.plot(scores.mean(0), shifted, marker, color=colour, label=model)
    axes.set_yticks(places, drawn.classes)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("F1 on the test images")
    figure.legend(loc="outside upper center", ncols=len(drawn.models))
    figures.save(figure, folder, "class_f1")


def draw_confusion_matrices(drawn: Drawn, folder: Path) -> None:
    """Draw each model's confusion matrix: shares of the true class over all seeds, one scale."""
    columns = min(2, len(drawn.models))
    rows = -(-len(drawn.models) // columns)
    side = 0.42 * len(drawn.classes) + 1.2
    figure, grid = figures.new(columns * (side + 0.9), rows * side, rows, columns)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, model in zip(grid.flat, drawn.models, strict=False):
        axes.set_axis_on()
        counts = sum(matrix.to_numpy(dtype=float) for matrix in drawn.matrices[model])
        totals = counts.sum(axis=1, keepdims=True)
        _draw_matrix(axes, np.divide(counts, totals, where=totals > 0, out=counts), drawn.classes)
        axes.set_title(model)
    figures.save(figure, folder, "confusion_matrices")


def _draw_matrix(axes: Axes, shares: np.ndarray, classes: Sequence[str]) -> None:
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="none")
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            colour = "white" if share > 0.5 else "#222222"
            text = f"{share * 100:.0f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(classes)), classes, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(classes)), classes)
    axes.set_xlabel("called (per cent of the true class)")
    axes.set_ylabel("true class")
    axes.grid(visible=False)


def draw_right_and_wrong(drawn: Drawn, folder: Path) -> None:
    """Draw test images that each model's first seed gets right, and the surest of the wrong."""
    lines = []
    for model in drawn.models:
        table = drawn.predictions[model][0].sort_values("probability", ascending=False)
        right = table["label"] == table["predicted"]
        # The surest right ones look all alike: take them from all over the test set instead.
        lines.append((f"{model}\nright", drawn.predictions[model][0][right.sort_index()]))
        lines.append((f"{model}\nwrong", table[~right]))
    _draw_examples(drawn, lines, folder, "right_and_wrong")


def draw_differences(drawn: Drawn, folder: Path) -> None:
    """Draw test images that one model gets right and the reference wrong, and the other way round.

    Only images count on which every seed of the one is right and every seed of the other wrong;
    where there are none, the row is empty.
    """
    right = {
        model: np.array(
            [(t["label"] == t["predicted"]).to_numpy() for t in drawn.predictions[model]]
        )
        for model in drawn.models
    }
    lines = []
    for model in drawn.models:
        if model != drawn.reference:
            for better, worse in ((model, drawn.reference), (drawn.reference, model)):
                chosen = right[better].all(axis=0) & ~right[worse].any(axis=0)
                lines.append((f"only {better}\nis right", drawn.predictions[worse][0][chosen]))
    _draw_examples(drawn, lines, folder, "differences")


def _draw_examples(
    drawn: Drawn, lines: Sequence[tuple[str, pd.DataFrame]], folder: Path, name: str
) -> None:
    """Draw rows of test images, each with its true class and what it was called, if not that."""
    shown = [
        [np.array(drawn.images[row]) for row in table["row"].head(EXAMPLES)] for _, table in lines
    ]
    # Cells are a little higher than wide, since captions stand above the images.
    figure, axes = figures.new(0.95 * EXAMPLES + 1.2, 1.3 * max(1, len(lines)), max(1, len(lines)))
    for (row_axes,), (title, table), images in zip(axes, lines, shown, strict=False):
        figures.show_sheet(row_axes, [images], EXAMPLES)
        row_axes.text(-0.2, 0.5, title, ha="right", va="center")
        if table.empty:
            row_axes.text(0, 0.5, "none", va="center")
        for column, (_, example) in enumerate(table.head(EXAMPLES).iterrows()):
            caption = figures.shortened(example["label"])
            if example["predicted"] != example["label"]:
                caption += f"\nnot {figures.shortened(example['predicted'])}"
                caption += f" {example['probability']:.0%}"
            row_axes.text(column + 0.46, -0.06, caption, ha="center", va="bottom", fontsize=6.5)
    for (row_axes,) in axes[len(lines) :]:
        row_axes.set_axis_off()
    figures.save(figure, folder, name)
