"""The sections that the page has of each data set, in tabs: a line each, and a template.

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
from swatchbook.figures.catalogue import INSIDE
from swatchbook.files import read_json
from swatchbook.report import inside, marks, records, sentences, tables
from swatchbook.report.datasets import DataSet


def nothing(of: DataSet) -> dict[str, Any]:
    """Gather nothing, for a template that needs only what the page knows."""
    return {}


def results(of: DataSet) -> dict[str, Any]:
    """Gather the accuracies as marks beside what others published; no marks without these."""
    means = {
        model: of.comparison["models"][model]["metrics"]["accuracy"]["mean"]
        for model in of.detailed
    }
    return {"strip": marks.strip(means, of.published) if of.published else None}


def trainings(of: DataSet) -> dict[str, Any]:
    """Gather what each training was and reached."""
    return {"runs": of.runs()}


def provenance(of: DataSet) -> dict[str, Any]:
    """Gather what figures and gallery were made from."""
    return {"records": records.of_dataset(of.folder, of.figures, of.prefix)}


def differences(of: DataSet) -> dict[str, Any]:
    """Gather the comparisons but those of an ablation, which has a section of its own."""
    made = (of.config["ablation"] or {}).get("variants", {})
    every = of.comparison["differences"]
    entries = [entry for entry in every if entry["model"] not in made]
    return {"entries": entries, "elsewhere": len(every) - len(entries)}


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
        "orders": tables.orders(of.gallery),
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
    return {
        "reports": reports,
        "places": {name: place for place, name in enumerate(of.spec["classes"])},
    }


def calibration(of: DataSet) -> dict[str, Any]:
    """Gather the models whose calibration error temperature scaling has made no smaller."""
    return {
        "unhelped": [
            model
            for model, found in of.comparison["models"].items()
            if found["scaling"]
            and found["scaling"]["metrics"]["ece"]["mean"] >= found["metrics"]["ece"]["mean"]
        ]
    }


def data(of: DataSet) -> dict[str, Any]:
    """Gather what the arrays hold, an image as numbers, and the files that all came from."""
    return {
        "explored": read_json(of.folder / "explore" / "summary.json"),
        "decoded": preparation.how_decoded(
            read_json(of.folder / "arrays" / "decoding.json"), of.spec["image"]
        ),
        "samples": tables.samples(of.gallery["samples"]),
        "numbers": tables.numbers(pd.read_csv(of.folder / "explore" / "matrix.csv")),
        "receipts": [
            read_json(of.folder / "download" / f"{file}.json") for file in of.spec["files"]
        ],
    }


def corruptions(of: DataSet) -> dict[str, Any]:
    """Gather what corruptions do to the accuracies."""
    found = read_json(of.folder / "corruptions" / "summary.json")
    told = [
        {"model": model, "reference": None, "text": sentences.under_corruption(model, of_model)}
        for model, of_model in found["models"].items()
    ]
    told += [
        {
            "model": entry["model"],
            "reference": entry["reference"],
            "text": sentences.apart_under_corruption(entry),
        }
        for entry in found["differences"]
    ]
    return {"found": found, "told": told}


def prediction_sets(of: DataSet) -> dict[str, Any]:
    """Gather coverage and size of the prediction sets, of models and of single runs."""
    folder = of.folder / "prediction_sets"
    return {
        "found": read_json(folder / "summary.json"),
        "runs": pd.read_csv(folder / "runs.csv", dtype={"model": str}).to_dict("records"),
    }


def label_errors(of: DataSet) -> dict[str, Any]:
    """Gather how far confident learning and our own suspects agree, and what either finds."""
    folder = of.folder / "label_errors"
    issues = pd.read_csv(folder / "issues.csv", keep_default_na=False, dtype={"id": str})
    return {
        "found": read_json(folder / "summary.json"),
        "issues": issues.head(LISTED).to_dict("records"),
        "count": len(issues),
    }


def exports(of: DataSet) -> dict[str, Any]:
    """Gather which run is the best, and what it is in each format."""
    return {
        "best": read_json(of.folder / "best.json"),
        "exported": read_json(of.folder / "best" / "export.json"),
    }


LISTED = 100  # label errors in a table


@dataclass(frozen=True)
class Tab:
    """One screen of a data set, with the sections that name it.

    Attributes
    ----------
    id
        The end of its address, behind the data set's name.
    title
        Its name.
    """

    id: str
    title: str


@dataclass(frozen=True)
class Section:
    """A part of what the page shows of one data set.

    Attributes
    ----------
    id
        The beginning of its element's id, and its template's name.
    title
        Its heading.
    tab
        The tab that it stands in, an id of `TABS`.
    gather
        What finds what only its template needs, by name.
    only_if
        The one of `facts` without which it is left out; empty for always.
    """

    id: str
    title: str
    tab: str
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


def in_tabs(config: Mapping[str, Any]) -> list[tuple[Tab, list[Section]]]:
    """Return the tabs of a page of this configuration, each with its sections in their order."""
    found = shown(config)
    tabs = [(tab, [section for section in found if section.tab == tab.id]) for tab in TABS]
    return [(tab, inside) for tab, inside in tabs if inside]


# Both in the order of the page.
TABS = (
    Tab("overview", "Overview"),
    Tab("learning", "Learning"),
    Tab("mistakes", "Mistakes"),
    Tab("classes", "Classes"),
    Tab("confidence", "Confidence"),
    Tab("fails", "How it fails"),
    Tab("inside", "Inside"),
    Tab("data", "Data"),
    Tab("made", "How it was made"),
)
SECTIONS = (
    Section("results", "Results", "overview", results),
    Section("findings", "What to know before believing it", "overview"),
    Section("differences", "Differences", "overview", differences),
    Section("ablation", "One change at a time", "overview", ablation, only_if="ablated"),
    Section("search", "Search", "overview", search, only_if="searched"),
    Section("exports", "Exports", "overview", exports, only_if="exported"),
    Section("cost", "Cost", "overview"),
    Section("curves", "Learning", "learning"),
    Section("confusion", "Confusions", "mistakes", confusions),
    Section("gallery", "Gallery", "mistakes"),
    Section("classes", "Classes", "classes", classes),
    Section("calibration", "Calibration", "confidence", calibration),
    Section("corruptions", "Corrupted images", "fails", corruptions, only_if="corrupted"),
    Section("prediction_sets", "Prediction sets", "fails", prediction_sets, only_if="in_sets"),
    Section("label_errors", "Label errors", "fails", label_errors, only_if="confident"),
    Section("networks", "Networks", "inside", inside.networks, only_if=INSIDE),
    Section("map", "Map of the test images", "inside", inside.map_told, only_if=INSIDE),
    Section("looks", "What they look at", "inside", inside.looks, only_if=INSIDE),
    Section("nearest", "Nearest training images", "inside", inside.nearest, only_if=INSIDE),
    Section("filters", "First filters", "inside", inside.read, only_if=INSIDE),
    Section("data", "Images", "data", data),
    Section("checks", "Data checks", "data"),
    Section("trainings", "Trainings", "made", trainings),
    Section("provenance", "Figures", "made", provenance),
)
