"""The models of one data set side by side: means, differences and how sure they are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import inference, metrics, published
from swatchbook.files import read_json, write_json

CALIBRATED = ("log_loss", "brier", "ece")  # what temperature scaling may change


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


def compare(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    settings: Mapping[str, Any],
    published_folder: str | Path,
    output: str | Path,
) -> None:
    """Compare all models of one data set and write ``comparison.json``.

    Its keys, with what is ``null`` where it cannot be known in brackets:

    ``test_images``, ``seeds``, ``confidence``, ``resamples``, ``reference``
        What was compared and how.
    ``models.<model>``
        ``metrics.<name>``: ``per_seed``, their ``mean`` and its ``interval`` over seeds [one
        seed], of ``accuracy``, ``macro_f1``, ``log_loss``, ``brier`` and ``ece`` on the test
        images, ``train_accuracy`` and ``train_log_loss``, ``accuracy_gap`` and ``log_loss_gap``.
        ``wilson``: for each seed the interval of its accuracy that comes from the number of test
        images.
        ``scaling`` [no validation set]: ``temperature`` of each seed, and ``metrics`` as above, of
        ``log_loss``, ``brier`` and ``ece`` on the test images after temperature scaling.
        ``reliability``: ``before`` and ``after`` [no validation set] temperature scaling, a list of
        bins with ``from``, ``to``, ``count`` (images, summed over seeds), ``confidence`` and
        ``accuracy`` (means over these) [empty bin].
        ``best_epoch`` of each seed [no validation set], ``epochs``, ``parameters``, ``seconds`` and
        ``images_per_second`` (means), ``devices``, ``precisions``, ``threads``.
    ``differences``, a list with an entry for each other model
        ``model``, ``reference``.
        ``accuracy``, ``log_loss``, ``accuracy_gap``, ``log_loss_gap``: ``difference`` of the means
        over seeds, model minus reference; ``standard_error``, ``degrees_of_freedom``, ``interval``,
        ``p_value`` and ``smallest_detectable`` [one seed]; ``verdict``, that of this comparison
        alone: the report's words on accuracy allow for all of its comparisons.
        ``mcnemar``: for each seed, ``seed``, ``only_model`` and ``only_reference`` (test images
        that only the one called right) and ``p_value``.
        ``shares``: of all pairs of test image and runs, who is right.
    ``tutorial`` [another data set, or test images that were not watched]
        ``edition``, ``epochs`` (that both have), ``models.<model>``: in how many of them what the
        tutorial printed lies within the range of the seeds: ``test_accuracy``,
        ``last_batch_loss``, ``last_batch_accuracy``.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which cells there are.
    settings
        ``reference`` (a model's name), ``confidence`` and ``resamples``.
    published_folder
        Where the tutorial's printed figures are.
    output
        The file to write.
    """
    results = Path(results)
    labels, validation = (_labels(results, split) for split in ("test", "validation"))
    runs = {model: read_runs(results / model, seeds, labels, validation) for model in models}
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
            "tutorial": published.beside_tutorial(
                {model: cells.histories for model, cells in runs.items()},
                published_folder,
                results.name,
            ),
        },
    )


def _labels(results: Path, split: str) -> np.ndarray:
    """Return the class indices of one split, shape (images,)."""
    return np.load(results / "arrays" / f"y_{split}.npy", allow_pickle=False).argmax(axis=1)


def read_runs(
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


def describe(runs: Runs, confidence: float) -> dict[str, Any]:
    """Return one model's metrics with their means and intervals over seeds, and its costs.

    The gaps are those of overfitting, both positive where a model does better on the images that it
    was trained on: training minus test accuracy, test minus training loss, dropout off in both.
    """
    values = {
        **{
            name: runs.per_seed("test", name)
            for name in ("accuracy", "macro_f1", "log_loss", "brier", "ece")
        },
        "train_accuracy": runs.per_seed("train", "accuracy"),
        "train_log_loss": runs.per_seed("train", "log_loss"),
        "accuracy_gap": runs.per_seed("train", "accuracy") - runs.per_seed("test", "accuracy"),
        "log_loss_gap": runs.per_seed("test", "log_loss") - runs.per_seed("train", "log_loss"),
    }
    seconds = [run["seconds_in_epochs"] for run in runs.runs]
    images = runs.correct.shape[1]
    return {
        "metrics": _over_seeds(values, confidence),
        "wilson": [
            inference.wilson_interval(int(right), images, confidence)
            for right in runs.correct.sum(axis=1)
        ],
        "scaling": _scaling(runs.scaling, confidence),
        "reliability": {
            "before": _bins(runs.reliability),
            "after": _bins(runs.scaling.reliability) if runs.scaling else None,
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


def _over_seeds(values: Mapping[str, np.ndarray], confidence: float) -> dict[str, Any]:
    """Return mean, interval and values over seeds of each metric."""
    return {
        name: {
            "mean": float(per_seed.mean()),
            "interval": inference.t_interval(per_seed, confidence),
            "per_seed": per_seed.tolist(),
        }
        for name, per_seed in values.items()
    }


def _scaling(scaling: Scaling | None, confidence: float) -> dict[str, Any] | None:
    if scaling is None:
        return None
    values = {name: np.array([run[name] for run in scaling.measured]) for name in CALIBRATED}
    return {
        "temperature": scaling.temperatures,
        "metrics": _over_seeds(values, confidence),
    }


def _bins(table: pd.DataFrame) -> list[dict[str, float | None]]:
    """Return the rows of a table, ``None`` for NaN, which JSON does not have."""
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


def best_epoch(history: pd.DataFrame) -> int | None:
    """Return the epoch with the lowest validation loss; ``None`` without a validation set."""
    losses = history["val_loss"]
    return None if losses.isna().all() else int(history.loc[losses.idxmin(), "epoch"])


def differences(model: Runs, reference: Runs, confidence: float, resamples: int) -> dict[str, Any]:
    """Return what `compare` writes of two models; differences are model minus reference."""
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
    seeds = min(len(model.seeds), len(reference.seeds))
    result: dict[str, Any] = {}
    for name, (ours, theirs, our_offset, their_offset, higher_is_better) in wanted.items():
        found = inference.difference(ours, theirs, resamples, our_offset, their_offset)
        result[name] = {
            "difference": found.estimate,
            "standard_error": found.error,
            "degrees_of_freedom": found.freedom if math.isfinite(found.freedom) else None,
            "interval": found.interval(confidence),
            "p_value": found.p_value,
            "smallest_detectable": found.smallest_detectable(confidence),
            "verdict": inference.verdict(
                found.estimate, found.p_value, seeds, confidence, higher_is_better
            ),
        }
    result["mcnemar"] = mcnemar(model, reference)
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


def mcnemar(model: Runs, reference: Runs) -> list[dict[str, Any]]:
    """Return the exact McNemar test of the two runs of each seed.

    It says whether these two runs differ on such images, not whether the models do: other seeds
    are other runs.
    """
    found = []
    for seed, ours, theirs in zip(model.seeds, model.correct, reference.correct, strict=True):
        only_model, only_reference = int((ours > theirs).sum()), int((ours < theirs).sum())
        found.append(
            {
                "seed": seed,
                "only_model": only_model,
                "only_reference": only_reference,
                "p_value": inference.mcnemar_exact(only_model, only_reference),
            }
        )
    return found
