"""What the page shows of the look into trained networks."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from swatchbook.figures import catalogue
from swatchbook.files import read_json
from swatchbook.report.datasets import DataSet
from swatchbook.report.thumbnails import as_url, position

# A sheet of thumbnails, and where `inside.json` says how it is divided.
SHEETS = {"map": "map", "maps": "maps", "nearest": "neighbours"}
METHODS = {"gradients": "Integrated gradients", "cam": "Grad-CAM"}
MANY = 40  # layers of a network, above which its drawing scrolls


def read(of: DataSet) -> dict[str, Any]:
    """Return the content of ``inside.json``."""
    return read_json(of.folder / "inside" / "inside.json")


def sheets(of: DataSet) -> dict[str, dict[str, Any]]:
    """Return the sheets of thumbnails: each one's ``url``, and ``at``, how it is divided."""
    if catalogue.INSIDE not in catalogue.facts(of.config):
        return {}
    found = read(of)
    keys = ("columns", "rows", "width", "height")
    return {
        name: {
            "url": as_url((of.folder / "inside" / f"{name}.webp").read_bytes()),
            "at": {key: found[entry][key] for key in keys},
        }
        for name, entry in SHEETS.items()
    }


def networks(of: DataSet) -> dict[str, Any]:
    """Gather what each network is made of, and which layers others lack."""
    found = read(of)
    made = {model: list(_rows(network["layers"])) for model, network in found["networks"].items()}
    for model, rows in made.items():
        for row in rows:
            row["lacked_by"] = []
        for other, theirs in made.items():
            if other != model:
                for place in _unmatched(rows, theirs):
                    rows[place]["lacked_by"].append(other)
    return {
        "networks": {
            model: {**found["networks"][model], "rows": rows, "many": len(rows) > MANY}
            for model, rows in made.items()
        },
        "beside": {model: _beside(model, list(made), of) for model in made},
        "seed": found["seed"],
    }


def _beside(model: str, models: Sequence[str], of: DataSet) -> str | None:
    """Return the model that a network is compared with until another one is chosen."""
    reference = of.comparison["reference"]
    others = [other for other in models if other != model]
    if model != reference and reference in others:
        return str(reference)
    return others[0] if others else None


def _rows(layers: Sequence[Mapping[str, Any]], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield layers as lines, those within a block after it and one deeper."""
    for layer in layers:
        settings = ", ".join(f"{name} {_told(value)}" for name, value in layer["settings"].items())
        if "count" in layer:
            settings = ", ".join(filter(None, [settings, f"{layer['count']} layers"]))
        yield {
            **layer,
            "depth": depth,
            "settings": settings.replace("_", " "),
            "shape": " × ".join(map(str, layer["shape"])),
            "drawn": _drawn(layer["shape"]),
            "key": json.dumps([depth, layer["kind"], layer["settings"]], sort_keys=True),
        }
        yield from _rows(layer.get("layers", []), depth + 1)


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _drawn(shape: Sequence[int]) -> dict[str, float]:
    """Return height and width of a box that stands for a shape, in the size of letters.

    The height is the image's, or a vector's length; the width says how many channels there are.
    Both grow with the logarithm, so that small ones can be seen beside large ones.
    """
    side, channels = (shape[0], shape[-1]) if len(shape) == 3 else (math.prod(shape), 1)
    return {
        "height": round(0.35 * math.log2(side + 1), 2),
        "width": round(0.3 + 0.3 * math.log2(channels), 2),
    }


def _unmatched(rows: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places of the lines that the others do not have, in an order that fits both."""
    keys = [[row["key"] for row in of] for of in (rows, others)]
    matched = {
        place
        for block in SequenceMatcher(None, *keys, autojunk=False).get_matching_blocks()
        for place in range(block.a, block.a + block.size)
    }
    return [place for place in range(len(rows)) if place not in matched]


def map_told(of: DataSet) -> dict[str, Any]:
    """Gather what is said of the map."""
    found = read(of)
    return {
        "map": found["map"],
        "models": found["models"],
        "seed": found["seed"],
        "shown": found["map"]["images"],
    }


def looks(of: DataSet) -> dict[str, Any]:
    """Gather the images whose maps are shown, and how maps fare with random weights."""
    found = read(of)
    shown, at = found["looks"], found["maps"]
    entries = [
        {
            "image": image,
            "of": {
                model: {
                    "called": shown["called"][model][place],
                    "probability": shown["probabilities"][model][place],
                    "maps": {
                        method: position(numbers[place], at["columns"], at["rows"])
                        for method, numbers in shown["models"][model]["maps"].items()
                    },
                }
                for model in found["models"]
            },
        }
        for place, image in enumerate(shown["images"])
    ]
    return {
        "entries": entries,
        "models": shown["models"],
        "methods": METHODS,
        "steps": shown["steps"],
        "seed": found["seed"],
        "without_cam": [
            model for model in found["models"] if "cam" not in shown["models"][model]["maps"]
        ],
    }


def nearest(of: DataSet) -> dict[str, Any]:
    """Gather for each model its mistakes, each with the training images nearest to it."""
    found = read(of)
    at = found["neighbours"]
    gallery = of.gallery
    shown = {}
    for model, entries in found["nearest"].items():
        kinds: Counter[str] = Counter()
        rows = []
        for entry in entries:
            label = gallery["classes"][gallery["images"][entry["image"]]["label"]]
            near = [
                {
                    "position": position(number, at["columns"], at["rows"]),
                    "label": name,
                    "id": id,
                    "similarity": similarity,
                    "kind": _kind(name, label, entry["called"]),
                }
                for number, name, id, similarity in zip(
                    entry["thumbnails"],
                    entry["labels"],
                    entry["ids"],
                    entry["similarities"],
                    strict=True,
                )
            ]
            kinds.update(one["kind"] for one in near)
            rows.append({**entry, "label": label, "near": near})
        shown[model] = {"rows": rows, "kinds": kinds, "count": sum(kinds.values())}
    return {
        "models": shown,
        "training_images": found["training_images"],
        "neighbours": max(
            (len(row["labels"]) for of in found["nearest"].values() for row in of), default=1
        ),
        "seed": found["seed"],
    }


def _kind(name: str, label: str, called: str) -> str:
    """Say whose class a training image has: that of the label, the one called, or another."""
    return "label" if name == label else "called" if name == called else "other"
