"""Tables show what was counted and measured."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results_maker import draw, make_dataset
from swatchbook.comparison import inference, metrics, per_class
from swatchbook.files import read_json
from swatchbook.inspection import data_checks, prediction_checks
from swatchbook.report import gallery, tables

GALLERY = {
    "classes": ["cat", "dog"],
    "counts": {"a": [[80, 20], [1, 99]], "b": [[90, 10], [0, 100]]},
    "seeds": [0, 1],
}


def test_matrices_are_shares_of_the_true_class_and_their_change() -> None:
    first, second, change = tables.matrices(GALLERY, "a")
    assert [[cell["text"] for cell in row] for row in first["rows"]] == [["80", "20"], ["1", "99"]]
    assert [[cell["text"] for cell in row] for row in second["rows"]] == [["90", "10"], ["", "100"]]
    assert change["title"] == "b − a, in points"
    texts = [[cell["text"] for cell in row] for row in change["rows"]]
    assert texts == [["+10", "−10"], ["−1", "+1"]]
    assert [cell["falls"] for cell in change["rows"][0]] == [False, True]
    assert first["rows"][0][1]["label"] == (
        "“cat” called “dog”: 20.0 %, 20 of 100 (50 images × 2 seeds)"
    )
    crossed, *_ = tables.matrices(GALLERY | {"cross_validated": True}, "a")
    assert crossed["rows"][0][1]["label"].endswith("(50 images × 2 repetitions)")
    alone, *_ = tables.matrices(GALLERY | {"seeds": [0]}, "a")
    assert alone["rows"][0][1]["label"].endswith("20 of 100")


def test_a_class_without_test_images_has_an_empty_row() -> None:
    counts = {"a": [[0, 0], [1, 99]]}
    (only,) = tables.matrices(GALLERY | {"counts": counts}, "a")
    assert [cell["text"] for cell in only["rows"][0]] == ["", ""]
    assert only["rows"][0][0]["label"] == "“cat” called “cat”: –, 0 of 0 (0 images × 2 seeds)"


def test_too_many_classes_are_not_made_buttons() -> None:
    many = tables.CLICKABLE_CLASSES + 1
    counts = {"a": np.eye(many, dtype=int).tolist()}
    classes = [str(number) for number in range(many)]
    assert tables.matrices(GALLERY | {"counts": counts, "classes": classes}, "a") == []


def test_numbers_are_the_middle_of_the_first_channel() -> None:
    side = tables.NUMBERS + 2
    red = pd.DataFrame(np.arange(side * side).reshape(side, side) / 10_000)
    channels = [red.assign(row=range(side), channel=name) for name in ("red", "green", "blue")]
    found = tables.numbers(pd.concat(channels))
    assert found["channel"] == "red"
    assert found["is_part"]
    assert len(found["rows"]) == len(found["rows"][0]) == tables.NUMBERS
    assert found["rows"][0][0] == pytest.approx((side + 1) / 10_000)


def test_a_mean_report_has_the_interval_of_each_classes_f1(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 1, 2], ["cat", "dog", "owl"])
    rates = per_class.read(folder / "per_class.csv")
    rows = tables.mean_report(folder / "a", [0, 1, 2], 0.95, rates)
    scores = []
    for seed in range(3):
        table = pd.read_csv(folder / "a" / f"seed-{seed}" / "classification_report.csv")
        scores.append(table.set_index("class").loc["dog", "f1-score"])
    (row,) = (row for row in rows if row["class"] == "dog")
    assert row["f1-score"] == pytest.approx(np.mean(scores))
    assert row["interval"] == inference.bounded_interval(np.array(scores), 0.95)
    assert tables.mean_report(folder / "a", [0], 0.95, rates)[0]["interval"] is None
    dog = rates.iloc[1]
    assert (row["recall"], row["precision"]) == (dog["recall"], dog["precision"])
    assert row["recall_interval"] == [dog["recall_low"], dog["recall_high"]]
    assert row["precision_interval"] == [dog["precision_low"], dog["precision_high"]]
    averages = [row for row in rows if row["class"] == "macro avg"]
    assert [row["recall_interval"] for row in averages] == [None]


def test_class_names_that_pandas_reads_as_missing_have_a_row(tmp_path: Path) -> None:
    labels = np.array([0, 1, 2])
    table = metrics.classification_report(labels, labels, ["NA", "nan", "owl"])
    (tmp_path / "seed-4").mkdir()
    table.to_csv(tmp_path / "seed-4" / "classification_report.csv")
    none = pd.DataFrame({"recall": [], "precision": []})
    rows = tables.mean_report(tmp_path, [4], 0.95, none)
    assert [row["class"] for row in rows[:3]] == ["NA", "nan", "owl"]


def test_of_few_classes_no_confusions_are_listed() -> None:
    assert tables.confused_pairs(GALLERY | {"seeds": [0]}) == []


def test_classes_are_ordered_as_given_by_confusion_and_by_likeness() -> None:
    counts = [[90, 0, 0, 10], [0, 50, 50, 0], [0, 60, 40, 0], [5, 0, 0, 95]]
    given, worst, alike = tables.orders({"counts": {"a": counts}})
    assert given["places"] == [0, 1, 2, 3]
    assert worst["places"] == [2, 1, 0, 3]
    places = alike["places"]
    assert sorted(places) == [0, 1, 2, 3]
    assert abs(places.index(1) - places.index(2)) == abs(places.index(0) - places.index(3)) == 1


def test_the_matrices_cells_are_the_numbers_of_their_file(tmp_path: Path) -> None:
    """What the page shows of confusions and the CSV file beside the drawing cannot differ."""
    classes = ["x", "y", "z"]
    folder = make_dataset(tmp_path / "made-up", ["a"], [0, 1], classes)
    figures = draw(folder, ["a"], [0, 1], classes)
    data_checks.check_data(folder / "arrays", classes, folder / "checks")
    prediction_checks.check_predictions(folder, ["a"], [0, 1], classes, 0.95, folder / "checks")
    gallery.choose_images(folder, ["a"], [0, 1], "a", classes, folder / "gallery")
    table = pd.read_csv(figures / "confusion_matrices.csv")
    counts = read_json(folder / "gallery" / "gallery.json")["counts"]["a"]
    assert table["count"].tolist() == np.ravel(counts).tolist()


def test_first_images_are_of_the_splits_that_have_some() -> None:
    found = tables.samples(
        {"train": [[1], [], [2]], "validation": [[], [], []], "test": [[], [], [3]]}
    )
    assert [split["name"] for split in found] == ["train", "test"]
    assert found[1]["rows"] == [{"place": 0, "images": []}, {"place": 2, "images": [3]}]
