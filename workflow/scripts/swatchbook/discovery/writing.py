"""Configuration files as a person would write them: YAML with a reason beside each decision."""

import json
import re
from collections.abc import Mapping
from typing import Any

from swatchbook.discovery import decisions
from swatchbook.discovery.decisions import Decided


def plain(value: Any) -> Any:
    """Return values without their reasons."""
    if isinstance(value, Decided):
        return value.value
    if isinstance(value, Mapping):
        return {key: plain(of) for key, of in value.items()}
    return value


# Before these the keys of the format come, after "files".
ORDER = (
    *("title", "format", "image", "classes", "files", "sources", "limits", "shards"),
    *("content", "split"),
)
HEADINGS = {
    "classes": "The classes, in the order of their indices.",
    "sources": "Where the files come from.",
    "limits": "How much the files may hold, where that is more than usual.",
    "content": "SHA-256 of the content in id order: pixels and class indices. It proves the data.",
}
CONTENT_OF_IDX = "SHA-256 of the uncompressed files. It proves the data."


def dataset_text(spec: Mapping[str, Any], source: str) -> str:
    lines = [
        f"# Made from {source}. Every decision can be changed here; config/README.md has the keys."
    ]
    order = list(ORDER)
    order.insert(order.index("sources"), plain(spec["format"]))
    headings = HEADINGS | ({"content": CONTENT_OF_IDX} if plain(spec["format"]) == "idx" else {})
    for key in filter(spec.__contains__, order):
        if key in headings:
            lines += ["", f"# {headings[key]}"]
        lines += _yaml(key, spec[key])
    return "\n".join(lines) + "\n"


MODELS = """\
# Two networks to begin with. Add a block to compare one more; config/README.md has all layers.
models:
  baseline:
    layers:
      - conv: {filters: 32}
      - pool: {size: 2}
      - conv: {filters: 64}
      - pool: {size: 2}
      - conv: {filters: 128}
      - pool: {size: 2}
      - flatten: {}
      - dense: {units: 128}
  dropout:
    layers:
      - conv: {filters: 32}
      - pool: {size: 2}
      - dropout: {rate: 0.25}
      - conv: {filters: 64}
      - pool: {size: 2}
      - dropout: {rate: 0.25}
      - conv: {filters: 128}
      - pool: {size: 2}
      - dropout: {rate: 0.4}
      - flatten: {}
      - dense: {units: 128}
      - dropout: {rate: 0.3}

# Trainings of each, which differ by chance only: three in any case, since fewer tell no spread, and
# more, up to eight, only as long as the verdict on accuracy needs them. [0, 1, 2] is three and no
# more, for when the time matters more than the verdict.
seeds: {from: %d, to: %d, until: decided}
"""


def config_text(config: Mapping[str, Any]) -> str:
    first = _yaml("datasets", config["datasets"])
    last = _yaml("training", config["training"])
    models = MODELS.rstrip("\n") % decisions.SEEDS
    return "\n".join([*first, "", models, "", *last]) + "\n"


def _yaml(key: str, value: Any, indent: int = 0) -> list[str]:
    """Write a key in YAML, with a comment where a reason is given."""
    before = " " * indent
    if isinstance(value, Decided):
        because = f"  # {value.because}" if value.because else ""
        if isinstance(value.value, list) and len(json.dumps(value.value)) > 80:
            items = [f"{before}  - {_scalar(item)}" for item in value.value]
            return [f"{before}{key}:{because}", *items]
        return [f"{before}{key}: {_scalar(value.value)}{because}"]
    if isinstance(value, Mapping) and value:
        lines = [f"{before}{key}:"]
        for inner, of in value.items():
            lines += _yaml(inner, of, indent + 2)
        return lines
    if isinstance(value, list):
        return [f"{before}{key}:", *[f"{before}  - {_scalar(item)}" for item in value]]
    return [f"{before}{key}: {_scalar(value)}"]


def _scalar(value: Any) -> str:
    """Write a value of JSON in YAML, which has the same signs; plain words need no quotes."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", value):
        is_a_word = value.casefold() not in (
            "yes",
            "no",
            "on",
            "off",
            "true",
            "false",
            "null",
            "y",
            "n",
        )
        return value if is_a_word else json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key}: {_scalar(of)}" for key, of in value.items())
        return f"{{{inner}}}"
    return json.dumps(value, ensure_ascii=False)
