"""What corruptions do to accuracies: by corruption and strength, on average, between models."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison.inference import (
    Difference,
    bounded_interval,
    corrected_difference,
    difference,
    share_interval,
    t_interval,
)
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.data.corruptions import CORRUPTIONS, STRENGTHS
from swatchbook.figures import failures
from swatchbook.figures.colours import model_colours
from swatchbook.files import write_json

CLEAN = "none"


def sum_up_corruptions(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str,
    confidence: float,
    all_models: Sequence[str],
    output: str | Path,
) -> None:
    """Write ``summary.json``, and the figures ``corruptions`` and ``corruption_samples``.

    ``corruptions.csv`` has a row a model, corruption and strength, first ``none`` with strength 0
    for the same images as they are: ``images``; ``mean`` accuracy over seeds, ``low`` and ``high``
    of its interval, ``least`` and ``greatest`` seed, and a column a seed.

    Intervals count the chance in images and in seeds: of one accuracy `inference.share_interval`'s,
    of the mean over all corruptions and strengths, and of differences, `inference.difference`'s,
    where an image's score is the share of its corrupted forms that are called right. With a single
    seed they count the images alone. Of a cross-validation they are of the corrected resampled
    t-test over runs, as all others.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``corruptions/right.npz``.
    models, seeds
        Those that stand in that file.
    reference
        The model that the others are compared with.
    confidence
        Of the intervals.
    all_models
        All models of the configuration, by whose order each has its colour.
    output
        The folder to write into.
    """
    results, output = Path(results), Path(output)
    with np.load(results / "corruptions" / "right.npz", allow_pickle=False) as stored:
        rows, right = stored["rows"], stored["right"]
    folds = folding.read(results / "arrays")
    overlap = folds.overlap(seeds) if folds else None
    scores = {
        model: [_of_run(run) for run in of_model]
        for model, of_model in zip(models, right, strict=True)
    }
    table = pd.concat(
        [
            _table(model, scores[model], seeds, confidence, overlap).assign(images=len(rows))
            for model in models
        ],
        ignore_index=True,
    )
    parts = {
        model: {"clean": [run[0] for run in runs], "corrupted": [run[1:].mean(0) for run in runs]}
        for model, runs in scores.items()
    }
    summary = {
        "images": len(rows),
        "seeds": list(seeds),
        "confidence": confidence,
        "crossed": folds is not None,
        "models": {
            model: {
                part: _mean(values, confidence, overlap) for part, values in parts[model].items()
            }
            | _extremes(table[table["model"] == model])
            for model in models
        },
        "differences": [
            {"model": model, "reference": reference}
            | {
                part: _between(values, parts[reference][part], confidence, overlap)
                for part, values in parts[model].items()
            }
            for model in models
            if model != reference and reference in models
        ],
    }
    write_json(output / "summary.json", summary)
    failures.draw_corruptions(table, model_colours(list(all_models)), output)
    index = arrays.read_index(results / "arrays", "test")
    x = arrays.load(results / "arrays", "test", mapped=True)[0]
    failures.draw_corruption_samples(np.array(x[rows[:1]]), index.iloc[rows[:1]], output)


def _of_run(right: np.ndarray) -> np.ndarray:
    """Return what a run has tested, float64, shape (variants, images)."""
    return right[:, right[0] >= 0].astype(float)


def _table(
    model: str,
    runs: Sequence[np.ndarray],
    seeds: Sequence[int],
    confidence: float,
    overlap: float | None,
) -> pd.DataFrame:
    """Return the accuracies of one model, a row a corruption and strength."""
    names = [(CLEAN, 0)] + [
        (name, strength) for name in CORRUPTIONS for strength in range(1, STRENGTHS + 1)
    ]
    rows = []
    for variant, (name, strength) in enumerate(names):
        shares = [float(run[variant].mean()) for run in runs]
        if overlap is None:
            hits = np.stack([run[variant] for run in runs])
            bounds = share_interval(hits, np.ones_like(hits), confidence)
        else:
            bounds = bounded_interval(np.array(shares), confidence, overlap)
        low, high = bounds or (np.nan, np.nan)
        row = {"model": model, "corruption": name, "strength": strength}
        row |= {"images": 0}  # behind these it stands in the file
        row |= {"mean": float(np.mean(shares)), "low": low, "high": high}
        row |= {"least": min(shares), "greatest": max(shares)}
        rows.append(row | {f"seed_{seed}": of for seed, of in zip(seeds, shares, strict=True)})
    return pd.DataFrame(rows)


def _mean(runs: Sequence[np.ndarray], confidence: float, overlap: float | None) -> dict[str, Any]:
    """Return the mean of the images' scores with its interval."""
    means = np.array([run.mean() for run in runs])
    if overlap is not None:
        bounds = bounded_interval(means, confidence, overlap)
    elif len(runs) == 1:
        bounds = t_interval(runs[0], confidence)
    else:
        values = np.stack(runs)
        bounds = difference(values, np.zeros_like(values)).interval(confidence)
    return {"mean": float(means.mean()), "interval": _within_shares(bounds)}


def _between(
    model: Sequence[np.ndarray],
    reference: Sequence[np.ndarray],
    confidence: float,
    overlap: float | None,
) -> dict[str, Any]:
    """Return the difference of two models' means with its interval."""
    if overlap is not None:
        of_runs = (np.array([run.mean() for run in runs]) for runs in (model, reference))
        found = corrected_difference(*of_runs, overlap)
    elif len(model) == 1:
        apart = model[0] - reference[0]
        return {"difference": float(apart.mean()), "interval": t_interval(apart, confidence)}
    else:
        found = difference(np.stack(model), np.stack(reference))
    return _told(found, confidence)


def _told(found: Difference, confidence: float) -> dict[str, Any]:
    return {"difference": found.estimate, "interval": found.interval(confidence)}


def _within_shares(bounds: Sequence[float] | None) -> list[float] | None:
    return None if bounds is None else [float(bound) for bound in np.clip(bounds, 0, 1)]


def _extremes(table: pd.DataFrame) -> Mapping[str, Any]:
    """Return the corruptions at full strength that a model stands worst and best."""
    full = table[table["strength"] == STRENGTHS].sort_values("mean", kind="stable")

    def told(row: Mapping[str, Any]) -> dict[str, Any]:
        bounds = None if pd.isna(row["low"]) else [row["low"], row["high"]]
        return {"corruption": row["corruption"], "mean": row["mean"], "interval": bounds}

    return {"worst": told(full.iloc[0].to_dict()), "best": told(full.iloc[-1].to_dict())}
