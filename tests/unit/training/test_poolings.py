"""Max-pooling after a ReLU gives the gradients that both give one after the other, to the bit."""

from typing import Any

import numpy as np
import pytest

from swatchbook.training import models, poolings
from swatchbook.training.devices import import_tensorflow

CONV, POOL = {"conv": {"filters": 8}}, {"pool": {}}
SEPARATE = [{"conv": {"filters": 8, "activation": "linear"}}, {"activation": {}}]


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


def images(side: int) -> np.ndarray:
    """Few different values, so that squares have several largest ones, and many of them are 0."""
    return np.random.default_rng(0).integers(-1, 2, (16, side, side, 1)).astype(np.float32)


def gradients(x: np.ndarray, layers: list[Any], precision: str) -> tuple[list[bytes], Any]:
    import tensorflow as tf

    model = models.build([*layers, {"flatten": {}}], x.shape[1:], 3, 0, precision)
    for weights in model.trainable_variables[:-2]:
        weights.assign(np.round(4 * weights.numpy()) / 4)  # so that sums are equal, too
    values = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = tf.reduce_mean(model(values, training=True)[:, 0] ** 2)
    found = tape.gradient(loss, [values, *model.trainable_variables])
    return [np.asarray(one).tobytes() for one in (loss, *found)], model


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("side", [8, 7])  # 7: squares that reach over the edge
@pytest.mark.parametrize("pool", [POOL, {"pool": {"size": 3, "padding": "valid"}}])
@pytest.mark.parametrize("relu", [[CONV], SEPARATE])
def test_the_gradients_are_those_of_keras(
    precision: str, side: int, pool: Any, relu: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = [*relu, pool, *relu, POOL]
    found, model = gradients(images(side), layers, precision)
    assert sum(getattr(layer, "after_relu", False) for layer in model.layers) == 2
    monkeypatch.setattr(poolings, "take_over_relu", lambda layers: None)
    expected, plain = gradients(images(side), layers, precision)
    assert sum(getattr(layer, "after_relu", False) for layer in plain.layers) == 0
    assert found == expected


@pytest.mark.parametrize(
    "layers",
    [
        [{"conv": {"filters": 8, "activation": "gelu"}}, POOL],
        [{"conv": {"filters": 8, "activation": "linear"}}, POOL],
        [CONV, {"batch_norm": {}}, POOL],
        [CONV, {"pool": {"kind": "average"}}],
        [POOL],
    ],
)
def test_only_a_relu_right_before_is_taken_over(layers: list[Any]) -> None:
    import keras

    _, model = gradients(images(8), layers, "float32")
    for layer in model.layers:
        assert not getattr(layer, "after_relu", False)
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.activation.__module__.startswith("keras.")
