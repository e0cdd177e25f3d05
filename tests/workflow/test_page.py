"""The report in a real browser: the demo's, and one of ten classes, three models and five seeds."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from browsing import PHONE, Opened, needs_chromium
from project import ROOT, Project
from results_maker import PUBLISHED, make_results
from swatchbook.report import write_report

EVIL = "</script><img src=x onerror=alert(1)>"
CLASSES = [EVIL, '"><svg onload=alert(2)>', *(f"class {number}" for number in range(8))]

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of ten classes, three models and five seeds, beside published figures."""
    results = tmp_path_factory.mktemp("large")
    config = make_results(
        results,
        models=["baseline", "dropout", "third"],
        seeds=range(5),
        specs={"fashion-mnist": {"title": EVIL, "classes": CLASSES}},
    )
    write_report(results, config, ROOT / "workflow/report", PUBLISHED, results / "report.html")
    return results / "report.html"


@pytest.fixture(params=["small", "large"])
def file(request: pytest.FixtureRequest) -> Path:
    if request.param == "large":
        return request.getfixturevalue("large")
    project: Project = request.getfixturevalue("finished")
    return project.work / "results/report.html"


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    opened = Opened(browser, file)
    yield opened
    opened.context.close()
    assert opened.said == []


@pytest.fixture
def large_page(browser: Browser, large: Path) -> Iterator[Page]:
    opened = Opened(browser, large)
    yield opened.page
    opened.context.close()
    assert opened.said == []


def column(table: Locator, number: int) -> list[str]:
    """The first line of each cell of a column."""
    cells = table.locator(f"tbody tr:visible > :nth-child({number + 1})")
    return [text.split("\n")[0].strip() for text in cells.all_inner_texts()]


def test_the_report_opens_without_a_word_on_the_console(opened: Opened) -> None:
    assert opened.page.locator("main svg").count() >= 9
    assert opened.page.locator("main img, iframe").count() == 0


def test_the_console_is_really_looked_at(browser: Browser, large: Path, tmp_path: Path) -> None:
    """A script that slipped in is refused by the page's own policy, and the console says so."""
    spoilt = tmp_path / "spoilt.html"
    page = large.read_text()
    spoilt.write_text(page.replace("</main>", "<script>document.title = 'ran'</script></main>"))
    opened = Opened(browser, spoilt)
    assert opened.page.title() != "ran"
    assert any("Content Security Policy" in line for line in opened.said)
    opened.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, file: Path, scheme: str) -> None:
    opened = Opened(browser, file, color_scheme=scheme)
    for details in opened.page.locator("details").all():
        details.evaluate("part => part.open = true")
    opened.page.locator(".matrix button").first.click()
    found = Axe().run(opened.page).response["violations"]
    serious = [
        (one["id"], one["nodes"][0]["html"])
        for one in found
        if one["impact"] not in (None, "minor")
    ]
    assert serious == []
    opened.context.close()


def test_dark_mode_has_dark_paper_and_light_ink(browser: Browser, file: Path) -> None:
    lightness = {}
    for scheme in ("light", "dark"):
        opened = Opened(browser, file, color_scheme=scheme)
        for part in ("backgroundColor", "color"):
            value = opened.page.evaluate(f"getComputedStyle(document.body).{part}")
            lightness[scheme, part] = sum(map(int, value[4:-1].split(",")[:3]))
        axis = opened.page.locator("figure svg text").first
        ink = axis.evaluate("text => getComputedStyle(text).fill")
        assert ink == opened.page.evaluate("getComputedStyle(document.body).color")
        opened.context.close()
    assert lightness["light", "backgroundColor"] > 700 > 100 > lightness["dark", "backgroundColor"]
    assert lightness["light", "color"] < 100 < 600 < lightness["dark", "color"]


def test_on_a_phone_nothing_makes_the_page_scroll_sideways(browser: Browser, file: Path) -> None:
    opened = Opened(browser, file, viewport=PHONE, has_touch=True)
    widths = opened.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1] == PHONE["width"]
    navigation = opened.page.locator("nav").bounding_box()
    heading = opened.page.locator("h1").bounding_box()
    assert navigation["y"] + navigation["height"] <= heading["y"]
    opened.page.locator(".matrix button").first.tap()
    assert opened.page.locator(".cell-images").first.is_visible()
    opened.context.close()


def test_print_leaves_out_what_is_to_be_pressed_and_unfolds_the_rest(opened: Opened) -> None:
    page = opened.page
    page.emulate_media(media="print")
    for part in ("nav", ".tools", ".filters"):
        assert not page.locator(part).first.is_visible()
    folded = page.locator("details:not([open])").count()
    assert folded > 3
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
    assert page.pdf().startswith(b"%PDF")


