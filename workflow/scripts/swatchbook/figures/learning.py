"""Figures of how the models of one data set learnt, epoch by epoch."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

from swatchbook.comparison import published
from swatchbook.figures import style
from swatchbook.figures.colours import model_colours
from swatchbook.figures.inputs import Drawn, by_epoch, by_seed, longest, over_seeds
from swatchbook.figures.style import write_table


def draw_learning_curves(of: Drawn, folder: Path) -> None:
    """Draw accuracy and loss by epoch: the mean over seeds, and a band from least to most.

    A circle marks the epoch where the mean validation loss is lowest. Where seeds made different
    numbers of epochs, mean and band are of those that made the epoch.
    """
    figure, (panels,) = style.new(10, 4, 1, 2)
    tables = []
    for axes, metric in zip(panels, ("accuracy", "loss"), strict=True):
        for model in of.models:
            histories = of.histories[model]
            losses = by_epoch(histories, "val_loss")
            for prefix, line, part in (("", "--", "training"), ("val_", "-", "validation")):
                curves = by_epoch(histories, f"{prefix}{metric}")
                if np.isnan(curves).all():
                    continue
                epochs = longest(histories)["epoch"]
                colour = of.colours[model]
                table = over_seeds(curves, model=model, images=part, metric=metric, epoch=epochs)
                tables.append(table.join(by_seed(curves, of.seeds)))
                axes.fill_between(
                    epochs, table["least"], table["greatest"], color=colour, alpha=0.18, lw=0
                )
                marker = "." if len(epochs) == 1 else None
                label = f"{model}, {part}"
                axes.plot(epochs, table["mean"], line, color=colour, marker=marker, label=label)
                if part == "validation":
                    place = int(np.nanmean(losses, 0).argmin())
                    mark = {"color": colour, "mfc": "none", "ms": 11, "mew": 1.8}
                    axes.plot(epochs.iloc[place], table["mean"].iloc[place], "o", **mark)
        axes.set_xlabel("epoch")
        axes.set_title("accuracy" if metric == "accuracy" else "loss (cross-entropy, nats)")
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    style.legend(figure, 4)
    style.save(figure, folder, "learning_curves")
    write_table(pd.concat(tables), folder, "learning_curves")


def draw_changes(of: Drawn, folder: Path) -> None:
    """Draw validation accuracies by epoch, means over seeds: a panel a change, with the base.

    Without validation images, the accuracy on the training images while they are trained on.
    """
    changes = of.ablation["changes"]
    watched = not np.isnan(by_epoch(of.histories[of.reference], "val_accuracy")).all()
    column = "val_accuracy" if watched else "accuracy"
    columns = min(3, len(changes))
    figure, panels = style.new(
        3.4 * columns, 3 * -(-len(changes) // columns), -(-len(changes) // columns), columns
    )
    tables = []
    for axes, (change, values) in zip(panels.flat, changes.items(), strict=False):
        shown = {of.reference: of.reference} | dict(values)
        colours = [style.INK, *model_colours(list(values)).values()]
        for (model, value), colour in zip(shown.items(), colours, strict=True):
            histories = of.histories[model]
            table = over_seeds(
                by_epoch(histories, column),
                change=change,
                model=model,
                epoch=longest(histories)["epoch"],
            )
            tables.append(table)
            axes.plot(table["epoch"], table["mean"], color=colour, label=style.shortened(value))
        axes.set_title(change)
        axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
        axes.legend(fontsize=7, loc="lower right")
        # A model that learns nothing would press the others together.
        best = max(table["mean"].max() for table in tables)
        axes.set_ylim(max(axes.get_ylim()[0], best - 0.12), None)
    for axes in panels.flat[len(changes) :]:
        axes.set_visible(False)
    figure.supxlabel("epoch")
    figure.supylabel(f"{'validation' if watched else 'training'} accuracy")
    style.save(figure, folder, "changes")
    write_table(pd.concat(tables), folder, "changes")


def draw_learning_rate(of: Drawn, folder: Path) -> None:
    """Draw the learning rate at the end of each epoch, which is the same for every seed.

    Of the seed with the most epochs, where some stopped early. Models with the same rates share a
    line.
    """
    figure, ((axes,),) = style.new(7, 3)
    tables = []
    sharing: dict[bytes, list[str]] = {}
    for model in of.models:
        table = longest(of.histories[model])[["epoch", "learning_rate"]]
        sharing.setdefault(table.to_numpy().tobytes(), []).append(model)
        tables.append(table.assign(model=model))
    for models in sharing.values():
        table = longest(of.histories[models[0]])[["epoch", "learning_rate"]]
        more = f" and {len(models) - 1} more" if len(models) > 1 else ""
        axes.plot(
            *table.to_numpy().T,
            color=of.colours[models[0]],
            marker="." if len(table) == 1 else None,
            label=f"{models[0]}{more}",
        )
    axes.set(xlabel="epoch", ylabel="learning rate", ylim=(0, None))
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    style.legend(figure, 4)
    style.save(figure, folder, "learning_rate")
    write_table(pd.concat(tables)[["model", "epoch", "learning_rate"]], folder, "learning_rate")


def draw_augmentation(of: Drawn, folder: Path) -> None:
    """Draw some training images as they are, and as the first epochs of each model see them."""
    models = list(of.augmented)
    rows, columns = next(iter(of.augmented.values())).shape[:2]
    figure, panels = style.new(0.6 * columns + 1, (0.6 * rows + 0.4) * len(models), len(models))
    shown = []
    for (axes,), model in zip(panels, models, strict=True):
        style.show_sheet(axes, list(of.augmented[model]), columns)
        for row in range(rows):
            text = f"epoch {row}" if row else "as it is"
            axes.text(-0.1, row + 0.5, text, ha="right", va="center", fontsize=8)
            shown += [{"model": model, "epoch": row, "row": column} for column in range(columns)]
        axes.set_title(model)
    style.save(figure, folder, "augmentation")
    write_table(pd.DataFrame(shown), folder, "augmentation")


def draw_tutorial(of: Drawn, folder: Path) -> None:
    """Draw what was watched of the test images and last batches, and what the tutorial printed."""
    titles = {
        "test_accuracy": "test accuracy",
        "last_batch_loss": "loss of the last batch (nats)",
        "last_batch_accuracy": "accuracy on the last batch",
    }
    figure, (panels,) = style.new(12, 4, 1, 3)
    tables = []
    for model in of.models:
        histories = of.histories[model]
        beside = published.tutorial_table(histories, of.published, of.dataset)
        if beside is not None:
            tables.append(beside.assign(model=model))
        for axes, (metric, title) in zip(panels, titles.items(), strict=True):
            curves = by_epoch(histories, metric)
            epochs = longest(histories)["epoch"]
            colour = of.colours[model]
            label = f"{model}, {len(curves)} seed{'s' if len(curves) > 1 else ''}"
            table = over_seeds(curves, model=model, metric=metric, epoch=epochs)
            if beside is None:  # nothing was printed of this data set
                tables.append(table)
            axes.fill_between(
                epochs, table["least"], table["greatest"], color=colour, alpha=0.25, lw=0
            )
            axes.plot(epochs, table["mean"], color=colour, label=label)
            axes.set(xlabel="epoch", title=title)
            axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
            if beside is not None and model == of.models[0]:
                printed = beside[beside["metric"] == metric]
                axes.plot(printed["epoch"], printed["printed"], ".--", color=style.INK, lw=1)
                axes.lines[-1].set_label("the tutorial, as printed")
    style.legend(figure, len(of.models) + 1)
    style.save(figure, folder, "tutorial")
    columns = ["model", "edition", "metric", "epoch", "printed", "mean", "least", "greatest"]
    write_table(pd.concat(tables).reindex(columns=[*columns, "inside"]), folder, "tutorial")
