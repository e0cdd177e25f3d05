"""What is said of one model by itself: its metrics over seeds, its calibration, its costs."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import inference
from swatchbook.comparison.metrics import METRICS
from swatchbook.comparison.runs import Runs, Scaling

# What a metric can be at most, where that is not 1; none is ever below 0.
MOST = {"log_loss": math.inf, "train_log_loss": math.inf, "brier": 2.0}
UNBOUNDED = ("accuracy_gap", "log_loss_gap")  # differences, which may have either sign


def describe(runs: Runs, confidence: float) -> dict[str, Any]:
    """Return one model's metrics with their means and intervals over seeds, and its costs.

    The gaps are those of overfitting, both positive where a model does better on the images that it
    was trained on: training minus test accuracy, test minus training loss, dropout off in both.
    """
    return {
        "metrics": {
            name: inference.over_seeds(values, confidence, runs.overlap, _most(name))
            for name, values in _per_seed(runs).items()
        }
        | _pooled(runs.crossed.whole if runs.crossed else ()),
        "wilson": [
            inference.wilson_interval(int(right.sum()), len(right), confidence)
            for right in runs.correct_by_run
        ],
        "views": _views(runs, confidence),
        "scaling": _scaling(runs.scaling, confidence, runs.overlap),
        "reliability": {
            "before": _bins(runs.reliability),
            "after": _bins(runs.scaling.reliability) if runs.scaling else None,
        },
        "best_epoch": [best_epoch(history) for history in runs.histories],
        **({"classes": _classes(runs.crossed.reports)} if runs.crossed else {}),
        **_costs(runs),
    }


def _most(name: str) -> float | None:
    """Return what a metric can be at most; ``None`` for one that may be negative."""
    return None if name in UNBOUNDED else MOST.get(name, 1.0)


def _pooled(
    whole: Sequence[Mapping[str, float]], wanted: Collection[str] = tuple(METRICS)
) -> dict[str, Any]:
    """Return the metrics that a cross-validation measures on all images of a repetition together.

    Without an interval: repetitions have the same images, so what they vary by says little of how
    far chance may have moved them all.
    """
    found = {
        name: [measured[name] for measured in whole]
        for name, metric in METRICS.items()
        if name in wanted and metric.is_pooled and whole and name in whole[0]
    }
    return {
        name: {"mean": float(np.mean(values)), "interval": None, "per_repetition": values}
        for name, values in found.items()
    }


def _classes(reports: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """Return the classification report of a cross-validation: means, and F1 of each repetition."""
    rows = []
    for place, name in enumerate(reports[0].index):
        of_class = [report.iloc[place] for report in reports]
        row: dict[str, Any] = {"class": name, "support": int(of_class[0]["support"])}
        for column in ("precision", "recall", "f1-score"):
            mean = float(np.mean([values[column] for values in of_class]))
            row[column] = None if np.isnan(mean) else mean
        row["per_repetition"] = [float(values["f1-score"]) for values in of_class]
        rows.append(row)
    return rows


def _per_seed(runs: Runs) -> dict[str, np.ndarray]:
    """Return each metric of each seed, shape (seeds,)."""
    test = {name: runs.per_seed("test", name) for name in measured_on(runs, "test")}
    train = {name: runs.per_seed("train", name) for name in ("accuracy", "log_loss")}
    return {
        **test,
        "train_accuracy": train["accuracy"],
        "train_log_loss": train["log_loss"],
        "accuracy_gap": train["accuracy"] - test["accuracy"],
        "log_loss_gap": test["log_loss"] - train["log_loss"],
    }


def _views(runs: Runs, confidence: float) -> dict[str, Any] | None:
    """Return each metric of the test images with test-time augmentation, if there was one."""
    if not all("views" in measured for measured in runs.measured):
        return None
    return {
        name: inference.over_seeds(
            runs.per_seed("views", name), confidence, runs.overlap, _most(name)
        )
        for name in measured_on(runs, "views")
    }


def measured_on(runs: Runs, split: str) -> list[str]:
    """Return the metrics that were measured on a split: some say nothing on some data sets.

    Of a cross-validation those that are means over folds, and were measured in each.
    """
    return [
        name
        for name, metric in METRICS.items()
        if all(name in measured[split] for measured in runs.measured)
        and not (runs.crossed and metric.is_pooled)
    ]


def _costs(runs: Runs) -> dict[str, Any]:
    """Return what the trainings of one model took, and what they ran on."""
    devices = [run["device"] for run in runs.runs]
    epochs = [len(history) for history in runs.histories]
    return {
        "epochs": sum(epochs) / len(epochs) if len(set(epochs)) > 1 else epochs[0],
        "epochs_per_seed": epochs,
        "kept_epoch": [run["kept_epoch"] for run in runs.runs],
        "parameters": runs.runs[0]["parameters"],
        "seconds": float(np.mean([run["seconds_in_epochs"] for run in runs.runs])),
        "images_per_second": float(
            np.mean([history["images_per_second"].mean() for history in runs.histories])
        ),
        "devices": sorted({device["name"] for device in devices}),
        "precisions": sorted({device["precision"] for device in devices}),
        "threads": sorted({device["threads"] for device in devices}),
    }


def _scaling(scaling: Scaling | None, confidence: float, overlap: float) -> dict[str, Any] | None:
    if scaling is None:
        return None
    scaled = [name for name, metric in METRICS.items() if metric.is_scaled]
    return {
        "temperature": scaling.temperatures,
        "metrics": {
            name: inference.over_seeds(
                np.array([measured[name] for measured in scaling.measured]),
                confidence,
                overlap,
                _most(name),
            )
            for name in scaled
        }
        | _pooled(scaling.whole, scaled),
    }


def _bins(table: pd.DataFrame) -> list[dict[str, float | None]]:
    """Return the rows of a table, ``None`` for NaN, which JSON does not have."""
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


def best_epoch(history: pd.DataFrame) -> int | None:
    """Return the epoch with the lowest validation loss; ``None`` without a validation set."""
    losses = history["val_loss"]
    return None if losses.isna().all() else int(history.loc[losses.idxmin(), "epoch"])
