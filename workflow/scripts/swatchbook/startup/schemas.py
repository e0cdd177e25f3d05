"""The schemas of configuration files, completed from the tables of what a configuration can name.

What a table's entry takes is said once, by its function (`signatures.schema`). A schema file names
the table where the entry may stand, by one of these keywords:

``{"x-name-of": "<table>"}``
    The name of an entry.
``{"x-entry-of": "<table>"}``
    An object with one key, the name of an entry, and what the entry takes as its value.
``{"x-kind-of": "<table>"}``
    An object with the name of an entry as its ``kind``, and what the entry takes beside it.
``{"x-entries-of": "<table>"}``
    The properties of an object: the names of all entries, with what each takes.
``{"x-content-of": "dataset_formats"}`` and ``{"x-cases-of": "dataset_formats"}``
    The digests that the formats of data sets can pin; what each format asks of the file's keys.

What they stand for takes their place. Other keywords beside them stay. Two are for messages only:
``x-allowed``, words for what a value may be, and ``x-gone``, keys that were there once and what to
do about each.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from swatchbook import signatures
from swatchbook.data import dataset_formats
from swatchbook.data.dataset_formats import DatasetFormat
from swatchbook.search import engine
from swatchbook.sources import kinds
from swatchbook.training import (
    augmentation,
    averaging,
    exports,
    initializers,
    layers,
    optimizers,
    schedules,
    views,
)

Table = Mapping[str, Any]  # names, and functions or NamedTuples whose first field is one
Rules = dict[str, Any]  # a JSON schema

# Importing a table must stay cheap, since every job reads the configuration: what an entry needs is
# imported when the entry is used.
TABLES: dict[str, Table] = {
    "dataset_formats": dataset_formats.FORMATS,
    "sources": kinds.KINDS,
    "layers": layers.LAYERS,
    "averages": averaging.AVERAGES,
    "initializers": initializers.INITIALIZERS,
    "schedules": schedules.SCHEDULES,
    "optimizers": optimizers.OPTIMIZERS,
    "augmentations": augmentation.AUGMENTATIONS,
    "views": views.VIEWS,
    "exports": exports.EXPORTS,
    "samplers": engine.SAMPLERS,
    "pruners": engine.PRUNERS,
}


def read(path: str | Path) -> Rules:
    """Read the file of a JSON schema, and complete it from `TABLES`.

    Raises
    ------
    KeyError
        If the file names a table that there is not.
    """
    return json.loads(Path(path).read_text(encoding="utf-8"), object_hook=_completed)


def _completed(rules: Rules) -> Rules:
    completed: Rules = {}
    for keyword, value in rules.items():
        if keyword in DERIVED:
            completed |= DERIVED[keyword](TABLES[value])
        else:
            completed[keyword] = value
    return completed


def _names(table: Table) -> Rules:
    return {"enum": list(table)}


def _entries(table: Table) -> Rules:
    """Return what each entry takes, by its name."""
    return {
        name: signatures.schema(entry if callable(entry) else entry[0])
        for name, entry in table.items()
    }


def _one_entry(table: Table) -> Rules:
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": _entries(table),
    }


def _one_kind(table: Table) -> Rules:
    entries = _entries(table)
    # A key of another kind is let in, and what it holds must be right as far as the kinds agree.
    keys: Rules = {}
    for takes in entries.values():
        for key, rules in takes["properties"].items():
            shared = {keyword: rules[keyword] for keyword in rules if keyword != "default"}
            keys[key] = shared if keys.get(key, shared) == shared else {}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind"],
        "properties": {"kind": _names(table), **keys},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}},
                "then": {key: takes[key] for key in ("required", "properties") if key in takes},
            }
            for name, takes in entries.items()
        ],
    }


def _content(formats: Mapping[str, DatasetFormat]) -> Rules:
    return {name: {"$ref": "#/$defs/sha256"} for kind in formats.values() for name in kind.content}


def _cases(formats: Mapping[str, DatasetFormat]) -> Rules:
    """Return what each format asks of a data set's file: its own block, its channels, its split."""
    return {
        "allOf": [
            {
                "if": {"required": ["format"], "properties": {"format": {"const": name}}},
                "then": {
                    "required": [name],
                    "properties": {
                        "image": {"properties": {"channels": {"enum": list(kind.channels)}}},
                        "split": signatures.schema(kind.split),
                    },
                },
            }
            for name, kind in formats.items()
        ]
    }


DERIVED: dict[str, Callable[[Any], Rules]] = {
    "x-name-of": _names,
    "x-entry-of": _one_entry,
    "x-kind-of": _one_kind,
    "x-entries-of": _entries,
    "x-content-of": _content,
    "x-cases-of": _cases,
}
