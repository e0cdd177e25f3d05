"""The report in a real browser: the demo's, and one of ten classes, three models and five seeds."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

import browsing
from browsing import PHONE, WIDE, needs_chromium
from project import ROOT, Project
from results_maker import PUBLISHED, make_results
from swatchbook.report import sections, write_report

EVIL = "</script><img src=x onerror=alert(1)>"
CLASSES = [EVIL, '"><svg onload=alert(2)>', *(f"class {number}" for number in range(8))]
# Those that every data set has.
ALWAYS = {section.tab for section in sections.SECTIONS if not section.only_if}
TABS = [tab.id for tab in sections.TABS if tab.id in ALWAYS]

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


# A browser tells the page of a new address only after the address has changed.
GO = """
  hash => location.hash === hash || new Promise(resolve => {
    document.addEventListener("shown", () => resolve(), { once: true });
    location.hash = hash;
  })
"""


class Opened(browsing.Opened):
    """A report in the browser."""

    def go(self, address: str) -> Page:
        """Go to a screen of the first data set, or elsewhere by a whole address."""
        if "#" not in address:
            address = f"#{self.dataset}/{address}"
        self.page.evaluate(GO, address)
        return self.page

    @property
    def dataset(self) -> str:
        return self.page.locator("[data-dataset]").first.get_attribute("data-dataset")


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    opened = Opened(browser, file)
    yield opened
    opened.context.close()
    assert opened.said == []


@pytest.fixture
def large_opened(browser: Browser, large: Path) -> Iterator[Opened]:
    opened = Opened(browser, large)
    yield opened
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
    for address in ("#verdict", *TABS, "#settings"):
        page = opened.go(address)
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        if address == "mistakes":
            page.locator(".matrix button:visible").first.click()
        serious = [
            (address, one["id"], one["nodes"][0]["html"])
            for one in Axe().run(page).response["violations"]
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
    for address in ("#verdict", *TABS, "#settings"):
        page = opened.go(address)
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert (address, widths[0]) <= (address, widths[1])
        assert widths[1] == PHONE["width"]
    opened.go("mistakes").locator(".matrix button:visible").first.tap()
    assert opened.page.locator(".cell-images:visible").count() == 1
    opened.context.close()


@pytest.mark.parametrize("apart", [0.0005, 0.002, 0.02, 0.2])
def test_no_two_ticks_of_accuracy_read_alike(
    browser: Browser, large: Path, tmp_path: Path, apart: float
) -> None:
    low, high = 0.7 - apart, 0.7 + apart
    rows = [f"baseline,0,{low},,", f"baseline,1,{high},,", f"baseline,mean,0.7,{low},{high}"]
    table = "\n".join(["model,seed,accuracy,low,high", *rows]) + "\n"
    opened = Opened(browser, with_table(large, "accuracy", table, tmp_path))
    ticks = chart(opened.go("overview"), "accuracy").locator("[data-mark='x-axis tick label'] text")
    read = [float(text.removesuffix("%")) for text in ticks.all_text_contents()]
    assert len(read) > 2
    assert read == sorted(set(read))
    opened.context.close()
    assert opened.said == []


def test_an_axis_title_stands_beside_long_ticks(
    browser: Browser, large: Path, tmp_path: Path
) -> None:
    header = "model,seconds_an_epoch,images_per_second,parameters,accuracy,low,high"
    table = f"{header}\nbaseline,4.0,500.0,7,0.948,0.9475,0.9485\n"
    opened = Opened(browser, with_table(large, "cost", table, tmp_path))
    figure = chart(opened.go("overview"), "cost")
    title = figure.locator("[data-mark='y-axis label'] text").bounding_box()
    ticks = figure.locator("[data-mark='y-axis tick label'] text")
    assert "." in ticks.first.text_content()
    room = min(tick.bounding_box()["x"] for tick in ticks.all()) - title["x"] - title["width"]
    assert room > 1
    opened.context.close()
    assert opened.said == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_text_of_a_chart_is_cut_off_at_the_side(
    browser: Browser, file: Path, width: int
) -> None:
    opened = Opened(browser, file, viewport={"width": width, "height": 844})
    drawn = 0
    for tab in TABS:
        page = opened.go(tab)
        texts = page.evaluate(
            """() => [...document.querySelectorAll(".chart svg text")]
                .map(text => [text, text.getBoundingClientRect(),
                              text.closest(".chart > svg").getBoundingClientRect()])
                .filter(([, box]) => box.width)
                .map(([text, box, chart]) =>
                    [text.textContent, Math.min(box.left - chart.left, chart.right - box.right)])"""
        )
        drawn += len(texts)
        assert [(tab, text) for text, room in texts if room < -1] == []
    assert drawn > 50
    opened.context.close()


def test_print_leaves_out_what_is_to_be_pressed_and_unfolds_the_rest(opened: Opened) -> None:
    page = opened.page
    assert page.locator(".panel:visible").count() == 1
    page.emulate_media(media="print")
    assert page.locator(".panel:visible").count() == page.locator(".panel").count()
    assert page.locator(".sheet:visible").count() == page.locator(".sheet").count()
    for part in ("nav", ".tools", ".filters"):
        assert not page.locator(part).first.is_visible()
    folded = page.locator("details:not([open])").count()
    assert folded > 3
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
    assert page.pdf().startswith(b"%PDF")


def test_headings_sort_by_number_and_text(large_opened: Opened) -> None:
    table = large_opened.go("overview").locator("[id='table.fashion-mnist']")
    heading = table.locator("th", has_text="Test accuracy")
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    values = [float(text.removesuffix(" %")) for text in column(table, 1)]
    assert values == sorted(values)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert [float(text.removesuffix(" %")) for text in column(table, 1)] == values[::-1]
    loss = table.locator("th", has_text="Log-loss")
    loss.locator("button").click()
    assert heading.get_attribute("aria-sort") == "none"
    models = column(table, 0)
    assert set(models) == {"baseline", "dropout", "third"}
    shown = [float(text) for text in column(table, 3)]
    assert shown == sorted(shown)


def test_a_table_is_copied_with_its_intervals(browser: Browser, large: Path) -> None:
    opened = Opened(browser, large, permissions=["clipboard-read", "clipboard-write"])
    opened.go("overview").locator("button.copy:visible").first.click()
    opened.page.get_by_text("Copied.").wait_for()
    rows = list(csv.DictReader(io.StringIO(opened.page.evaluate("navigator.clipboard.readText()"))))
    (row,) = (row for row in rows if row["Model"] == "dropout")
    low, mean, high = (float(row[f"Test accuracy{end}"]) for end in (", low", "", ", high"))
    assert 0 < low < mean < high <= 1.2
    opened.context.close()


def test_published_figures_are_marks_on_one_line_and_rows_behind_it(large_opened: Opened) -> None:
    page = large_opened.go("overview")
    published = page.locator("tr.published")
    marks = page.locator(".strip .tick")
    assert marks.count() == published.count() >= 5
    places = [mark.bounding_box()["x"] for mark in marks.all()]
    assert places == sorted(places)  # as their accuracies
    assert len({round(mark.bounding_box()["y"]) for mark in marks.all()}) == 1
    assert not published.first.is_visible()
    page.locator(".strip summary").click()
    assert published.first.is_visible()
    assert "ResNet-18" in page.locator("[id='table-published.fashion-mnist']").inner_text()


def test_a_press_on_a_cell_shows_its_images(opened: Opened) -> None:
    page = opened.go("mistakes")
    panel = page.locator(".cell-images").first
    assert not panel.is_visible()
    button = page.locator(".matrix[data-model] tbody tr").nth(1).locator("button").nth(1)
    button.click()
    assert button.get_attribute("aria-label") in panel.inner_text()
    assert panel.locator(".thumb").count() >= 1
    counted = re.search(r"\d+ of \d+( \(\d+ images × \d seeds\))?", panel.inner_text())
    has_seeds = page.locator(".choose-seed").count() > 0
    assert bool(counted[1]) == has_seeds, "of one seed, images are what is counted"
    assert re.search(r"(\d+ different images|1 image) of these shown", panel.inner_text())
    drawn = panel.locator(".thumb").first.evaluate(
        "thumb => getComputedStyle(thumb).backgroundImage"
    )
    assert drawn.startswith('url("data:image/webp;base64,')
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert button.evaluate("button => button === document.activeElement")


def test_arrow_keys_go_from_cell_to_cell(opened: Opened) -> None:
    page = opened.go("mistakes")
    matrix = page.locator(".matrix[data-model]").first
    matrix.locator("button").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.cell") == "1-0"
    assert matrix.locator("button[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    assert page.locator(".cell-images").first.is_visible()


def test_an_images_card_tells_what_every_model_makes_of_it(large_opened: Opened) -> None:
    large_page = large_opened.go("mistakes")
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


def test_the_gallery_is_filtered_by_list_and_by_class(large_opened: Opened) -> None:
    large_page = large_opened.go("mistakes")
    part = large_page.locator("section[data-dataset]")
    images = part.locator(".list li:visible")
    everything = images.count()
    part.locator(".filter-list").select_option(label="Right: third")
    assert part.locator(".list:visible").count() == 1
    part.locator(".filter-list").select_option("")
    part.locator(".choose-class").select_option(label="class 3")
    filtered = images.count()
    assert 0 < filtered < everything
    assert part.locator(".gallery .shown").inner_text() == f"{filtered} images"
    for image in images.all():
        assert "5" in image.get_attribute("data-classes").split()
    part.locator(".choose-all").click()
    assert images.count() == everything


def chart(page: Page, name: str) -> Locator:
    """The chart of a figure of the page of ten classes."""
    return page.locator(f"[id='figure.fashion-mnist.{name}'] .chart")


def colours(lines: Locator) -> set[str]:
    return {line.get_attribute("stroke") for line in lines.all()}


def with_table(file: Path, figure: str, table: str, folder: Path) -> Path:
    """Write the page anew, with another table for a figure."""
    page = file.read_text()
    old = re.search(rf'"{figure}": ("(?:[^"\\]|\\.)*")', page)
    assert old
    changed = folder / "changed.html"
    changed.write_text(page.replace(old[1], json.dumps(table)))
    return changed


@pytest.fixture
def varied(browser: Browser, large: Path, tmp_path: Path) -> Iterator[Opened]:
    """The large page, with learning curves of ten epochs that differ by model and seed."""
    header = "model,images,metric,epoch,mean,least,greatest,seed_0,seed_1,seed_2,seed_3,seed_4"
    rows = [
        [model, images, metric, epoch, value, value - 0.02, value + 0.02]
        + [value + 0.01 * (seed - 2) for seed in range(5)]
        for number, model in enumerate(("baseline", "dropout", "third"))
        for images in ("training", "validation")
        for metric in ("accuracy", "loss")
        for epoch in range(1, 11)
        for value in [0.3 + 0.1 * number + 0.03 * epoch]
    ]
    table = "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"
    opened = Opened(browser, with_table(large, "learning_curves", table, tmp_path))
    yield opened
    opened.context.close()
    assert opened.said == []


def curves(page: Page) -> Locator:
    return chart(page, "learning_curves").locator("[data-mark='line'] path")


def test_learning_curves_have_seeds_on_and_off_measures_and_a_zoom(varied: Opened) -> None:
    page = varied.go("learning")
    figure = page.locator("[id='figure.fashion-mnist.learning_curves']")
    assert not figure.locator(".drawing").is_visible()
    assert curves(page).count() == 6  # three models, training and validation
    assert chart(page, "learning_curves").locator("[data-mark='area'] path").count() == 6
    figure.get_by_label("Each seed").check()
    assert curves(page).count() == 6 * 5
    assert chart(page, "learning_curves").locator("[data-mark='area'] path").count() == 0
    figure.get_by_label("Each seed").uncheck()
    figure.get_by_role("button", name="Validation").click()
    assert curves(page).count() == 3
    before = curves(page).first.get_attribute("d")
    figure.get_by_label("Epochs from").fill("8")
    assert curves(page).first.get_attribute("d").count(",") < before.count(",")
    figure.get_by_role("button", name="Loss").click()
    assert chart(page, "learning_curves").get_by_text("loss (cross-entropy, nats)").count() == 1


@pytest.mark.parametrize(
    ("tab", "name", "mark", "said"),
    [
        (
            "learning",
            "learning_curves",
            "dot",
            r"(training|validation) epoch \d: \d+\.\d\d % seeds:",
        ),
        ("confidence", "reliability", "dot", r"\d+\.\d % of \d+ test images right"),
        ("confidence", "risk_coverage", "line", r"the surest \d+ %: \d+\.\d % wrong"),
        ("classes", "class_differences", "dot", r"interval [−+]?\d+\.\d to .*\d+ test images"),
        ("classes", "class_f1", "dot", r"F1 \d\.\d{3} interval"),
        ("overview", "accuracy", "dot", r"baseline, (mean|seed \d): \d+\.\d\d %"),
        ("overview", "forest", "dot", r"dropout − baseline: \+?\d+\.\d\d points"),
        ("overview", "pairs", "dot", r"of this comparison alone"),
        ("overview", "cost", "dot", r"1,234 parameters"),
    ],
)
def test_pointing_at_a_mark_tells_its_values(
    large_opened: Opened, tab: str, name: str, mark: str, said: str
) -> None:
    page = large_opened.go(tab)
    place = chart(page, name)
    place.scroll_into_view_if_needed()
    place.locator(f"[data-mark='{mark}'] :is(circle, path)").first.hover(force=True)
    tip = place.locator("[aria-label='tip'] text").first
    tip.wait_for()
    # Lines begin with a space without width.
    assert re.search(said, tip.text_content().replace("\u200b", " "))


def test_any_two_models_are_compared_on_all_screens(large_opened: Opened) -> None:
    page = large_opened.go("overview")
    part = page.locator("section[data-dataset]")
    part.locator(".choose-model").select_option("third")
    part.locator(".choose-other").select_option("dropout")
    assert column(page.locator("[id='table.fashion-mnist']"), 0) == ["dropout", "third"]
    assert column(page.locator("[id='table-differences.fashion-mnist']"), 0) == []
    assert (
        "Only comparisons with baseline were planned" in part.locator(".chosen .said").inner_text()
    )
    pair = chart(page, "pairs")
    assert pair.get_by_text("third − dropout").count() == 1
    assert pair.locator("[data-mark='dot'] circle").count() == 1
    assert "were not planned" in chart(page, "forest").inner_text()
    large_opened.go("confidence")
    assert (
        len(colours(chart(page, "reliability").locator("[data-mark='line'] path[stroke^='#']")))
        <= 2
    )
    large_opened.go("classes")
    assert (
        "recall of third minus that of dropout" in chart(page, "class_differences").text_content()
    )
    assert page.locator("#reports\\.fashion-mnist table:visible").count() == 2
    large_opened.go("mistakes")
    shown = page.locator(".matrix[data-model]:visible")
    assert [one.get_attribute("data-model") for one in shown.all()] == ["dropout", "third"]
    part.locator(".choose-all").click()
    assert shown.count() == 3


def test_a_screen_offers_only_choices_that_change_something_on_it(large_opened: Opened) -> None:
    page = large_opened.page
    offered = {
        "overview": {"model", "other", "seed"},
        "learning": {"model", "other", "seed"},
        "mistakes": {"model", "other", "class"},
        "classes": {"model", "other", "class"},
        "confidence": {"model", "other", "seed"},
        "data": {"model", "other", "class"},
        "made": {"model", "other", "seed"},
    }
    for tab, names in offered.items():
        large_opened.go(tab)
        for name in ("model", "other", "seed", "class"):
            assert page.locator(f".choose-{name}").is_visible() == (name in names), (tab, name)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of eight models, two of which share a colour with others."""
    results = tmp_path_factory.mktemp("many")
    models = [f"model-{number}" for number in range(8)]
    config = make_results(results, models=models, seeds=[0, 1], specs={"fashion-mnist": {}})
    file = results / "report.html"
    write_report(results, config, ROOT / "workflow/report", PUBLISHED, file)
    return file


