"""Keras's own layers, by their names, with Keras's own arguments.

What there is, and what each takes, is read out of Keras's source (`keras_source`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from swatchbook.errors import TrainingError
from swatchbook.training import keras_applications, keras_source
from swatchbook.training.seeds import WEIGHTS, derived_seed

if TYPE_CHECKING:
    from swatchbook.training.layers import Building

# What has no place in a stack of layers that is trained on images and repeats itself to the bit.
NO_LAYERS = {
    # Made of a function, another layer, a file or text; to be shown the data first.
    *("Input", "InputLayer", "InputSpec", "Layer", "Wrapper", "Lambda", "TFSMLayer", "Pipeline"),
    *("Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells", "SpectralNormalization"),
    *("TorchModuleWrapper", "FlaxLayer", "JaxLayer", "LSTMCell", "GRUCell", "SimpleRNNCell"),
    *("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"),
    *("CategoryEncoding", "Discretization", "Normalization", "MelSpectrogram", "STFTSpectrogram"),
    # Of several inputs.
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"),
    *("add", "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
    # Mixes images and leaves their labels; draws numbers of nobody's seed.
    *("MixUp", "CutMix", "AugMix", "MaxNumBoundingBoxes", "RandomErasing"),
}
# The workflow's to decide, and what would draw weights of its own.
OWN = {
    *("self", "name", "dtype", "trainable", "activity_regularizer"),
    *("lora_rank", "lora_alpha", "quantization_config"),
}


def names() -> list[str]:
    """Return the names of Keras's layers."""
    return sorted(set(keras_source.exported("layers")) - NO_LAYERS)


def arguments(name: str) -> dict[str, bool]:
    """Return what a layer takes, and whether it must be given.

    Raises
    ------
    KeyError
        If Keras has no such layer.
    """
    of = keras_source.constructor(keras_source.exported("layers")[name])
    return keras_source.arguments(of, but=OWN)


def why_not(name: str, given: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Say what is wrong with a layer's name or arguments, and what helps; ``None`` if nothing.

    Where Keras is not installed nothing is known to be wrong: the job will tell.
    """
    known = names()
    if not known:
        return None
    if name not in known:
        near = keras_source.nearest(name, known + keras_applications.names())
        return f"{name} is no layer of Keras that a model here can have", near
    return keras_source.why_not_taken(name, given, arguments(name))


def build(building: "Building", name: str, given: Mapping[str, Any]) -> Any:
    """Build one layer of Keras's; what it draws at random derives from the training's seed.

    Raises
    ------
    TrainingError
        If there is no such layer, or it does not take an argument; whatever Keras raises if it
        refuses a value, or the layer does not fit where it stands.
    """
    import keras

    if problem := why_not(name, given):
        raise TrainingError(problem[0], where="models", hint=problem[1])
    takes = arguments(name)
    options = dict(given)
    if "seed" in takes and options.get("seed") is None:
        options["seed"] = building.dropout_seed()
    if "value_range" in takes:
        options.setdefault("value_range", (0, 1))
    layer = getattr(keras.layers, name)(dtype=building.precision, **options)
    for argument in takes:
        if argument.endswith("_initializer"):
            _seed(getattr(layer, "cell", layer), argument, building)
    layer(keras.ops.zeros((1, *building.shape)))  # Keras looks at many values only then
    return layer


def _seed(layer: Any, argument: str, building: "Building") -> None:
    """Give an initialiser that draws a seed of its own."""
    initializer = getattr(layer, argument, None)
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    if config.get("seed", 0) is None:
        number, building.weighted = building.weighted, building.weighted + 1
        config["seed"] = derived_seed(building.seed, WEIGHTS, number)
        setattr(layer, argument, type(initializer)(**config))
