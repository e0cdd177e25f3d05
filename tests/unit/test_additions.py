"""What is added to a table appears everywhere where it should, by its entry alone."""

import shutil
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parsed_page import Element, Page
from paths import PUBLISHED, ROOT
from results_maker import make_results
from swatchbook.comparison import metrics
from swatchbook.comparison.metrics import Metric
from swatchbook.figures import catalogue, exploration, learning, style
from swatchbook.figures.catalogue import Figure
from swatchbook.figures.exploration import Explored
from swatchbook.figures.inputs import Drawn
from swatchbook.files import read_json
from swatchbook.report import sections, write_report
from swatchbook.report.datasets import DataSet
from swatchbook.report.sections import Section, Tab

MODELS = ["a", "b"]


@pytest.fixture
def page_folder(tmp_path: Path) -> Path:
    """The page's templates and texts, to be changed."""
    return shutil.copytree(ROOT / "workflow" / "report", tmp_path / "page")


@pytest.fixture
def report(tmp_path: Path, page_folder: Path) -> Callable[[], Page]:
    """Make up results and write their report."""

    def written() -> Page:
        config = make_results(tmp_path / "results", models=MODELS, seeds=[0, 1])
        output = tmp_path / "results" / "report.html"
        write_report(tmp_path / "results", config, page_folder, PUBLISHED, output)
        return Page(output)

    return written


def least_recall(labels: np.ndarray, probabilities: np.ndarray) -> float:
    called = probabilities.argmax(axis=1)
    return min((called[labels == name] == name).mean() for name in np.unique(labels))


def table_with(page: Page, text: str) -> Element:
    (table,) = (table for table in page.all("table") if text in table.text)
    return table


@pytest.mark.parametrize("is_scaled", [False, True])
def test_an_added_metric_is_measured_compared_and_shown(
    report: Callable[[], Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_scaled: bool
) -> None:
    metric = Metric(least_recall, "least recall", is_share=True, is_scaled=is_scaled)
    monkeypatch.setitem(metrics.METRICS, "least_recall", metric)
    page = report()
    folder = tmp_path / "results" / "made-up"
    comparison = read_json(folder / "comparison.json")["models"]
    results = table_with(page, "Least recall Training accuracy")
    for model, row in zip(MODELS, page.all("tr", results)[1:], strict=True):
        measured = [
            read_json(folder / model / f"seed-{seed}" / "metrics.json")["test"]["least_recall"]
            for seed in (0, 1)
        ]
        found = comparison[model]["metrics"]["least_recall"]
        assert found["per_seed"] == measured
        cells = page.all("td", row)
        assert len(cells) == len(page.all("button", page.all("tr", results)[0])) - 1
        shown = [name for name in metrics.METRICS if name in comparison[model]["metrics"]]
        assert cells[len(shown) - 1].text.startswith(f"{found['mean']:.2%}"[:-1])
        assert ("least_recall" in comparison[model]["scaling"]["metrics"]) == is_scaled
    calibration = table_with(page, "before and after temperature scaling")
    assert ("Least recall before After" in calibration.text) == is_scaled


def draw_made_up(name: str, of: Drawn, folder: Path) -> None:
    figure, ((axes,),) = style.new(3, 2)
    axes.set_title(", ".join(of.models))
    style.save(figure, folder, name)
    style.write_table(pd.DataFrame({"model": of.models}), folder, name)


def test_added_figures_are_drawn_and_stand_in_their_sections(
    report: Callable[[], Page], tmp_path: Path, page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = [section.id for section in sections.SECTIONS if not section.only_if]
    names = {id: f"made_up_{id}" for id in always}
    text = "  title: A made-up figure\n  reading: There is nothing to read.\n"
    for name in names.values():
        monkeypatch.setattr(learning, f"draw_{name}", partial(draw_made_up, name), raising=False)
        with (page_folder / "reading.yaml").open("a", encoding="utf-8") as file:
            file.write(f"{name}:\n{text}")
    added = [Figure(name, f"learning.draw_{name}", section=id) for id, name in names.items()]
    monkeypatch.setattr(catalogue, "FIGURES", (*catalogue.FIGURES, *added))
    page = report()
    for name in names.values():
        files = {path.suffix for path in (tmp_path / "results/made-up/figures").glob(f"{name}.*")}
        assert files == {".svg", ".png", ".csv"}
    ids = page.ids
    ends = [*(ids.index(f"{id}.made-up") for id in names), ids.index("settings")]
    for (start, end), name in zip(pairwise(ends), names.values(), strict=True):
        assert start < ids.index(f"figure.made-up.{name}") < end
    said = page.one("main").text
    assert said.count("A made-up figure There is nothing to read.") == len(names)
    titles = ", ".join(["A made-up figure"] * len(names))
    assert f"Cost and accuracy, {titles} Rule draw_figures" in said


def test_an_added_figure_of_the_data_is_drawn_before_training_and_stands_on_the_page(
    report: Callable[[], Page], tmp_path: Path, page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_shape(of: Explored, folder: Path) -> None:
        figure, _ = style.new(3, 2)
        style.save(figure, folder, "shape")

    monkeypatch.setattr(exploration, "draw_shape", draw_shape, raising=False)
    added = Figure("shape", "exploration.draw_shape", "explore", section="data")
    monkeypatch.setattr(catalogue, "FIGURES", (*catalogue.FIGURES, added))
    with (page_folder / "reading.yaml").open("a", encoding="utf-8") as file:
        file.write("shape:\n  title: A shape\n  reading: There is nothing to read.\n")
    page = report()
    assert (tmp_path / "results/made-up/explore/shape.png").is_file()
    assert "figure.made-up.shape" in page.ids
    assert "An image as numbers, A shape Rule explore_dataset" in page.one("main").text


def test_an_added_section_has_its_heading_and_content_in_its_tab(
    report: Callable[[], Page], page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(of: DataSet) -> dict[str, int]:
        return {"models": len(of.models)}

    first, *rest = sections.SECTIONS
    added = Section("made-up", "A made-up section", "overview", counted)
    monkeypatch.setattr(sections, "SECTIONS", (first, added, *rest))
    template = page_folder / "sections" / "made-up.html.j2"
    template.write_text("<p>{{ own.models }} models on {{ dataset.spec.title }}</p>\n")
    page = report()
    by_id = {e.attributes["id"]: e for e in page.elements if "id" in e.attributes}
    assert by_id["made-up.made-up"].is_in(by_id["made-up/overview"])
    text = page.one("main").text
    assert "A made-up section 2 models on Made up What to know before believing it" in text


def test_an_added_tab_has_its_line_among_the_tabs_and_its_sections(
    report: Callable[[], Page], page_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = Section("made-up", "A made-up section", "elsewhere")
    monkeypatch.setattr(sections, "SECTIONS", (*sections.SECTIONS, added))
    monkeypatch.setattr(sections, "TABS", (*sections.TABS, Tab("elsewhere", "Elsewhere")))
    (page_folder / "sections" / "made-up.html.j2").write_text("<p>Something</p>\n")
    page = report()
    (link,) = (a for a in page.all("a") if a.attributes.get("href") == "#made-up/elsewhere")
    assert link.text == "Elsewhere"
    by_id = {e.attributes["id"]: e for e in page.elements if "id" in e.attributes}
    assert by_id["made-up/elsewhere"].text == "Elsewhere A made-up section Something"
