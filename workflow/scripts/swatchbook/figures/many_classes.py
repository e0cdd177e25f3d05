"""Which classes are drawn where there are more than a figure can show."""

from collections.abc import Sequence

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

MANY = 40  # classes, beyond which figures show a part of them
SHOWN = 30


def lowest(scores: np.ndarray) -> np.ndarray:
    """Return which classes to draw: all, or those with the lowest scores, in the order of classes.

    Parameters
    ----------
    scores
        The score of each class, shape (classes,); NaN counts as high.
    """
    if len(scores) <= MANY:
        return np.arange(len(scores))
    return np.sort(np.argsort(np.nan_to_num(scores, nan=np.inf), kind="stable")[:SHOWN])


def most_confused(shares: Sequence[np.ndarray]) -> np.ndarray:
    """Return which classes of confusion matrices to draw: all, or those of the largest confusions.

    Of many, classes that are taken for each other stand side by side, by `alike`.

    Parameters
    ----------
    shares
        For each model the share of each true class (row) that was called each class (column), shape
        (classes, classes).
    """
    mean = np.mean(shares, axis=0)
    if len(mean) <= MANY:
        return np.arange(len(mean))
    confused = mean + mean.T
    np.fill_diagonal(confused, 0)
    first, second = np.triu_indices(len(mean), 1)
    chosen: list[int] = []
    for pair in np.argsort(-confused[first, second], kind="stable"):
        chosen += [place for place in (first[pair], second[pair]) if place not in chosen]
        if len(chosen) >= SHOWN:
            break
    places = np.sort(chosen[:SHOWN])
    return places[alike(mean[np.ix_(places, places)])]


def alike(shares: np.ndarray) -> np.ndarray:
    """Return classes in an order in which those taken for each other stand side by side.

    Of the leaves of a clustering (average linkage) by how often two are confused.

    Parameters
    ----------
    shares
        Of each true class (row) what was called each class (column), shape (classes, classes).
    """
    if len(shares) < 2:
        return np.arange(len(shares))
    confused = shares + shares.T
    np.fill_diagonal(confused, 0)
    apart = confused.max() - confused
    np.fill_diagonal(apart, 0)
    return hierarchy.leaves_list(hierarchy.average(squareform(apart, checks=False)))


def some(count: int) -> np.ndarray:
    """Return which of so many classes to show examples of: all, or some at even distances."""
    if count <= MANY:
        return np.arange(count)
    return np.linspace(0, count - 1, SHOWN).round().astype(int)


def told(shown: int, count: int, which: str) -> str:
    """Say which classes are shown, for a title; nothing if all are."""
    return "" if shown == count else f"the {shown} of {count} classes {which}"
