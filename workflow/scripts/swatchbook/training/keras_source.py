"""What Keras has, read out of its source without importing it, which would start TensorFlow.

The configuration is checked in every process of a workflow, and names layers and applications of
Keras.
"""

import ast
import difflib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Place = tuple[str, str]  # a module, and a class or function in it


@cache
def exported(part: str) -> dict[str, Place]:
    """Return where the classes and functions of ``keras.<part>`` stand that have a capital letter.

    Where Keras is not installed, as beside a Snakemake whose jobs have an environment of their own,
    there are none.
    """
    if _root() is None:
        return {}
    return {
        name: place
        for name, place in _imported(module(f"keras.{part}.__init__")).items()
        if name[0].isupper()
    }


def constructor(place: Place) -> ast.FunctionDef:
    """Return the constructor of a class: its own, or that of the first class that it is made of."""
    tree = module(place[0])
    (found,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == place[1])
    for node in found.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return node
    base = ast.unparse(found.bases[0])
    return constructor(_imported(tree).get(base, (place[0], base)))


def function(place: Place) -> ast.FunctionDef:
    """Return a function."""
    body = module(place[0]).body
    (found,) = (n for n in body if isinstance(n, ast.FunctionDef) and n.name == place[1])
    return found


def module(name: str) -> ast.Module:
    """Return a module of Keras."""
    path = _root().joinpath(*name.split(".")).with_suffix(".py")
    return ast.parse(path.read_text("utf-8"))


def arguments(of: ast.FunctionDef, but: Collection[str]) -> dict[str, bool]:
    """Return what a function takes, `but` some, and whether it must be given."""
    given = of.args
    optional = len(given.args) - len(given.defaults)
    found = {argument.arg: number < optional for number, argument in enumerate(given.args)}
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        found[argument.arg] = default is None
    return {argument: required for argument, required in found.items() if argument not in but}


def why_not_taken(
    name: str, given: Mapping[str, Any], takes: Mapping[str, bool]
) -> tuple[str, str | None] | None:
    """Say what is wrong with the arguments of `name`, and what helps; ``None`` if nothing."""
    for argument, value in given.items():
        if argument not in takes:
            told = f"it takes {', '.join(takes)}" if takes else "it takes nothing"
            return f"{name} takes no '{argument}'", nearest(argument, takes) or told
        # Keras would make an object of any class out of a mapping.
        if not _is_plain(value):
            return f"{name} takes numbers, texts and lists of them for '{argument}'", None
    for argument, required in takes.items():
        if required and argument not in given:
            return f"{name} needs '{argument}'", None
    return None


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return a question for the known word that a mistyped one is nearest to, if any is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _imported(tree: ast.Module) -> dict[str, Place]:
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@cache
def _root() -> Path | None:
    try:
        spec = find_spec("keras")
    except ModuleNotFoundError:
        return None
    return Path(spec.origin).parents[1] if spec and spec.origin else None
