"""Figures of the models of one data set side by side, and their numbers as tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from swatchbook import arrays, comparison, figures
from swatchbook.files import read_json, replacing

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
    published_folder: str | Path,
    output: str | Path,
) -> None:
    """Draw every figure of one data set's comparison as SVG and PNG, with its numbers as CSV.

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
    published_folder
        Where the tutorial's printed figures are.
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
        draw_reliability(drawn, output)
        draw_right_and_wrong(drawn, output)
        draw_differences(drawn, output)
        if all(h["test_accuracy"].notna().all() for hs in drawn.histories.values() for h in hs):
            draw_tutorial(drawn, results.name, published_folder, output)


def draw_learning_curves(drawn: Drawn, folder: Path) -> None:
    """Draw accuracy and loss by epoch: the mean over seeds, and a band from least to most."""
    figure, (panels,) = figures.new(10, 4, 1, 2)
    tables = []
    for axes, metric in zip(panels, ("accuracy", "loss"), strict=True):
        for model in drawn.models:
            for prefix, line, part in (("", "--", "training"), ("val_", "-", "validation")):
                curves = np.array([h[f"{prefix}{metric}"] for h in drawn.histories[model]])
                if np.isnan(curves).all():
                    continue
                epochs = drawn.histories[model][0]["epoch"]
                colour = drawn.colours[model]
                table = _over_seeds(curves, model=model, images=part, metric=metric, epoch=epochs)
                tables.append(table)
                axes.fill_between(
                    epochs, table["least"], table["greatest"], color=colour, alpha=0.18, lw=0
                )
                marker = "." if len(epochs) == 1 else None
                label = f"{model}, {part}"
                axes.plot(epochs, table["mean"], line, color=colour, marker=marker, label=label)
        axes.set_xlabel("epoch")
        axes.set_title("accuracy" if metric == "accuracy" else "loss (cross-entropy, nats)")
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(drawn.models) * 2)
    figures.save(figure, folder, "learning_curves")
    _write_table(pd.concat(tables), folder, "learning_curves")


def draw_accuracy(drawn: Drawn, folder: Path) -> None:
    """Draw the test accuracy of each seed, with each model's mean and interval."""
    figure, ((axes,),) = figures.new(7, 0.6 * len(drawn.models) + 1.4)
    rows = []
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
        low, high = accuracy["interval"] or (None, None)
        rows += [
            {"model": model, "seed": seed, "accuracy": value}
            for seed, value in zip(drawn.seeds, accuracy["per_seed"], strict=True)
        ]
        rows.append(
            {"model": model, "seed": "mean", "accuracy": accuracy["mean"], "low": low, "high": high}
        )
    axes.set_yticks(range(len(drawn.models)), drawn.models)
    axes.set_ylim(len(drawn.models) - 0.4, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("test accuracy")
    figures.save(figure, folder, "accuracy")
    _write_table(pd.DataFrame(rows), folder, "accuracy")


def draw_class_f1(drawn: Drawn, folder: Path) -> None:
    """Draw each class's F1 by model: the mean over seeds, and a line from least to most."""
    figure, ((axes,),) = figures.new(7, 0.38 * len(drawn.classes) + 1.4)
    places = np.arange(len(drawn.classes))
    tables = []
    for number, model in enumerate(drawn.models):
        scores = np.array(
            [report["f1-score"].iloc[: len(drawn.classes)] for report in drawn.reports[model]],
            dtype=float,
        )
        shifted = places + (number - (len(drawn.models) - 1) / 2) * 0.5 / len(drawn.models)
        colour = drawn.colours[model]
        table = _over_seeds(scores, **{"model": model, "class": drawn.classes})
        tables.append(table)
        axes.hlines(shifted, table["least"], table["greatest"], color=colour, lw=2)
        marker = figures.MARKERS[number % len(figures.MARKERS)]
        axes.plot(table["mean"], shifted, marker, color=colour, label=model)
    axes.set_yticks(places, drawn.classes)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("F1 on the test images")
    figure.legend(loc="outside upper center", ncols=len(drawn.models))
    figures.save(figure, folder, "class_f1")
    _write_table(pd.concat(tables), folder, "class_f1")


def draw_confusion_matrices(drawn: Drawn, folder: Path) -> None:
    """Draw each model's confusion matrix: shares of the true class over all seeds, one scale."""
    columns = min(2, len(drawn.models))
    rows = -(-len(drawn.models) // columns)
    side = 0.42 * len(drawn.classes) + 1.2
    figure, grid = figures.new(columns * (side + 0.9), rows * side, rows, columns)
    for axes in grid.flat:
        axes.set_axis_off()
    tables = []
    for axes, model in zip(grid.flat, drawn.models, strict=False):
        axes.set_axis_on()
        counts = sum(matrix.to_numpy() for matrix in drawn.matrices[model])
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, where=totals > 0, out=np.zeros(counts.shape))
        _draw_matrix(axes, shares, drawn.classes)
        axes.set_title(model)
        pairs = pd.MultiIndex.from_product([drawn.classes] * 2, names=["class", "called"])
        table = pd.DataFrame({"count": counts.ravel(), "share": shares.ravel()}, index=pairs)
        tables.append(table.reset_index().assign(model=model))
    figures.save(figure, folder, "confusion_matrices")
    columns = ["model", "class", "called", "count", "share"]
    _write_table(pd.concat(tables)[columns], folder, "confusion_matrices")


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


def draw_reliability(drawn: Drawn, folder: Path) -> None:
    """Draw how often each model is right by how sure it is, and how many images that is of.

    Before temperature scaling, and after it where there is a validation set; over all seeds.
    """
    figure, grid = figures.new(9, 2.7 * len(drawn.models) + 0.9, len(drawn.models), 2)
    lines = {"before": "--", "after": "-"}
    tables = []
    for (diagram, counts), model in zip(grid, drawn.models, strict=True):
        diagram.plot([0, 1], [0, 1], ":", color=figures.INK, lw=1)
        for when, line in lines.items():
            bins = drawn.comparison["models"][model]["reliability"][when]
            if bins is None:
                continue
            table = pd.DataFrame(bins).astype(float)
            tables.append(table.assign(model=model, scaling=when, count=table["count"].astype(int)))
            seen = table[table["count"] > 0]
            look = {"color": drawn.colours[model], "alpha": 0.6 if when == "before" else 1}
            diagram.plot(seen["confidence"], seen["accuracy"], f"o{line}", ms=4, **look)
            edges = [*table["from"], table["to"].iloc[-1]]
            counts.stairs(table["count"], edges, ls=line, lw=1.5, **look)
        # A little more than a share can be, so that dots at the edge are whole.
        diagram.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03), title=model, ylabel="accuracy")
        counts.set(xlim=(-0.02, 1.02), ylim=(0, None), title=model, ylabel="test images, all seeds")
    for axes in grid[-1]:
        axes.set_xlabel("confidence (probability of the predicted class)")
    handles = [
        Line2D([], [], color=figures.INK, ls=line, label=f"{when} temperature scaling")
        for when, line in lines.items()
        if when in {table["scaling"].iloc[0] for table in tables}
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2)
    figures.save(figure, folder, "reliability")
    columns = ["model", "scaling", "from", "to", "count", "confidence", "accuracy"]
    _write_table(pd.concat(tables)[columns], folder, "reliability")


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


