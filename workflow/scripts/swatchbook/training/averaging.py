"""Averages of a model's weights over its steps: each name in a configuration, and what it does.

An average keeps a copy of all weights, those of batch normalisation included, and changes it after
each step. What a training ends with, and what is measured after an epoch, are the copies.

TensorFlow is imported only when there is an average to keep.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple

from swatchbook import signatures
from swatchbook.errors import TrainingError
from swatchbook.signatures import Count
from swatchbook.training import devices

Kept = Annotated[float, {"exclusiveMinimum": 0, "exclusiveMaximum": 1}]
Power = Annotated[float, {"minimum": 0}]


def ema(done: Any, *, decay: Kept = 0.999) -> Any:
    """Keep `decay` of the copy in each step: an exponential moving average."""
    return decay


def lookahead(
    done: Any, *, every: Count = 5, decay: Kept = 0.7737809375, power: Power = 3.0
) -> Any:
    """Go on from the average itself, which takes the weights in after `every` steps.

    M. R. Zhang, J. Lucas, G. Hinton and J. Ba, 2019, Lookahead optimizer, NeurIPS; with the decay
    of K. Jordan's airbench (2024): it grows as the `power` of what is done of the training, from 0
    to `decay`, whose default is 0.95 to the fifth.
    """
    return decay * done**power


class Average(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    decay
        From how much of the training is done, in (0, 1], to the part of the copy that is kept. Its
        settings are keyword-only; ``every`` is how many steps apart the copy is changed.
    leads
        Whether the training goes on from the copy.
    """

    decay: Callable[..., Any]
    leads: bool = False


# A new average is a function above and a line here; its keyword-only parameters are its keys.
AVERAGES = {
    "ema": Average(ema),
    "lookahead": Average(lookahead, leads=True),
}


class Averager:
    """The average of one training.

    Parameters
    ----------
    chosen
        ``averaging`` in the configuration: one key of `AVERAGES`, with its settings.
    model
        The model whose weights are averaged.
    steps
        How many steps the training has.

    Raises
    ------
    TrainingError
        If these are too few for the average ever to change.

    Attributes
    ----------
    copies
        The copy of each weight, variables of TensorFlow.
    """

    def __init__(self, chosen: Mapping[str, Mapping[str, Any]], model: Any, steps: int):
        self._tf = tf = devices.import_tensorflow()
        ((name, own),) = chosen.items()
        self._entry = AVERAGES[name]
        self._settings = signatures.complete(self._entry.decay, own)
        self._every = self._settings.get("every", 1)
        if self._every > steps:
            raise TrainingError(
                f"{name} changes weights after {self._every} steps, and the training has {steps}",
                where="training.averaging",
                hint="lower every, or train longer",
            )
        self._steps = steps
        self._weights = [
            one.value
            for one in model.weights
            if one.dtype.startswith("float") and "seed_generator" not in one.path
        ]
        self.copies = [tf.Variable(weight, trainable=False) for weight in self._weights]

    def after_step(self, number: Any) -> None:
        """Change the copies after a step, within it, where it is their turn.

        Parameters
        ----------
        number
            How many steps the training has made, an integer tensor.
        """
        tf = self._tf
        done = tf.cast(number, tf.float32) / self._steps
        kept = self._entry.decay(done, **self._settings)

        def change() -> Any:
            for weight, copy in zip(self._weights, self.copies, strict=True):
                copy.assign(kept * copy + (1 - kept) * weight)
                if self._entry.leads:
                    weight.assign(copy)
            return tf.constant(0)

        tf.cond(number % self._every == 0, change, lambda: tf.constant(0))

    def take(self) -> None:
        """Put the copies in the weights' place, for good."""
        for weight, copy in zip(self._weights, self.copies, strict=True):
            weight.assign(copy)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Put the copies in the weights' place, and the weights back in the end."""
        weights = [weight.numpy() for weight in self._weights]
        self.take()
        try:
            yield
        finally:
            for weight, value in zip(self._weights, weights, strict=True):
                weight.assign(value)
