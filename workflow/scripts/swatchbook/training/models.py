"""Models, built from their description in the configuration.

Keras is imported only when a model is built.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from swatchbook.errors import TrainingError
from swatchbook.training.layers import Building, stack


def build(
    layers: Sequence[Mapping[str, Mapping[str, Any]]],
    image_shape: Sequence[int],
    classes: int,
    seed: int,
    precision: str,
    bias_initializer: str = "zeros",
    initializer: str = "glorot_uniform",
) -> Any:
    """Build a model whose weights and dropout derive from `seed` alone.

    Parameters
    ----------
    layers
        The model's ``layers`` in the configuration.
    image_shape
        (height, width, channels).
    classes
        The number of logits that the last layer gives.
    seed
        The training's seed.
    precision
        A Keras dtype policy. The logits are float32 in any case.
    bias_initializer, initializer
        How biases and weights begin where a layer does not say otherwise.

    Raises
    ------
    TrainingError
        If the layers do not fit one another, or end with no vectors.

    Returns
    -------
    keras.Sequential
        From float32 images, shape (n, height, width, channels), to logits, shape (n, classes).
    """
    import keras

    building = Building(seed, precision, initializer, bias_initializer, classes, tuple(image_shape))
    *written, last = layers
    written, last = (written, last) if "logits" in last else (layers, {"logits": {}})
    built = stack(building, written)
    if len(building.shape) != 1:
        raise TrainingError(
            f"the layers end with {building.shape}, which are no vectors",
            where="models",
            hint="add flatten or global_pool",
        )
    return keras.Sequential([keras.Input(tuple(image_shape)), *built, *stack(building, [last])])


def show(model: Any, images: Any) -> None:
    """Show training images to the layers that are made of them, before the first step.

    Parameters
    ----------
    images
        uint8 or float32, shape (n, height, width, channels).
    """
    for layer in model.layers:
        if hasattr(layer, "learn_filters"):
            layer.learn_filters(images)


def all_layers(model: Any) -> Iterator[Any]:
    """Yield a model's layers, and those within them, in their order."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from all_layers(layer)
