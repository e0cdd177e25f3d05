"""A schema takes what it says of a table's entries from the table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from swatchbook.errors import ConfigurationError
from swatchbook.signatures import Count, Share
from swatchbook.startup import schema_check, schemas


class Entry(NamedTuple):
    build: Callable[..., object]
    title: str


def first(*, size: Count) -> None: ...


def second(*, rate: Share = 0.5, size: str = "small") -> None: ...


def empty() -> None: ...


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    table: dict[str, Any] = {"first": first, "second": Entry(second, "The second")}
    monkeypatch.setitem(schemas.TABLES, "things", table)
    return table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    properties = {
        "name": {"x-name-of": "things", "default": "first"},
        "thing": {"x-entry-of": "things"},
        "kinds": {"type": "array", "items": {"x-kind-of": "things"}},
    }
    file = tmp_path / "some.schema.json"
    file.write_text(json.dumps({"additionalProperties": False, "properties": properties}))
    return file


def refusal(value: Any, path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        schema_check.checked(value, path, "some.yaml")
    return str(caught.value).removeprefix("some.yaml: ")


def test_a_plain_function_and_the_first_field_of_a_tuple_say_what_an_entry_takes(
    path: Path,
) -> None:
    given = {"thing": {"second": {}}, "kinds": [{"kind": "first", "size": 3}]}
    assert schema_check.checked(given, path, "some.yaml") == {
        "name": "first",
        "thing": {"second": {"rate": 0.5, "size": "small"}},
        "kinds": [{"kind": "first", "size": 3}],
    }


def test_defaults_are_those_of_the_named_kind_only(path: Path) -> None:
    given = {"kinds": [{"kind": "second"}, {"kind": "first", "size": 1}]}
    assert schema_check.checked(given, path, "some.yaml")["kinds"] == [
        {"kind": "second", "rate": 0.5, "size": "small"},
        {"kind": "first", "size": 1},
    ]


def test_a_new_entry_is_allowed_everywhere(path: Path, table: dict[str, Any]) -> None:
    given = {"name": "third", "thing": {"third": {}}, "kinds": [{"kind": "third"}]}
    assert "third" in refusal(given, path)
    table["third"] = empty
    assert schema_check.checked(given, path, "some.yaml") == given


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"name": "thrid"}, 'key \'name\' is "thrid"; allowed: "first", "second"'),
        ({"thing": {"frist": {}}}, "unknown key 'thing.frist'; did you mean 'first'?"),
        ({"thing": {"first": {}}}, "key 'thing.first.size' is missing"),
        (
            {"thing": {}},
            "key 'thing' is {}; allowed: keys and values, with one key of first, second",
        ),
        (
            {"thing": {"second": {"rate": 1}}},
            "key 'thing.second.rate' is 1; allowed: a number, more than 0, less than 1",
        ),
        ({"kinds": [{}]}, "key 'kinds[0].kind' is missing"),
        ({"kinds": [{"kind": "x"}]}, 'key \'kinds[0].kind\' is "x"; allowed: "first", "second"'),
        ({"kinds": [{"kind": "first"}]}, "key 'kinds[0].size' is missing"),
        (
            {"kinds": [{"kind": "first", "size": 0}]},
            "key 'kinds[0].size' is 0; allowed: a whole number, at least 1",
        ),
        (
            {"kinds": [{"kind": "second", "size": 3}]},
            "key 'kinds[0].size' is 3; allowed: a text",
        ),
        (
            {"kinds": [{"kind": "first", "size": 1, "rat": 1}]},
            "unknown key 'kinds[0].rat'; did you mean 'rate'?",
        ),
    ],
)
def test_what_is_wrong_is_told_as_of_any_key(path: Path, value: Any, told: str) -> None:
    assert refusal(value, path) == told


def test_a_table_that_there_is_not_is_an_error_of_the_schema(tmp_path: Path) -> None:
    (tmp_path / "some.schema.json").write_text('{"x-name-of": "thigns"}')
    with pytest.raises(KeyError, match="thigns"):
        schemas.read(tmp_path / "some.schema.json")
