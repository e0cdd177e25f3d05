"""Configuration: read, checked against a JSON schema, completed with its defaults.

A wrong configuration is told by key and value, with what is allowed and, for an unknown key, the
nearest one that exists.
"""

import difflib
import json
import math
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from swatchbook.data import dataset_formats
from swatchbook.errors import ConfigurationError
from swatchbook.startup import ablation, schemas
from swatchbook.training import keras_layers
from swatchbook.training.layers import LAYERS

# Keys whose value has the one key of a table's entry.
ENTRIES = ("optimizer", "schedule", "averaging")


def read(path: str | Path) -> Any:
    """Read a YAML file.

    Raises
    ------
    ConfigurationError
        If there is no such file or it is not YAML; the message has the line.
    """
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), _Strict)
    except FileNotFoundError as error:
        raise ConfigurationError("there is no such file", where=path) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise ConfigurationError(f"not readable as YAML: {text}", where=path) from error


class _Strict(yaml.SafeLoader):
    """Reads YAML, but for a key that stands twice, of which YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands twice", key.start_mark
                )
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


def overlaid(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with the entries of tables that were given last, and no others.

    Snakemake mixes the one key of such an entry, an optimiser say, with that of an earlier file.

    Parameters
    ----------
    config
        The configuration as Snakemake has put it together.
    given
        What a file or the command line gave, which is in it.
    """
    result = dict(config)
    for key, value in given.items():
        before = result.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping) and key not in ENTRIES:
            result[key] = overlaid(before, value)
        else:
            result[key] = value
    return result


def typed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the command line gave as it would be in a file.

    Snakemake takes all that is within a list or a mapping there for texts.
    """
    return {
        key: _typed(value) if not isinstance(value, str) else value for key, value in given.items()
    }


def _typed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_typed(part) for part in value]
    return yaml.safe_load(value) if isinstance(value, str) else value


def checked(value: Any, schema: str | Path, where: str | Path) -> Any:
    """Check `value` against a schema and return a copy with the schema's defaults filled in.

    Parameters
    ----------
    value
        What was read from a configuration file.
    schema
        The file of a JSON schema (draft 2020-12), which `schemas.read` completes.
    where
        The configuration file, for the message.

    Raises
    ------
    ConfigurationError
        For the first thing that is wrong: key, value, what is allowed, the nearest valid key.
    """
    _check_keys(value, where)
    value = deepcopy(value)
    problems = list(_CompletingValidator(schemas.read(schema)).iter_errors(value))
    if problems:
        problem = min(problems, key=_first_to_tell)
        raise ConfigurationError(_told(problem), where=where)
    return value


def _check_keys(value: Any, where: str | Path, key: str = "", within: tuple[int, ...] = ()) -> None:
    """Check that keys are texts, and that nothing stands within itself, as YAML's anchors allow."""
    if id(value) in within:
        raise ConfigurationError(f"key '{key}' stands within itself", where=where)
    if isinstance(value, Mapping):
        for name, part in value.items():
            if not isinstance(name, str) and key:  # the schema knows those outermost
                raise ConfigurationError(
                    f"key '{key}' has the key {json.dumps(name, default=str)}; allowed: a text",
                    where=where,
                    hint="put names such as yes, no and 1 in quotes",
                )
            _check_keys(part, where, f"{key}.{name}" if key else name, (*within, id(value)))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            _check_keys(part, where, f"{key}[{number}]", (*within, id(value)))


def _first_to_tell(problem: ValidationError) -> tuple[int, bool, str]:
    """Order problems: outer ones first, and a mistyped key before the one that it stands for."""
    is_unknown = problem.validator == "additionalProperties"
    return len(problem.absolute_path), not is_unknown, problem.message


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
        As `checked`; also for a reference that is no model, for several GPUs where there can be but
        one or none, and for layers in an impossible order.
    """
    if isinstance(value, Mapping) and value.get("ablation"):
        checked(value, schema, where)
        value = ablation.expanded(value, where)
        variants = value["ablation"].pop("variants")
    config = checked(_with_whole_trainings(value), schema, where)
    models = list(config["models"])
    if config["ablation"]:
        _check_reference_of_ablation(config, where)
        config["ablation"]["variants"] = variants
    reference = config["comparison"]["reference"] or models[0]
    if reference not in models:
        raise ConfigurationError(
            f"key 'comparison.reference' is {json.dumps(reference)}; allowed: {', '.join(models)}",
            where=where,
            hint=_nearest(reference, models),
        )
    config["comparison"]["reference"] = reference
    _check_gpus(config["training"], "training", where)
    for name, model in config["models"].items():
        _check_gpus(model["training"], f"models.{name}.training", where)
        _check_stack(model["layers"], f"models.{name}.layers", where)
    return config


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


def _check_gpus(training: Mapping[str, Any], key: str, where: str | Path) -> None:
    for other, refused in (("device", "cpu"), ("precision", "mixed_float16")):
        if training["gpus"] > 1 and training[other] == refused:
            raise ConfigurationError(
                f"key '{key}.gpus' is {training['gpus']}; allowed where {key}.{other} is "
                f"{refused}: 1",
                where=where,
            )


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
        As `checked_config` and `load_dataset`.
    """
    folder = workflow / "schemas"
    folders = [Path("config/datasets"), workflow.parent / "config" / "datasets"]
    completed = checked_config(config, folder / "config.schema.json", where)
    completed["specs"] = {
        name: load_dataset(name, folders, folder / "dataset.schema.json")
        for name in completed["datasets"]
    }
    return completed


