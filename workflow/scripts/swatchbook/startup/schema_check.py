"""Configuration held against a JSON schema, and completed with its defaults.

What is wrong is told by key and value, with what is allowed and, for an unknown key, the nearest
one that exists.
"""

import difflib
import json
import math
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from swatchbook.errors import ConfigurationError
from swatchbook.startup import schemas


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
        if unknown in rules.get("x-gone", {}):
            return f"key '{full}' is no longer known; {rules['x-gone'][unknown]}"
        near = nearest(unknown, allowed)
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


def nearest(word: str, known: list[str]) -> str | None:
    """Return a question for the known word that a mistyped one is nearest to, if any is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else None


def _dotted(path: Any) -> str:
    key = ""
    for part in path:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    return key
