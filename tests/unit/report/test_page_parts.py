"""Drawings, matrices and thumbnails as the page shows them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from results_maker import make_dataset
from swatchbook.comparison import inference, metrics
from swatchbook.report import page_parts

CLASSES = ["cat", "dog"]
GALLERY = {
    "models": ["a", "b"],
    "seeds": [0, 1],
    "classes": CLASSES,
    "counts": {"a": [[80, 20], [1, 99]], "b": [[90, 10], [0, 100]]},
    "columns": 4,
    "rows": 3,
    "images": [
        {
            "id": "007",
            "label": 0,
            "models": [
                {"right": 2, "likeliest": [[0, 0.97], [1, 0.03]]},
                {"right": 0, "likeliest": [[1, 0.6], [0, 0.4]]},
            ],
        }
    ],
}


def test_matrices_are_shares_of_the_true_class_and_their_change() -> None:
    first, second, change = page_parts.matrices(GALLERY, "a")
    assert [[cell["text"] for cell in row] for row in first["rows"]] == [["80", "20"], ["1", "99"]]
    assert [[cell["text"] for cell in row] for row in second["rows"]] == [["90", "10"], ["", "100"]]
    assert change["title"] == "b − a, in points"
    texts = [[cell["text"] for cell in row] for row in change["rows"]]
    assert texts == [["+10", "−10"], ["−1", "+1"]]
    assert [cell["falls"] for cell in change["rows"][0]] == [False, True]
    assert first["rows"][0][1]["label"] == "cat called dog: 20.0 %, 20 of 100"


def test_a_class_without_test_images_has_an_empty_row() -> None:
    counts = {"a": [[0, 0], [1, 99]]}
    (only,) = page_parts.matrices(GALLERY | {"counts": counts}, "a")
    assert [cell["text"] for cell in only["rows"][0]] == ["", ""]
    assert only["rows"][0][0]["label"] == "cat called cat: –, 0 of 0"


def test_too_many_classes_are_not_made_buttons() -> None:
    many = page_parts.CLICKABLE_CLASSES + 1
    counts = {"a": np.eye(many, dtype=int).tolist()}
    classes = [str(number) for number in range(many)]
    assert page_parts.matrices(GALLERY | {"counts": counts, "classes": classes}, "a") == []


def test_a_thumbnail_is_placed_told_and_captioned() -> None:
    sheet = page_parts.Sheet(GALLERY, b"RIFF")
    assert sheet.url == "data:image/webp;base64,UklGRg=="
    assert sheet.position(0) == "0.0000% 0.0000%"
    assert sheet.position(6) == "66.6667% 50.0000%"
    assert sheet.position(11) == "100.0000% 100.0000%"
    assert sheet.told(0) == (
        "cat, id 007; a: cat 97 %, right in 2 of 2 seeds; b: dog 60 %, right in 0 of 2 seeds"
    )
    only = {"kind": "only", "model": "a", "other": "b", "images": [0], "of": 1}
    assert sheet.called(only, 0) == "60 % dog"
    assert sheet.title(only) == "Only a is right, not b"
    assert sheet.explained(only).endswith("1 in all.")
    wrong = {"kind": "wrong", "model": "b", "other": None, "images": [0], "of": 30}
    assert sheet.called(wrong, 0) == "60 % dog"
    assert "30 in all, the first 1 are shown" in sheet.explained(wrong)
    assert sheet.classes_of(0) == [0, 1]


def test_numbers_are_the_middle_of_the_first_channel() -> None:
    side = page_parts.NUMBERS + 2
    red = pd.DataFrame(np.arange(side * side).reshape(side, side) / 10_000)
    tables = [red.assign(row=range(side), channel=name) for name in ("red", "green", "blue")]
    found = page_parts.numbers(pd.concat(tables))
    assert found["channel"] == "red"
    assert found["is_part"]
    assert len(found["rows"]) == len(found["rows"][0]) == page_parts.NUMBERS
    assert found["rows"][0][0] == pytest.approx((side + 1) / 10_000)


def test_a_mean_report_has_the_interval_of_each_classes_f1(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 1, 2], ["cat", "dog", "owl"])
    rows = page_parts.mean_report(folder / "a", [0, 1, 2], 0.95)
    scores = []
    for seed in range(3):
        table = pd.read_csv(folder / "a" / f"seed-{seed}" / "classification_report.csv")
        scores.append(table.set_index("class").loc["dog", "f1-score"])
    (row,) = (row for row in rows if row["class"] == "dog")
    assert row["f1-score"] == pytest.approx(np.mean(scores))
    bounds = inference.t_interval(np.array(scores), 0.95)
    assert row["interval"] == pytest.approx(np.clip(bounds, 0, 1).tolist())
    assert page_parts.mean_report(folder / "a", [0], 0.95)[0]["interval"] is None


def test_class_names_that_pandas_reads_as_missing_have_a_row(tmp_path: Path) -> None:
    labels = np.array([0, 1, 2])
    table = metrics.classification_report(labels, labels, ["NA", "nan", "owl"])
    (tmp_path / "seed-4").mkdir()
    table.to_csv(tmp_path / "seed-4" / "classification_report.csv")
    rows = page_parts.mean_report(tmp_path, [4], 0.95)
    assert [row["class"] for row in rows[:3]] == ["NA", "nan", "owl"]


def test_svg_text_that_looks_like_markup_is_left_alone() -> None:
    text = 'id="x" url(#x) #1a1a1a'
    svg = f'<?xml version="1.0"?>\n<svg width="1pt" height="2pt"><text id="t">{text}</text></svg>'
    assert f">{text}</text>" in page_parts.inline_svg(svg, "prefix", "A title")


def test_an_inline_svg_keeps_its_shape_and_references() -> None:
    svg = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg>\n'
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="1pt" height="2pt" '
        'viewBox="0 0 1 2"><defs><path id="m" style="stroke: #1a1a1a"/></defs>'
        '<use xlink:href="#m" width="3" clip-path="url(#m)"/></svg>'
    )
    found = page_parts.inline_svg(svg, "made-up", "A title")
    assert found.startswith("<svg ")
    assert 'aria-label="A title"' in found
    assert 'id="made-up-m"' in found
    assert 'xlink:href="#made-up-m"' in found
    assert "url(#made-up-m)" in found
    assert 'viewBox="0 0 1 2"' in found
    assert 'width="3"' in found
    assert 'width="1pt"' not in found
    assert 'height="2pt"' not in found
    assert 'style="max-width:1pt"' in found
    assert "#1a1a1a" not in found
