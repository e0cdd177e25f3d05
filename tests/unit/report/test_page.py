"""The report is one page that answers first, needs no network and runs nothing."""

import base64
import copy
import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parsed_page import Element, Page
from paths import ROOT
from results_maker import PUBLISHED, make_results
from swatchbook.comparison import compare
from swatchbook.files import read_json, write_json
from swatchbook.report import drawings, sentences, verdicts, write_report
from swatchbook.report.page import SCRIPTS

PAGE = ROOT / "workflow" / "report"
EVIL = "</script><img src=x onerror=alert(1)>"
EVIL_QUOTES = '"\' onload=alert(1) id="title'
NOTICE = "This is a demo: its numbers say nothing."
SPECS = {
    "made-up": {"homepage": "https://example.org/made-up?a=1&b=2"},
    "evil": {
        "title": EVIL,
        "description": EVIL,
        "licence": EVIL,
        "homepage": "javascript:alert(1)",
        "classes": [EVIL, EVIL_QUOTES, "owl"],
    },
}


@dataclass(frozen=True)
class Made:
    results: Path
    config: dict[str, Any]
    file: Path
    page: Page


def write(results: Path, config: dict[str, Any], output: Path) -> Made:
    write_report(results, config, PAGE, PUBLISHED, output)
    return Made(results, config, output, Page(output))


def judged(made: Made) -> list[dict[str, Any]]:
    """The comparisons of all data sets, judged together."""
    names = made.config["datasets"]
    return verdicts.judged(read_json(made.results / name / "comparison.json") for name in names)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report of two data sets, one with names that try to break out."""
    results = tmp_path_factory.mktemp("results")
    config = make_results(results, specs=SPECS, notice=NOTICE)
    config["report"]["title"] = EVIL
    return write(results, config, results / "report.html")


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report of one model with one seed and without a validation set."""
    results = tmp_path_factory.mktemp("results")
    config = make_results(results, models=["alone"], seeds=[4], validation=0)
    return write(results, config, results / "report.html")


