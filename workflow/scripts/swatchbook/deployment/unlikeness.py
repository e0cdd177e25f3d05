"""Which images are unlike those that a model was trained on, by its logits alone.

The energy of an image is minus the logarithm of the sum of its exponentiated logits (W. Liu et al.,
2020, Energy-based out-of-distribution detection, NeurIPS, with a temperature of 1). It is low where
some class answers strongly. What no class answers to has a higher energy than most images of the
validation set.
"""

import numpy as np


def energy(logits: np.ndarray) -> np.ndarray:
    """Return the energy of each image, float64, shape (n,), from logits, shape (n, classes)."""
    exact = logits.astype(np.float64)
    largest = exact.max(axis=1)
    return -(largest + np.log(np.exp(exact - largest[:, None]).sum(axis=1)))


def threshold(energies: np.ndarray, false_alarms: float) -> float:
    """Return the energy above which at most the share `false_alarms` of these images are.

    Parameters
    ----------
    energies
        Of images like those of the training that the model was not trained on, shape (n,), n > 0.
    """
    return float(np.quantile(energies, 1 - false_alarms, method="higher"))


def share_above(energies: np.ndarray, limit: float) -> float:
    """Return the share of images that are called unlike the training data."""
    return float((energies > limit).mean())