def test_of_many_models_a_few_stand_out_until_two_are_chosen(browser: Browser, many: Path) -> None:
    opened = Opened(browser, many)
    page = opened.go("confidence")
    figure = chart(page, "risk_coverage")
    keys = page.locator("[id='figure.fashion-mnist.risk_coverage'] .keys")
    lines = figure.locator("[data-mark='line'] path[stroke^='#']")
    known = json.loads(page.locator("#gallery-data").text_content())["fashion-mnist"]
    foremost = known["ranked"][:5]
    assert len(colours(lines)) <= 6
    assert lines.count() == 6
    for model in {"model-0", *foremost}:
        assert model in keys.inner_text()
    assert "2 more: choose two above to see them" in keys.inner_text()
    assert "Of 8 models, model-0 and the 5 most accurate others" in (
        page.locator(".chosen .said").inner_text()
    )
    opened.go("mistakes")
    shown = page.locator(".matrix[data-model]:visible")
    assert shown.count() == 6
    page.locator(".choose-model").select_option("model-6")
    page.locator(".choose-other").select_option("model-7")
    assert [one.get_attribute("data-model") for one in shown.all()] == ["model-6", "model-7"]
    opened.go("confidence")
    assert lines.count() == 2
    assert len(colours(lines)) == 2
    dashes = figure.locator("[data-mark='line'][stroke-dasharray]")
    assert dashes.count() >= 1, "both share a colour with another model"
    assert page.locator(".keys .swatch.turn-1:visible").count() >= 2
    underline = "name => getComputedStyle(name).textDecorationStyle"
    names = page.locator("[id='calibration.fashion-mnist'] th .model:visible")
    assert [name.evaluate(underline) for name in names.all()] == ["dashed", "dashed"]
    opened.context.close()
    assert opened.said == []


