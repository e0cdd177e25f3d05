"""The space of a search: what may change of its base, and the models that this gives.

A dimension has a ``path`` into the model, and ``values``, by name or in a list, or ``low`` and
``high``, both included: numbers, or whole ones with ``integer``; in steps of ``step``; with ``log``
spread evenly over their logarithms. A trial's parameters are a number, or the name of a value, for
each dimension.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from swatchbook.errors import ConfigurationError
from swatchbook.training import recipe_paths

Space = Mapping[str, Mapping[str, Any]]
Parameters = Mapping[str, float | int | str]

KEY = "search.space.{}"
# They decide on what a model is trained, which the jobs' resources were asked for by, and not how.
NO_RECIPE = ("device", "gpus", "threads")


def checked(space: Space, where: object) -> dict[str, dict[str, Any]]:
    """Return a space with its values by name.

    Raises
    ------
    ConfigurationError
        If a dimension has no room, or two of them would change the same.
    """
    result = {name: _checked(dimension, name, where) for name, dimension in space.items()}
    _check_apart(result, where)
    return result


def _checked(dimension: Mapping[str, Any], name: str, where: object) -> dict[str, Any]:
    key, path = KEY.format(name), dimension["path"]
    if recipe_paths.parsed(path, key, where)[:2] in (["training", other] for other in NO_RECIPE):
        raise ConfigurationError(
            f"key '{key}.path' is \"{path}\"; allowed: what a model learns by, not what it is "
            f"trained on ({', '.join(NO_RECIPE)})",
            where=where,
        )
    given = {part for part in ("values", "low", "high") if part in dimension}
    if given == {"values"}:
        for part in ("log", "integer", "step"):
            if dimension[part]:
                raise ConfigurationError(
                    f"key '{key}.{part}' stands beside values; allowed: beside low and high",
                    where=where,
                )
        return {"path": path, "values": recipe_paths.named(dimension["values"])}
    if given != {"low", "high"}:
        raise ConfigurationError(
            f"key '{key}' needs values, or low and high, one of them", where=where
        )
    _check_room(dimension, key, where)
    number = int if dimension["integer"] else float
    low, high, step = (
        None if dimension[part] is None else number(dimension[part])
        for part in ("low", "high", "step")
    )
    kinds = {part: dimension[part] for part in ("log", "integer")}
    return {"path": path, "low": low, "high": high, "step": step, **kinds}


def _check_room(dimension: Mapping[str, Any], key: str, where: object) -> None:
    low, high, step = (dimension[part] for part in ("low", "high", "step"))
    if low >= high:
        raise ConfigurationError(
            f"key '{key}.low' is {low}; allowed: less than high, {high}", where=where
        )
    if dimension["log"] and low <= 0:
        raise ConfigurationError(
            f"key '{key}.low' is {low}; allowed with log: more than 0", where=where
        )
    if dimension["log"] and step is not None:
        raise ConfigurationError(
            f"key '{key}.step' stands beside log; allowed: one of them", where=where
        )
    if step is not None and step > high - low:
        raise ConfigurationError(
            f"key '{key}.step' is {step}; allowed: at most high - low, {high - low:g}", where=where
        )
    for part in ("low", "high", "step"):
        if dimension["integer"] and isinstance(dimension[part], float):
            raise ConfigurationError(
                f"key '{key}.{part}' is {dimension[part]}; allowed with integer: a whole number",
                where=where,
            )


def _check_apart(space: Space, where: object) -> None:
    """Check that no dimension changes what another one does, or a part of it."""
    reached = [
        (name, place) for name, dimension in space.items() for place in _places(dimension, where)
    ]
    for (name, place), (other, its_place) in itertools.combinations(reached, 2):
        shared = min(len(place), len(its_place))
        if name != other and place[:shared] == its_place[:shared]:
            raise ConfigurationError(
                f"keys '{KEY.format(name)}' and '{KEY.format(other)}' change the same of a model; "
                "allowed: each something of its own",
                where=where,
            )


def _places(dimension: Mapping[str, Any], where: object) -> list[list[str | int]]:
    """Return what a dimension changes; of ``training`` itself these are several of its keys."""
    steps = recipe_paths.parsed(dimension["path"], "", where)
    values = dimension.get("values", {}).values()
    if steps == ["training"] and all(isinstance(value, Mapping) for value in values):
        return [["training", key] for key in dict.fromkeys(itertools.chain(*values))]
    return [steps]


def probes(base: Mapping[str, Any], space: Space, where: object) -> Iterator[tuple[str, Any, Any]]:
    """Yield models that differ from the base in one parameter, which is at an end of its dimension.

    If these are right, so are all between them, and all of a space whose dimensions are apart; but
    for the order of layers, which several dimensions can make together.

    Yields
    ------
    tuple
        The dimension's name, the parameter and the model.
    """
    for name, dimension in space.items():
        ends = dimension.get("values") or (dimension["low"], dimension["high"])
        for parameter in ends:
            yield name, parameter, model_of(base, space, {name: parameter}, where)


def model_of(
    base: Mapping[str, Any], space: Space, parameters: Parameters, where: object
) -> dict[str, Any]:
    """Return the base with a trial's parameters, or some of them.

    Raises
    ------
    ConfigurationError
        If a path leads nowhere in the base.
    """
    model = dict(base)
    for name, parameter in parameters.items():
        dimension = space[name]
        value = dimension["values"][parameter] if "values" in dimension else parameter
        model = recipe_paths.changed(model, dimension["path"], value, KEY.format(name), where)
    return model
