"""The stored predictions of all runs of one data set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from swatchbook.data import folds as folding


def read(results: str | Path, models: Sequence[str], seeds: Sequence[int]) -> dict[str, np.ndarray]:
    """Return each model's probabilities of the test images, float32, (seeds, images, classes).

    Of a cross-validation they are out of fold, shape (repetitions, images, classes): of each image
    by the run that neither trained on it nor was watched by it.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which runs there are.
    """
    results = Path(results)
    folds = folding.read(results / "arrays")

    def of_model(model: str) -> np.ndarray:
        files = [results / model / f"seed-{seed}" / "probabilities.npy" for seed in seeds]
        found = [np.load(file, allow_pickle=False) for file in files]
        return np.stack(found) if folds is None else folds.out_of_fold(seeds, found)

    return {model: of_model(model) for model in models}
