"""The learning rate over a training: each name in a configuration, and the curve that it is.

A curve gives the factor on the peak at the start of each step. It is computed once, for all steps,
in NumPy, which is imported then: what the report draws is what the optimiser was given.
"""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from swatchbook.signatures import Count, Share

if TYPE_CHECKING:
    import numpy as np

# A part of a training, or of the peak: 0 and 1 included.
Part = Annotated[float, {"minimum": 0, "maximum": 1}]

# From how much of the training is done, in [0, 1), to factors on the peak.
Curve = Callable[["np.ndarray"], "np.ndarray"]


def constant(epochs: float) -> Curve:
    """The peak from beginning to end."""
    import numpy as np

    return np.ones_like


def step(epochs: float, *, every: Count, factor: Share = 0.1) -> Curve:
    """The peak, times `factor` after each `every` epochs."""
    import numpy as np

    return lambda done: factor ** np.floor(np.round(done * epochs / every, 9))


def exponential(epochs: float, *, end: Share) -> Curve:
    """Down to `end` times the peak, by the same factor in each step."""
    return lambda done: end**done


def cosine(epochs: float, *, end: Part = 0.0) -> Curve:
    """Half a cosine, down to `end` times the peak (I. Loshchilov and F. Hutter, 2017, ICLR)."""
    import numpy as np

    return lambda done: end + (1 - end) * (1 + np.cos(math.pi * done)) / 2


def triangular(epochs: float, *, start: Part = 0.2, top: Share = 0.23, end: Part = 0.07) -> Curve:
    """Straight up from `start` to the peak, which is reached when `top` is done, and down to `end`.

    One cycle of L. N. Smith (2018, A disciplined approach to neural network hyper-parameters).
    """
    import numpy as np

    return lambda done: np.interp(done, [0, top, 1], [start, 1, end])


# A new schedule is a function above and a line here; its keyword-only parameters are its keys.
SCHEDULES = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "cosine": cosine,
    "triangular": triangular,
}


def steps_of(epochs: float, steps_an_epoch: int) -> int:
    """Return how many steps a training has, whose last epoch may be a part of one."""
    return math.ceil(round(epochs * steps_an_epoch, 6))


def rates(setting: float | Mapping[str, Any], epochs: float, steps_an_epoch: int) -> "np.ndarray":
    """Return the learning rate of each step of a training, float64, shape (steps,).

    Parameters
    ----------
    setting
        ``learning_rate`` in the configuration: a number, or ``peak``, ``schedule`` (one key of
        `SCHEDULES`, with its settings) and ``warmup``, the part of the training in which the rate
        first rises, straight from zero; the schedule then covers the rest.
    epochs, steps_an_epoch
        The training's length.
    """
    import numpy as np

    steps = steps_of(epochs, steps_an_epoch)
    if not isinstance(setting, Mapping):
        return np.full(steps, setting, np.float64)
    ((name, own),) = setting["schedule"].items()
    rising = round(setting["warmup"] * steps)
    curve = SCHEDULES[name](epochs * (1 - rising / steps), **own)
    done = np.arange(steps - rising) / (steps - rising)
    warmup = np.arange(1, rising + 1) / (rising + 1)
    factors = np.concatenate([warmup * curve(np.zeros(1)), curve(done)])
    return setting["peak"] * factors