def test_paths_and_question_marks_stay_on_their_line(large_opened: Opened) -> None:
    page = large_opened.go("overview")
    for path in page.locator("figure .path:visible").all():
        height = path.evaluate("path => parseFloat(getComputedStyle(path).lineHeight)")
        assert path.bounding_box()["height"] < 1.5 * height, path.inner_text()
    for heading in page.locator(".heading:visible").filter(has=page.locator(".term")).all():
        button, mark = (heading.locator(part).bounding_box() for part in (".sort", ".term"))
        assert mark["x"] >= button["x"] + button["width"] - 1
        assert abs(mark["y"] + mark["height"] - button["y"] - button["height"]) < 8


def test_a_model_is_never_compared_with_itself(large_opened: Opened) -> None:
    page = large_opened.go("overview")
    assert page.locator(".choose-other").is_disabled()
    page.locator(".choose-model").select_option("baseline")
    assert page.locator(".choose-other").input_value() == "dropout"
    page.locator(".choose-other").select_option("baseline")
    assert page.locator(".choose-model").input_value() == "dropout"
    assert column(page.locator("[id='table-differences.fashion-mnist']"), 0) == ["dropout"]


def test_a_chosen_seed_and_class_hold_on_all_screens(large_opened: Opened) -> None:
    page = large_opened.go("made")
    page.locator(".choose-seed").select_option("3")
    trainings = page.locator("[id='trainings.fashion-mnist'] tbody tr:visible")
    assert trainings.count() == 3
    assert {row.get_attribute("data-seed") for row in trainings.all()} == {"3"}
    large_opened.go("overview")
    dots = chart(page, "accuracy").locator("[data-mark='dot'] circle")
    assert dots.count() == 3
    large_opened.go("classes")
    page.locator(".choose-class").select_option(label="class 3")
    names = page.locator("[id='reports.fashion-mnist'] table").first.locator("tbody tr:visible th")
    assert names.all_inner_texts() == ["class 3", "macro avg", "weighted avg", "accuracy"]
    assert chart(page, "class_differences").locator("[data-mark='dot'] circle").count() == 1
    large_opened.go("data")
    assert page.locator(".samples tr:visible").count() == 1
    page.emulate_media(media="print")
    assert page.locator("[id='trainings.fashion-mnist'] tbody tr:visible").count() == 15


