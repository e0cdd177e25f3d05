"""Prediction sets of the test images: how often they are right, and how large."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import conformal
from swatchbook.comparison.inference import over_seeds, share_interval
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.figures import failures
from swatchbook.figures.colours import model_colours
from swatchbook.files import replacing, write_json

# What is said of the sets of a run, and what each number can be at most.
MOST = {"coverage": 1.0, "size": np.inf, "single": 1.0, "empty": 1.0}


def make_prediction_sets(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Sequence[str],
    coverage: float,
    confidence: float,
    all_models: Sequence[str],
    output: str | Path,
) -> None:
    """Write ``summary.json``, ``runs.csv``, and the figure ``prediction_sets`` with its numbers.

    Each run's sets are calibrated on its validation images and tried on its test images.
    ``runs.csv`` has a row a model, score and seed: coverage, mean size, and the shares of sets with
    one class and with none. ``prediction_sets.csv`` has a row a model, score and class, of all
    seeds together: ``images`` of the class, ``coverage`` with its interval, and the mean ``size``.
    Without validation images there are no sets, and the tables have no rows.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which runs there are.
    classes
        The class names.
    coverage
        How often the right class is to be in the set.
    confidence
        Of the intervals.
    all_models
        All models of the configuration, by whose order each has its colour.
    output
        The folder to write into.
    """
    results, output = Path(results), Path(output)
    folds = folding.read(results / "arrays")
    labels = arrays.labels(results / "arrays", "test")
    runs, by_class, measured = [], [], {}
    calibrated = _calibration_images(results, seeds)
    for model in models if min(calibrated) else ():
        measured[model] = {}
        for score in conformal.SCORES:
            made = [_sets_of_run(results, model, seed, score, coverage) for seed in seeds]
            of_runs = [_measured(found, truth) for found, truth in made]
            runs += [
                {"model": model, "score": score, "seed": seed, **of_run}
                for seed, of_run in zip(seeds, of_runs, strict=True)
            ]
            overlap = folds.overlap(seeds) if folds else 0.0
            measured[model][score] = {
                key: over_seeds(
                    np.array([of_run[key] for of_run in of_runs]), confidence, overlap, most
                )
                for key, most in MOST.items()
            }
            whole = [found for found, _ in made]
            whole = folds.out_of_fold(seeds, whole) if folds else np.stack(whole)
            rows = _by_class(whole, labels, classes, None if folds else confidence)
            by_class += [{"model": model, "score": score, **row} for row in rows]
    images = len(folds.rows("test", seeds[0])) if folds else len(labels)
    summary = {
        "wanted": coverage,
        "confidence": confidence,
        "calibration_images": min(calibrated),
        "fewest": conformal.fewest(coverage),
        "test_images": images,
        "expected": conformal.expected(min(calibrated), images, coverage, confidence),
        "seeds": list(seeds),
        "models": measured,
    }
    write_json(output / "summary.json", summary)
    columns = ["model", "score", "seed", "coverage", "size", "single", "empty"]
    with replacing(output / "runs.csv") as path:
        pd.DataFrame(runs, columns=columns).to_csv(path, index=False, lineterminator="\n")
    columns = ["model", "score", "class", "images", "wanted", "coverage", "low", "high", "size"]
    table = pd.DataFrame([row | {"wanted": coverage} for row in by_class], columns=columns)
    failures.draw_prediction_sets(table, model_colours(list(all_models)), output)


def _calibration_images(results: Path, seeds: Sequence[int]) -> list[int]:
    """Return how many validation images each seed has."""
    return [
        len(arrays.load(results / "arrays", "validation", seed, mapped=True)[1]) for seed in seeds
    ]


def _sets_of_run(
    results: Path, model: str, seed: int, score: str, coverage: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sets of a run's test images, bool, (images, classes), and their class indices."""
    cell = results / model / f"seed-{seed}"
    truth = {
        split: arrays.load(results / "arrays", split, seed, mapped=True)[1].argmax(axis=1)
        for split in ("validation", "test")
    }
    known, asked = (
        np.load(cell / file, allow_pickle=False)
        for file in ("probabilities_validation.npy", "probabilities.npy")
    )
    return conformal.sets(score, known, truth["validation"], asked, coverage, seed), truth["test"]


def _measured(found: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return what is said of the sets of one run."""
    sizes = found.sum(axis=1)
    return {
        "coverage": float(found[np.arange(len(labels)), labels].mean()),
        "size": float(sizes.mean()),
        "single": float((sizes == 1).mean()),
        "empty": float((sizes == 0).mean()),
    }


def _by_class(
    found: np.ndarray, labels: np.ndarray, classes: Sequence[str], confidence: float | None
) -> list[dict[str, Any]]:
    """Return coverage and size of the sets of each class that has test images.

    The interval is `inference.share_interval`'s: it counts the chance in images and in seeds, not
    that in the validation images, which the seeds have in common.

    Parameters
    ----------
    found
        Bool, shape (seeds, images, classes); of a cross-validation (repetitions, images, classes).
    confidence
        ``None`` for no intervals.
    """
    covered = found[:, np.arange(len(labels)), labels].astype(float)
    sizes = found.sum(axis=2)
    rows = []
    for number, name in enumerate(classes):
        those = labels == number
        if those.any():
            hits = covered[:, those]
            bounds = share_interval(hits, np.ones_like(hits), confidence) if confidence else None
            low, high = bounds or (np.nan, np.nan)
            row = {"class": name, "images": int(those.sum()), "coverage": float(hits.mean())}
            rows.append(row | {"low": low, "high": high, "size": float(sizes[:, those].mean())})
    return rows
