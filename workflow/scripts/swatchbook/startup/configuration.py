"""Configuration: checked also for what a schema cannot say, with each model's training whole."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from swatchbook.data import dataset_formats
from swatchbook.data.splits import REPETITIONS
from swatchbook.errors import ConfigurationError
from swatchbook.startup import ablation, config_files, searching
from swatchbook.startup.schema_check import checked, nearest
from swatchbook.training import layer_order, training_keys


def checked_config(value: Any, schema: str | Path, where: str | Path) -> dict[str, Any]:
    """Check the main configuration, also for what a schema cannot say.

    Returns
    -------
    dict
        The configuration with its defaults; ``comparison.reference`` is always a model's name, and
        ``training`` of each model is whole: its own keys, and those of ``training`` for the others.

    Raises
    ------
    ConfigurationError
        As `checked`; also for a reference that is no model, for no room between the first and the
        last number of seeds, for several GPUs where there can be but one or none, for keys of a
        training that do not go together, for layers in an impossible order, and for a search that
        could not be done.
    """
    if isinstance(value, Mapping) and value.get("ablation"):
        checked(value, schema, where)
        value = ablation.expanded(value, where)
        variants = value["ablation"].pop("variants")
    config = checked(_with_whole_trainings(value), schema, where)
    models = list(config["models"])
    if config["ablation"]:
        _check_reference_of_ablation(config, where)
        ablation.settle(config, variants, where)
        models = list(config["models"])
    reference = config["comparison"]["reference"] or models[0]
    if reference not in models:
        raise ConfigurationError(
            f"key 'comparison.reference' is {json.dumps(reference)}; allowed: {', '.join(models)}",
            where=where,
            hint=nearest(reference, models),
        )
    config["comparison"]["reference"] = reference
    _check_seeds(config["seeds"], where)
    training_keys.check(config["training"], "training", where)
    for name, model in config["models"].items():
        training_keys.check(model["training"], f"models.{name}.training", where)
        layer_order.check_stack(model["layers"], f"models.{name}.layers", where)
    if config["search"]:
        config["search"] = searching.settled(config, schema, where)
    return config


def _check_seeds(seeds: Any, where: str | Path) -> None:
    if isinstance(seeds, Mapping) and seeds["to"] <= seeds["from"]:
        raise ConfigurationError(
            f"key 'seeds.to' is {seeds['to']}; allowed where seeds.from is {seeds['from']}: at "
            f"least {seeds['from'] + 1}",
            where=where,
            hint="for a fixed number of seeds give a list, seeds: [0, 1, 2]",
        )


def _check_reference_of_ablation(config: dict[str, Any], where: str | Path) -> None:
    """Compare with the base, unless something else is asked for, which is refused."""
    base, comparison = config["ablation"]["base"], config["comparison"]
    if comparison["reference"] not in (None, base):
        raise ConfigurationError(
            f"key 'comparison.reference' is {json.dumps(comparison['reference'])}; allowed with an "
            f"ablation: its base, {base}",
            where=where,
        )
    comparison["reference"] = base


def _with_whole_trainings(value: Any) -> Any:
    """Give every model a ``training`` of all keys; what is no mapping is left for the schema."""
    if not isinstance(value, Mapping) or not isinstance(value.get("models"), Mapping):
        return value
    common = value.get("training", {})
    if not isinstance(common, Mapping):
        return value
    models = {
        name: {**model, "training": {**common, **model.get("training", {})}}
        if isinstance(model, Mapping) and isinstance(model.get("training", {}), Mapping)
        else model
        for name, model in value["models"].items()
    }
    return {**value, "models": models}


def complete(
    config: Any, workflow: Path, where: str | Path = "config/config.yaml"
) -> dict[str, Any]:
    """Check everything that a run is configured by and return it with all defaults filled in.

    Parameters
    ----------
    config
        The main configuration as Snakemake has put it together.
    workflow
        The folder with ``schemas/``; beside it may stand ``config/datasets/``, where a data set's
        file is looked for if the working directory has none.
    where
        What the configuration came from, for the message.

    Returns
    -------
    dict
        `checked_config`, and under ``specs`` the file of each data set by its name.

    Raises
    ------
    ConfigurationError
        As `checked_config` and `load_dataset`; also if a model's training asks validation images
        that a data set does not hold out, if seeds are no whole repetitions of a data set's folds,
        if a search or weights to start from have seen what its folds test, or if images are too
        small for a model.
    """
    folder = workflow / "schemas"
    folders = [Path("config/datasets"), workflow.parent / "config" / "datasets"]
    completed = checked_config(config, folder / "config.schema.json", where)
    completed["specs"] = {
        name: load_dataset(name, folders, folder / "dataset.schema.json")
        for name in completed["datasets"]
    }
    _check_validation(completed, where)
    _check_folds(completed, where)
    for dataset, spec in completed["specs"].items():
        size = (spec["image"]["height"], spec["image"]["width"])
        for name, model in completed["models"].items():
            layer_order.check_size(model["layers"], size, dataset, f"models.{name}.layers", where)
    return completed


def _check_folds(config: Mapping[str, Any], where: str | Path) -> None:
    """Check that every fold of a cross-validated data set is tested, by who has not seen it."""
    for dataset, spec in config["specs"].items():
        folds = spec["split"].get("folds")
        if folds:
            if config["search"]:
                raise ConfigurationError(
                    f"key 'search' is given; allowed where {dataset} has split.folds: null, since "
                    "its trials would be chosen by images that folds test",
                    where=where,
                )
            _check_repetitions(config["seeds"], folds, dataset, where)
            _check_beginnings(config["models"], dataset, where)


def _check_repetitions(seeds: Any, folds: int, dataset: str, where: str | Path) -> None:
    allowed = (
        f"allowed where {dataset} has split.folds {folds}: a list of whole repetitions, "
        f"{folds} seeds each from 0 to {folds * REPETITIONS - 1}"
    )
    hint = f"seeds: {list(range(folds))}"
    if isinstance(seeds, Mapping):
        raise ConfigurationError(
            f"key 'seeds' is from {seeds['from']} to {seeds['to']} until decided; {allowed} (its "
            "runs share their images, and for looks at more and more of them no error rates are "
            "known)",
            where=where,
            hint=hint,
        )
    whole = {
        repetition * folds + fold
        for repetition in {seed // folds for seed in seeds}
        for fold in range(folds)
    }
    if set(seeds) != whole or max(seeds) >= folds * REPETITIONS:
        raise ConfigurationError(
            f"key 'seeds' is {json.dumps(seeds)}; {allowed}", where=where, hint=hint
        )


def _check_beginnings(models: Mapping[str, Any], dataset: str, where: str | Path) -> None:
    """Check that no model begins with one that has seen the images of other folds."""
    for name, model in models.items():
        start = model["training"]["start_from"]
        parts = Path(start["file"]).parts if start else ()
        if ("results", dataset) in pairwise(parts):
            raise ConfigurationError(
                f"key 'training.start_from' of the model {name} is a model of {dataset}; allowed "
                "where that has split.folds: one of other images, since it was trained on what "
                "most folds test",
                where=where,
            )


def _check_validation(config: Mapping[str, Any], where: str | Path) -> None:
    """Check that where validation images decide anything, each data set holds some out."""
    for dataset, spec in config["specs"].items():
        none = [key for key, held in spec["split"].items() if "validation" in key and not held]
        if none and config["search"]:
            raise ConfigurationError(
                f"key 'search' is given; allowed where {dataset} has no validation images "
                f"(split.{none[0]} is 0): null",
                where=where,
            )
        for name, model in config["models"].items():
            for key, off in (("early_stopping", None), ("keep", "last")):
                if none and model["training"][key] != off:
                    raise ConfigurationError(
                        f"key 'training.{key}' of the model {name} is "
                        f"{json.dumps(model['training'][key])}; allowed where {dataset} has no "
                        f"validation images (split.{none[0]} is 0): {json.dumps(off)}",
                        where=where,
                    )


def load_dataset(name: str, folders: Sequence[Path], schema: str | Path) -> dict[str, Any]:
    """Read and check the file of one data set, ``<name>.yaml`` in the first folder that has it.

    Raises
    ------
    ConfigurationError
        If there is no such file (the message names those that there are), or it is wrong.
    """
    paths = [folder / f"{name}.yaml" for folder in folders]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
        raise ConfigurationError(
            f"key 'datasets': there is no {paths[0]}",
            hint=nearest(name, known) or f"data sets with a file: {', '.join(known) or 'none'}",
        )
    spec = checked(config_files.read(path), schema, path)
    unknown = sorted(set(dataset_formats.named_files(spec)) - set(spec["files"]))
    if unknown:
        raise ConfigurationError(
            f"key '{spec['format']}': {unknown[0]} does not stand under 'files'", where=path
        )
    if spec["shards"] is not None and (why_not := dataset_formats.why_not_by_shards(spec)):
        raise ConfigurationError(
            f"key 'shards' is {spec['shards']}; allowed only where {why_not}", where=path
        )
    return spec
