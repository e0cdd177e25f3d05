"""One change at a time, or a grid: the models that ``ablation`` makes of its base.

Done before the configuration is checked, so that a variant is checked like a model that somebody
wrote out.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from swatchbook.errors import ConfigurationError
from swatchbook.training import recipe_paths


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
            made[name] = recipe_paths.changed(models[base], settings["path"], value, key, where)
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
            model = recipe_paths.changed(model, path, values[axis], f"ablation.grid.{axis}", where)
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
    return recipe_paths.named(settings["values"])


def _shown(value: Any, name: str) -> str:
    """Return a number or a text as it was given, anything else by its name."""
    return str(value) if isinstance(value, bool | int | float | str) else name
