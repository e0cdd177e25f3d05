"""Models, built from their description in the configuration.

Keras is imported only when a model is built.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from swatchbook.training.layers import LAYERS, Building, dense


def build(
    layers: Sequence[Mapping[str, Mapping[str, Any]]],
    image_shape: Sequence[int],
    classes: int,
    seed: int,
    precision: str,
    bias_initializer: str = "zeros",
) -> Any:
    """Build a model whose weights and dropout derive from `seed` alone.

    Parameters
    ----------
    layers
        The model's ``layers`` in the configuration.
    image_shape
        (height, width, channels).
    classes
        The number of logits that the added last layer gives.
    seed
        The training's seed.
    precision
        A Keras dtype policy. The logits are float32 in any case.
    bias_initializer
        ``zeros`` or ``glorot_uniform``.

    Returns
    -------
    keras.Sequential
        From float32 images, shape (n, height, width, channels), to logits, shape (n, classes).
    """
    import keras

    building = Building(seed, precision, bias_initializer)
    stack = [keras.Input(tuple(image_shape))]
    for layer in layers:
        ((kind, settings),) = layer.items()
        stack.append(LAYERS[kind].build(building, **settings))
    building.precision = "float32"
    stack.append(dense(building, units=classes, activation="linear"))
    return keras.Sequential(stack)