def test_headings_sort_by_number_and_what_has_none_stays_below(large_page: Page) -> None:
    table = large_page.locator("[id='table.fashion-mnist']")
    heading = table.locator("th", has_text="test accuracy")
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    values = [float(text.removesuffix(" %")) for text in column(table, 1)]
    assert values == sorted(values)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert [float(text.removesuffix(" %")) for text in column(table, 1)] == values[::-1]
    loss = table.locator("th", has_text="log-loss")
    loss.locator("button").click()
    assert heading.get_attribute("aria-sort") == "none"
    models = column(table, 0)
    assert set(models[:3]) == {"baseline", "dropout", "third"}
    shown = [float(text) for text in column(table, 3)[:3]]
    assert shown == sorted(shown)


def test_a_table_is_copied_with_its_intervals(browser: Browser, large: Path) -> None:
    opened = Opened(browser, large, permissions=["clipboard-read", "clipboard-write"])
    opened.page.locator("button.copy").first.click()
    opened.page.get_by_text("Copied.").wait_for()
    rows = list(csv.DictReader(io.StringIO(opened.page.evaluate("navigator.clipboard.readText()"))))
    (row,) = (row for row in rows if row["model"] == "dropout")
    low, mean, high = (float(row[f"test accuracy{end}"]) for end in (", low", "", ", high"))
    assert 0 < low < mean < high <= 1.2
    assert any(row["model"] == "ResNet-18" and row["test accuracy"] == "0.949" for row in rows)
    opened.context.close()


def test_published_figures_can_be_left_out(large_page: Page) -> None:
    published = large_page.locator("tr.published")
    assert published.count() >= 5
    assert published.first.is_visible()
    large_page.locator(".switch-published").uncheck()
    assert not published.first.is_visible()
    large_page.locator(".switch-published").check()
    assert published.first.is_visible()


def test_a_press_on_a_cell_shows_its_images(opened: Opened) -> None:
    page = opened.page
    panel = page.locator(".cell-images").first
    assert not panel.is_visible()
    button = page.locator(".matrix[data-model] tbody tr").nth(1).locator("button").nth(1)
    button.click()
    assert button.get_attribute("aria-label") in panel.inner_text()
    assert panel.locator(".thumb").count() >= 1
    drawn = panel.locator(".thumb").first.evaluate(
        "thumb => getComputedStyle(thumb).backgroundImage"
    )
    assert drawn.startswith('url("data:image/webp;base64,')
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert button.evaluate("button => button === document.activeElement")


def test_arrow_keys_go_from_cell_to_cell(opened: Opened) -> None:
    page = opened.page
    matrix = page.locator(".matrix[data-model]").first
    matrix.locator("button").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.cell") == "1-0"
    assert matrix.locator("button[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    assert page.locator(".cell-images").first.is_visible()


def test_an_images_card_tells_what_every_model_makes_of_it(large_page: Page) -> None:
    thumb = large_page.locator(".thumbs button.thumb").first
    thumb.focus()  # the page scrolls there, and the card stays beside the image
    card = large_page.locator("#card")
    large_page.evaluate("scrollBy({ top: 60, behavior: 'instant' })")
    large_page.evaluate("new Promise(requestAnimationFrame)")
    assert card.is_visible()
    spot, place = thumb.bounding_box(), card.bounding_box()
    assert 0 <= place["y"] - spot["y"] - spot["height"] < 10 or place["y"] < spot["y"]
    for model in ("baseline", "dropout", "third"):
        assert f"{model}: right in" in card.inner_text()
    assert card.locator("li").count() == 9
    large_page.keyboard.press("Escape")
    assert not card.is_visible()
    thumb.hover()
    assert card.is_visible()


def test_the_gallery_is_filtered_by_list_and_by_class(large_page: Page) -> None:
    part = large_page.locator("section[data-dataset]")
    images = part.locator(".list li:visible")
    everything = images.count()
    part.locator(".filter-list").select_option(label="Confidently wrong: third")
    assert part.locator(".list:visible").count() == 1
    part.locator(".filter-list").select_option("")
    part.locator(".filter-class").select_option(label="class 3")
    filtered = images.count()
    assert 0 < filtered < everything
    assert part.locator(".filters .shown").inner_text() == f"{filtered} images"
    for image in images.all():
        assert "5" in image.get_attribute("data-classes").split()


def test_names_are_text_everywhere(large_page: Page) -> None:
    assert EVIL in large_page.locator(".matrix tbody th").all_inner_texts()
    large_page.locator(".matrix button").first.click()
    large_page.locator(".thumbs button.thumb").first.focus()
    assert large_page.locator("main img").count() == 0
    assert large_page.evaluate("document.querySelectorAll('[onerror], [onload]').length") == 0


def test_links_of_findings_lead_to_their_evidence(opened: Opened) -> None:
    links = opened.page.locator(".findings a")
    assert links.count() >= 1
    for link in links.all():
        target = link.get_attribute("href")[1:]
        assert opened.page.locator(f"[id='{target}']").count() == 1


def test_the_page_reads_without_its_script(browser: Browser, file: Path) -> None:
    opened = Opened(browser, file, java_script_enabled=False)
    for part in ("#verdict", ".matrix", ".thumb", "table.sortable"):
        assert opened.page.locator(part).first.is_visible()
    opened.context.close()


def test_the_large_page_is_below_five_megabytes_too(large: Path) -> None:
    assert large.stat().st_size < 5_000_000
