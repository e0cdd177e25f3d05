"""What the figures of a comparison are drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison.inference import bounded_interval
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.data.folds import Folds
from swatchbook.figures.colours import model_colours
from swatchbook.files import read_json

# ``changes``: for each change the models that have it, with their values as shown. ``grid``, if
# there is one: ``axes``, their names, and ``cells``, a model's value on each as shown, by model.
Ablation = Mapping[str, Any]


@dataclass(frozen=True)
class Drawn:
    """One data set's tables by model and seed, and its comparison."""

    dataset: str
    models: Sequence[str]
    seeds: Sequence[int]
    classes: Sequence[str]
    reference: str
    comparison: dict[str, Any]
    histories: dict[str, list[pd.DataFrame]]
    predictions: dict[str, list[pd.DataFrame]]
    reports: dict[str, list[pd.DataFrame]]
    matrices: dict[str, list[pd.DataFrame]]
    images: np.ndarray
    augmented: dict[str, np.ndarray]
    published: str | Path
    ablation: Ablation | None = None

    @property
    def confidence(self) -> float | None:
        """Of intervals over the seeds of `reports`; ``None`` for none, where those are repetitions.

        Of a cross-validation they have all images in common, and what they vary by says little.
        """
        is_crossed = "cross_validation" in self.comparison
        return None if is_crossed else float(self.comparison["confidence"])

    @property
    def tested(self) -> Sequence[int]:
        """What `predictions` and `reports` are of: seeds, or repetitions of a cross-validation."""
        count = len(next(iter(self.predictions.values())))
        return self.seeds if count == len(self.seeds) else range(count)

    @property
    def colours(self) -> dict[str, str]:
        return model_colours(self.models)


def read(
    results: Path,
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str,
    classes: Sequence[str],
    published_folder: str | Path,
    ablation: Ablation | None = None,
) -> Drawn:
    """Read one data set's folder.

    Of a cross-validation, predictions and reports are out of fold: of all images, one a repetition.

    Parameters
    ----------
    models, seeds
        Which cells there are.
    reference
        The model that the others are compared with.
    published_folder
        Where the tutorial's printed figures are.
    ablation
        What an ablation made.
    """

    def tables(name: str, **options: Any) -> dict[str, list[pd.DataFrame]]:
        return {
            model: [
                pd.read_csv(
                    results / model / f"seed-{seed}" / f"{name}.csv",
                    keep_default_na=name == "history",
                    **options,
                )
                for seed in seeds
            ]
            for model in models
        }

    comparison = read_json(results / "comparison.json")
    folds = folding.read(results / "arrays")
    predictions = tables("predictions", dtype={"id": str, "label": str, "predicted": str})
    reports = tables("classification_report", index_col="class")
    if folds:
        predictions = {
            model: _joined(of_runs, seeds, folds) for model, of_runs in predictions.items()
        }
        reports = {model: _out_of_fold(comparison["models"][model]["classes"]) for model in models}
    return Drawn(
        dataset=results.name,
        models=models,
        seeds=seeds,
        classes=classes,
        reference=reference,
        comparison=comparison,
        histories=tables("history"),
        predictions=predictions,
        reports=reports,
        matrices=tables("confusion_matrix", index_col="class"),
        images=arrays.load(results / "arrays", "test", mapped=True)[0],
        augmented={
            model: np.load(results / model / "augmented.npy", allow_pickle=False)
            for model in models
            if read_json(results / model / f"seed-{seeds[0]}" / "run.json")["training"][
                "augmentation"
            ]
        },
        published=published_folder,
        ablation=ablation,
    )


def _joined(
    of_runs: Sequence[pd.DataFrame], seeds: Sequence[int], folds: Folds
) -> list[pd.DataFrame]:
    """Return the predictions of all images, by row, for each repetition."""
    of_seed = dict(zip(seeds, of_runs, strict=True))
    return [
        pd.concat([of_seed[seed] for seed in of_repetition]).sort_values("row", ignore_index=True)
        for of_repetition in folds.repetitions(seeds)
    ]


def _out_of_fold(classes: Sequence[Mapping[str, Any]]) -> list[pd.DataFrame]:
    """Return F1 and images by class of each repetition, as the report of a seed has them."""
    scores = zip(*(row["per_repetition"] for row in classes), strict=True)
    support = [row["support"] for row in classes]
    return [
        pd.DataFrame({"f1-score": of_repetition, "support": support}) for of_repetition in scores
    ]


def by_epoch(histories: Sequence[pd.DataFrame], column: str) -> np.ndarray:
    """Return one column of each seed's history, float64, shape (seeds, epochs).

    NaN where a seed made fewer epochs than others.
    """
    values = np.full((len(histories), max(map(len, histories))), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = history[column]
    return values


def longest(histories: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the history of the seed that made the most epochs, the first of these."""
    return max(histories, key=len)


def over_seeds(values: np.ndarray, **columns: object) -> pd.DataFrame:
    """Return mean, least and greatest over the first axis as columns behind those given.

    Of what there is: NaN is passed over.
    """
    means = {
        "mean": np.nanmean(values, 0),
        "least": np.nanmin(values, 0),
        "greatest": np.nanmax(values, 0),
    }
    return pd.DataFrame({**columns, **means})


def by_seed(values: np.ndarray, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the values of each seed as a column, ``seed_<seed>``.

    Parameters
    ----------
    values
        Shape (seeds, n).
    """
    return pd.DataFrame(values.T, columns=[f"seed_{seed}" for seed in seeds])


def intervals(values: np.ndarray, confidence: float | None) -> pd.DataFrame:
    """Return the interval of each column's mean, `bounded_interval`, as ``low`` and ``high``.

    Parameters
    ----------
    values
        Shares, shape (seeds, n). NaN for a single seed.
    confidence
        ``None`` for no intervals, which are then NaN too.
    """
    if confidence is None:
        return pd.DataFrame(np.nan, index=range(values.shape[1]), columns=["low", "high"])
    found = [bounded_interval(column, confidence) or [np.nan, np.nan] for column in values.T]
    return pd.DataFrame(found, columns=["low", "high"])
