"""The tab of what networks compute, in a real browser."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

import browsing
from browsing import PHONE, WIDE, needs_chromium
from project import ROOT
from results_maker import PUBLISHED, make_results
from swatchbook.report import write_report

EVIL = "</script><img src=x onerror=alert(1)>"
CLASSES = [EVIL, '"><svg onload=alert(2)>', "class 2"]
NETWORKS = {
    "baseline": [{"conv": {"filters": 4}}, {"pool": {"size": 2}}, {"flatten": {}}],
    "dropout": [
        {"conv": {"filters": 4}},
        {"pool": {"size": 2}},
        {"dropout": {"rate": 0.5}},
        {"flatten": {}},
    ],
    "linear": [{"flatten": {}}],
}
ADDRESS = "#made-up/inside"

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("inside")
    config = make_results(
        results,
        models=list(NETWORKS),
        seeds=[0, 1],
        specs={"made-up": {"title": EVIL, "classes": CLASSES}},
        test=60,
        inside=NETWORKS,
    )
    write_report(results, config, ROOT / "workflow/report", PUBLISHED, results / "report.html")
    return results / "report.html"


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    opened = at_the_tab(browser, file)
    yield opened.page
    opened.context.close()
    assert opened.said == []


def at_the_tab(browser: Browser, file: Path, **options: object) -> browsing.Opened:
    # Without motion a place on the page is where it is said to be.
    opened = browsing.Opened(browser, file, **{"reduced_motion": "reduce", **options})
    opened.page.evaluate(f"location.hash = '{ADDRESS}'")
    opened.page.locator(".networks").wait_for()
    return opened


def places(file: Path) -> list[dict[str, str]]:
    with (file.parent / "made-up/inside/map.csv").open(newline="") as table:
        return list(csv.DictReader(table))


def plot(page: Page) -> Locator:
    return page.locator("figure[data-figure='map'] .chart svg")


def choose(page: Page, model: str, other: str) -> None:
    page.locator(".choose-model:visible").select_option(label=model)
    page.locator(".choose-other:visible").select_option(label=other)


def box_of(mark: Locator) -> tuple[float, float]:
    box = mark.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, *corners: tuple[float, float]) -> None:
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()


def test_layers_that_one_of_two_lacks_are_marked_and_follow_the_choice(page: Page) -> None:
    def marked(model: str) -> list[str]:
        layers = page.locator(f".network[data-model='{model}'] .layer:has(.only:visible)")
        return [text.split("\n")[0] for text in layers.locator("b").all_inner_texts()]

    assert marked("dropout") == ["dropout"]  # beside the reference
    assert marked("linear") == []
    choose(page, "baseline", "linear")
    assert marked("baseline") == ["conv", "pool"]
    assert not page.locator(".network[data-model='dropout']").is_visible()
    choose(page, "linear", "dropout")
    assert marked("dropout") == ["conv", "pool", "dropout"]
    page.locator(".choose-all:visible").click()
    assert page.locator(".network:visible").count() == 3
    assert marked("dropout") == ["dropout"]


def test_the_map_has_a_mark_for_each_image_and_model(page: Page, file: Path) -> None:
    dots = plot(page).locator("[data-mark='dot']")
    marks = dots.locator("circle, path").count()
    assert marks == len(places(file)) == 3 * 60
    choose(page, "baseline", "linear")
    assert dots.locator("circle, path").count() == 2 * 60
    page.locator(".choose-class:visible").select_option(label="class 2")
    of_class = [
        row
        for row in places(file)
        if row["model"] != "dropout" and "class 2" in (row["label"], row["called"])
    ]
    assert 0 < dots.locator("circle, path").count() == len(of_class) < 120


def test_pointing_at_a_mark_shows_its_image_and_what_every_model_calls_it(
    page: Page, file: Path
) -> None:
    plot(page).scroll_into_view_if_needed()
    page.mouse.move(*box_of(plot(page).locator("[data-mark='dot'] circle").nth(3)))
    card = page.locator(".told.point")
    card.wait_for()
    right = [row for row in places(file) if row["label"] == row["called"]]
    said = card.inner_text()
    assert f"{right[3]['label']}, id {right[3]['id']}" in said
    assert all(f"{model}: " in said for model in NETWORKS)
    drawn = card.locator(".thumb").evaluate("thumb => getComputedStyle(thumb).backgroundImage")
    assert drawn.startswith('url("data:image/webp;base64,')
    page.keyboard.press("Escape")
    assert not card.is_visible()


def test_a_lasso_selects_what_is_within_it_in_all_maps(page: Page, file: Path) -> None:
    plot(page).scroll_into_view_if_needed()
    box = plot(page).bounding_box()
    third = box["width"] / 3
    corners = [(0, 0), (third, 0), (third, box["height"]), (0, box["height"])]
    drag(page, *[(box["x"] + x, box["y"] + y) for x, y in corners])
    panel = page.locator(".selection")
    assert "60 images selected" in panel.inner_text()  # all of the first map
    rows = [row for row in places(file) if row["model"] == "linear"]
    right = sum(row["label"] == row["called"] for row in rows)
    assert f"linear calls {right} of 60 right" in panel.inner_text()
    assert panel.locator(".thumb").count() == 60
    page.keyboard.press("Escape")
    assert not panel.is_visible()


def test_a_lasso_around_one_mark_selects_it_alone(page: Page, file: Path) -> None:
    choose(page, "baseline", "linear")
    plot(page).scroll_into_view_if_needed()
    x, y = box_of(plot(page).locator("[data-mark='dot'] circle").first)
    drag(page, (x - 3, y - 3), (x + 3, y - 3), (x + 3, y + 3), (x - 3, y + 3))
    panel = page.locator(".selection")
    assert panel.inner_text().startswith("1 image selected")
    bright = plot(page).locator("[data-mark='dot'] circle:not([fill-opacity='0.12'])")
    assert bright.count() <= 2 + 1  # of each model one at most, and what is pointed at
    (first, *_) = [row for row in places(file) if row["label"] == row["called"]]
    assert panel.locator(".thumbs .label").inner_text() == first["label"]
    panel.get_by_role("button", name="Clear").click()
    assert not panel.is_visible()


def test_without_dragging_images_are_selected_by_keyboard(page: Page, file: Path) -> None:
    label = page.get_by_label("Select by label")
    label.focus()
    page.keyboard.press("End")  # the last class
    rows = [row for row in places(file) if row["model"] == "baseline"]
    of_class = [row for row in rows if row["label"] == "class 2"]
    panel = page.locator(".selection")
    assert panel.inner_text().startswith(f"{len(of_class)} images selected")
    page.get_by_label("Select by what it is called").select_option(label="anything else")
    assert "class 2" not in panel.locator("ul .called").first.inner_text()
    label.focus()
    page.keyboard.press("Home")
    page.get_by_label("Select by what it is called").select_option("")
    assert not panel.is_visible()


def test_a_finger_scrolls_until_it_is_asked_to_draw(browser: Browser, file: Path) -> None:
    opened = at_the_tab(browser, file, viewport=PHONE, has_touch=True)
    touched = opened.page.locator("figure[data-figure='map'] .chart svg")
    action = "plot => getComputedStyle(plot).touchAction"
    assert touched.evaluate(action) == "auto"
    opened.page.get_by_label("Draw with a finger").check()
    assert touched.evaluate(action) == "none"
    widths = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1] == PHONE["width"]
    opened.context.close()
    assert opened.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, file: Path, scheme: str) -> None:
    opened = at_the_tab(browser, file, color_scheme=scheme)
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    page.get_by_label("Select by label").select_option(label="class 2")
    serious = [
        (one["id"], one["nodes"][0]["html"])
        for one in Axe().run(page).response["violations"]
        if one["impact"] not in (None, "minor")
    ]
    assert serious == []
    opened.context.close()


def test_maps_and_nearest_images_follow_the_choice_of_models_and_classes(page: Page) -> None:
    looks = page.locator(".looks [data-model='linear']")
    assert looks.count() > 3
    assert looks.first.locator(".thumb").count() == 1  # no convolution, no Grad-CAM
    assert page.locator(".looks [data-model='baseline']").first.locator(".thumb").count() == 2
    choose(page, "baseline", "dropout")
    assert not looks.first.is_visible()
    page.locator(".choose-class:visible").select_option(label="class 2")
    for row in page.locator(".nearest > li:visible").all():
        assert "2" in row.get_attribute("data-classes").split()
    thumb = page.locator(".nearest button.thumb:visible").first
    thumb.focus()
    assert "right in" in page.locator("#card").inner_text()


def test_without_its_script_figures_stand_as_drawings(browser: Browser, file: Path) -> None:
    opened = browsing.Opened(browser, file, viewport=WIDE, java_script_enabled=False)
    for name in ("map", "filters"):
        assert opened.page.locator(f"[id='figure.made-up.{name}'] .drawing svg").is_visible()
    assert opened.page.locator(".layer .only:visible").count() == 1
    opened.context.close()
