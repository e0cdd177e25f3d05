"""When a training ends, and with which epoch's weights: what the validation images decide.

Both are decided by what the history says, which a checkpoint has: a training that goes on after an
interruption decides as it would have. So does a search that ends a training which has no hope.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from swatchbook.errors import TrainingError
from swatchbook.training.epoch_records import Epoch

# From the epochs so far to whether the training is to end; it knows nothing else.
Judge = Callable[[Sequence[Epoch]], bool]


def check(settings: Mapping[str, Any], validation_images: int) -> None:
    """See to it that there is something to decide by.

    Raises
    ------
    TrainingError
        If there is no validation image, and `settings` ask for one.
    """
    if validation_images:
        return
    for key, off in (("early_stopping", None), ("keep", "last")):
        if settings[key] != off:
            raise TrainingError(
                f"training.{key} needs validation images, and there are none",
                where=f"training.{key}",
                hint=f"hold some out in the data set's file, under split, or set {key}: "
                f"{off or 'null'}",
            )


def is_better(value: float, other: float, monitor: str, least: float = 0.0) -> bool:
    """Whether a value is better than another by more than `least`: a loss lower, else higher."""
    gain = other - value if monitor == "val_loss" else value - other
    return gain > least


def is_over(values: Sequence[float], settings: Mapping[str, Any]) -> bool:
    """Whether training stops early, given what was monitored after each epoch.

    That is so when for ``patience`` epochs nothing was better, by more than ``min_delta``, than the
    last value that was: the rule of Keras's ``EarlyStopping`` (L. Prechelt, 1998, Early stopping,
    but when?).

    Parameters
    ----------
    values
        Losses in nats or accuracies, of epoch 1 and on.
    settings
        ``early_stopping``, with ``patience`` and ``min_delta`` or ``None``, and ``monitor``.
    """
    rule = settings["early_stopping"]
    if not rule or not values:
        return False
    best, waited = values[0], 0
    for value in values[1:]:
        waited += 1
        if is_better(value, best, settings["monitor"], rule["min_delta"]):
            best, waited = value, 0
    return waited >= rule["patience"]


class BestWeights:
    """A model as it was after the best epoch so far; of equally good ones the first.

    Parameters
    ----------
    model
        The model that is trained.
    monitor
        ``val_loss`` or ``val_accuracy``.

    Attributes
    ----------
    epoch
        The number of that epoch; 0 before the first.
    """

    def __init__(self, model: Any, monitor: str):
        self._model = model
        self._monitor = monitor
        self._value = 0.0
        self._arrays: list[np.ndarray] = []
        self.epoch = 0

    def look(self, epoch: int, loss: float, accuracy: float) -> None:
        """Take a copy of the model as it is, if it is better than after any epoch before."""
        value = loss if self._monitor == "val_loss" else accuracy
        if not self.epoch or is_better(value, self._value, self._monitor):
            self.epoch, self._value = epoch, value
            self._arrays = [variable.numpy() for variable in self._model.variables]

    def take(self) -> None:
        """Make the model what it was then."""
        for variable, array in zip(self._model.variables, self._arrays, strict=True):
            variable.assign(array)

    def state(self) -> dict[str, np.ndarray]:
        """Return the copy, and what it was the best by."""
        arrays = {f"best.{number}": array for number, array in enumerate(self._arrays)}
        return arrays | {"best.epoch": np.int64(self.epoch), "best.value": np.float64(self._value)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Set what `state` returned."""
        self.epoch, self._value = int(state["best.epoch"]), float(state["best.value"])
        copied = len(self._model.variables) if self.epoch else 0
        self._arrays = [state[f"best.{number}"] for number in range(copied)]
