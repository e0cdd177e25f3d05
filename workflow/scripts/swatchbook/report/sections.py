"""The sections that the page has of each data set: a line each, and a template.

A section's template is ``workflow/report/sections/<id>.html.j2``. Of the data set it is given what
the page knows, as ``dataset``, and what only this section needs and a function here gathers, as
``own``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from swatchbook.comparison import per_class
from swatchbook.data import preparation
from swatchbook.figures import catalogue
from swatchbook.files import read_json
from swatchbook.report import tables
from swatchbook.report.datasets import DataSet


def nothing(of: DataSet) -> dict[str, Any]:
    """Gather nothing, for a template that needs only what the page knows."""
    return {}


def ablation(of: DataSet) -> dict[str, Any]:
    """Gather the changes of the base model, the most helpful first; none without an ablation."""
    if not of.config["ablation"]:
        return {"rows": [], "grid": False, "base_is_in_grid": False}
    variants, models = of.config["ablation"]["variants"], of.comparison["models"]
    rows = [
        entry["accuracy"]
        | {"model": entry["model"], **variants[entry["model"]]}
        | {key: models[entry["model"]][key] for key in ("seconds", "parameters", "metrics")}
        for entry in of.comparison["differences"]
        if entry["model"] in variants
    ]
    rows.sort(key=lambda row: -row["difference"])
    base, cells = of.config["ablation"]["base"], of.config["ablation"].get("cells", {})
    return {"rows": rows, "base": base, "grid": bool(cells), "base_is_in_grid": base in cells}


def search(of: DataSet) -> dict[str, Any]:
    """Gather the trials of a search and what came of them."""
    folder = of.folder / "search"
    trials = pd.read_csv(folder / "trials.csv", keep_default_na=False)
    named = {column: column.removeprefix("parameters.") for column in trials if "." in str(column)}
    return {
        "found": read_json(folder / "search.json"),
        "trials": trials.to_dict("records"),
        "parameters": named,
    }


def confusions(of: DataSet) -> dict[str, Any]:
    """Gather the confusion matrices as cells to press; with too many classes the largest cells."""
    return {
        "matrices": tables.matrices(of.gallery, of.comparison["reference"]),
        "pairs": tables.confused_pairs(of.gallery),
    }


def classes(of: DataSet) -> dict[str, Any]:
    """Gather each model's classification report."""
    confidence = of.comparison["confidence"]
    if of.comparison["cross_validation"]:
        reports = {
            model: tables.report_out_of_fold(
                of.comparison["models"][model]["classes"], of.spec["classes"]
            )
            for model in of.detailed
        }
    else:
        rates = per_class.read(of.folder / "per_class.csv")
        reports = {
            model: tables.mean_report(
                of.folder / model, of.seeds, confidence, rates[rates["model"] == model]
            )
            for model in of.detailed
        }
    return {"reports": reports}


def data(of: DataSet) -> dict[str, Any]:
    """Gather what the arrays hold, an image as numbers, and the files that all came from."""
    return {
        "explored": read_json(of.folder / "explore" / "summary.json"),
        "decoded": preparation.how_decoded(
            read_json(of.folder / "arrays" / "decoding.json"), of.spec["image"]
        ),
        "numbers": tables.numbers(pd.read_csv(of.folder / "explore" / "matrix.csv")),
        "receipts": [
            read_json(of.folder / "download" / f"{file}.json") for file in of.spec["files"]
        ],
    }


def exports(of: DataSet) -> dict[str, Any]:
    """Gather which run is the best, and what it is in each format."""
    return {
        "best": read_json(of.folder / "best.json"),
        "exported": read_json(of.folder / "best" / "export.json"),
    }


@dataclass(frozen=True)
class Section:
    """A part of what the page shows of one data set.

    Attributes
    ----------
    id
        The beginning of its element's id, and its template's name.
    title
        Its heading, and its line in the contents.
    gather
        What finds what only its template needs, by name.
    only_if
        The one of `facts` without which it is left out; empty for always.
    """

    id: str
    title: str
    gather: Callable[[DataSet], Mapping[str, Any]] = nothing
    only_if: str = ""

    @property
    def template(self) -> str:
        """The template's file, as seen from the page's folder."""
        return f"sections/{self.id}.html.j2"


def facts(config: Mapping[str, Any]) -> set[str]:
    """Return what decides which sections there are: `catalogue.facts`, and ``exported``."""
    return catalogue.facts(config) | ({"exported"} if config["report"]["exports"] else set())


def shown(config: Mapping[str, Any]) -> tuple[Section, ...]:
    """Return the sections that a page of this configuration has."""
    given = facts(config)
    return tuple(section for section in SECTIONS if section.only_if in given or not section.only_if)


# In the order of the page.
SECTIONS = (
    Section("differences", "Differences"),
    Section("ablation", "One change at a time", ablation, only_if="ablated"),
    Section("curves", "Learning"),
    Section("confusion", "Confusions", confusions),
    Section("classes", "Classes", classes),
    Section("calibration", "Calibration"),
    Section("gallery", "Gallery"),
    Section("data", "Data", data),
    Section("checks", "Data checks"),
    Section("cost", "Cost"),
    Section("search", "Search", search, only_if="searched"),
    Section("exports", "Exports", exports, only_if="exported"),
)
