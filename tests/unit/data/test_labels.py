"""Labels are read as written and joined by id; whatever does not fit is named."""

from pathlib import Path

import numpy as np
import pytest

from swatchbook.data import labels
from swatchbook.errors import DataError

CLASSES = ["cat", "dog", "T-shirt, blue"]


def read(tmp_path: Path, content: bytes) -> dict[str, int]:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    table = labels.read_table(path, CLASSES)
    assert table.dtype == np.int64
    return {str(id_): int(index) for id_, index in table.items()}


def test_ids_are_texts_so_that_01_is_not_1(tmp_path: Path) -> None:
    content = "id,label\n01,cat\n1,dog\n1.0,cat\nNA,dog\nnan,cat\né,dog\n".encode()
    assert read(tmp_path, content) == {"01": 0, "1": 1, "1.0": 0, "NA": 1, "nan": 0, "é": 1}


def test_a_class_with_a_comma_can_be_quoted(tmp_path: Path) -> None:
    assert read(tmp_path, b'id,label\n1,"T-shirt, blue"\n') == {"1": 2}


def test_unknown_labels_come_with_the_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the classes are cat, dog, T-shirt, blue"):
        read(tmp_path, b"id,label\n1,cow\n")


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([f"{number},cow" for number in range(23)], "'cow' of 9 … (23 in all)"),
        ([f"{number},cat" for number in range(23)] * 2, "7, 8, 9 … (23 in all)"),
        ([",cat"] * 23, "10, 11 … (23 in all)"),
        ([f"{number},cow" for number in range(10)], "'cow' of 9 (the"),
    ],
    ids=["unknown", "twice", "blank", "ten are all named"],
)
def test_the_first_ten_are_named_and_all_are_counted(
    tmp_path: Path, rows: list[str], shown: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, "\n".join(["id,label", *rows]).encode())
    assert shown in str(caught.value)


def test_a_header_without_rows_leaves_every_image_without_a_label(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"id,label\n")
    table = labels.read_table(tmp_path / "labels.csv", CLASSES)
    with pytest.raises(DataError, match=r"labels\.csv: images in some\.7z without a label: 1, 2"):
        labels.join(["1", "2"], table, images="some.7z", labels=tmp_path / "labels.csv")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: No such file"):
        labels.read_table(tmp_path / "none.csv", CLASSES)


def joined(tmp_path: Path, ids: list[str], rows: list[str]) -> list[int]:
    (tmp_path / "labels.csv").write_text("\n".join(["id,label", *rows]))
    table = labels.read_table(tmp_path / "labels.csv", CLASSES)
    return labels.join(ids, table, images="some.7z", labels="labels.csv").tolist()


def test_labels_follow_ids_not_file_order(tmp_path: Path) -> None:
    rows = ["10,dog", "1,cat", "01,dog", "2,dog"]
    assert joined(tmp_path, ["1", "2", "10", "01"], rows) == [0, 1, 1, 1]


def test_images_without_a_label_are_named_and_counted(tmp_path: Path) -> None:
    ids = [str(number) for number in range(15)]
    with pytest.raises(DataError) as caught:
        joined(tmp_path, ids, ["1,cat"])
    assert "labels.csv: images in some.7z without a label: 0, 2, 3," in str(caught.value)
    assert "10 … (14 in all)" in str(caught.value)


def test_labels_without_an_image_are_named_and_counted(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        joined(tmp_path, ["1"], [f"{number},cat" for number in range(1, 15)])
    assert "some.7z: labels in labels.csv without an image: 2, 3," in str(caught.value)
    assert "11 … (13 in all)" in str(caught.value)


@pytest.mark.parametrize(
    ("ids", "ordered"),
    [
        (["10", "2", "1"], ["1", "2", "10"]),
        (["1", "02", "01", "2"], ["01", "1", "02", "2"]),
        (["10", "2", "a"], ["10", "2", "a"]),
        (["b-10", "b-2", "a"], ["a", "b-10", "b-2"]),
        (["²", "10", "2"], ["10", "2", "²"]),
        ([], []),
    ],
)
def test_id_order_is_by_number_if_all_are_numbers_else_by_text(
    ids: list[str], ordered: list[str]
) -> None:
    assert labels.sorted_ids(ids) == ordered
