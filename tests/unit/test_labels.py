"""Labels are read as written and joined by id; whatever does not fit is named."""

from pathlib import Path

import numpy as np
import pytest

from swatchbook import labels
from swatchbook.errors import DataError

CLASSES = ["cat", "dog", "T-shirt, blue"]


def read(tmp_path: Path, content: bytes) -> dict[str, int]:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    table = labels.read(path, CLASSES)
    assert table.dtype == np.int64
    return {str(id_): int(index) for id_, index in table.items()}


GOOD = {
    "plain": b"id,label\n1,cat\n2,dog\n",
    "byte order mark": b"\xef\xbb\xbfid,label\n1,cat\n2,dog\n",
    "CRLF": b"id,label\r\n1,cat\r\n2,dog\r\n",
    "quotes": b'"id","label"\n"1","cat"\n2,"dog"\n',
    "spaces": b'id, label\n 1 , cat \n2,  "dog"\n',
    "blank lines": b"id,label\n\n1,cat\n\n2,dog\n\n",
    "no line end": b"id,label\n1,cat\n2,dog",
}


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_ways_to_write_the_same_table(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == {"1": 0, "2": 1}


def test_ids_are_texts_so_that_01_is_not_1(tmp_path: Path) -> None:
    content = "id,label\n01,cat\n1,dog\n1.0,cat\nNA,dog\nnan,cat\né,dog\n".encode()
    assert read(tmp_path, content) == {"01": 0, "1": 1, "1.0": 0, "NA": 1, "nan": 0, "é": 1}


def test_a_class_with_a_comma_can_be_quoted(tmp_path: Path) -> None:
    assert read(tmp_path, b'id,label\n1,"T-shirt, blue"\n') == {"1": 2}


BAD = {
    "empty file": (b"", "cannot be read: No columns"),
    "semicolons": (b"id;label\n1;cat\n", "columns 'id;label'; it needs 'id' and 'label'"),
    "tabs": (b"id\tlabel\n1\tcat\n", "it needs 'id' and 'label', separated by a comma"),
    "Latin-1": ("id,label\n1,chât\n".encode("latin-1"), "not in UTF-8"),
    "UTF-16": ("id,label\n1,cat\n".encode("utf-16"), "not in UTF-8"),
    "an image": (b"\x89PNG\r\n\x1a\n", "not in UTF-8"),
    "other columns": (b"name,class\n1,cat\n", "columns 'name', 'class'"),
    "columns swapped": (b"label,id\ncat,1\n", "columns 'label', 'id'"),
    "a third column": (b"id,label,size\n1,cat,3\n", "columns 'id', 'label', 'size'"),
    "no header": (b"1,cat\n2,dog\n", "columns '1', 'cat'"),
    "a third field in each row": (b"id,label\n7,1,cat\n8,2,dog\n", "more fields than the header"),
    "a third field in one row": (b"id,label\n1,cat\n2,dog,x\n", "Expected 2 fields in line 3"),
    "an open quote": (b'id,label\n"1,cat\n2,dog\n', "EOF inside string"),
    "blank ids": (b"id,label\n1,cat\n,dog\n  ,dog\n", "no id in line 3, 4"),
    "an id twice": (b"id,label\n1,cat\n2,dog\n 1 ,dog\n", "ids that stand twice: 1"),
    "an unknown label": (b"id,label\n1,cat\n2,Dog\n", "no class: 'Dog' of 2"),
    "no label": (b"id,label\n1,cat\n2,\n", "no class: '' of 2"),
    "a short row": (b"id,label\n1,cat\n2\n", "of 2"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_a_bad_table_is_refused_with_its_name_and_the_reason_on_one_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'labels.csv'}: ")


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
    table = labels.read(tmp_path / "labels.csv", CLASSES)
    with pytest.raises(DataError, match=r"labels\.csv: images in some\.7z without a label: 1, 2"):
        labels.join(["1", "2"], table, images="some.7z", labels=tmp_path / "labels.csv")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: No such file"):
        labels.read(tmp_path / "none.csv", CLASSES)


def joined(tmp_path: Path, ids: list[str], rows: list[str]) -> list[int]:
    (tmp_path / "labels.csv").write_text("\n".join(["id,label", *rows]))
    table = labels.read(tmp_path / "labels.csv", CLASSES)
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