def test_of_many_classes_the_chart_shows_the_hardest(browser: Browser, tmp_path: Path) -> None:
    classes = [f"kind {number:02}" for number in range(60)]
    specs = {"birds": {"classes": classes}}
    config = make_results(tmp_path, seeds=[0], specs=specs, test=120)
    file = tmp_path / "report.html"
    write_report(tmp_path, config, ROOT / "workflow/report", PUBLISHED, file)
    with (tmp_path / "birds" / "figures" / "class_f1.csv").open() as table:
        rows = list(csv.DictReader(table))
    least = {
        name: min(float(row["mean"]) for row in rows if row["class"] == name) for name in classes
    }
    opened = Opened(browser, file)
    page = opened.go("classes")
    figure = page.locator("[id='figure.birds.class_f1']")
    ticks = figure.locator("[data-mark='y-axis tick label'] text")
    hardest = ticks.all_text_contents()
    assert len(hardest) == 30
    assert [least[name] for name in hardest] == sorted(least.values())[:30]
    figure.get_by_role("button", name="By class").click()
    assert ticks.all_text_contents() == sorted(hardest)
    opened.context.close()
    assert opened.said == []


def test_matrices_are_put_in_another_order_together(large_opened: Opened) -> None:
    page = large_opened.go("mistakes")
    tables = page.locator(".matrix:visible")
    before = [table.inner_text() for table in tables.all()]
    shares = [
        int(page.locator(".matrix [data-cell='2-2']").first.inner_text() or 0),
        int(page.locator(".matrix [data-cell='9-9']").first.inner_text() or 0),
    ]
    page.get_by_role("button", name="Most confused first").click()
    for table in tables.all():
        rows = table.locator("tbody th").all_text_contents()
        assert rows == table.locator("thead th span").all_text_contents()
        assert rows == tables.first.locator("tbody th").all_text_contents()
        assert sorted(rows) == sorted(CLASSES)
    assert rows != CLASSES
    assert shares == [
        int(page.locator(f".matrix [data-cell='{cell}']").first.inner_text() or 0)
        for cell in ("2-2", "9-9")
    ]
    first = page.locator(".matrix[data-model] tbody button").first
    first.focus()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.closest('tr').rowIndex")
    assert focused == 2
    page.get_by_role("button", name="As given").click()
    assert [table.inner_text() for table in tables.all()] == before


