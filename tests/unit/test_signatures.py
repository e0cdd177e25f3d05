"""The schema of an entry is what its function takes by keyword."""

from typing import Annotated, Literal, TypedDict

import pytest

from swatchbook.signatures import Count, Share, complete, schema


def test_keyword_only_parameters_are_the_keys_and_a_default_makes_one_optional() -> None:
    def entry(
        images: object,
        *,
        size: Count,
        rate: Share = 0.5,
        mode: Literal["same", "valid"] = "same",
        name: str | None = None,
        label: Annotated[str, {"minLength": 1}] = "x",
        bias: bool = True,
    ) -> None: ...

    assert schema(entry) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1},
            "rate": {
                "type": "number",
                "exclusiveMinimum": 0,
                "exclusiveMaximum": 1,
                "default": 0.5,
            },
            "mode": {"enum": ["same", "valid"], "default": "same"},
            "name": {"type": ["string", "null"], "default": None},
            "label": {"type": "string", "minLength": 1, "default": "x"},
            "bias": {"type": "boolean", "default": True},
        },
    }


def test_settings_are_completed_by_defaults_and_go_before_them() -> None:
    def entry(images: object, *, size: Count, rate: Share = 0.5, bias: bool = True) -> None: ...

    assert complete(entry, {"size": 2, "bias": False}) == {"size": 2, "rate": 0.5, "bias": False}


def test_an_entry_without_settings_takes_none() -> None:
    def entry(images: object) -> None: ...

    assert schema(entry) == {"type": "object", "additionalProperties": False, "properties": {}}


def test_a_typed_dictionary_is_an_object_with_just_its_keys() -> None:
    class Pair(TypedDict):
        first: Count
        second: Annotated[str, {"x-file": True}]

    def entry(*, pair: Pair) -> None: ...

    assert schema(entry)["properties"]["pair"] == {
        "type": "object",
        "additionalProperties": False,
        "required": ["first", "second"],
        "properties": {
            "first": {"type": "integer", "minimum": 1},
            "second": {"type": "string", "x-file": True},
        },
    }


def test_a_type_that_no_configuration_can_hold_is_refused() -> None:
    def entry(*, number: complex) -> None: ...

    with pytest.raises(TypeError, match="complex"):
        schema(entry)
