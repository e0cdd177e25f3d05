"""One change at a time, or a grid: the models that ``ablation`` makes of its base.

Done before the configuration is checked, so that a variant is checked like a model that somebody
wrote out.
"""

import itertools
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from swatchbook.errors import ConfigurationError

STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\[\d+\])*)")


def expanded(config: Mapping[str, Any], where: object) -> dict[str, Any]:
    """Return the configuration with a model for each change and each combination of the grid.

    They are named ``<base>-<change>[-<value>]`` and ``<base>-<axis>-<value>-<axis>-<value>``.

    Parameters
    ----------
    config
        The main configuration, its ``ablation`` checked: ``base``, the name of a model, and
        ``changes``, by name, each with ``path`` (as ``layers[0].conv.filters``) and ``value``, or
        ``values``: a list, or a mapping of names to values. A value of ``training`` itself is laid
        over the base's, key by key, so that one change can set several of them. ``grid``, axes by
        name, each with ``path`` and ``values``.

    Returns
    -------
    dict
        Its ``ablation`` has ``variants`` too: for each of these models the change, the value and
        how it is ``shown``, and for one of the grid its ``cell``, each axis's value as it is shown.

    Raises
    ------
    ConfigurationError
        If the base is no model, a path leads nowhere, or two models would have the same name.
    """
    ablation, models = config["ablation"], config["models"]
    base = ablation["base"]
    if base not in models:
        raise ConfigurationError(
            f"key 'ablation.base' is \"{base}\"; allowed: {', '.join(models)}", where=where
        )
    made: dict[str, Any] = {}
    variants: dict[str, dict[str, Any]] = {}
    for change, settings in ablation.get("changes", {}).items():
        key = f"ablation.changes.{change}"
        for value_name, value in _values(settings, key, where).items():
            name = "-".join(part for part in (base, change, value_name) if part)
            _check_is_new(name, {**models, **made}, key, where)
            made[name] = _changed(models[base], settings["path"], value, key, where)
            shown = value_name or change
            variants[name] = {
                "change": change,
                "path": settings["path"],
                "value": value,
                "shown": shown,
            }
    grid = ablation.get("grid") or {}
    axes = {
        axis: _values(settings, f"ablation.grid.{axis}", where) for axis, settings in grid.items()
    }
    for cell in itertools.product(*axes.values()) if axes else ():
        name = "-".join([base, *itertools.chain(*zip(axes, cell, strict=True))])
        _check_is_new(name, {**models, **made}, "ablation.grid", where)
        model, values = models[base], {}
        for axis, value_name in zip(axes, cell, strict=True):
            values[axis] = axes[axis][value_name]
            path = grid[axis]["path"]
            model = _changed(model, path, values[axis], f"ablation.grid.{axis}", where)
        made[name] = model
        paths = ", ".join(settings["path"] for settings in grid.values())
        shown = [_shown(values[axis], one) for axis, one in zip(axes, cell, strict=True)]
        variants[name] = {"change": "grid", "path": paths, "value": values, "cell": shown}
    return {
        **config,
        "models": {**models, **made},
        "ablation": {**ablation, "variants": variants},
    }


def settle(config: dict[str, Any], variants: dict[str, Any], where: object) -> None:
    """Let the base stand for the grid's combination that it is, and refuse twins among the others.

    Parameters
    ----------
    config
        The checked configuration with the models of `expanded`; the combination that is the base is
        taken out of its models. Its ``ablation`` is given ``variants`` without that one, and
        ``cells``: for each model of the grid, the base too if it is one, its values as shown.
    variants
        Those of `expanded`.

    Raises
    ------
    ConfigurationError
        If two combinations make the same model, because one axis undoes another.
    """
    models, base = config["models"], config["ablation"]["base"]
    cells: dict[str, list[str]] = {}
    for name in [name for name, variant in variants.items() if "cell" in variant]:
        if models[name] == models[base]:
            del models[name]
            cells[base] = variants.pop(name)["cell"]
            continue
        for other in cells:
            if other != base and models[name] == models[other]:
                raise ConfigurationError(
                    f"key 'ablation.grid' makes the same model twice, {other} and {name}",
                    where=where,
                    hint="give each axis a path that no other one sets",
                )
        cells[name] = variants[name]["cell"]
    config["ablation"] |= {"variants": variants, "cells": cells}


def _check_is_new(name: str, models: Mapping[str, Any], key: str, where: object) -> None:
    if name in models:
        raise ConfigurationError(
            f"key '{key}' makes a second model {name}; name its values",
            where=where,
            hint=f"values: {{first: …, second: …}} under {key}",
        )


def _values(settings: Mapping[str, Any], key: str, where: object) -> dict[str, Any]:
    """Return a change's values by the ends of their models' names."""
    if ("value" in settings) == ("values" in settings):
        raise ConfigurationError(f"key '{key}' needs value or values, one of them", where=where)
    if "value" in settings:
        return {"": settings["value"]}
    values = settings["values"]
    if isinstance(values, Mapping):
        return {str(name): value for name, value in values.items()}
    named = {_named(value, number): value for number, value in enumerate(values, 1)}
    if len(named) < len(values):
        named = {str(number): value for number, value in enumerate(values, 1)}
    return named


def _shown(value: Any, name: str) -> str:
    """Return a number or a text as it was given, anything else by its name."""
    return str(value) if isinstance(value, bool | int | float | str) else name


def _named(value: Any, number: int) -> str:
    """Return a name for a value: itself, the only key of a mapping, or its number in the list."""
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value))
    if isinstance(value, bool | int | float | str):
        return re.sub(r"[^A-Za-z0-9]+", "-", str(value)).strip("-") or str(number)
    return str(number)


def _changed(
    model: Mapping[str, Any], path: str, value: Any, key: str, where: object
) -> dict[str, Any]:
    """Return a copy of a model in which `path` is `value`."""
    steps = _steps(path, key, where)
    changed = deepcopy(dict(model))
    place: Any = changed
    for number, step in enumerate(steps[:-1]):
        if isinstance(step, str) and isinstance(place, dict):
            # What the base leaves to the defaults can be changed too.
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
    return changed


def _at(place: Any, step: str | int, path: str, key: str, where: object) -> Any:
    try:
        return place[step]
    except (KeyError, IndexError, TypeError):
        shown = f"[{step}]" if isinstance(step, int) else step
        raise ConfigurationError(
            f"key '{key}.path' is \"{path}\", and the base has no {shown} there", where=where
        ) from None


def _steps(path: str, key: str, where: object) -> list[str | int]:
    """Return the keys and numbers of a path that begins with ``training`` or ``layers``."""
    steps: list[str | int] = []
    for part in path.split("."):
        found = STEP.fullmatch(part)
        if not found:
            steps = []
            break
        steps += [found[1], *map(int, re.findall(r"\d+", found[2]))]
    if not steps or steps[0] not in ("training", "layers"):
        raise ConfigurationError(
            f"key '{key}.path' is \"{path}\"; allowed: training or layers, and keys and numbers "
            "below them, as in training.optimizer or layers[0].conv.filters",
            where=where,
        )
    return steps
