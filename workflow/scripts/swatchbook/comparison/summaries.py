"""What is said of one model by itself: its metrics over seeds, its calibration, its costs."""

from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import inference
from swatchbook.comparison.metrics import METRICS
from swatchbook.comparison.runs import Runs, Scaling


def describe(runs: Runs, confidence: float) -> dict[str, Any]:
    """Return one model's metrics with their means and intervals over seeds, and its costs.

    The gaps are those of overfitting, both positive where a model does better on the images that it
    was trained on: training minus test accuracy, test minus training loss, dropout off in both.
    """
    return {
        "metrics": {
            name: inference.over_seeds(values, confidence)
            for name, values in _per_seed(runs).items()
        },
        "wilson": [
            inference.wilson_interval(int(right), runs.correct.shape[1], confidence)
            for right in runs.correct.sum(axis=1)
        ],
        "views": _views(runs, confidence),
        "scaling": _scaling(runs.scaling, confidence),
        "reliability": {
            "before": _bins(runs.reliability),
            "after": _bins(runs.scaling.reliability) if runs.scaling else None,
        },
        "best_epoch": [best_epoch(history) for history in runs.histories],
        **_costs(runs),
    }


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
        name: inference.over_seeds(runs.per_seed("views", name), confidence)
        for name in measured_on(runs, "views")
    }


def measured_on(runs: Runs, split: str) -> list[str]:
    """Return the metrics that were measured on a split: some say nothing on some data sets."""
    return [name for name in METRICS if name in runs.measured[0][split]]


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


def _scaling(scaling: Scaling | None, confidence: float) -> dict[str, Any] | None:
    if scaling is None:
        return None
    return {
        "temperature": scaling.temperatures,
        "metrics": {
            name: inference.over_seeds(
                np.array([measured[name] for measured in scaling.measured]), confidence
            )
            for name, metric in METRICS.items()
            if metric.is_scaled
        },
    }


def _bins(table: pd.DataFrame) -> list[dict[str, float | None]]:
    """Return the rows of a table, ``None`` for NaN, which JSON does not have."""
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


def best_epoch(history: pd.DataFrame) -> int | None:
    """Return the epoch with the lowest validation loss; ``None`` without a validation set."""
    losses = history["val_loss"]
    return None if losses.isna().all() else int(history.loc[losses.idxmin(), "epoch"])