@pytest.fixture(scope="module")
def sequential(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A report of two data sets whose comparisons took as many seeds as a decision needed."""
    results = tmp_path_factory.mktemp("results")
    specs = {"first": {"title": "First"}, "second": {"title": "Second"}}
    seeds = range(5)
    config = make_results(results, specs=specs, seeds=seeds, until_decided=(3, 5))
    return write(results, config, results / "report.html")


@pytest.fixture(scope="module", params=["made", "least", "sequential"])
def any_made(request: pytest.FixtureRequest) -> Made:
    return request.getfixturevalue(request.param)


def test_the_answers_come_first(any_made: Made) -> None:
    main = any_made.page.one("main").text
    position = 0
    for name, comparison in zip(any_made.config["datasets"], judged(any_made), strict=True):
        title = any_made.config["specs"][name]["title"]
        for answer in sentences.answers(title, comparison):
            for sentence in (answer.claim, answer.gap, answer.detail):
                position = main.index(sentence, position) + len(sentence)
    before = main[:position]
    evidence = [table for table in any_made.page.all("table") if not on_a_card(table)]
    evidence += any_made.page.all("figure")
    assert not any(element.text and element.text in before for element in evidence)


def on_a_card(element: Element) -> bool:
    return "accuracies" in element.attributes.get("class", "")


def test_the_measured_accuracies_stand_in_the_page(any_made: Made) -> None:
    text = any_made.page.one("main").text
    for name in any_made.config["datasets"]:
        for model in read_json(any_made.results / name / "comparison.json")["models"].values():
            assert sentences.percent(model["metrics"]["accuracy"]["mean"], 2) in text


def test_every_comparison_has_a_row_with_all_that_is_known(made: Made) -> None:
    rows = [element.text for element in made.page.all("tr")]
    for comparison in judged(made):
        for entry in comparison["differences"]:
            accuracy = entry["accuracy"]
            wanted = [
                sentences.points(accuracy["difference"], 2),
                sentences.interval(accuracy["interval"], 100, 2),
                sentences.p_value(accuracy["p_value"]),
                sentences.p_value(accuracy["holm_p_value"]),
                f"{accuracy['smallest_detectable'] * 100:.2f}",
                accuracy["verdict"],
            ]
            assert any(all(text in row for text in wanted) for row in rows), wanted
            for pair in entry["mcnemar"]:
                p_value = sentences.p_value(pair["p_value"])
                counts = f"{pair['seed']} {pair['only_model']} {pair['only_reference']} {p_value}"
                assert f"{entry['model']} {entry['reference']} {counts}" in rows


def test_calibration_stands_before_and_after_temperature_scaling(any_made: Made) -> None:
    rows = [element.text for element in any_made.page.all("tr")]
    for comparison in judged(any_made):
        for name, model in comparison["models"].items():
            measured = [model["metrics"][m]["mean"] for m in ("log_loss", "brier", "ece")]
            wanted = [name, *map(sentences.nats, measured)]
            if model["scaling"]:
                after = [model["scaling"]["metrics"][m]["mean"] for m in ("log_loss", "ece")]
                wanted += [*map(sentences.nats, after)]
                wanted += [f"{value:.2f}" for value in model["scaling"]["temperature"]]
            assert any(all(text in row for text in wanted) for row in rows), wanted
    nothing = "This data set has no validation images"
    assert (nothing in any_made.page.one("main").text) == (len(any_made.config["models"]) == 1)


def test_every_training_has_its_accuracy_with_wilsons_interval(any_made: Made) -> None:
    rows = [element.text for element in any_made.page.all("tr")]
    for comparison in judged(any_made):
        for model in comparison["models"].values():
            values = model["metrics"]["accuracy"]["per_seed"]
            for value, bounds in zip(values, model["wilson"], strict=True):
                wanted = f"{sentences.percent(value, 2)} {sentences.interval(bounds, 100, 2)}"
                assert any(wanted in row for row in rows)


def figures_of(made: Made) -> int:
    """The figures of a data set; of one model nothing is compared, so those of that are empty."""
    return 11 if len(made.config["models"]) > 1 else 8


def test_figures_say_where_their_files_are_and_how_they_were_made(any_made: Made) -> None:
    page = any_made.page
    files = [e for e in page.elements if e.attributes.get("class") == "file"]
    named = [e for e in files if "its numbers: " in e.text]
    assert len(named) == (figures_of(any_made) + 1) * len(any_made.config["datasets"])
    for element in named:
        for file in re.findall(r"[\w./-]+\.(?:svg|csv)", element.text):
            assert (any_made.results / file).is_file(), file
        (link,) = page.all("a", element)
        (record,) = (
            e for e in page.elements if "#" + e.attributes.get("id", "") == link.attributes["href"]
        )
        assert "Rule" in record.text
        assert "snakemake --cores 1 --forcerun" in record.text
        assert re.search(r"SHA-256 [0-9a-f]{64}", record.text)


def test_names_appear_only_escaped(made: Made) -> None:
    page = made.page
    assert EVIL not in page.source
    assert made.page.one("title").text == EVIL
    assert page.one("main").text.count(EVIL) >= 6  # title, description, licence, classes …
    said = [value for element in page.elements for value in element.attributes.values()]
    assert sum(EVIL in value for value in said) > 20  # text alternatives
    figures = [element.text for element in page.all("svg")]
    assert any(EVIL in text for text in figures)


def test_there_is_nothing_that_runs_or_loads(any_made: Made) -> None:
    page = any_made.page
    forbidden = {"img", "iframe", "object", "embed", "link", "base", "form", "video"}
    assert forbidden.isdisjoint(element.tag for element in page.elements)
    for element in page.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), (element.tag, name)
            if name in ("src", "srcset", "href", "xlink:href", "data", "action", "poster"):
                allowed = ("#", "data:image/png;base64,", "data:image/webp;base64,")
                if element.tag == "a":
                    allowed = ("#", "https://", "http://")
                assert value.startswith(allowed), (element.tag, name, value[:80])
    outside = re.findall(
        r"url\((?!['\"]?#|\"data:image/webp;base64,)[^)]*\)|@import",
        without_scripts(page),
        re.IGNORECASE,
    )
    assert outside == []


def test_only_the_pages_own_script_runs(any_made: Made) -> None:
    first, data, numbers, *rest = any_made.page.all("script")
    for element in (data, numbers):
        assert element.attributes["type"] == "application/json"
    scripts = [script.texts for script in (first, *rest)]
    assert scripts == [[(PAGE / file).read_text()] for file in SCRIPTS]
    hashes = [hashlib.sha256(text.encode()).digest() for (text,) in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    assert f"script-src {allowed};" in policy(any_made.page)
    galleries = json.loads(data.texts[0])
    assert set(galleries) == set(any_made.config["datasets"])
    for name, gallery in galleries.items():
        assert gallery["classes"] == any_made.config["specs"][name]["classes"]


def test_a_page_figure_has_the_very_text_of_the_file_beside_its_drawing(any_made: Made) -> None:
    (element,) = (e for e in any_made.page.all("script") if e.attributes.get("id") == "figure-data")
    files = json.loads(element.texts[0])["files"]
    figures = [e for e in any_made.page.all("figure") if "data-figure" in e.attributes]
    charted = {e.attributes["data-figure"] for e in figures}
    functions = set(re.findall(r"^  (\w+): \{$", (PAGE / "charts.js").read_text(), re.MULTILINE))
    for name in any_made.config["datasets"]:
        assert set(files[name]) == charted <= functions
        for figure, text in files[name].items():
            assert (any_made.results / name / "figures" / f"{figure}.csv").read_text() == text


def test_a_file_that_is_too_large_for_a_page_leaves_the_drawing(
    least: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = least.results / "made-up" / "figures" / "class_f1.csv"
    monkeypatch.setattr(drawings, "LARGEST", len(file.read_text()) - 1)
    page = write(least.results, least.config, tmp_path / "report.html").page
    (element,) = (e for e in page.all("script") if e.attributes.get("id") == "figure-data")
    assert "class_f1" not in json.loads(element.texts[0])["files"]["made-up"]
    assert "figure.made-up.class_f1" in page.ids


def without_scripts(page: Page) -> str:
    """The page's source without its own scripts, which only their digests let run."""
    return re.sub("<script>.*?</script>", "", page.source, flags=re.DOTALL)


def policy(page: Page) -> str:
    """The page's content-security policy."""
    (found,) = (
        element.attributes["content"]
        for element in page.all("meta")
        if element.attributes.get("http-equiv", "").lower() == "content-security-policy"
    )
    return found


def test_the_page_forbids_the_browser_to_load_anything(any_made: Made) -> None:
    directives = dict(part.split(maxsplit=1) for part in policy(any_made.page).split(";"))
    assert directives["default-src"] == "'none'"
    assert not re.search(r"https?:|\*", policy(any_made.page))


def test_ids_are_unique_and_references_lead_somewhere(any_made: Made) -> None:
    page = any_made.page
    ids = page.ids
    assert sorted(ids) == sorted(set(ids))
    referred = set(re.findall(r"url\(['\"]?#([^)'\"]+)", without_scripts(page)))
    for element in page.elements:
        for name in ("href", "xlink:href"):
            if element.attributes.get(name, "").startswith("#"):
                referred.add(element.attributes[name][1:])
        for name in ("aria-labelledby", "aria-describedby"):
            referred |= set(element.attributes.get(name, "").split())
    assert referred - set(ids) == set()


def test_ids_are_unique_whatever_the_data_sets_are_called(least: Made, tmp_path: Path) -> None:
    names = ["made", "verdict", "results", "a", "a-data", "terms", "card", "gallery-data"]
    config = copy.deepcopy(least.config) | {"datasets": names}
    for name in names:
        shutil.copytree(least.results / "made-up", tmp_path / name)
        config["specs"][name] = config["specs"]["made-up"]
    ids = write(tmp_path, config, tmp_path / "report.html").page.ids
    assert {id for id in ids if ids.count(id) > 1} == set()


def test_every_figure_has_a_title_a_reading_and_a_text_alternative(any_made: Made) -> None:
    page = any_made.page
    figures = page.all("figure")
    assert len(figures) == figures_of(any_made) * len(any_made.config["datasets"])
    for figure in figures:
        (caption,) = page.all("figcaption", figure)
        headings = [page.all(f"h{level}", caption) for level in range(2, 7)]
        ((heading,),) = filter(None, headings)
        assert heading.text
        assert len(caption.text) > len(heading.text)
        (svg,) = page.all("svg", figure)
        assert svg.attributes["role"] == "img"
        label = svg.attributes.get("aria-label", "")
        assert label or svg.attributes.get("aria-labelledby")


def test_the_page_is_below_five_megabytes(any_made: Made) -> None:
    assert any_made.file.stat().st_size < 5_000_000


def test_a_notice_stands_before_the_answers(made: Made, least: Made) -> None:
    main = made.page.one("main").text
    assert main.index(NOTICE) < main.index("Test accuracy")
    notices = [e for e in made.page.elements if "notice" in e.attributes.get("class", "").split()]
    assert [notice.text for notice in notices] == [NOTICE]
    assert not any("notice" in e.attributes.get("class", "").split() for e in least.page.elements)


def test_a_data_set_says_where_it_comes_from(made: Made) -> None:
    text = made.page.one("main").text
    spec = made.config["specs"]["made-up"]
    for fact in (spec["title"], spec["description"], spec["licence"], *spec["classes"]):
        assert fact in text
    receipt = read_json(made.results / "made-up" / "download" / "images.gz.json")
    assert receipt["sha256"] in text
    assert receipt["source"] in text


def test_a_data_sets_homepage_is_a_link_unless_it_could_run_something(made: Made) -> None:
    links = [element.attributes.get("href", "") for element in made.page.all("a")]
    assert SPECS["made-up"]["homepage"] in links
    assert not any("javascript" in link for link in links)


def test_a_data_set_without_homepage_and_licence_has_a_page(least: Made, tmp_path: Path) -> None:
    config = copy.deepcopy(least.config)
    config["specs"]["made-up"] |= {"homepage": None, "licence": None, "description": ""}
    text = write(least.results, config, tmp_path / "report.html").page.one("main").text
    assert "not stated" in text
    assert "None" not in text


def test_the_data_checks_state_what_was_found(made: Made) -> None:
    page = made.page
    text = page.one("main").text
    assert "1 of 24 test images have an exact copy or a near copy among the training images" in text
    assert "of the range): 1, the first with the id 00001." in text
    for name in made.config["datasets"]:
        assert f"checks.{name}" in page.ids
        found = read_json(made.results / name / "checks" / "accuracy_without_twins.json")
        for model in found["models"].values():
            for group in ("all", "without_twins", "twins"):
                assert sentences.percent(model[group]["mean"], 2) in text
    (row, *_) = (row for row in page.all("tr") if "test, copy in train" in row.text)
    assert [cell.text for cell in page.all("td", row)] == ["1", "0", "1", "1"]


def test_a_data_set_without_copies_has_dashes(least: Made, tmp_path: Path) -> None:
    shutil.copytree(least.results / "made-up", tmp_path / "made-up")
    file = tmp_path / "made-up" / "checks" / "accuracy_without_twins.json"
    found = read_json(file) | {"twins": 0}
    found["models"]["alone"]["twins"] = None
    write_json(file, found)
    page = write(tmp_path, least.config, tmp_path / "report.html").page
    (table,) = (t for t in page.all("table") if "with and without them" in t.text)
    assert table.text.endswith("–")
    assert "0 of 24 test images" in page.one("main").text


def test_a_figure_without_a_row_is_left_out(least: Made, tmp_path: Path) -> None:
    shutil.copytree(least.results / "made-up", tmp_path / "made-up")
    table = tmp_path / "made-up" / "checks" / "twins.csv"
    names = [e.attributes["id"] for e in least.page.all("figure")]
    assert "figure.made-up.twins" in names and "figure.made-up.forest" not in names
    table.write_text(table.read_text().splitlines(keepends=True)[0])
    page = write(tmp_path, least.config, tmp_path / "report.html").page
    left = [e.attributes["id"] for e in page.all("figure")]
    assert left == [name for name in names if name != "figure.made-up.twins"]


def test_terms_are_those_that_the_page_refers_to(any_made: Made) -> None:
    page = any_made.page
    listed = {e.attributes["id"] for e in page.all("dt")}
    links = {e.attributes["href"][1:] for e in page.all("a") if "href" in e.attributes}
    assert listed == {link for link in links if link.startswith("term-")}
    assert "term-accuracy" in listed and "term-views" not in listed


def test_what_was_made_together_has_the_titles_of_its_figures(made: Made) -> None:
    summaries = [e.text for e in made.page.all("summary")]
    assert any("Reliability, Risk and coverage, Right and wrong images" in s for s in summaries)
    assert not any("risk_coverage" in s for s in summaries)


def test_scaling_that_does_not_help_is_said_to(least: Made, made: Made, tmp_path: Path) -> None:
    name = made.config["datasets"][0]
    for folder in made.config["datasets"]:
        shutil.copytree(made.results / folder, tmp_path / folder)
    file = tmp_path / name / "comparison.json"
    comparison = read_json(file)
    for found, after in zip(comparison["models"].values(), (0.2, 0.05), strict=False):
        found["metrics"]["ece"]["mean"] = 0.1
        found["scaling"]["metrics"]["ece"]["mean"] = after
    write_json(file, comparison)
    worse, better = list(comparison["models"])[:2]
    text = write(tmp_path, made.config, tmp_path / "report.html").page.one("main").text
    assert f"it did not help {worse}: after it, its mean ECE is no smaller" in text
    assert f"it did not help {better}" not in text
    assert "it did not help" not in least.page.one("main").text, "nothing was scaled"


def test_a_single_run_claims_nothing(least: Made) -> None:
    text = least.page.one("main").text
    assert "there is no other model" in text
    assert re.search(r"Alone calls \d+\.\d % of the test images right \(one run; another 24 ", text)
    assert "Always naming" not in text and "always naming the largest class" in text
    assert "Its weakest class is “" in text
    assert "Means over 1 seed after" in text
    for claim in ("is better than", "is worse than", "validation loss was lowest"):
        assert claim not in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_exports_are_shown_where_the_configuration_asks_for_them(
    least: Made, tmp_path: Path
) -> None:
    folder = tmp_path / "made-up"
    shutil.copytree(least.results / "made-up", folder)
    best = {"model": "alone", "seed": 4, "chosen_by": "the highest accuracy", "runs": [{}] * 3}
    write_json(folder / "best.json", best)
    facts = {
        "file": "model.onnx",
        "runtime": "onnxruntime 1.2.3",
        "accuracy": 0.7654,
        "equal_classes": 0.9876,
        "largest_difference_in_float32": 1.2e-6,
        "bytes": 1_234_567,
        "milliseconds_an_image": 0.4567,
    }
    exported = {"trained_in": "float32", "test_images": 24, "accuracy": 0.75}
    write_json(folder / "best" / "export.json", exported | {"formats": {"onnx": facts}})
    without = write(tmp_path, least.config, tmp_path / "without.html").page
    assert "1,234,567" not in without.one("main").text
    config = copy.deepcopy(least.config)
    config["report"]["exports"] = True
    page = write(tmp_path, config, tmp_path / "with.html").page
    (table,) = (table for table in page.all("table") if "1,234,567" in table.text)
    for told in ("onnx", "onnxruntime 1.2.3", "76.54 %", "98.76 %", "1.2e-06", "0.46"):
        assert told in table.text
    assert "alone, seed 4, chosen from 3 trainings: the highest accuracy" in page.one("main").text


def test_test_time_augmentation_stands_in_a_table_of_its_own(least: Made, tmp_path: Path) -> None:
    assert "test-time augmentation (" not in least.page.one("main").text
    folder = tmp_path / "made-up"
    shutil.copytree(least.results / "made-up", folder)
    file = folder / "alone" / "seed-4" / "metrics.json"
    measured = read_json(file)
    write_json(file, measured | {"views": measured["test"] | {"accuracy": 0.123}})
    settings = least.config["comparison"] | {"design": None}
    compare(folder, ["alone"], [4], settings, PUBLISHED, folder / "comparison.json")
    config = least.config | {"evaluation": {"views": {"mirror_shift": {"pixels": 1}}}}
    page = write(tmp_path, config, tmp_path / "report.html").page
    with_views = [table for table in page.all("table") if "12.30" in table.text]
    assert len(with_views) == 1
    assert "test-time augmentation (mirror and shift)" in with_views[0].text
    plain = sentences.percent(measured["test"]["accuracy"], 2)
    assert plain in next(table for table in page.all("table") if "Macro-F1" in table.text).text
    assert plain not in with_views[0].text


def test_the_page_says_when_trainings_end(made: Made) -> None:
    text = made.page.one("main").text
    assert "Training goes through all its epochs; the weights of the last epoch are kept." in text


def test_a_training_that_was_resumed_says_so(made: Made) -> None:
    rows = [row for row in made.page.all("tr") if "A made-up CPU float32" in row.text]
    assert len(rows) == len(made.config["datasets"]) * 2 * 3
    assert {row.text.endswith("float32 2 2 1") for row in rows if " 0 " in row.text[:25]} == {True}
    assert sum(row.text.endswith("float32 2 2 –") for row in rows) == len(rows) * 2 // 3


def test_it_says_how_it_was_made(made: Made) -> None:
    text = made.page.one("main").text
    runs = len(made.config["datasets"]) * 2 * 3
    assert f"{runs} trainings" in text
    assert "A made-up CPU" in text
    assert "2026-01-02" in text
    assert "it was made up" in text
    assert "snakemake" in text


def test_the_same_results_give_the_same_page(least: Made, tmp_path: Path) -> None:
    again = write(least.results, least.config, tmp_path / "report.html")
    assert again.file.read_bytes() == least.file.read_bytes()


def test_a_sequential_report_says_its_design_and_each_look(sequential: Made) -> None:
    text = sequential.page.one("main").text
    assert "After 3, 5 seeds one looks; the intervals allow for all looks and for all 2" in text
    assert "“Equivalent” means that the interval lies within 1.5 points" in text
    assert "Gaps and log-loss have an interval each by itself" in text
    assert "by Holm for" not in text
    for comparison in judged(sequential):
        (entry,) = comparison["differences"]
        assert [look["seeds"] for look in entry["accuracy"]["looks"]] == [3, 5]
        claims = [answer.claim for answer in sentences.answers("First", comparison)]
        assert all("seeds each" in claim for claim in claims)
    assert text.count("Look by look") == 2
