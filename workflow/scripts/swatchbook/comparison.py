"""The models of one data set side by side: means, differences and how sure they are."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from swatchbook import metrics
from swatchbook.files import read_json, write_json

logger = logging.getLogger(__name__)

ENOUGH_SEEDS = 3
RESAMPLING_SEED = 0
RESAMPLES_AT_A_TIME = 200  # 16 MB of counts for 10,000 images


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
    """

    seeds: Sequence[int]
    correct: np.ndarray
    losses: np.ndarray
    measured: list[Mapping[str, Any]]
    runs: list[Mapping[str, Any]]
    histories: list[pd.DataFrame]

    def per_seed(self, split: str, metric: str) -> np.ndarray:
        """Return one metric of one split for each seed."""
        return np.array([measured[split][metric] for measured in self.measured])


def compare(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    settings: Mapping[str, Any],
    output: str | Path,
) -> None:
    """Compare all models of one data set and write ``comparison.json``.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which cells there are.
    settings
        ``reference`` (a model's name), ``confidence`` and ``resamples``.
    output
        The file to write.
    """
    results = Path(results)
    labels = np.load(results / "arrays" / "y_test.npy", allow_pickle=False).argmax(axis=1)
    runs = {model: read_runs(results / model, seeds, labels) for model in models}
    confidence = settings["confidence"]
    reference = settings["reference"]
    write_json(
        output,
        {
            "test_images": len(labels),
            "seeds": list(seeds),
            "confidence": confidence,
            "resamples": settings["resamples"],
            "reference": reference,
            "models": {model: describe(runs[model], confidence) for model in models},
            "differences": [
                {"model": model, "reference": reference}
                | differences(runs[model], runs[reference], confidence, settings["resamples"])
                for model in models
                if model != reference
            ],
        },
    )


def read_runs(folder: str | Path, seeds: Sequence[int], labels: np.ndarray) -> Runs:
    """Read the runs of one model from ``<folder>/seed-<seed>/``.

    Parameters
    ----------
    labels
        The class indices of the test images, shape (images,).
    """
    folders = [Path(folder) / f"seed-{seed}" for seed in seeds]
    probabilities = [np.load(path / "probabilities.npy", allow_pickle=False) for path in folders]
    return Runs(
        seeds=seeds,
        correct=np.array([values.argmax(axis=1) == labels for values in probabilities], float),
        losses=np.array([metrics.image_losses(labels, values) for values in probabilities]),
        measured=[read_json(path / "metrics.json") for path in folders],
        runs=[read_json(path / "run.json") for path in folders],
        histories=[pd.read_csv(path / "history.csv") for path in folders],
    )


def describe(runs: Runs, confidence: float) -> dict[str, Any]:
    """Return one model's metrics with their means and intervals over seeds, and its costs.

    The gaps are those of overfitting, both positive where a model does better on the images that it
    was trained on: training minus test accuracy, test minus training loss, dropout off in both.
    """
    values = {
        "accuracy": runs.per_seed("test", "accuracy"),
        "macro_f1": runs.per_seed("test", "macro_f1"),
        "log_loss": runs.per_seed("test", "log_loss"),
        "train_accuracy": runs.per_seed("train", "accuracy"),
        "train_log_loss": runs.per_seed("train", "log_loss"),
        "accuracy_gap": runs.per_seed("train", "accuracy") - runs.per_seed("test", "accuracy"),
        "log_loss_gap": runs.per_seed("test", "log_loss") - runs.per_seed("train", "log_loss"),
    }
    seconds = [run["seconds_in_epochs"] for run in runs.runs]
    return {
        "metrics": {
            name: {
                "mean": float(per_seed.mean()),
                "interval": t_interval(per_seed, confidence),
                "per_seed": per_seed.tolist(),
            }
            for name, per_seed in values.items()
        },
        "best_epoch": [best_epoch(history) for history in runs.histories],
        "epochs": len(runs.histories[0]),
        "parameters": runs.runs[0]["parameters"],
        "seconds": float(np.mean(seconds)),
        "images_per_second": float(
            np.mean([history["images_per_second"].mean() for history in runs.histories])
        ),
        "devices": sorted({f"{run['device']['name']}" for run in runs.runs}),
        "precisions": sorted({run["device"]["precision"] for run in runs.runs}),
        "threads": sorted({run["device"]["threads"] for run in runs.runs}),
    }


def best_epoch(history: pd.DataFrame) -> int | None:
    """Return the epoch with the lowest validation loss; ``None`` without a validation set."""
    losses = history["val_loss"]
    return None if losses.isna().all() else int(history.loc[losses.idxmin(), "epoch"])


def t_interval(values: np.ndarray, confidence: float) -> list[float] | None:
    """Return Student's t interval of the mean of independent values; ``None`` for a single one."""
    if len(values) < 2:
        return None
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * stats.sem(values)
    return [float(values.mean() - half), float(values.mean() + half)]