def draw_tutorial(drawn: Drawn, dataset: str, published_folder: str | Path, folder: Path) -> None:
    """Draw what was watched of the test images and last batches, and what the tutorial printed."""
    titles = {
        "test_accuracy": "test accuracy",
        "last_batch_loss": "loss of the last batch (nats)",
        "last_batch_accuracy": "accuracy on the last batch",
    }
    figure, (panels,) = figures.new(12, 4, 1, 3)
    tables = []
    for model in drawn.models:
        histories = drawn.histories[model]
        beside = comparison.tutorial_table(histories, published_folder, dataset)
        if beside is not None:
            tables.append(beside.assign(model=model))
        for axes, (metric, title) in zip(panels, titles.items(), strict=True):
            curves = np.array([history[metric] for history in histories])
            epochs = histories[0]["epoch"]
            colour = drawn.colours[model]
            label = f"{model}, {len(curves)} seed{'s' if len(curves) > 1 else ''}"
            axes.fill_between(epochs, curves.min(0), curves.max(0), color=colour, alpha=0.25, lw=0)
            axes.plot(epochs, curves.mean(0), color=colour, label=label)
            axes.set(xlabel="epoch", title=title)
            axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
            if beside is not None and model == drawn.models[0]:
                printed = beside[beside["metric"] == metric]
                axes.plot(printed["epoch"], printed["printed"], ".--", color=figures.INK, lw=1)
                axes.lines[-1].set_label("the tutorial, as printed")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    figures.save(figure, folder, "tutorial")
    columns = ["model", "edition", "metric", "epoch", "printed", "mean", "least", "greatest"]
    empty = pd.DataFrame(columns=[*columns, "inside"])
    _write_table(pd.concat(tables)[[*columns, "inside"]] if tables else empty, folder, "tutorial")


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


def _over_seeds(values: np.ndarray, **columns: object) -> pd.DataFrame:
    """Return mean, least and greatest over the first axis as columns behind those given."""
    means = {"mean": values.mean(0), "least": values.min(0), "greatest": values.max(0)}
    return pd.DataFrame({**columns, **means})


def _write_table(table: pd.DataFrame, folder: Path, name: str) -> None:
    """Save a figure's numbers beside it as ``<name>.csv``."""
    with replacing(folder / f"{name}.csv") as path:
        table.to_csv(path, index=False, lineterminator="\n")