def test_a_figures_numbers_are_saved_as_the_file_beside_it(
    large_opened: Opened, large: Path
) -> None:
    page = large_opened.go("classes")
    figure = page.locator("[id='figure.fashion-mnist.class_differences']")
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as CSV").click()
    saved = Path(download.value.path()).read_text()
    file = large.parent / "fashion-mnist" / "figures" / "class_differences.csv"
    assert saved == file.read_text()


def test_charts_give_place_to_drawings_on_paper(large_opened: Opened) -> None:
    page = large_opened.go("confidence")
    figure = page.locator("[id='figure.fashion-mnist.reliability']")
    assert figure.locator(".chart svg").first.is_visible()
    page.emulate_media(media="print")
    assert not figure.locator(".chart").is_visible()
    assert figure.locator(".drawing svg").is_visible()


def test_names_are_text_everywhere(large_opened: Opened) -> None:
    large_page = large_opened.go("mistakes")
    assert EVIL in large_page.locator(".matrix tbody th").all_inner_texts()
    large_page.locator(".matrix button").first.click()
    large_page.locator(".thumbs button.thumb").first.focus()
    assert large_page.locator("main img").count() == 0
    assert large_page.evaluate("document.querySelectorAll('[onerror], [onload]').length") == 0


def test_links_of_findings_lead_to_their_evidence(opened: Opened) -> None:
    links = opened.go("overview").locator(".findings:visible a")
    assert links.count() >= 1
    for number in range(links.count()):
        link = opened.go("overview").locator(".findings:visible a").nth(number)
        target = link.get_attribute("href")[1:]
        link.click()
        opened.page.locator(f"[id='{target}']").wait_for()
        assert opened.page.evaluate("decodeURIComponent(location.hash)") == f"#{target}"


