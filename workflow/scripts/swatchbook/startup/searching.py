"""A search, checked before its first trial: a base, room, and no model that would be refused."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swatchbook.errors import ConfigurationError
from swatchbook.search import space
from swatchbook.startup.schema_check import checked, nearest
from swatchbook.training import layer_order, recipe_paths, training_keys

PROBE = re.compile(r"models\.(probe-\d+)\.?")


def settled(config: Mapping[str, Any], schema: str | Path, where: str | Path) -> dict[str, Any]:
    """Return the block ``search`` with all that its trials are made of.

    Parameters
    ----------
    config
        The checked configuration, its models whole.

    Returns
    -------
    dict
        In its ``space`` values stand by name and with their own defaults. As ``derived`` it has
        ``model``, the whole base, and ``epochs``, the most that a trial can have.

    Raises
    ------
    ConfigurationError
        If the base is no model, the space is none, a parameter makes a model that is refused, a
        batch has more trials than there are, or models are compared with the seed of the search.
    """
    search, models = config["search"], config["models"]
    _check_numbers(search, config["seeds"], where)
    if search["base"] not in models:
        raise ConfigurationError(
            f"key 'search.base' is \"{search['base']}\"; allowed: {', '.join(models)}",
            where=where,
            hint=nearest(search["base"], list(models)),
        )
    base = models[search["base"]]
    whole = space.checked(search["space"], where)
    probes = list(space.probes(base, whole, where))
    made = _models(probes, config["datasets"], schema, where)
    for (name, parameter, _), model in zip(probes, made, strict=True):
        if "values" in whole[name]:
            whole[name]["values"][parameter] = _with_defaults(
                whole[name]["values"][parameter], whole[name]["path"], model, where
            )
    epochs = max(model["training"]["epochs"] for model in [base, *made])
    return {**search, "space": whole, "derived": {"model": base, "epochs": epochs}}


def _check_numbers(search: Mapping[str, Any], seeds: Any, where: str | Path) -> None:
    if search["batch"] > search["trials"]:
        raise ConfigurationError(
            f"key 'search.batch' is {search['batch']}; allowed: at most search.trials, "
            f"{search['trials']}",
            where=where,
        )
    compared = range(seeds["to"]) if isinstance(seeds, Mapping) else seeds
    if search["seed"] in compared:
        raise ConfigurationError(
            f"key 'search.seed' is {search['seed']}; allowed: none of seeds, since the best trial "
            "was chosen for its luck with this one",
            where=where,
        )


def _models(
    probes: list[tuple[str, Any, Any]], datasets: Any, schema: str | Path, where: str | Path
) -> list[dict[str, Any]]:
    """Return each probe's model with its defaults."""
    of_probe = {f"probe-{number}": probe for number, probe in enumerate(probes)}
    models = {name: model for name, (_, _, model) in of_probe.items()}
    try:
        found = checked({"datasets": datasets, "models": models}, schema, where)["models"]
        for name, model in found.items():
            training_keys.check(model["training"], f"models.{name}.training", where)
            layer_order.check_stack(model["layers"], f"models.{name}.layers", where)
    except ConfigurationError as error:
        raise _told(error, of_probe, where) from error
    return list(found.values())


def _told(
    error: ConfigurationError, of_probe: Mapping[str, Any], where: str | Path
) -> ConfigurationError:
    """Tell what is wrong with a probe by the dimension and the parameter that made it."""
    dimension, parameter, _ = of_probe[PROBE.search(error.what)[1]]
    told, hint = PROBE.sub("", error.what), error.hint
    if isinstance(parameter, float) and "a whole number" in told:
        hint = f"set integer: true in search.space.{dimension}"
    return ConfigurationError(
        f"key 'search.space.{dimension}' makes of {parameter} a model that is refused: {told}",
        where=where,
        hint=hint,
    )


def _with_defaults(value: Any, path: str, model: Mapping[str, Any], where: str | Path) -> Any:
    """Return a value as it stands in its checked model; of ``training`` its own keys only."""
    found = recipe_paths.found(model, path, "search.space", where)
    if path == "training" and isinstance(value, Mapping):
        return {key: found[key] for key in value}
    return found
