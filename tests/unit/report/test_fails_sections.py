"""The page says how models fail where that was analysed, in sentences that follow from numbers."""

from pathlib import Path
from typing import Any

import pytest

from parsed_page import Page
from paths import PUBLISHED, ROOT
from results_maker import make_results
from swatchbook.report import sentences, write_report

EVERYTHING = {
    "corruptions": {"images": 500, "seeds": 3},
    "prediction_sets": {"coverage": 0.9},
    "label_errors": True,
}


def written(results: Path, analysis: dict[str, Any], **made: Any) -> Page:
    config = make_results(results, analysis=analysis, **{"seeds": [0], **made})
    output = results / "report.html"
    write_report(results, config, ROOT / "workflow" / "report", PUBLISHED, output)
    return Page(output)


def test_the_page_has_a_tab_with_what_is_on(tmp_path: Path) -> None:
    page = written(tmp_path / "results", EVERYTHING, validation=5)
    text = page.one("main").text
    assert "made-up/fails" in page.ids
    assert {f"{part}.made-up" for part in EVERYTHING} <= set(page.ids)
    assert "Baseline is right on" in text and "One seed was tried" in text
    assert "too few: 90 % need at least 9, so every set has all classes" in text
    assert "Ours finds" in text and "cleanlab" in text
    assert "--forcerun sum_up_corruptions" in text


def test_without_validation_images_the_page_says_so_in_a_line(tmp_path: Path) -> None:
    page = written(tmp_path / "results", {"prediction_sets": {"coverage": 0.9}}, validation=0)
    assert "has no validation images, so there is nothing to find" in page.one("main").text
    assert "prediction_sets.made-up" in page.ids and "corruptions.made-up" not in page.ids


def test_with_nothing_on_there_is_no_tab(tmp_path: Path) -> None:
    page = written(tmp_path / "results", {})
    assert "made-up/fails" not in page.ids
    assert "How it fails" not in page.one("main").text


def test_of_a_cross_validation_all_of_it_is_shown(tmp_path: Path) -> None:
    page = written(tmp_path / "results", EVERYTHING, seeds=[0, 1, 2], folds=3)
    assert "Each run is shown the images of its own fold" in page.one("main").text


@pytest.mark.parametrize(
    ("difference", "interval", "said"),
    [
        (0.05, [0.01, 0.09], "Under corruption b is more accurate than a: +5.0 points"),
        (-0.05, [-0.09, -0.01], "Under corruption b is less accurate than a: −5.0 points"),
        (0.01, [-0.03, 0.05], "It is not shown that b and a differ under corruption: +1.0 points"),
        (0.05, None, "It is not shown that b and a differ under corruption: +5.0 points"),
    ],
)
def test_a_difference_under_corruption_is_told_by_its_interval(
    difference: float, interval: list[float] | None, said: str
) -> None:
    entry = {
        "model": "b",
        "reference": "a",
        "corrupted": {"difference": difference, "interval": interval},
        "clean": {"difference": 0.02, "interval": [0.01, 0.03]},
    }
    told = sentences.apart_under_corruption(entry)
    assert told.startswith(said)
    assert told.endswith("on the same images as they are +2.0 points (interval +1.0 to +3.0).")
