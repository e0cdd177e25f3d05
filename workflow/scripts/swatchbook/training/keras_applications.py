"""Keras's applications: networks that others have trained, by their names.

A model may begin with one, without its last layers. It comes with what its images are to be made of
(`preprocess_input` of Keras), as layers before it: a model takes images in [0, 1], grey or RGB, as
all models do. Which there are, and what each takes, is read out of Keras's source (`keras_source`).

Keras is imported only when one is built.
"""

import ast
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from swatchbook.errors import TrainingError
from swatchbook.training import fast_layers, keras_source, models
from swatchbook.training.seeds import WEIGHTS, derived_seed

if TYPE_CHECKING:
    import numpy as np

    from swatchbook.training.layers import Building

# Which there are in Keras and not here, by the beginning of their names, and why.
LEFT_OUT = {
    "EfficientNetB": "needs a layer that Keras adds to the weights that it downloads itself",
    "ConvNeXt": "has convolutions in groups, which ONNX cannot be made of",
}
# The workflow's to decide, or of the last layers, which every model here has of its own.
OWN = {
    *("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes"),
    *("classifier_activation", "name", "include_preprocessing", "dropout", "dropout_rate"),
}
SMALLEST = 32  # pixels a side, where an application does not say otherwise


def names() -> list[str]:
    """Return the names of the applications."""
    return sorted(name for name in keras_source.exported("applications") if not left_out(name))


def left_out(name: str) -> str | None:
    """Say why an application of Keras is none here; ``None`` of all others."""
    return next((why for start, why in LEFT_OUT.items() if name.startswith(start)), None)


def arguments(name: str) -> dict[str, bool]:
    """Return what an application takes, and whether it must be given.

    Raises
    ------
    KeyError
        If Keras has no such application.
    """
    of = keras_source.function(keras_source.exported("applications")[name])
    return keras_source.arguments(of, but=OWN)


def smallest(name: str) -> int:
    """Return the least height and width of the images that an application takes.

    Raises
    ------
    KeyError
        If Keras has no such application.
    """
    (module, _) = keras_source.exported("applications")[name]
    for node in ast.walk(keras_source.module(module)):
        if isinstance(node, ast.keyword) and node.arg == "min_size":
            return int(ast.literal_eval(node.value))
    return SMALLEST


def why_not(name: str, given: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Say what is wrong with the arguments of an application, and what helps; ``None`` if nothing.

    Raises
    ------
    KeyError
        If Keras has no such application.
    """
    if why := left_out(name):
        return f"{name} {why}", "take one of the EfficientNetV2"
    return keras_source.why_not_taken(name, given, arguments(name))


def build(building: "Building", name: str, given: Mapping[str, Any]) -> Any:
    """Build an application without its last layers; all chance is of the training's seed.

    Parameters
    ----------
    building
        Its ``shape`` is that of the images, in [0, 1], grey or RGB.
    name, given
        Which one, and its own settings.

    Returns
    -------
    keras.Model
        From images to images of many channels. The application is its last layer, of that `name`.

    Raises
    ------
    TrainingError
        If it does not take an argument.
    ValueError
        Of Keras, if the images are too small for it.
    """
    import keras
    import numpy as np

    if problem := why_not(name, given):
        raise TrainingError(problem[0], where="models", hint=problem[1])
    height, width, _ = building.shape
    kind = getattr(keras.applications, name)
    made = kind(include_top=False, weights=None, input_shape=(height, width, 3), **given)

    def of_this_training(layer: Any) -> Any:
        if not isinstance(layer, keras.Layer):  # a sum, for example
            return type(layer).from_config(layer.get_config())
        config = _seeded(building, layer.get_config()) | {"dtype": building.precision}
        # Where colours are scaled, eight bits of an image would not all be seen in bfloat16.
        if isinstance(layer, keras.layers.Normalization):
            return _rescaling(np.array(config["mean"]), np.array(config["variance"]) ** 0.5)
        if isinstance(layer, keras.layers.Rescaling):
            config["dtype"] = "float32"
        if type(layer) is keras.layers.BatchNormalization:
            return fast_layers.batch_normalization(**config)
        return type(layer).from_config(config)

    clone = keras.models.clone_model(made, clone_function=of_this_training, recursive=True)
    body = keras.Model(clone.input, clone.output, name=name)
    images = keras.Input(building.shape)
    return keras.Model(images, body(_prepared(images, name)))


def within(model: Any) -> Any:
    """Return the application in a model of `models.build`, a Keras model; ``None`` without one."""
    known = names()
    return next((layer for layer in models.all_layers(model) if layer.name in known), None)


def _seeded(building: "Building", config: Mapping[str, Any]) -> dict[str, Any]:
    """Give what draws in a layer's configuration, by initialisers and dropout, its seed."""
    seeded = dict(config)
    for key, value in config.items():
        if key == "seed" and value is None:
            seeded[key] = building.dropout_seed()
        elif isinstance(value, Mapping) and "seed" in value.get("config", {}):
            number, building.weighted = building.weighted, building.weighted + 1
            seed = derived_seed(building.seed, WEIGHTS, number)
            seeded[key] = {**value, "config": {**value["config"], "seed": seed}}
    return seeded


def _prepared(images: Any, name: str) -> Any:
    """Make of images in [0, 1] what an application's `preprocess_input` makes of them in [0, 255].

    What that does to a colour is read off what it does to black, red, green and blue.
    """
    import keras
    import numpy as np

    module, _ = keras_source.exported("applications")[name]
    colours = np.concatenate([np.zeros((1, 3)), 255 * np.eye(3)]).astype(np.float32)
    black, *pure = (
        importlib.import_module(module).preprocess_input(colours[:, None, None]).squeeze()
    )
    slopes = np.array(pure) - black
    if images.shape[-1] == 1:
        images = keras.layers.Concatenate(dtype="float32")([images] * 3)
    if not slopes.diagonal().all():  # BGR
        images, slopes = keras.ops.flip(images, axis=-1), slopes[::-1]
    slope = slopes.diagonal()
    return _rescaling(-black / slope, 1 / slope)(images)


def _rescaling(mean: "np.ndarray", deviation: "np.ndarray") -> Any:
    """Make a layer that takes means off colours and divides them by deviations, shape (3,) each.

    Keras's own for it has its numbers as constants outside of the graph, which an ONNX file would
    ask to be given.
    """
    import keras

    return keras.layers.Rescaling(
        (1 / deviation).tolist(), (-mean / deviation).tolist(), dtype="float32"
    )
