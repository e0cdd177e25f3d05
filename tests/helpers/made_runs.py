"""Runs of a model, made up without files."""

import numpy as np
import pandas as pd

from swatchbook.comparison import metrics
from swatchbook.comparison.runs import Runs


def scores(seeds: int, images: int = 200, mean: float = 0.7, start: int = 0) -> np.ndarray:
    """Right or wrong by chance, float64, shape (seeds, images)."""
    generator = np.random.default_rng(start)
    return (generator.random((seeds, images)) < mean).astype(float)


def runs_with(correct: np.ndarray, train: float, train_loss: float, loss: float = 0.5) -> Runs:
    """Runs whose test losses are all `loss` and whose training metrics are the same."""
    measured = [
        {
            "train": {"accuracy": train, "log_loss": train_loss},
            "test": {"accuracy": float(row.mean()), "log_loss": loss, "macro_f1": 0.5}
            | {"brier": 0.3, "ece": 0.1},
        }
        for row in correct
    ]
    device = {"name": "A CPU", "precision": "float32", "threads": 1}
    facts = [
        {"seconds_in_epochs": 2.0 + n, "parameters": 7, "kept_epoch": 2}
        for n in range(len(correct))
    ]
    history = pd.DataFrame({"epoch": [1, 2], "val_loss": [0.4, 0.5], "images_per_second": 10.0})
    return Runs(
        seeds=range(len(correct)),
        correct=correct,
        losses=np.full(correct.shape, loss),
        measured=measured,
        runs=[fact | {"device": device} for fact in facts],
        histories=[history] * len(correct),
        reliability=metrics.reliability(np.zeros(1, int), np.array([[0.7, 0.3]])),
        scaling=None,
    )