def _check_stack(
    layers: list[Mapping[str, Any]], key: str, where: str | Path, ends: str = "vectors"
) -> None:
    """Check that each layer can take what the one before gives, from images on, and what it takes.

    Parameters
    ----------
    ends
        What the last layer has to give, ``images`` or ``vectors``.
    """
    given, maker = "images", ""
    for number, layer in enumerate(layers):
        ((kind, settings),) = layer.items()
        place = f"{key}[{number}]"
        if kind not in LAYERS:
            if problem := keras_layers.why_not(kind, settings):
                raise ConfigurationError(
                    f"key '{place}': {problem[0]}", where=where, hint=problem[1]
                )
            given, maker = "any", kind
            continue
        takes, gives = LAYERS[kind].takes, LAYERS[kind].gives
        if (takes, given) == ("images", "vectors"):
            raise ConfigurationError(
                f"key '{place}': {kind} stands after {maker}; allowed: before it", where=where
            )
        if (takes, given) == ("vectors", "images"):
            raise ConfigurationError(
                f"key '{place}': {kind} stands before flatten; allowed: after flatten or "
                "global_pool",
                where=where,
            )
        if kind == "residual":
            _check_stack(settings["layers"], f"{place}.residual.layers", where, ends="images")
        if gives != "any":
            given, maker = gives, kind
    if given not in (ends, "any"):
        raise ConfigurationError(
            f"key '{key}' ends with {given}; allowed: {ends}",
            where=where,
            hint="add flatten or global_pool" if ends == "vectors" else None,
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
            hint=_nearest(name, known) or f"data sets with a file: {', '.join(known) or 'none'}",
        )
    spec = checked(read(path), schema, path)
    unknown = sorted(set(dataset_formats.named_files(spec)) - set(spec["files"]))
    if unknown:
        raise ConfigurationError(
            f"key '{spec['format']}': {unknown[0]} does not stand under 'files'", where=path
        )
    return spec


def _with_defaults(validate_properties: Any) -> Any:
    """Make a validator of ``properties`` fill in defaults before it looks at the values."""

    def complete(validator: Any, properties: Any, instance: Any, schema: Any) -> Any:
        if validator.is_type(instance, "object"):
            for key, rules in properties.items():
                if "default" in rules and key not in instance:
                    instance[key] = deepcopy(rules["default"])
        yield from validate_properties(validator, properties, instance, schema)

    return complete


def _is_whole(_: Any, value: Any) -> bool:
    """JSON schema takes 1.0 for an integer; what counts epochs does not."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(_: Any, value: Any) -> bool:
    """YAML has .nan and .inf, which no limit of a schema refuses."""
    return _is_whole(_, value) or (isinstance(value, float) and math.isfinite(value))


_CompletingValidator = extend(
    Draft202012Validator,
    {"properties": _with_defaults(Draft202012Validator.VALIDATORS["properties"])},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_whole, "number": _is_finite}
    ),
)


def _told(problem: ValidationError) -> str:
    """Tell one problem: the key, the value, what is allowed."""
    key = _dotted(problem.absolute_path)
    rules, value = problem.schema, problem.instance
    if problem.validator == "additionalProperties":
        allowed = sorted(rules.get("properties", {}))
        patterns = rules.get("patternProperties", {})
        unknown = sorted(
            name
            for name in map(str, set(value) - set(allowed))
            if not any(re.search(pattern, name) for pattern in patterns)
        )[0]
        full = f"{key}.{unknown}" if key else unknown
        near = _nearest(unknown, allowed)
        return f"unknown key '{full}'; {near or 'allowed here: ' + ', '.join(allowed)}"
    if problem.validator == "required":
        missing = sorted(set(rules["required"]) - set(value))[0]
        return f"key '{f'{key}.{missing}' if key else missing}' is missing"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    shown = re.sub(r"://[^\s\"]*@", "://…@", shown)  # a user and a password
    if "propertyNames" in problem.absolute_schema_path:
        return f"key '{key}' has the key {shown[:80]}; allowed: {_wanted(rules)}"
    if not key:
        return f"the file holds {shown[:80]}; allowed: {_wanted(rules)}"
    return f"key '{key}' is {shown[:80]}; allowed: {_wanted(rules)}"


def _wanted(rules: Mapping[str, Any]) -> str:
    """Say in words what a schema allows for one value."""
    if "x-allowed" in rules:
        return str(rules["x-allowed"])
    if "enum" in rules:
        return ", ".join(json.dumps(value) for value in rules["enum"])
    words = []
    if "type" in rules:
        types = rules["type"] if isinstance(rules["type"], list) else [rules["type"]]
        words.append(" or ".join(TYPE_WORDS[type_] for type_ in types))
    limits = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "exclusiveMinimum": "more than {}",
        "exclusiveMaximum": "less than {}",
        "minLength": "not empty",
        "minItems": "at least {} of them",
        "maxItems": "at most {} of them",
        "pattern": "matching {}",
    }
    words += [words_.format(rules[limit]) for limit, words_ in limits.items() if limit in rules]
    if rules.get("uniqueItems"):
        words.append("each once")
    if rules.get("minProperties") == rules.get("maxProperties") == 1:
        words.append("with one key of " + ", ".join(rules["properties"]))
    elif "minProperties" in rules:
        words.append(f"at least {rules['minProperties']} of them")
    return ", ".join(words)


TYPE_WORDS = {
    "object": "keys and values",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _nearest(word: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else None


def _dotted(path: Any) -> str:
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key