def test_a_tab_shows_its_screen_and_nothing_else(opened: Opened) -> None:
    page = opened.page
    assert page.locator(".panel:visible").count() == 1
    for tab in TABS:
        opened.go("overview").get_by_role("tab", selected=True).last.focus()
        label = next(one.title for one in sections.TABS if one.id == tab)
        page.locator(f"[id='dataset.{opened.dataset}']").get_by_role("tab", name=label).click()
        page.locator(f"[id='{opened.dataset}/{tab}']").wait_for()
        assert page.evaluate("location.hash") == f"#{opened.dataset}/{tab}"
        shown = [panel.get_attribute("id") for panel in page.locator(".panel:visible").all()]
        assert shown == [f"dataset.{opened.dataset}", f"{opened.dataset}/{tab}"]
        assert page.get_by_role("tab", selected=True).last.inner_text() == label


def test_the_back_button_leads_to_the_screen_before(opened: Opened) -> None:
    opened.go("learning")
    page = opened.go("data")
    page.go_back()
    page.locator(f"[id='{opened.dataset}/learning']").wait_for()
    page.go_forward()
    page.locator(f"[id='{opened.dataset}/data']").wait_for()


def test_an_address_opens_its_screen_at_once(browser: Browser, large: Path) -> None:
    opened = Opened(browser, large)
    for address, wanted in (
        ("fashion-mnist/confidence", "fashion-mnist/confidence"),
        ("fashion-mnist", "fashion-mnist/overview"),
        ("figure.fashion-mnist.reliability", "fashion-mnist/confidence"),
        ("term-gap", "settings"),
        ("%E2%82%AC%", "verdict"),
        ("nowhere", "verdict"),
    ):
        opened.page.goto(f"{large.as_uri()}?{len(address)}#{address}")
        assert opened.page.locator(f"[id='{wanted}']").is_visible(), address
    opened.context.close()
    assert opened.said == []


