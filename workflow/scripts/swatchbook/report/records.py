"""Where the files of one data set came from: rules, inputs, parameters, commands."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swatchbook.figures.catalogue import Figure
from swatchbook.files import read_json


def of_dataset(folder: Path, drawn: Iterable[Figure], prefix: str) -> list[dict[str, Any]]:
    """Gather what the page says of how figures and gallery were made, an entry a record.

    Parameters
    ----------
    folder
        The data set's folder.
    drawn
        The figures that there are.
    prefix
        What Snakemake knows the files in the folder of results by.
    """
    made: dict[tuple[str, str], list[str]] = {}
    for figure in drawn:
        made.setdefault((figure.folder, figure.record), []).append(figure.name)
    return [
        *(
            _record(folder, *place, names, f"{names[0]}.svg", prefix)
            for place, names in made.items()
        ),
        _record(folder, "gallery", "provenance", ["gallery"], "gallery.json", prefix),
    ]


def id_of(dataset: str, folder: str, record: str) -> str:
    """Return the id of what the page says of a record: one a folder, or one a figure."""
    return f"provenance.{dataset}.{folder if record == 'provenance' else record}"


def _record(
    folder: Path, kind: str, name: str, names: list[str], target: str, prefix: str
) -> dict[str, Any]:
    """Gather one record, whose rule makes `target` again."""
    record = read_json(folder / kind / f"{name}.json")
    joined = "".join(f"{file} {digest}\n" for file, digest in record["inputs"].items())
    target = f"{prefix}{folder.name}/{kind}/{target}"
    return {
        "id": id_of(folder.name, kind, name),
        "figures": names,
        "file": f"{folder.name}/{kind}/{name}.json",
        "rule": record["rule"],
        "inputs": record["inputs"],
        "digest": hashlib.sha256(joined.encode()).hexdigest(),
        "parameters": json.dumps(record["parameters"], ensure_ascii=False),
        "command": f"snakemake --cores 1 --forcerun {record['rule']} -- {target}",
    }
