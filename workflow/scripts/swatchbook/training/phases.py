"""The phases of a training: what was taken over may stay frozen in a first one, and learn then.

Each has an optimiser of its own, which begins without memory of the other: momentum, moments and
the scale of losses are those of the phase, and a schedule goes over its epochs.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Phase(NamedTuple):
    """Epochs that are trained in the same way.

    Attributes
    ----------
    epochs
        How many; the last may be a part of one.
    learning_rate
        As in the configuration.
    """

    epochs: float
    learning_rate: float | Mapping[str, Any]


def of(settings: Mapping[str, Any]) -> list[Phase]:
    """Return the one or two phases of a training, given its ``training`` in the configuration."""
    epochs, rate = settings["epochs"], settings["learning_rate"]
    first = frozen_epochs(settings["start_from"])
    if not first:
        return [Phase(epochs, rate)]
    return [
        Phase(first, rate),
        Phase(epochs - first, settings["start_from"]["then"]["learning_rate"]),
    ]


def frozen_epochs(start: Mapping[str, Any] | None) -> int:
    """Return after how many epochs what was taken over learns too; 0 where there is no such."""
    frozen = start["frozen"] if start else False
    return frozen["epochs"] if isinstance(frozen, Mapping) else 0
