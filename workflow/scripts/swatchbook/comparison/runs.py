"""The runs of one model, read from their folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import metrics
from swatchbook.files import read_json


@dataclass(frozen=True)
class Scaling:
    """The runs of one model after temperature scaling.

    Attributes
    ----------
    temperatures
        The temperature of each seed, fitted on the validation set.
    measured
        `metrics.summary` of the test images of each seed at its temperature.
    reliability
        `metrics.reliability` of the test images of all seeds.
    """

    temperatures: list[float]
    measured: list[Mapping[str, float]]
    reliability: pd.DataFrame


@dataclass(frozen=True)
class Runs:
    """All runs of one model.

    Attributes
    ----------
    seeds
        Their seeds.
    correct
        1 where a test image was called right, float64, shape (seeds, images).
    losses
        The cross-entropy of each test image in nats, float64, shape (seeds, images).
    measured
        The content of ``metrics.json`` of each seed.
    runs
        The content of ``run.json`` of each seed.
    histories
        ``history.csv`` of each seed.
    reliability
        `metrics.reliability` of the test images of all seeds.
    scaling
        The same after temperature scaling; ``None`` without a validation set.
    """

    seeds: Sequence[int]
    correct: np.ndarray
    losses: np.ndarray
    measured: list[Mapping[str, Any]]
    runs: list[Mapping[str, Any]]
    histories: list[pd.DataFrame]
    reliability: pd.DataFrame
    scaling: Scaling | None

    def per_seed(self, split: str, metric: str) -> np.ndarray:
        """Return one metric of one split for each seed."""
        return np.array([measured[split][metric] for measured in self.measured])


def read(
    folder: str | Path, seeds: Sequence[int], labels: np.ndarray, validation: np.ndarray
) -> Runs:
    """Read the runs of one model from ``<folder>/seed-<seed>/``.

    Parameters
    ----------
    labels, validation
        The class indices of the test and the validation images, shape (images,); the latter may be
        empty.
    """
    folders = [Path(folder) / f"seed-{seed}" for seed in seeds]
    probabilities = [np.load(path / "probabilities.npy", allow_pickle=False) for path in folders]
    watched = [
        np.load(path / "probabilities_validation.npy", allow_pickle=False) for path in folders
    ]
    return Runs(
        seeds=seeds,
        correct=np.array([values.argmax(axis=1) == labels for values in probabilities], float),
        losses=np.array([metrics.image_losses(labels, values) for values in probabilities]),
        measured=[read_json(path / "metrics.json") for path in folders],
        runs=[read_json(path / "run.json") for path in folders],
        histories=[pd.read_csv(path / "history.csv") for path in folders],
        reliability=reliability_of_all(labels, probabilities),
        scaling=scale(labels, probabilities, validation, watched) if len(validation) else None,
    )


def scale(
    labels: np.ndarray,
    probabilities: Sequence[np.ndarray],
    validation: np.ndarray,
    watched: Sequence[np.ndarray],
) -> Scaling:
    """Fit each seed's temperature on the validation set and measure the test set with it.

    Parameters
    ----------
    labels, validation
        The class indices of the test and the validation images, shape (images,).
    probabilities, watched
        For each seed the probabilities of the test and the validation images, shape (images,
        classes).
    """
    temperatures = [metrics.best_temperature(validation, values) for values in watched]
    scaled = [
        metrics.with_temperature(values, temperature)
        for values, temperature in zip(probabilities, temperatures, strict=True)
    ]
    return Scaling(
        temperatures=temperatures,
        measured=[metrics.summary(labels, values) for values in scaled],
        reliability=reliability_of_all(labels, scaled),
    )


def reliability_of_all(labels: np.ndarray, probabilities: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return `metrics.reliability` of the test images of all seeds together."""
    return metrics.reliability(np.tile(labels, len(probabilities)), np.concatenate(probabilities))
