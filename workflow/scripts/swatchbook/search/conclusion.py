"""What a search has found: all trials, the best one as a model to be compared, a figure."""

import csv
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from swatchbook.errors import SearchError
from swatchbook.figures import searching
from swatchbook.files import read_json, replacing, write_json, write_text
from swatchbook.search import engine

logger = logging.getLogger(__name__)

# Importances are those of the best tenth: with fewer trials that is one or two, by chance.
ENOUGH_FOR_IMPORTANCES = 20

BEST = """\
# Trial {number} of the search on {dataset}, the best of {trials}: {monitor} {value:.4f}, of the
# validation images that chose it, so it flatters. What decides is a comparison with fresh seeds:
#     snakemake --cores 2 results/report.html --configfile config/config.yaml {file}
"""


def conclude(
    batches: Iterable[str | Path],
    outcomes: Iterable[str | Path],
    search: Mapping[str, Any],
    common: Mapping[str, Any],
    reference: str,
    folder: str | Path,
    told_as: str,
) -> None:
    """Write ``trials.csv``, ``best.yaml``, ``search.json`` and the figure ``search`` of a search.

    Parameters
    ----------
    batches, outcomes
        The files of all batches and trials.
    search
        The block ``search`` of the configuration.
    common
        The block ``training`` of the configuration; what a model has of it is not written out.
    reference
        The model that others are compared with.
    folder
        The folder to write into, ``results/<dataset>/search``.
    told_as
        What Snakemake knows ``best.yaml`` by.

    Raises
    ------
    SearchError
        If no trial came to its end.
    """
    folder = Path(folder)
    trials = sorted((read_json(path) for path in outcomes), key=lambda trial: trial["number"])
    best = _best(trials, search["monitor"])
    _write_trials(folder / "trials.csv", trials)
    models = {
        trial["number"]: trial["model"] for path in batches for trial in read_json(path)["trials"]
    }
    name = f"{search['base']}-for-{folder.parent.name}"
    described = {"models": {name: _as_written(models[best["number"]], common)}}
    if reference != search["base"]:
        described["comparison"] = {"reference": search["base"]}
    heading = BEST.format(
        number=best["number"],
        dataset=folder.parent.name,
        trials=len(trials),
        monitor=search["monitor"],
        value=best["value"],
        file=told_as,
    )
    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=100)
    write_text(folder / "best.yaml", heading + text)
    complete = [trial for trial in trials if trial["state"] == engine.COMPLETE]
    enough = len(complete) >= ENOUGH_FOR_IMPORTANCES
    write_json(
        folder / "search.json",
        {
            "base": search["base"],
            "monitor": search["monitor"],
            "seed": search["seed"],
            "states": Counter(trial["state"] for trial in trials),
            "seconds": round(sum(trial["seconds"] for trial in trials), 3),
            "best": best,
            "model": name,
            "file": told_as,
            "importances": engine.importances(search, complete) if enough else None,
            "enough_for_importances": ENOUGH_FOR_IMPORTANCES,
        },
    )
    searching.draw_search(trials, search["monitor"], folder)
    logger.info("trial %d is the best: %s %s", best["number"], search["monitor"], best["value"])


def _best(trials: Iterable[Mapping[str, Any]], monitor: str) -> Mapping[str, Any]:
    """Return the best trial that came to its end, the first of equally good ones."""
    trials = list(trials)
    complete = [trial for trial in trials if trial["state"] == engine.COMPLETE]
    if not complete:
        raise SearchError(
            f"none of {len(trials)} trials came to its end: {trials[0]['told']}",
            where="search",
            hint="take smaller learning rates into search.space",
        )
    sign = 1 if monitor == "val_loss" else -1
    return min(complete, key=lambda trial: (sign * trial["value"], trial["number"]))


def _write_trials(path: Path, trials: Iterable[Mapping[str, Any]]) -> None:
    rows = [
        {
            "number": trial["number"],
            "state": trial["state"],
            "value": trial["value"],
            "epochs": len(trial["values"]),
            "seconds": trial["seconds"],
            **{f"parameters.{name}": value for name, value in trial["parameters"].items()},
        }
        for trial in trials
    ]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _as_written(model: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model as somebody would write it: of its training, what differs from that of all."""
    own = {key: value for key, value in model["training"].items() if value != common[key]}
    return {"layers": model["layers"]} | ({"training": own} if own else {})
