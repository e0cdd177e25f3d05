"""Keras's own layers, by their names, with Keras's own arguments.

What there is, and what each takes, is read out of Keras's source without importing it, which would
start TensorFlow: the configuration is checked in every process of a workflow.
"""

import ast
import difflib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swatchbook.errors import TrainingError
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
    return sorted(_modules())


def arguments(name: str) -> dict[str, bool]:
    """Return what a layer takes, and whether it must be given.

    Raises
    ------
    KeyError
        If Keras has no such layer.
    """
    given = _constructor(*_modules()[name]).args
    optional = len(given.args) - len(given.defaults)
    found = {argument.arg: number < optional for number, argument in enumerate(given.args)}
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        found[argument.arg] = default is None
    return {argument: required for argument, required in found.items() if argument not in OWN}


def why_not(name: str, given: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Say what is wrong with a layer's name or arguments, and what helps; ``None`` if nothing.

    Where Keras is not installed, as beside a Snakemake whose jobs have an environment of their own,
    nothing is known to be wrong: the job will tell.
    """
    if not _modules():
        return None
    if name not in _modules():
        return f"{name} is no layer of Keras that a model here can have", _nearest(name, names())
    takes = arguments(name)
    for argument, value in given.items():
        if argument not in takes:
            near = _nearest(argument, list(takes))
            return f"{name} takes no '{argument}'", near or f"it takes {', '.join(takes)}"
        # Keras would make an object of any class out of a mapping.
        if not _is_plain(value):
            return f"{name} takes numbers, texts and lists of them for '{argument}'", None
    for argument, required in takes.items():
        if required and argument not in given:
            return f"{name} needs '{argument}'", None
    return None


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


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _nearest(word: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else None


@cache
def _root() -> Path | None:
    try:
        spec = find_spec("keras")
    except ModuleNotFoundError:
        return None
    return Path(spec.origin).parents[1] if spec and spec.origin else None


@cache
def _modules() -> dict[str, tuple[str, str]]:
    """Return for each layer's name the module and the class that it is."""
    if _root() is None:
        return {}
    tree = ast.parse((_root() / "keras" / "layers" / "__init__.py").read_text("utf-8"))
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (alias.asname or alias.name)[0].isupper() and alias.name not in NO_LAYERS
    }


def _constructor(module: str, name: str) -> ast.FunctionDef:
    """Return the constructor of a class: its own, or that of the first class that it is made of."""
    tree = ast.parse(_root().joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8"))
    (found,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    for node in found.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return node
    imported = {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    base = ast.unparse(found.bases[0])
    return _constructor(*imported.get(base, (module, base)))
