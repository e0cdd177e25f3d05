"""Paths into a model's description, such as ``training.optimizer`` or ``layers[0].conv.filters``.

What changes one thing of a model, for an ablation or for a search, says by a path what.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from swatchbook.errors import ConfigurationError

STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\[\d+\])*)")


def changed(
    model: Mapping[str, Any], path: str, value: Any, key: str, where: object
) -> dict[str, Any]:
    """Return a copy of a model in which `path` is `value`.

    A value of ``training`` itself is laid over the model's own, key by key, so that it can set
    several of them at once.

    Parameters
    ----------
    model
        ``layers`` and ``training``, as in the configuration.
    key, where
        The key of the configuration that has the path, and its file, for the message.

    Raises
    ------
    ConfigurationError
        If the path is none, or leads nowhere in the model.
    """
    steps = parsed(path, key, where)
    result = deepcopy(dict(model))
    place: Any = result
    for number, step in enumerate(steps[:-1]):
        if isinstance(step, str) and isinstance(place, dict):
            # What the model leaves to the defaults can be changed too.
            following = steps[number + 1]
            if step not in place and isinstance(following, str):
                place[step] = {}
        place = _at(place, step, path, key, where)
    if isinstance(place, dict) and isinstance(steps[-1], str):
        own = place.get(steps[-1])
        if steps == ["training"] and isinstance(own, dict) and isinstance(value, Mapping):
            value = {**own, **value}
        place[steps[-1]] = deepcopy(value)
    else:
        _at(place, steps[-1], path, key, where)
        place[steps[-1]] = deepcopy(value)
    return result


def found(model: Mapping[str, Any], path: str, key: str, where: object) -> Any:
    """Return what stands in a model at a path.

    Raises
    ------
    ConfigurationError
        If the path is none, or leads nowhere in the model.
    """
    place: Any = model
    for step in parsed(path, key, where):
        place = _at(place, step, path, key, where)
    return place


def parsed(path: str, key: str, where: object) -> list[str | int]:
    """Return the keys and numbers of a path that begins with ``training`` or ``layers``.

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    steps: list[str | int] = []
    for part in path.split("."):
        match = STEP.fullmatch(part)
        if not match:
            steps = []
            break
        steps += [match[1], *map(int, re.findall(r"\d+", match[2]))]
    if not steps or steps[0] not in ("training", "layers"):
        raise ConfigurationError(
            f"key '{key}.path' is \"{path}\"; allowed: training or layers, and keys and numbers "
            "below them, as in training.optimizer or layers[0].conv.filters",
            where=where,
        )
    return steps


def named(values: Any) -> dict[str, Any]:
    """Return values by their names: those given, or made from a list's values themselves."""
    if isinstance(values, Mapping):
        return {str(name): value for name, value in values.items()}
    by_name = {_name(value, number): value for number, value in enumerate(values, 1)}
    if len(by_name) < len(values):
        by_name = {str(number): value for number, value in enumerate(values, 1)}
    return by_name


def _name(value: Any, number: int) -> str:
    """Return a name for a value: itself, the only key of a mapping, or its number in the list."""
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value))
    if isinstance(value, bool | int | float | str):
        return re.sub(r"[^A-Za-z0-9]+", "-", str(value)).strip("-") or str(number)
    return str(number)


def _at(place: Any, step: str | int, path: str, key: str, where: object) -> Any:
    try:
        return place[step]
    except (KeyError, IndexError, TypeError):
        shown = f"[{step}]" if isinstance(step, int) else step
        raise ConfigurationError(
            f"key '{key}.path' is \"{path}\", and the base has no {shown} there", where=where
        ) from None
