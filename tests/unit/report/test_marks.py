"""Marks stand where their values are."""

import pytest

from swatchbook.report import cards, marks
from swatchbook.report.marks import Line


def test_a_line_has_room_for_its_values_in_their_order() -> None:
    line = Line.over([0.9, 0.95, 0.8])
    places = [line.at(value) for value in (0.8, 0.9, 0.95)]
    assert 0 < places[0] < places[1] < places[2] < 100
    assert (line.at(-1), line.at(2)) == (0, 100)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_single_value_has_a_line_too(value: float) -> None:
    assert Line.over([value]).at(value) == 50


def test_differences_stand_around_zero_with_their_intervals() -> None:
    rows = [
        {"model": "a", "difference": -0.01, "interval": [-0.03, 0.01]},
        {"model": "b", "difference": 0.02, "interval": None},
    ]
    found = marks.forest(rows, margin=2.0)
    first, second = found["rows"]
    assert first["from"] < first["at"] < 50 < first["to"] < second["at"] < 100
    assert second["from"] is second["to"] is None
    assert first["at"] - first["from"] == pytest.approx(first["to"] - first["at"], abs=0.02)
    low, high = found["margin"]
    assert high == second["at"] and low + high == pytest.approx(100)
    assert found["ends"] == ["−3.2", "+3.2"]
    assert marks.forest(rows, margin=None)["margin"] is None


def test_published_figures_stand_beside_ones_own_on_one_line() -> None:
    published = [{"what": "x", "accuracy": 0.8}, {"what": "y", "accuracy": 0.95}]
    found = marks.strip({"a": 0.9}, published)
    low, high = (mark["at"] for mark in found["published"])
    assert 0 < low < found["ours"][0]["at"] < high < 100
    assert [mark["number"] for mark in found["published"]] == [1, 2]
    assert [mark["label"] for mark in found["published"]] == ["1", "2"]


def test_published_figures_near_each_other_share_a_label() -> None:
    published = [{"what": "x", "accuracy": value} for value in (0.951, 0.7, 0.95, 0.953)]
    found = marks.strip({"a": 0.9}, published)["published"]
    assert [mark["label"] for mark in found] == ["", "2", "1, 3, 4", ""]
    assert found[0]["at"] != found[2]["at"]


def test_of_many_differences_a_card_has_the_largest_gains_and_losses() -> None:
    rows = [{"model": str(number)} for number in range(20)]
    assert [row["model"] for row in cards._extremes(rows)] == ["0", "1", "2", "17", "18", "19"]
    assert cards._extremes(rows[:6]) == rows[:6]
