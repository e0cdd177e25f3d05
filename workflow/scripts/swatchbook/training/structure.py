"""What a network is made of: its layers with shapes, parameters and multiply-adds."""

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

from swatchbook.training import keras_applications
from swatchbook.training.layers import LAYERS

# Settings that are told of a layer also where they are what they are by default.
TELLING = {"kernel", "activation", "function", "size"}

Described = dict[str, Any]


def described(model: Any, layers: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[Described]:
    """Return the layers of a model of `models.build`, those of residual blocks within them.

    Keys of each: ``kind``, its name in the configuration; ``settings``, those that tell it apart
    from others of its kind; ``shape``, of what it makes of an image; ``parameters``, all of them,
    and ``learned``, those that a training changes; ``multiply_adds`` an image; ``layers``, of a
    residual block those within it; ``count``, of an application how many layers it has.

    Multiply-adds are those of convolutions and dense layers alone, without biases, activations,
    normalisation and pooling, which take few.

    Parameters
    ----------
    model
        Built.
    layers
        What it was built from.
    """
    written = [*layers] if "logits" in layers[-1] else [*layers, {"logits": {}}]
    return _pairwise(model.layers, written)


def _pairwise(layers: Sequence[Any], entries: Sequence[Mapping[str, Any]]) -> list[Described]:
    return [
        _described(layer, kind, settings)
        for layer, entry in zip(layers, entries, strict=True)
        for kind, settings in entry.items()
    ]


def _described(layer: Any, kind: str, settings: Mapping[str, Any]) -> Described:
    found = {
        "kind": kind,
        "settings": _telling(kind, settings),
        "shape": list(layer.output.shape[1:]),
        "parameters": int(layer.count_params()),
        "learned": sum(math.prod(weight.shape) for weight in layer.trainable_weights),
        "multiply_adds": multiply_adds(layer),
    }
    if kind == "residual":
        found["layers"] = _within(layer, settings["layers"])
    elif kind in keras_applications.names():
        found["count"] = sum(1 for _ in _innermost(layer))
    return found


def _telling(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a layer's settings without those that any such layer has."""
    usual = {}
    if kind in LAYERS:
        parameters = inspect.signature(LAYERS[kind].build).parameters
        usual = {name: one.default for name, one in parameters.items() if name not in TELLING}
    return {
        name: value
        for name, value in settings.items()
        if name != "layers" and (name not in usual or usual[name] != value)
    }


def _within(block: Any, layers: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[Described]:
    """Return the layers of a residual block: those written, and what its input goes through."""
    import keras

    inner = next(layer for layer in block.layers if isinstance(layer, keras.Sequential))
    found = _pairwise(inner.layers, layers)
    for layer in block.layers:
        if isinstance(layer, keras.layers.Conv2D):
            found.append(_described(layer, "shortcut", {"kernel": 1}))
    return found


def multiply_adds(layer: Any) -> int:
    """Return how many multiplications, each with an addition, a layer makes of one image.

    Of convolutions and dense layers, and those within; 0 of all others.
    """
    import keras

    if hasattr(layer, "layers"):
        return sum(map(multiply_adds, layer.layers))
    kernels = {
        keras.layers.Dense: ["kernel"],
        keras.layers.SeparableConv2D: ["depthwise_kernel", "pointwise_kernel"],
        keras.layers.DepthwiseConv2D: ["kernel"],
        keras.layers.Conv2D: ["kernel"],
    }
    for kind, names in kernels.items():
        if isinstance(layer, kind):
            # A weight is used once at every place of what the layer makes.
            places = math.prod(layer.output.shape[1:-1])
            return places * sum(math.prod(getattr(layer, name).shape) for name in names)
    return 0


def _innermost(layer: Any) -> Any:
    """Yield the layers within that have none within themselves, inputs left out."""
    import keras

    for inner in layer.layers:
        if hasattr(inner, "layers"):
            yield from _innermost(inner)
        elif not isinstance(inner, keras.layers.InputLayer):
            yield inner
