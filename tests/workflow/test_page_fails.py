"""The tab "How it fails" in a real browser: what can be set, pointed at and saved."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

import browsing
from browsing import PHONE, Opened, needs_chromium
from project import ROOT
from results_maker import PUBLISHED, make_results
from swatchbook.report import write_report

EVIL = "</script><img src=x onerror=alert(1)>"
CLASSES = [EVIL, '"><svg onload=alert(2)>', "NA"]
MODELS, SEEDS = ["baseline", "dropout", "third"], [0, 1]
ANALYSIS = {
    "corruptions": {"images": 500, "seeds": 3},
    "prediction_sets": {"coverage": 0.8},
    "label_errors": True,
}
SECTIONS = ("corruptions", "prediction_sets", "label_errors")

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("fails")
    specs = {"made-up": {"title": EVIL, "classes": CLASSES}}
    made = {"validation": 40, "test": 60, "specs": specs, "analysis": ANALYSIS}
    config = make_results(results, models=MODELS, seeds=SEEDS, **made)
    write_report(results, config, ROOT / "workflow/report", PUBLISHED, results / "report.html")
    return results / "report.html"


def go(opened: Opened) -> Page:
    opened.page.evaluate("location.hash = '#made-up/fails'")
    opened.page.locator("[id='corruptions.made-up']").wait_for()
    return opened.page


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    opened = browsing.Opened(browser, report)
    yield go(opened)
    opened.context.close()
    assert opened.said == []


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[id='figure.made-up.{name}']")


def marks(page: Page, name: str, mark: str) -> Locator:
    return figure(page, name).locator(f".chart [data-mark='{mark}'] :is(path, circle)")


def panels(page: Page) -> list[str]:
    texts = figure(page, "corruptions").locator(".chart [data-mark='text'] text")
    return texts.all_text_contents()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_names_stay_text(
    browser: Browser, report: Path, scheme: str
) -> None:
    opened = Opened(browser, report, color_scheme=scheme)
    page = go(opened)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    serious = [
        (one["id"], one["nodes"][0]["html"])
        for one in Axe().run(page).response["violations"]
        if one["impact"] not in (None, "minor")
    ]
    assert serious == []
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.querySelectorAll('[onerror], [onload]').length") == 0
    opened.context.close()
    assert opened.said == []


def test_on_a_phone_nothing_makes_the_page_scroll_sideways(browser: Browser, report: Path) -> None:
    opened = Opened(browser, report, viewport=PHONE, has_touch=True)
    page = go(opened)
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    assert len(panels(page)) == 15
    opened.context.close()


def test_a_kind_of_corruptions_is_shown_alone(page: Page) -> None:
    assert len(panels(page)) == 15
    assert marks(page, "corruptions", "line").count() == 15 * len(MODELS)
    figure(page, "corruptions").get_by_role("button", name="Weather").click()
    assert panels(page) == ["snow", "frost", "fog", "brightness"]
    figure(page, "corruptions").get_by_role("button", name="All").click()
    assert len(panels(page)) == 15


def test_accuracy_or_what_is_lost_of_it_and_each_seed(page: Page) -> None:
    shown = figure(page, "corruptions")
    assert marks(page, "corruptions", "area").count() == 15 * len(MODELS)
    shown.get_by_role("button", name="Points lost").click()
    assert shown.locator(".chart").get_by_text("points lost").count() == 1
    assert marks(page, "corruptions", "area").count() == 0
    shown.get_by_label("Each seed").check()
    assert marks(page, "corruptions", "line").count() == 15 * len(MODELS) * len(SEEDS)


def test_two_models_and_a_seed_are_followed(page: Page) -> None:
    part = page.locator("[data-dataset='made-up']")
    part.locator(".choose-model").select_option("third")
    assert marks(page, "corruptions", "line").count() == 15 * 2
    assert page.locator("[id='corruptions.made-up'] li:visible").count() == 3
    assert page.locator("[id='corruptions.made-up'] tbody tr:visible").count() == 2
    part.locator(".choose-seed").select_option("1")
    assert marks(page, "corruptions", "area").count() == 0
    page.locator("[id='prediction_sets.made-up'] summary").click()
    runs = page.locator("[id='prediction_sets.made-up'] details tbody tr:visible")
    assert runs.count() == 2 * 2


def test_pointing_at_a_mark_tells_its_values(page: Page) -> None:
    for name, said in {
        "corruptions": r"baseline, (as it is|\w+ \w+ at strength \d) \d+\.\d % of 60 images right",
        "prediction_sets": r"\d+\.\d % with the right class interval .* 20 test images",
    }.items():
        place = figure(page, name)
        place.scroll_into_view_if_needed()
        marks(page, name, "dot").first.hover(force=True)
        # In panels the tip's group is there from the beginning, and has lost its label.
        tip = place.locator(".chart :is([aria-label='tip'], [data-mark='tip']) text").first
        tip.wait_for()
        assert re.search(said, tip.text_content().replace("\u200b", " "))


def test_sets_have_a_score_a_measure_and_the_chosen_class(page: Page) -> None:
    shown = figure(page, "prediction_sets")
    before = [dot.get_attribute("cx") for dot in marks(page, "prediction_sets", "dot").all()]
    assert len(before) == len(MODELS) * len(CLASSES)
    shown.get_by_role("button", name="APS").click()
    after = [dot.get_attribute("cx") for dot in marks(page, "prediction_sets", "dot").all()]
    assert len(after) == len(before) and after != before
    shown.get_by_role("button", name="Classes in the set").click()
    assert shown.locator(".chart").get_by_text("mean number of classes in the set").count() == 1
    page.locator("[data-dataset='made-up'] .choose-class").select_option("1")
    assert marks(page, "prediction_sets", "dot").count() == len(MODELS)


@pytest.mark.parametrize("name", ["corruptions", "prediction_sets"])
def test_what_is_saved_is_the_file_beside_the_figure(page: Page, report: Path, name: str) -> None:
    with page.expect_download() as download:
        figure(page, name).get_by_role("button", name="Save as CSV").click()
    saved = Path(download.value.path()).read_text()
    assert saved == (report.parent / "made-up" / name / f"{name}.csv").read_text()
    assert {row["model"] for row in csv.DictReader(saved.splitlines())} == set(MODELS)


def test_a_table_is_sorted_by_what_was_lost(page: Page) -> None:
    table = page.locator("[id='corruptions.made-up'] table")
    table.locator("th", has_text="Lost, in points").get_by_role("button").click()
    cells = table.locator("tbody tr > :nth-child(4)").all_inner_texts()
    assert [float(cell) for cell in cells] in (
        sorted(map(float, cells)),
        sorted(map(float, cells), reverse=True),
    )


def test_on_paper_drawings_stand_in_the_place_of_charts(page: Page) -> None:
    page.emulate_media(media="print")
    for name in ("corruptions", "prediction_sets"):
        assert not figure(page, name).locator(".chart").is_visible()
        assert figure(page, name).locator(".drawing svg").is_visible()
    for section in SECTIONS:
        assert page.locator(f"[id='{section}.made-up']").is_visible()


def test_figures_lead_to_how_they_were_made(page: Page) -> None:
    for name in ("corruptions", "corruption_samples", "prediction_sets"):
        link = figure(page, name).get_by_role("link", name="how it was made")
        target = link.get_attribute("href")[1:]
        assert page.locator(f"[id='{target}']").count() == 1
