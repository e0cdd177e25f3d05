"""What a configuration may say of an entry of a table: what the entry's function takes by keyword.

Layers, optimisers, sources and the like stand in tables, which lead from the name in a
configuration to a function. The schema of an entry is derived from that function's keyword-only
parameters, so that a new entry is written in one place.
"""

import inspect
import types
from collections.abc import Callable, Mapping
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

JSON_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    type(None): "null",
}

# Annotations of parameters: a type, and what a JSON schema (draft 2020-12) asks of its values.
Count = Annotated[int, {"minimum": 1}]
Positive = Annotated[float, {"exclusiveMinimum": 0}]
Share = Annotated[float, {"exclusiveMinimum": 0, "exclusiveMaximum": 1}]


def schema(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the JSON schema of a function's keyword-only parameters, as an object.

    Parameters
    ----------
    function
        Its annotations are plain types, unions of them, ``Literal`` for a choice, ``list`` of one
        of them, a ``TypedDict`` for an object (``NotRequired`` makes a key of it optional), or
        ``Annotated`` with a mapping of further keywords of JSON schema. A default makes a key
        optional.

    Raises
    ------
    TypeError
        For an annotation that has no schema.
    """
    parameters = _keyword_only(function)
    properties = {parameter.name: _rules(parameter.annotation) for parameter in parameters}
    for parameter in parameters:
        if parameter.default is not parameter.empty:
            properties[parameter.name]["default"] = parameter.default
    required = [p.name for p in parameters if p.default is p.empty]
    return {
        "type": "object",
        "additionalProperties": False,
        **({"required": required} if required else {}),
        "properties": properties,
    }


def complete(function: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the function's defaults for those that are not given."""
    parameters = _keyword_only(function)
    return {p.name: p.default for p in parameters if p.default is not p.empty} | dict(settings)


def _keyword_only(function: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    return [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _rules(annotation: Any) -> dict[str, Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is NotRequired:
        return _rules(arguments[0])
    if origin is Annotated:
        return _rules(arguments[0]) | arguments[1]
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _rules(arguments[0])}
    if origin in (Union, types.UnionType):
        return {"type": [JSON_TYPES[argument] for argument in arguments]}
    if is_typeddict(annotation):
        keys = get_type_hints(annotation, include_extras=True)
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [key for key in keys if key in annotation.__required_keys__],
            "properties": {key: _rules(of_key) for key, of_key in keys.items()},
        }
    if annotation not in JSON_TYPES:
        raise TypeError(f"{annotation} has no JSON schema")
    return {"type": JSON_TYPES[annotation]}