def differences(model: Runs, reference: Runs, confidence: float, resamples: int) -> dict[str, Any]:
    """Return the differences of two models, model minus reference, with intervals and words."""
    wanted = {
        "accuracy": (model.correct, reference.correct, 0.0, 0.0, True),
        "log_loss": (model.losses, reference.losses, 0.0, 0.0, False),
        "accuracy_gap": (
            -model.correct,
            -reference.correct,
            model.per_seed("train", "accuracy"),
            reference.per_seed("train", "accuracy"),
            False,
        ),
        "log_loss_gap": (
            model.losses,
            reference.losses,
            -model.per_seed("train", "log_loss"),
            -reference.per_seed("train", "log_loss"),
            False,
        ),
    }
    result: dict[str, Any] = {}
    for name, (ours, theirs, our_offset, their_offset, higher_is_better) in wanted.items():
        estimate, interval = difference(
            ours, theirs, confidence, resamples, our_offset, their_offset
        )
        result[name] = {
            "difference": estimate,
            "interval": interval,
            "verdict": verdict(interval, len(model.seeds), higher_is_better),
        }
    both = model.correct[:, None] + reference.correct[None, :]
    only_model = model.correct[:, None] > reference.correct[None, :]
    only_reference = model.correct[:, None] < reference.correct[None, :]
    result["shares"] = {
        "both_right": float((both == 2).mean()),
        "only_model": float(only_model.mean()),
        "only_reference": float(only_reference.mean()),
        "neither": float((both == 0).mean()),
    }
    return result


def difference(
    model: np.ndarray,
    reference: np.ndarray,
    confidence: float,
    resamples: int,
    model_offset: np.ndarray | float = 0.0,
    reference_offset: np.ndarray | float = 0.0,
) -> tuple[float, list[float] | None]:
    """Return the difference of two models' mean scores and its interval.

    Two things are left to chance: which images are in the test set, and which seeds were drawn. A
    bootstrap resamples both together, the images the same for both models (paired), the seeds of
    each model for itself. With a handful of seeds the plain bootstrap would understate their part,
    so that each seed's deviation from its model's mean is widened by sqrt(n / (n - 1)), and the
    interval is the estimate plus and minus the bootstrap's standard error times a quantile of
    Student's t, with the degrees of freedom of Welch and Satterthwaite (1946).

    Parameters
    ----------
    model, reference
        A score of each test image by each seed, shape (seeds, images).
    confidence
        Of the interval.
    resamples
        How many bootstrap resamples.
    model_offset, reference_offset
        What is added to the mean score of each seed, shape (seeds,): for gaps, the training part.

    Returns
    -------
    tuple
        The estimate, and the interval or ``None`` where a model has a single seed.
    """
    estimate = float((model.mean(1) + model_offset).mean())
    estimate -= float((reference.mean(1) + reference_offset).mean())
    if len(model) < 2 or len(reference) < 2:
        return estimate, None
    generator = np.random.default_rng(RESAMPLING_SEED)
    images = model.shape[1]
    resampled = np.empty(resamples)
    for start in range(0, resamples, RESAMPLES_AT_A_TIME):
        count = min(RESAMPLES_AT_A_TIME, resamples - start)
        weights = generator.multinomial(images, np.full(images, 1 / images), size=count) / images
        resampled[start : start + count] = _resampled_mean(
            model, model_offset, weights, generator
        ) - _resampled_mean(reference, reference_offset, weights, generator)
    error = resampled.std(ddof=1)
    freedom = _degrees_of_freedom(
        (model.mean(1) + model_offset), (reference.mean(1) + reference_offset), error
    )
    half = float(stats.t.ppf((1 + confidence) / 2, freedom) * error)
    return estimate, [estimate - half, estimate + half]


def _resampled_mean(
    scores: np.ndarray,
    offset: np.ndarray | float,
    weights: np.ndarray,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return the mean score of each resample, float64, shape (resamples,)."""
    seeds = len(scores)
    of_seeds = weights @ scores.T + offset  # (resamples, seeds)
    centre = of_seeds.mean(axis=1, keepdims=True)
    widened = centre + (of_seeds - centre) * np.sqrt(seeds / (seeds - 1))
    drawn = generator.integers(seeds, size=of_seeds.shape)
    return np.take_along_axis(widened, drawn, axis=1).mean(axis=1)


def _degrees_of_freedom(model: np.ndarray, reference: np.ndarray, error: float) -> float:
    """Return Welch and Satterthwaite's degrees of freedom; the images' part counts as exact."""
    parts = [values.var(ddof=1) / len(values) for values in (model, reference)]
    spread = sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (model, reference), strict=True)
    )
    return float(error**4 / spread) if spread > 0 else float("inf")


def verdict(interval: Sequence[float] | None, seeds: int, higher_is_better: bool) -> str:
    """Say in words what an interval of a difference shows.

    The rule: fewer than three seeds are "too few seeds to say"; an interval without zero is
    "better" or "worse"; any other is "no difference shown".
    """
    if interval is None or seeds < ENOUGH_SEEDS:
        return "too few seeds to say"
    low, high = interval
    if low <= 0 <= high:
        return "no difference shown"
    return "better" if (low > 0) == higher_is_better else "worse"