def test_arrow_keys_go_from_tab_to_tab(large_opened: Opened) -> None:
    page = large_opened.go("overview")
    page.locator(".dataset .tab.current").focus()
    for key, tab in (
        *(("ArrowRight", "learning"), ("ArrowRight", "mistakes"), ("ArrowLeft", "learning")),
        *(("End", TABS[-1]), ("ArrowRight", "overview"), ("ArrowLeft", TABS[-1])),
        ("Home", "overview"),
    ):
        page.keyboard.press(key)
        # The focus follows the address, once the browser has told the page.
        page.wait_for_function(
            "panel => document.activeElement.dataset.panel === panel", arg=f"fashion-mnist/{tab}"
        )
        assert page.evaluate("location.hash") == f"#fashion-mnist/{tab}"
    assert page.locator(".dataset .tab[tabindex='0']").count() == 1


def test_a_choice_shows_the_first_images_of_one_split(large_opened: Opened) -> None:
    page = large_opened.go("data")
    sheets = page.locator(".sheet:visible")
    assert sheets.count() == 1
    page.get_by_role("button", name="Test", exact=True).click()
    assert sheets.count() == 1
    assert sheets.first.get_attribute("id") == "samples.fashion-mnist.test"


def test_the_first_screen_answers_without_scrolling(opened: Opened) -> None:
    cards = opened.page.locator(".cards article")
    assert cards.count() == opened.page.locator("[data-dataset]").count()
    for card in cards.all():
        place = card.bounding_box()
        assert place["y"] + place["height"] <= WIDE["height"]
        assert card.locator(".forest .bar, .forest .dot").count() >= 1
        zero, bar = (
            card.locator(f".forest .{part}").first.bounding_box() for part in ("zero", "dot")
        )
        (size,) = card.locator(".forest .value").first.inner_text().split("\n")[:1]
        middle = bar["x"] + bar["width"] / 2
        assert (middle > zero["x"]) == size.startswith("+")


def test_the_page_reads_without_its_script(browser: Browser, file: Path) -> None:
    opened = Opened(browser, file, java_script_enabled=False)
    for part in ("#verdict", ".matrix", ".thumb", "table.sortable"):
        assert opened.page.locator(part).first.is_visible()
    panels = opened.page.locator(".panel")
    assert panels.count() == opened.page.locator(".panel:visible").count() > len(TABS)
    for part in (".choice", ".tools", ".filters"):
        assert opened.page.locator(f"{part}:visible").count() == 0
    opened.context.close()


def test_the_large_page_is_below_five_megabytes_too(large: Path) -> None:
    assert large.stat().st_size < 5_000_000
