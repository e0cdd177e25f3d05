"""The report of a thousand classes is small, names a few of many, and shows the worst first."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from parsed_page import Page
from paths import ROOT
from results_maker import PUBLISHED, make_results
from swatchbook.files import read_json
from swatchbook.report import tables, write_report

CLASSES = [f"a bird of kind {number:04}" for number in range(1000)]
MODELS = ["baseline", "other"]

pytestmark = pytest.mark.filterwarnings("ignore:constrained_layout not applied")


@dataclass(frozen=True)
class Made:
    folder: Path
    config: dict[str, Any]
    html: str
    page: Page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report of two runs whose 24 test images leave most classes without any."""
    results = tmp_path_factory.mktemp("results")
    config = make_results(results, models=MODELS, seeds=[0], specs={"birds": {"classes": CLASSES}})
    file = results / "report.html"
    write_report(results, config, ROOT / "workflow" / "report", PUBLISHED, file)
    return Made(results / "birds", config, file.read_text(encoding="utf-8"), Page(file))


def test_the_page_is_below_five_megabytes(made: Made) -> None:
    assert len(made.html.encode()) < 5_000_000


def test_no_sentence_names_more_classes_than_one_reads(made: Made) -> None:
    """Nearly all classes are without an image in each split, and the page says how many."""
    told = [paragraph.text for kind in ("p", "li") for paragraph in made.page.all(kind)]
    assert max(text.count("a bird of kind") for text in told) <= 30
    assert any("… (976 in all)" in text for text in told)


def test_classes_without_test_images_are_not_among_the_worst(made: Made) -> None:
    shown = {f"a bird of kind {number:04}" for number in range(24 + 8, 24 + 8 + 24)}
    svg = (made.folder / "figures" / "class_f1.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r">(a bird of kind \d+)<", svg))
    assert drawn == shown
    numbers = pd.read_csv(made.folder / "figures" / "class_f1.csv")
    assert set(numbers["class"]) == shown  # the page's chart is of these
    rates = pd.read_csv(made.folder / "per_class.csv")
    own = rates[rates["model"] == "other"]
    rows = tables.mean_report(made.folder / "other", [0], 0.95, own)
    classes, averages = rows[:1000], rows[1000:]
    scores = [row["f1-score"] for row in classes]
    assert scores[:24] == sorted(scores[:24]) and None not in scores[:24]
    assert {row["class"] for row in classes[:24]} == shown
    assert scores[24:] == [None] * 976 == [row["recall"] for row in classes[24:]]
    assert averages and all(row["support"] for row in averages)


def test_the_largest_confusions_are_listed(made: Made) -> None:
    gallery = read_json(made.folder / "gallery" / "gallery.json")
    pairs = tables.confused_pairs(gallery)
    means = [sum(pair["shares"].values()) / 2 for pair in pairs]
    assert means == sorted(means, reverse=True) and means[-1] > 0
    for pair in pairs:
        true, called = CLASSES.index(pair["true"]), CLASSES.index(pair["called"])
        assert true != called and pair["images"] == 1
        for model, share in pair["shares"].items():
            assert share == gallery["counts"][model][true][called]
    first = pairs[0]
    assert any(
        first["true"] in table.text and f"→ {first['called']}" in table.text
        for table in made.page.all("table")
    )


def test_files_have_what_occurs_and_no_million_of_zeros(made: Made) -> None:
    table = pd.read_csv(made.folder / "figures" / "confusion_matrices.csv")
    assert (table["count"] > 0).all()
    assert table.groupby("model")["count"].sum().tolist() == [24, 24]
    assert (made.folder / "gallery" / "gallery.json").stat().st_size < 6_000_000
