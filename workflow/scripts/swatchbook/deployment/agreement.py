"""Whether an exported model does what the trained one does."""

from typing import NamedTuple

import numpy as np

from swatchbook.errors import ExportError


class Tolerance(NamedTuple):
    """How far an export may be from Keras in float32, on the test images.

    Attributes
    ----------
    difference
        Of any probability, at most. The classes must be the same, but where Keras itself gives
        them probabilities that are no further apart. ``None``: any.
    points
        By so many points the accuracy may fall, at most, or by one image if that is more. ``None``:
        what the difference allows.
    """

    difference: float | None
    points: float | None


# Float32 in another order of additions is some 1e-6 off; weights in float16 have 11 bits.
TOLERANCES = {
    "float32": Tolerance(1e-3, None),
    "float16": Tolerance(2e-2, None),
    "int8": Tolerance(None, 2.0),
}

ROUNDING = 1e-9  # of a difference of two shares, in points


class Rounded(NamedTuple):
    """How far an evaluation may be from float32.

    Attributes
    ----------
    share
        Of the test images that must get the same class, at least.
    tie
        Where the evaluation gives both classes probabilities that are no further apart, either is
        the same.
    """

    share: float
    tie: float


# By what the evaluation was computed in: bfloat16 keeps 8 bits of an activation, float16 11.
EVALUATED_IN = {
    "float32": Rounded(0.995, 1e-3),
    "mixed_bfloat16": Rounded(0.95, 2e-2),
    "mixed_float16": Rounded(0.98, 5e-3),
}


class Agreement(NamedTuple):
    """Two models' probabilities of the same images.

    Attributes
    ----------
    equal_classes
        The share of images that get the same class.
    largest_difference
        Of any probability.
    """

    equal_classes: float
    largest_difference: float


def agreement(found: np.ndarray, expected: np.ndarray) -> Agreement:
    """Compare probabilities, both of shape (n, classes)."""
    equal = found.argmax(axis=1) == expected.argmax(axis=1)
    return Agreement(float(equal.mean()), float(np.abs(found - expected).max()))


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of images whose most probable class is the right one."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def _gaps(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return by how much `expected` prefers its own class to that of `found`, shape (n,)."""
    rows = np.arange(len(found))
    return expected.max(axis=1) - expected[rows, found.argmax(axis=1)]


def check(
    kind: str,
    numbers: str,
    found: np.ndarray,
    expected: np.ndarray,
    labels: np.ndarray,
    where: object,
) -> None:
    """Refuse an export that is not the trained model.

    Parameters
    ----------
    kind
        The format's name, for the message.
    numbers
        A key of `TOLERANCES`.
    found, expected
        What the export and what Keras in float32 makes of the test images, shape (n, classes).
    labels
        Their class indices, shape (n,).

    Raises
    ------
    ExportError
        If it is further from Keras than the tolerance, or gives anything but numbers.
    """

    def refuse(what: str) -> None:
        raise ExportError(
            f"{kind} does not do what the trained model does: {what}",
            where=where,
            hint=f"leave {kind} out of export.formats",
        )

    if found.shape != expected.shape:
        refuse(f"it gives probabilities of shape {found.shape} instead of {expected.shape}")
    if not np.isfinite(found).all():
        refuse("not all of its probabilities are numbers")
    most = TOLERANCES[numbers]
    if most.difference is not None:
        found_difference = agreement(found, expected).largest_difference
        if found_difference > most.difference:
            refuse(
                f"a probability is {found_difference:.2g} off, and {most.difference:g} is allowed"
            )
        others = int((_gaps(expected, found) > most.difference).sum())
        if others:
            refuse(f"{others} images get another class")
    if most.points is not None:
        fall = 100 * (accuracy(expected, labels) - accuracy(found, labels))
        if fall > max(most.points, 100 / len(labels)) + ROUNDING:
            refuse(f"its accuracy is {fall:.2f} points lower, and {most.points:g} are allowed")


def check_evaluation(
    expected: np.ndarray, evaluated: np.ndarray, precision: str, where: object
) -> None:
    """Refuse a model whose float32 forward pass is not what was evaluated.

    Parameters
    ----------
    expected
        What Keras in float32 makes of the test images, shape (n, classes).
    evaluated
        The run's ``probabilities.npy``.
    precision
        What the run was trained and evaluated in, a key of `EVALUATED_IN`.

    Raises
    ------
    ExportError
        If too many images get another class.
    """
    if evaluated.shape != expected.shape:
        raise ExportError(
            f"probabilities of shape {evaluated.shape}, and the model gives {expected.shape}",
            where=where,
            hint="evaluate it again",
        )
    most = EVALUATED_IN[precision]
    share = float((_gaps(evaluated, expected) <= most.tie).mean())
    if share < most.share:
        raise ExportError(
            f"in float32 only {share:.1%} of the test images get the class that the evaluation in "
            f"{precision} gave them, and {most.share:.1%} must",
            where=where,
            hint="evaluate it again, or train it in float32",
        )
