"""Configuration as it is written: in files and on the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from swatchbook.errors import ConfigurationError

# Keys whose value has the one key of a table's entry.
ENTRIES = ("optimizer", "schedule", "averaging", "sampler", "pruner")


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
