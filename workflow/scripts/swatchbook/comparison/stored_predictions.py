"""The stored predictions of all runs of one data set."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def read(results: str | Path, models: Sequence[str], seeds: Sequence[int]) -> dict[str, np.ndarray]:
    """Return each model's probabilities of the test images, float32, (seeds, images, classes).

    Parameters
    ----------
    results
        The data set's folder with ``<model>/seed-<seed>/``.
    models, seeds
        Which runs there are.
    """
    return {
        model: np.stack(
            [
                np.load(
                    Path(results) / model / f"seed-{seed}" / "probabilities.npy", allow_pickle=False
                )
                for seed in seeds
            ]
        )
        for model in models
    }
