"""How far maps of what a network looks at depend on what it has learned."""

from typing import Any

import numpy as np
from scipy import stats

from swatchbook.comparison.inference import t_interval


def rank_correlations(one: np.ndarray, other: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of two maps of each image, by their sizes.

    Parameters
    ----------
    one, other
        Shape (n, rows, columns) or (n, rows, columns, channels), which are added up.
    shown
        bool, shape (n, rows, columns): which places count.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,); NaN where a map is the same everywhere.
    """
    sizes = [_sizes(maps) for maps in (one, other)]
    return np.array(
        [_correlation(a[counts], b[counts]) for a, b, counts in zip(*sizes, shown, strict=True)]
    )


def _sizes(maps: np.ndarray) -> np.ndarray:
    return np.abs(maps).sum(axis=3) if maps.ndim == 4 else np.abs(maps)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 2 or not np.ptp(one) or not np.ptp(other):
        return float("nan")
    return float(stats.spearmanr(one, other).statistic)


def told(correlations: np.ndarray, confidence: float) -> dict[str, Any] | None:
    """Return their ``mean``, its ``interval`` over images, and how many ``images`` have one.

    ``None`` where no image has.
    """
    known = correlations[~np.isnan(correlations)]
    if not len(known):
        return None
    return {
        "mean": float(known.mean()),
        "interval": t_interval(known, confidence),
        "images": len(known),
    }
