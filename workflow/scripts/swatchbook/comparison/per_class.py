"""How good the models of one data set are at each of its classes, and how sure that is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import inference, stored_predictions
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.files import replacing


def rate_classes(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    classes: Sequence[str],
    confidence: float,
    output: str | Path,
) -> None:
    """Write recall and precision of each class by each model, with intervals, as ``per_class.csv``.

    A row a model and class, in their order, of the test images: ``model``, ``class``, ``images``,
    ``recall``, ``recall_low``, ``recall_high``, ``called`` (images a run that were called so),
    ``precision``, ``precision_low``, ``precision_high``. Both are of all runs together, their
    intervals `inference.share_interval`'s. Recall and its interval are empty for a class without
    images, precision for one that no image was called. Of a cross-validation both are out of fold
    and without intervals: repetitions have all images in common, and folds training images.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which runs there are.
    classes
        The class names.
    confidence
        Of the intervals.
    output
        The file to write.
    """
    results = Path(results)
    labels = arrays.labels(results / "arrays", "test")
    is_crossed = folding.read(results / "arrays") is not None
    rows = []
    for model in models:
        called = stored_predictions.read(results, [model], seeds)[model].argmax(axis=2)
        for number, name in enumerate(classes):
            rates = rate(labels == number, called == number, None if is_crossed else confidence)
            rows.append({"model": model, "class": name} | rates)
    with replacing(output) as path:
        pd.DataFrame(rows).to_csv(path, index=False, lineterminator="\n")


def rate(is_class: np.ndarray, called: np.ndarray, confidence: float | None) -> dict[str, Any]:
    """Return one class's recall and precision over all runs, as `rate_classes` writes them.

    Parameters
    ----------
    is_class
        Whether an image is of the class, bool, shape (images,).
    called
        Whether a run called it so, bool, shape (seeds, images).
    confidence
        Of the intervals; ``None`` for none.
    """
    involved = is_class | called.any(axis=0)
    truth = np.broadcast_to(is_class[involved], (len(called), involved.sum())).astype(float)
    said = called[:, involved].astype(float)
    hits = truth * said
    return (
        {"images": int(is_class.sum())}
        | _share("recall", hits, truth, confidence)
        | {"called": float(said.sum()) / len(said)}
        | _share("precision", hits, said, confidence)
    )


def _share(
    name: str, hits: np.ndarray, trials: np.ndarray, confidence: float | None
) -> dict[str, float | None]:
    bounds = inference.share_interval(hits, trials, confidence) if confidence else None
    low, high = bounds or (None, None)
    share = float(hits.sum() / trials.sum()) if trials.any() else None
    return {name: share, f"{name}_low": low, f"{name}_high": high}


def read(path: str | Path) -> pd.DataFrame:
    """Read what `rate_classes` wrote; classes may be called what pandas reads as missing."""
    return pd.read_csv(
        path, dtype={"model": str, "class": str}, keep_default_na=False, na_values=[""]
    )
