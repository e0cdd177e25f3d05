"""A search as its jobs leave it, made up without any training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paths import ROOT
from swatchbook.files import write_json
from swatchbook.search import conclude
from swatchbook.search.space import model_of
from swatchbook.startup import configuration

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.json"
CONFIG = {
    "datasets": ["made-up"],
    "models": {"baseline": {"layers": [{"flatten": {}}]}, "dropout": {"layers": [{"flatten": {}}]}},
    "training": {"epochs": 3},
}
SPACE = {
    "rate": {"path": "training.learning_rate", "low": 1e-4, "high": 1.0, "log": True},
    "optimizer": {"path": "training.optimizer", "values": [{"sgd": {}}, {"adam": {}}]},
}


def checked(**search: Any) -> dict[str, Any]:
    """Return a checked configuration with a search of it."""
    block = {"base": "baseline", "space": SPACE, "trials": 4, "batch": 2} | search
    return configuration.checked_config({**CONFIG, "search": block}, SCHEMA, "config.yaml")


def trial(number: int, value: float | None, state: str = "complete") -> dict[str, Any]:
    """Return an outcome as `train_trial` writes it."""
    return {
        "number": number,
        "parameters": {"rate": 0.001 * (number + 1), "optimizer": ("sgd", "adam")[number % 2]},
        "state": state,
        "value": value,
        "values": [] if value is None else [value / 2, value],
        "notes": {},
        "kept_epoch": None if value is None else 2,
        "seconds": 30.0,
        "told": None if value is not None else "the loss is no finite number in epoch 1, step 1",
    }


def make_search(
    folder: Path, trials: Sequence[dict[str, Any]], config: dict[str, Any] | None = None
) -> Path:
    """Write batches and outcomes of trials into a folder and conclude them there."""
    config = config or checked()
    search = config["search"]
    outcomes, batches = [], []
    for first in range(0, len(trials), 2):
        batch = [
            {key: one[key] for key in ("number", "parameters")}
            | {
                "model": model_of(
                    search["derived"]["model"], search["space"], one["parameters"], ""
                )
            }
            for one in trials[first : first + 2]
        ]
        batches.append(folder / f"batch-{first // 2}.json")
        write_json(batches[-1], {"earlier": trials[:first], "trials": batch})
    for one in trials:
        outcomes.append(folder / f"trial-{one['number']}.json")
        write_json(outcomes[-1], one)
    reference = config["comparison"]["reference"]
    told_as = f"results/{folder.parent.name}/search/best.yaml"
    conclude(batches, outcomes, search, config["training"], reference, folder, told_as)
    return folder
