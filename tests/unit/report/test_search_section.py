"""The page has a section on a search where there is one, and says what it does not show."""

from pathlib import Path

from made_search import checked, make_search, trial
from parsed_page import Page
from paths import PUBLISHED, ROOT
from results_maker import make_results
from swatchbook import provenance
from swatchbook.report import write_report

TRIALS = [trial(0, 0.5), trial(1, None, "diverged"), trial(2, 0.4, "pruned"), trial(3, 0.7)]


def written(results: Path, with_search: bool) -> Page:
    config = make_results(results, seeds=[0])
    config["search"] = checked()["search"] if with_search else None
    if with_search:
        folder = results / "made-up" / "search"
        folder.mkdir()
        make_search(folder, TRIALS)
        record = folder / "provenance.json"
        provenance.record(record, "search_result", [folder / "trial-0.json"], {"seed": 1000})
    output = results / "report.html"
    write_report(results, config, ROOT / "workflow" / "report", PUBLISHED, output)
    return Page(output)


def test_the_page_shows_every_trial_and_warns_of_the_best(tmp_path: Path) -> None:
    page = written(tmp_path / "results", True)
    text = page.one("main").text
    assert "4 trials of recipes beside baseline, 2 complete, 1 diverged, 1 pruned" in text
    assert "Trial 3 is the best, with a validation accuracy of 70.00 %" in text
    assert "That number flatters" in text and "winner’s curse" in text
    assert "--configfile config/config.yaml results/made-up/search/best.yaml" in text
    (table,) = (table for table in page.all("table") if "All trials; val_accuracy" in table.text)
    rows = page.all("tr", table)[1:]
    assert [page.all("td", row)[0].text for row in rows] == [
        *("complete", "diverged", "pruned", "complete")
    ]
    assert [page.all("td", row)[1].text for row in rows][1:3] == ["–", "40.00 %"]
    assert {"search.made-up", "figure.made-up.search"} <= set(page.ids)
    assert "--forcerun search_result" in text
    configuration = text.partition("Configuration")[2]
    assert "space:" in configuration and "derived" not in configuration


def test_without_a_search_the_page_says_nothing_of_one(tmp_path: Path) -> None:
    page = written(tmp_path / "results", False)
    assert "search.made-up" not in page.ids
    assert "search:" not in page.one("main").text
