"""Checks that need predictions: what copies do to the accuracy, and labels that look wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import stored_predictions
from swatchbook.comparison.inference import over_seeds
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.data.folds import Folds
from swatchbook.figures import checks
from swatchbook.files import replacing, write_json

# Every model and seed must be at least this sure of the same other class: networks that started
# from other weights and saw other batches seldom agree so surely by accident.
SUSPICION = 0.9


def check_predictions(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Sequence[str],
    confidence: float,
    output: str | Path,
) -> None:
    """Write ``accuracy_without_twins.json``, ``label_suspects.csv`` and the suspects' figure.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/``, ``checks/duplicates.csv`` and the evaluated runs.
    models, seeds
        Which cells there are.
    classes
        The class names.
    confidence
        Of the intervals of mean accuracies.
    output
        The folder to write into.
    """
    results, output = Path(results), Path(output)
    x, y = arrays.load(results / "arrays", "test", mapped=True)
    index = arrays.read_index(results / "arrays", "test")
    labels = y.argmax(axis=1)
    probabilities = stored_predictions.read(results, models, seeds)
    pairs = pd.read_csv(results / "checks" / "duplicates.csv", keep_default_na=False)
    folds = folding.read(results / "arrays")
    twins = with_twin_in_training(pairs, len(labels), folds, seeds)
    write_json(
        output / "accuracy_without_twins.json",
        {
            "test_images": len(labels),
            "twins": int(twins.any(axis=0).sum()),
            "seeds": list(seeds),
            "confidence": confidence,
            "suspicion": SUSPICION,
            "models": {
                model: accuracy_by_twins(
                    labels, values.argmax(axis=2), twins, None if folds else confidence
                )
                for model, values in probabilities.items()
            },
        },
    )
    suspects = label_suspects(index, labels, np.concatenate(list(probabilities.values())), classes)
    with replacing(output / "label_suspects.csv") as path:
        suspects.to_csv(path, index=False, lineterminator="\n")
    checks.draw_label_suspects(suspects, x, output)


def with_twin_in_training(
    pairs: pd.DataFrame, images: int, folds: Folds | None = None, seeds: Sequence[int] = ()
) -> np.ndarray:
    """Return which test images have an exact or near copy in the training set.

    Parameters
    ----------
    pairs
        The content of ``duplicates.csv``.
    images
        How many test images there are.
    folds, seeds
        Of a cross-validation, in which each run has a training set of its own.

    Returns
    -------
    numpy.ndarray
        bool, shape (1, images); of a cross-validation (repetitions, images), of the training set of
        the run that tests the image.
    """
    if folds is None:
        across = pairs[(pairs["first_split"] == "train") & (pairs["second_split"] == "test")]
        twins = np.zeros((1, images), bool)
        twins[0, across["second_row"].to_numpy(int)] = True
        return twins
    ends = pairs[["first_row", "second_row"]].to_numpy(int)
    of_runs = []
    for seed in seeds:
        parts = folds.parts[seed]
        has_twin = np.zeros(images, bool)
        for image, other in (ends.T, ends.T[::-1]):
            leaks = (parts[image] == folding.TEST) & (parts[other] == folding.TRAIN)
            has_twin[image[leaks]] = True
        of_runs.append(has_twin[folds.rows("test", seed)])
    return folds.out_of_fold(seeds, of_runs)


def accuracy_by_twins(
    labels: np.ndarray, predicted: np.ndarray, twins: np.ndarray, confidence: float | None
) -> dict[str, Mapping[str, Any] | None]:
    """Return one model's test accuracy over all images, those without a twin, and those with one.

    Parameters
    ----------
    labels
        Class indices, shape (images,).
    predicted
        Class indices, shape (seeds, images); of a cross-validation (repetitions, images).
    twins
        Whether an image has a twin, bool, of `with_twin_in_training`.
    confidence
        Of the intervals; ``None`` for none, where it is over repetitions, which have all images in
        common.

    Returns
    -------
    dict
        ``all``, ``without_twins`` and ``twins``, each with ``mean``, ``interval`` (Student's t over
        seeds, ``None`` for one seed) and ``per_seed``, or ``per_repetition`` without `confidence`;
        ``None`` where there are no such images.
    """
    correct = predicted == labels
    groups = {"all": np.ones_like(twins), "without_twins": ~twins, "twins": twins}

    def of_images(chosen: np.ndarray) -> Mapping[str, Any] | None:
        if not chosen.any(axis=1).all():
            return None
        if confidence is not None:
            return over_seeds(correct[:, chosen[0]].mean(axis=1), confidence, most=1.0)
        shares = [float(row[of].mean()) for row, of in zip(correct, chosen, strict=True)]
        return {"mean": float(np.mean(shares)), "interval": None, "per_repetition": shares}

    return {name: of_images(chosen) for name, chosen in groups.items()}


def label_suspects(
    index: pd.DataFrame, labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> pd.DataFrame:
    """Return the test images that every run calls the same other class, and surely.

    Of a cross-validation a run is a repetition of a model: of its runs the one that tested the
    image.

    Parameters
    ----------
    index
        The test set's rows of ``index.csv``.
    labels
        Class indices, shape (images,).
    probabilities
        Shape (runs, images, classes).

    Returns
    -------
    pandas.DataFrame
        row, id, label, called, least_probability and mean_probability (of the called class, over
        runs) and runs, from the surest to the least sure.
    """
    called = probabilities[0].argmax(axis=1)
    of_called = np.take_along_axis(probabilities, called[None, :, None], axis=2)[..., 0]
    least = of_called.min(axis=0)
    chosen = np.flatnonzero((called != labels) & (least >= SUSPICION))
    table = index.iloc[chosen].assign(
        called=[classes[number] for number in called[chosen]],
        least_probability=least[chosen].astype(float).round(4),
        mean_probability=of_called.mean(axis=0)[chosen].astype(float).round(4),
        runs=len(probabilities),
    )
    return table.sort_values(
        ["least_probability", "row"], ascending=[False, True], ignore_index=True
    )
