"""The sections that the page has of each data set: a line each, and a template.

A section's template is ``workflow/report/sections/<id>.html.j2``. Of the data set it is given what
the page knows, as ``dataset``, and what only this section needs and a function here gathers, as
``own``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from swatchbook.files import read_json
from swatchbook.report import tables
from swatchbook.report.datasets import DataSet


def nothing(of: DataSet) -> dict[str, Any]:
    """Gather nothing, for a template that needs only what the page knows."""
    return {}


def confusions(of: DataSet) -> dict[str, Any]:
    """Gather the confusion matrices as cells to press; none with too many classes."""
    return {"matrices": tables.matrices(of.gallery, of.comparison["reference"])}


def classes(of: DataSet) -> dict[str, Any]:
    """Gather each model's classification report."""
    confidence = of.comparison["confidence"]
    return {
        "reports": {
            model: tables.mean_report(of.folder / model, of.seeds, confidence)
            for model in of.models
        }
    }


def data(of: DataSet) -> dict[str, Any]:
    """Gather what the arrays hold, an image as numbers, and the files that all came from."""
    return {
        "explored": read_json(of.folder / "explore" / "summary.json"),
        "numbers": tables.numbers(pd.read_csv(of.folder / "explore" / "matrix.csv")),
        "receipts": [
            read_json(of.folder / "download" / f"{file}.json") for file in of.spec["files"]
        ],
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
    """

    id: str
    title: str
    gather: Callable[[DataSet], Mapping[str, Any]] = nothing

    @property
    def template(self) -> str:
        """The template's file, as seen from the page's folder."""
        return f"sections/{self.id}.html.j2"


# In the order of the page.
SECTIONS = (
    Section("differences", "Differences"),
    Section("curves", "Learning"),
    Section("confusion", "Confusions", confusions),
    Section("classes", "Classes", classes),
    Section("calibration", "Calibration"),
    Section("gallery", "Gallery"),
    Section("data", "Data", data),
    Section("checks", "Data checks"),
    Section("cost", "Cost"),
)
