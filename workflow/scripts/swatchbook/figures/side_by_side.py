"""Figures of the models of one data set side by side, and their numbers as tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from swatchbook.figures import inputs, many_classes, style
from swatchbook.figures.inputs import Drawn
from swatchbook.figures.style import write_table

BEYOND = 8  # times what most changes do: further away an effect is written, not drawn


def draw_accuracy(of: Drawn, folder: Path) -> None:
    """Draw the test accuracy of each seed, with each model's mean and interval."""
    figure, ((axes,),) = style.new(7, 0.6 * len(of.models) + 1.4)
    rows = []
    for place, model in enumerate(of.models):
        accuracy = of.comparison["models"][model]["metrics"]["accuracy"]
        colour = of.colours[model]
        offsets = np.linspace(-0.12, 0.12, len(of.seeds)) if len(of.seeds) > 1 else [0]
        axes.plot(
            accuracy["per_seed"], place + 0.22 + np.array(offsets), "o", color=colour, alpha=0.6
        )
        axes.plot(accuracy["mean"], place - 0.1, "D", color=colour)
        if accuracy["interval"]:
            axes.plot(accuracy["interval"], [place - 0.1] * 2, "-", color=colour, lw=2)
        low, high = accuracy["interval"] or (None, None)
        rows += [
            {"model": model, "seed": seed, "accuracy": value}
            for seed, value in zip(of.seeds, accuracy["per_seed"], strict=True)
        ]
        rows.append(
            {"model": model, "seed": "mean", "accuracy": accuracy["mean"], "low": low, "high": high}
        )
    axes.set_yticks(range(len(of.models)), of.models)
    axes.set_ylim(len(of.models) - 0.4, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("test accuracy")
    style.save(figure, folder, "accuracy")
    write_table(pd.DataFrame(rows), folder, "accuracy")


def draw_forest(of: Drawn, folder: Path) -> None:
    """Draw each model's difference to the reference with its interval: accuracy, and its gap."""
    titles = {
        "accuracy": "test accuracy",
        "accuracy_gap": "gap between training and test accuracy",
    }
    entries = of.comparison["differences"]
    figure, (panels,) = style.new(10, 0.5 * max(1, len(entries)) + 1.6, 1, 2)
    for axes, (metric, title) in zip(panels, titles.items(), strict=True):
        axes.axvline(0, color=style.INK, lw=1)
        for place, entry in enumerate(entries):
            _draw_difference(axes, place, entry[metric], of.colours[entry["model"]])
        names = [f"{entry['model']} − {entry['reference']}" for entry in entries]
        axes.set_yticks(range(len(entries)), names)
        axes.set_ylim(max(1, len(entries)) - 0.4, -0.6)
        axes.margins(x=0.15)
        axes.grid(axis="y", visible=False)
        axes.set_title(title)
        axes.set_xlabel("difference in points")
    style.save(figure, folder, "forest")
    rows = [_difference_row(entry, metric) for metric in titles for entry in entries]
    columns = ["model", "reference", "metric", "difference", "low", "high", "p_value"]
    write_table(pd.DataFrame(rows, columns=[*columns, "smallest_detectable"]), folder, "forest")


def _draw_difference(axes: Axes, place: int, found: Mapping[str, Any], colour: str) -> None:
    """Draw one difference in points, its interval, and ticks where it could have been shown."""
    if found["interval"]:
        low, high = (bound * 100 for bound in found["interval"])
        axes.plot([low, high], [place, place], "-", color=colour, lw=2.5)
    if found["smallest_detectable"] is not None:
        for side in (-100, 100):
            tick = side * found["smallest_detectable"]
            axes.plot(tick, place, "|", color=style.INK, ms=11, alpha=0.6)
    axes.plot(found["difference"] * 100, place, "D", color=colour)


def _difference_row(entry: Mapping[str, Any], metric: str) -> dict[str, Any]:
    found = entry[metric]
    low, high = found["interval"] or (None, None)
    return {
        "model": entry["model"],
        "reference": entry["reference"],
        "metric": metric,
        "difference": found["difference"],
        "low": low,
        "high": high,
        "p_value": found["p_value"],
        "smallest_detectable": found["smallest_detectable"],
    }


def draw_ablation(of: Drawn, folder: Path) -> None:
    """Draw what each change does to the test accuracy, sorted, and what a training costs then."""
    entries = sorted(
        of.comparison["differences"], key=lambda entry: entry["accuracy"]["difference"]
    )
    figure, ((axes, costs),) = style.new(10, 0.32 * max(1, len(entries)) + 1.6, 1, 2)
    axes.axvline(0, color=style.INK, lw=1)
    seconds = {model: found["seconds"] for model, found in of.comparison["models"].items()}
    for place, entry in enumerate(entries):
        _draw_difference(axes, place, entry["accuracy"], of.colours[entry["model"]])
        costs.barh(place, seconds[entry["model"]], 0.6, color=of.colours[entry["model"]])
    costs.axvline(seconds[of.reference], color=style.INK, lw=1)
    _leave_out_of_scale(axes, [entry["accuracy"] for entry in entries])
    axes.set_yticks(range(len(entries)), [entry["model"] for entry in entries])
    costs.set_yticks(range(len(entries)), [""] * len(entries))
    for panel, title in ((axes, f"test accuracy minus that of {of.reference}"), (costs, "cost")):
        panel.set_ylim(-0.6, max(1, len(entries)) - 0.4)
        panel.grid(axis="y", visible=False)
        panel.set_title(title)
    axes.set_xlabel("difference in points")
    costs.set_xlabel("seconds a training")
    style.save(figure, folder, "ablation")
    rows = [
        _difference_row(entry, "accuracy") | {"seconds": seconds[entry["model"]]}
        for entry in entries
    ]
    write_table(pd.DataFrame(rows), folder, "ablation")


def _leave_out_of_scale(axes: Axes, found: Sequence[Mapping[str, Any]]) -> None:
    """Let the axis reach as far as most differences do; write numbers of those beyond at its edge.

    A change that undoes all learning, such as weights of zero, would leave no room for the others.
    """
    extents = [100 * np.abs([one["difference"], *(one["interval"] or [])]).max() for one in found]
    farthest = BEYOND * np.median(extents) if found else 0.0
    reach = max((extent for extent in extents if extent <= farthest), default=0.0)
    if not found or max(extents) <= farthest or not reach:
        return
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    for place, (one, extent) in enumerate(zip(found, extents, strict=True)):
        if extent > farthest:
            points = 100 * one["difference"]
            left = points < 0
            text = f"← {points:.1f}".replace("-", "−") if left else f"{points:.1f} →"
            at = (-1.1 if left else 1.1) * reach
            axes.text(at, place, text, ha="left" if left else "right", va="center")


def draw_grid(of: Drawn, folder: Path) -> None:
    """Draw the mean test accuracy of each combination of a grid of two axes; the base is framed."""
    grid = of.ablation["grid"]
    cells = grid["cells"]
    first, second = (list(dict.fromkeys(cell[axis] for cell in cells.values())) for axis in (0, 1))
    means = np.full((len(first), len(second)), np.nan)
    rows = []
    for model, (one, other) in cells.items():
        accuracy = of.comparison["models"][model]["metrics"]["accuracy"]
        means[first.index(one), second.index(other)] = accuracy["mean"]
        low, high = accuracy["interval"] or (None, None)
        names = dict(zip(grid["axes"], (one, other), strict=True))
        numbers = {"accuracy": accuracy["mean"], "low": low, "high": high}
        rows.append({"model": model} | names | numbers)
    figure, ((axes,),) = style.new(0.9 * len(second) + 2, 0.5 * len(first) + 1.2)
    axes.imshow(means, cmap="Blues", interpolation="none", aspect="auto")
    middle = (np.nanmin(means) + np.nanmax(means)) / 2
    for (row, column), mean in np.ndenumerate(means):
        if not np.isnan(mean):
            colour = "white" if mean > middle else "#222222"
            axes.text(column, row, f"{mean * 100:.2f}", ha="center", va="center", color=colour)
    if of.reference in cells:
        one, other = cells[of.reference]
        place = (second.index(other) - 0.5, first.index(one) - 0.5)
        axes.add_patch(mpl.patches.Rectangle(place, 1, 1, fill=False, ec="#d55e00", lw=2))
    axes.set_yticks(range(len(first)), first)
    axes.set_xticks(range(len(second)), second)
    axes.set(ylabel=grid["axes"][0], xlabel=grid["axes"][1], title="test accuracy (%)")
    axes.grid(visible=False)
    style.save(figure, folder, "grid")
    write_table(pd.DataFrame(rows), folder, "grid")


def draw_agreement(of: Drawn, folder: Path) -> None:
    """Draw the shares of test images that both models, only one and neither call right."""
    entries = of.comparison["differences"]
    figure, ((axes,),) = style.new(9, 0.55 * max(1, len(entries)) + 1.5)
    rows = []
    for place, entry in enumerate(entries):
        model, reference, shares = entry["model"], entry["reference"], entry["shares"]
        parts = (
            ("both_right", "both right", "#b8b8b8"),
            ("only_model", f"only {model}", of.colours[model]),
            ("only_reference", f"only {reference}", of.colours[reference]),
            ("neither", "neither", "#5c5c5c"),
        )
        left = 0.0
        for key, title, colour in parts:
            axes.barh(place, shares[key], 0.6, left, color=colour, label=title)
            left += shares[key]
            part = {"model": model, "reference": reference, "right": key, "share": shares[key]}
            rows.append(part)
    axes.set_yticks(
        range(len(entries)), [f"{entry['model']}\n{entry['reference']}" for entry in entries]
    )
    axes.set_ylim(max(1, len(entries)) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("pairs of test image and run")
    handles, labels = axes.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    if known:
        style.legend(figure, 4, known)
    style.save(figure, folder, "agreement")
    columns = ["model", "reference", "right", "share"]
    write_table(pd.DataFrame(rows, columns=columns), folder, "agreement")


def draw_class_f1(of: Drawn, folder: Path) -> None:
    """Draw each class's F1 by model: the mean over seeds, its interval, and each seed.

    Of the classes with test images: without any there is nothing to tell. Of many those with the
    lowest; all are in the numbers.
    """
    scores = {
        model: np.array(
            [report["f1-score"].iloc[: len(of.classes)] for report in of.reports[model]],
            dtype=float,
        )
        for model in of.models
    }
    means = np.mean([values.mean(axis=0) for values in scores.values()], axis=0)
    images = of.reports[of.models[0]][0]["support"].iloc[: len(of.classes)].to_numpy(float)
    tested = images > 0
    shown = many_classes.lowest(np.where(tested, means, np.nan))
    shown = shown[tested[shown]]
    figure, ((axes,),) = style.new(7, max(0.38, 0.03 * len(of.models)) * len(shown) + 1.4)
    places = np.arange(len(shown))
    tables = []
    for number, model in enumerate(of.models):
        shifted = places + (number - (len(of.models) - 1) / 2) * 0.5 / len(of.models)
        colour = of.colours[model]
        table = inputs.over_seeds(scores[model], **{"model": model, "class": of.classes})
        table = table.join(inputs.intervals(scores[model], of.confidence))
        tables.append(table[tested])
        drawn = table.iloc[shown]
        axes.hlines(shifted, drawn["low"], drawn["high"], color=colour, lw=1, alpha=0.7)
        axes.hlines(shifted, drawn["least"], drawn["greatest"], color=colour, lw=3)
        marker = style.MARKERS[number % len(style.MARKERS)]
        axes.plot(drawn["mean"], shifted, marker, color=colour, label=model)
    axes.set_yticks(places, [of.classes[place] for place in shown])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("F1 on the test images")
    told = many_classes.told(len(shown), len(of.classes), "with the lowest F1")
    if told:
        axes.set_title(told)
    style.legend(figure, len(of.models))
    style.save(figure, folder, "class_f1")
    write_table(pd.concat(tables), folder, "class_f1")


def draw_cost(of: Drawn, folder: Path) -> None:
    """Draw the test accuracy of each model over the seconds that an epoch took."""
    figure, ((axes,),) = style.new(7, 3.6)
    rows = []
    for number, model in enumerate(of.models):
        found = of.comparison["models"][model]
        accuracy = found["metrics"]["accuracy"]
        seconds = found["seconds"] / found["epochs"]
        low, high = accuracy["interval"] or (None, None)
        colour = of.colours[model]
        if low is not None:
            axes.plot([seconds, seconds], [low, high], "-", color=colour, lw=2)
        marker = style.MARKERS[number % len(style.MARKERS)]
        label = f"{model}, {found['parameters']:,} parameters"
        axes.plot(seconds, accuracy["mean"], marker, color=colour, ms=9, label=label)
        rows.append(
            {
                "model": model,
                "seconds_an_epoch": seconds,
                "images_per_second": found["images_per_second"],
                "parameters": found["parameters"],
                "accuracy": accuracy["mean"],
                "low": low,
                "high": high,
            }
        )
    axes.margins(x=0.15, y=0.2)
    axes.set_xlim(0, 1.15 * max(row["seconds_an_epoch"] for row in rows))
    axes.set_xlabel("seconds of training an epoch")
    axes.set_ylabel("test accuracy")
    style.legend(figure, 2)
    style.save(figure, folder, "cost")
    write_table(pd.DataFrame(rows), folder, "cost")
