"""The runs of one model, read from their folders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import metrics
from swatchbook.data.folds import Folds
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
    whole
        `metrics.summary` of all images in each repetition of a cross-validation; else nothing.
    """

    temperatures: list[float]
    measured: list[Mapping[str, float]]
    reliability: pd.DataFrame
    whole: Sequence[Mapping[str, float]] = ()


@dataclass(frozen=True)
class CrossValidated:
    """What the runs of one model are together, where each tests a fold of its own.

    Attributes
    ----------
    overlap
        Test images of a run divided by its training images, on average.
    correct
        1 where a test image of a run was called right, float64, an array a run.
    whole
        `metrics.summary` of all images in each repetition.
    reports
        `metrics.classification_report` likewise, classes by their number.
    """

    overlap: float
    correct: list[np.ndarray]
    whole: list[Mapping[str, float]]
    reports: list[pd.DataFrame]


@dataclass(frozen=True)
class Runs:
    """All runs of one model.

    Attributes
    ----------
    seeds
        Their seeds.
    correct
        1 where a test image was called right, float64, shape (seeds, images); of a cross-validation
        shape (repetitions, images).
    losses
        The cross-entropy of each test image in nats, float64, likewise.
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
    crossed
        What there is besides of a cross-validation; ``None`` where all seeds have one test set.
    """

    seeds: Sequence[int]
    correct: np.ndarray
    losses: np.ndarray
    measured: list[Mapping[str, Any]]
    runs: list[Mapping[str, Any]]
    histories: list[pd.DataFrame]
    reliability: pd.DataFrame
    scaling: Scaling | None
    crossed: CrossValidated | None = None

    @property
    def overlap(self) -> float:
        """As for `inference.t_interval`."""
        return self.crossed.overlap if self.crossed else 0.0

    @property
    def correct_by_run(self) -> list[np.ndarray]:
        """1 where a test image of a run was called right, an array a run."""
        return self.crossed.correct if self.crossed else list(self.correct)

    def per_seed(self, split: str, metric: str) -> np.ndarray:
        """Return one metric of one split for each seed."""
        return np.array([measured[split][metric] for measured in self.measured])


def read(
    folder: str | Path,
    seeds: Sequence[int],
    labels: np.ndarray,
    validation: np.ndarray,
    folds: Folds | None = None,
) -> Runs:
    """Read the runs of one model from ``<folder>/seed-<seed>/``.

    Parameters
    ----------
    labels, validation
        The class indices of the test and the validation images, shape (images,); the latter may be
        empty. Of a cross-validation the former are those of all images, and the latter not used.
    folds
        Of a cross-validation.
    """
    folders = [Path(folder) / f"seed-{seed}" for seed in seeds]
    probabilities = [np.load(path / "probabilities.npy", allow_pickle=False) for path in folders]
    watched = [
        np.load(path / "probabilities_validation.npy", allow_pickle=False) for path in folders
    ]
    tested, validated = [labels] * len(folders), [validation] * len(folders)
    if folds:
        tested, validated = (
            [labels[folds.rows(split, seed)] for seed in seeds] for split in ("test", "validation")
        )
    pairs = list(zip(tested, probabilities, strict=True))
    correct = [(values.argmax(axis=1) == of_run).astype(float) for of_run, values in pairs]
    losses = [metrics.image_losses(of_run, values) for of_run, values in pairs]
    together = _joining(folds, seeds)
    return Runs(
        seeds=seeds,
        correct=together(correct),
        losses=together(losses),
        measured=[read_json(path / "metrics.json") for path in folders],
        runs=[read_json(path / "run.json") for path in folders],
        histories=[pd.read_csv(path / "history.csv") for path in folders],
        reliability=reliability_of_all(tested, probabilities),
        scaling=_scaling(tested, probabilities, validated, watched, labels, folds, seeds),
        crossed=_crossed(folds, seeds, labels, correct, probabilities) if folds else None,
    )


def _joining(
    folds: Folds | None, seeds: Sequence[int]
) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
    """Return what makes one array of the runs' ones, a row a seed or a repetition."""
    return np.array if folds is None else lambda values: folds.out_of_fold(seeds, values)


def _crossed(
    folds: Folds,
    seeds: Sequence[int],
    labels: np.ndarray,
    correct: list[np.ndarray],
    probabilities: Sequence[np.ndarray],
) -> CrossValidated:
    whole = folds.out_of_fold(seeds, probabilities)
    names = [str(number) for number in range(whole.shape[2])]
    return CrossValidated(
        overlap=folds.overlap(seeds),
        correct=correct,
        whole=[metrics.summary(labels, values) for values in whole],
        reports=[
            metrics.classification_report(labels, values.argmax(axis=1), names) for values in whole
        ],
    )


def _scaling(
    tested: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    validated: Sequence[np.ndarray],
    watched: Sequence[np.ndarray],
    labels: np.ndarray,
    folds: Folds | None,
    seeds: Sequence[int],
) -> Scaling | None:
    """Scale if there are validation images, as `scale`; of a cross-validation all images too."""
    if not all(map(len, validated)):
        return None
    scaling, scaled = scale(tested, probabilities, validated, watched)
    if folds is None:
        return scaling
    whole = folds.out_of_fold(seeds, scaled)
    return replace(scaling, whole=[metrics.summary(labels, values) for values in whole])


def scale(
    labels: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    validation: Sequence[np.ndarray],
    watched: Sequence[np.ndarray],
) -> tuple[Scaling, list[np.ndarray]]:
    """Fit each seed's temperature on the validation set and measure the test set with it.

    Parameters
    ----------
    labels, validation
        For each seed the class indices of the test and the validation images, shape (images,).
    probabilities, watched
        For each seed the probabilities of the test and the validation images, shape (images,
        classes).

    Returns
    -------
    tuple
        What was measured, and for each seed the probabilities of the test images at its
        temperature.
    """
    temperatures = [
        metrics.best_temperature(of_run, values)
        for of_run, values in zip(validation, watched, strict=True)
    ]
    scaled = [
        metrics.with_temperature(values, temperature)
        for values, temperature in zip(probabilities, temperatures, strict=True)
    ]
    measured = [
        metrics.summary(of_run, values) for of_run, values in zip(labels, scaled, strict=True)
    ]
    return Scaling(temperatures, measured, reliability_of_all(labels, scaled)), scaled


def reliability_of_all(
    labels: Sequence[np.ndarray], probabilities: Sequence[np.ndarray]
) -> pd.DataFrame:
    """Return `metrics.reliability` of the test images of all seeds together."""
    return metrics.reliability(np.concatenate(labels), np.concatenate(probabilities))
