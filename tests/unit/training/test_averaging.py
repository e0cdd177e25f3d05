"""An average is made of the weights that its formula says, at the steps that it says."""

from typing import Any

import numpy as np
import pytest

from paths import ROOT
from swatchbook.errors import ConfigurationError, TrainingError
from swatchbook.startup import configuration
from swatchbook.training import models
from swatchbook.training.averaging import Averager
from swatchbook.training.devices import import_tensorflow

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
STEPS = 10


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


def checked(averaging: Any) -> Any:
    config = {
        "datasets": ["a"],
        "models": {"plain": {"layers": [{"flatten": {}}]}},
        "training": {"averaging": averaging},
    }
    return configuration.checked_config(config, SCHEMA, "config.yaml")["training"]["averaging"]


def after_steps(averaging: Any) -> tuple[Averager, Any, list[float], list[float]]:
    """Let steps set all weights to 1, 2, 3 …; return the copies and the weights after each."""
    import tensorflow as tf

    layers = [{"batch_norm": {}}, {"dropout": {"rate": 0.5}}, {"flatten": {}}]
    model = models.build(layers, (2, 2, 1), 3, 0, "float32")
    weights = [one for one in model.weights if "seed" not in one.path]
    for weight in weights:
        weight.assign(np.zeros(weight.shape))
    averager = Averager(checked(averaging), model, STEPS)
    copies, found = [], []
    for number in range(1, STEPS + 1):
        for weight in weights:
            weight.assign(np.full(weight.shape, number))
        averager.after_step(tf.constant(number, tf.int64))
        (copy,) = {float(value) for one in averager.copies for value in one.numpy().ravel()}
        (own,) = {float(value) for one in weights for value in one.numpy().ravel()}
        copies.append(copy)
        found.append(own)
    return averager, model, copies, found


def test_a_moving_average_follows_the_weights_and_leaves_them_alone() -> None:
    _, _, copies, weights = after_steps({"ema": {"decay": 0.75}})
    expected, wanted = 0.0, []
    for number in range(1, STEPS + 1):
        expected = 0.75 * expected + 0.25 * number
        wanted.append(expected)
    np.testing.assert_allclose(copies, wanted, rtol=1e-5)
    assert weights == list(range(1, STEPS + 1))


def test_lookahead_takes_weights_in_after_so_many_steps_and_goes_on_from_there() -> None:
    settings = {"every": 4, "decay": 0.5, "power": 2.0}
    _, _, copies, weights = after_steps({"lookahead": settings})
    first = (1 - 0.5 * 0.4**2) * 4
    kept = 0.5 * 0.8**2
    second = kept * first + (1 - kept) * 8
    np.testing.assert_allclose(copies, [0] * 3 + [first] * 4 + [second] * 3, rtol=1e-5)
    expected = [1, 2, 3, first, 5, 6, 7, second, 9, 10]
    np.testing.assert_allclose(weights, expected, rtol=1e-5)


def test_copies_stand_in_for_the_weights_while_they_are_measured_and_in_the_end() -> None:
    averager, model, copies, weights = after_steps({"ema": {"decay": 0.75}})
    kernel = model.layers[-1].kernel
    with averager.taken():
        np.testing.assert_allclose(kernel.numpy(), copies[-1], rtol=1e-6)
    np.testing.assert_allclose(kernel.numpy(), weights[-1])
    averager.take()
    np.testing.assert_allclose(kernel.numpy(), copies[-1], rtol=1e-6)


@pytest.mark.parametrize(
    ("averaging", "told"),
    [
        ({"emma": {}}, "unknown key 'training.averaging.emma'; did you mean 'ema'?"),
        ({"ema": {"decay": 1}}, "decay' is 1; allowed: a number, more than 0, less than 1"),
        ("ema", "key 'training.averaging' is \"ema\"; allowed: keys and values or null"),
    ],
)
def test_what_is_no_average_is_refused(averaging: Any, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checked(averaging)
    assert told in str(caught.value)


def test_an_average_that_would_never_change_is_refused() -> None:
    model = models.build([{"flatten": {}}], (2, 2, 1), 3, 0, "float32")
    with pytest.raises(TrainingError, match="after 5 steps, and the training has 4"):
        Averager(checked({"lookahead": {}}), model, 4)
