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

# What is no layer of a stack, or made of a function, of another layer or of a file.
NO_LAYERS = {
    *("Input", "InputLayer", "InputSpec", "Layer", "Wrapper", "Lambda", "TFSMLayer", "Pipeline"),
    *("Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells", "SpectralNormalization"),
    *("TorchModuleWrapper", "FlaxLayer", "JaxLayer"),
}
OWN = {"self", "name", "dtype", "trainable", "activity_regularizer"}  # the workflow's to decide


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
    """Say what is wrong with a layer's name or arguments, and what helps; ``None`` if nothing."""
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
        If Keras refuses an argument, or the layer does not fit where it stands.
    """
    import keras

    takes = arguments(name)
    options = dict(given)
    if "seed" in takes:
        options.setdefault("seed", building.dropout_seed())
    try:
        layer = getattr(keras.layers, name)(dtype=building.precision, **options)
        for argument in takes:
            if argument.endswith("_initializer"):
                _seed(layer, argument, building)
        layer.compute_output_shape((None, *building.shape))
    except Exception as error:  # Keras raises what it stumbles on
        raise TrainingError(
            f"{name} cannot be built on {building.shape}: {' '.join(str(error).split())}",
            where="models",
            hint="see the layer's page in the documentation of Keras",
        ) from error
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
def _root() -> Path:
    spec = find_spec("keras")
    return Path(spec.origin).parent.parent


@cache
def _modules() -> dict[str, tuple[str, str]]:
    """Return for each layer's name the module and the class that it is."""
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
