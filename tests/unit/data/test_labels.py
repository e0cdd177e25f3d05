"""Labels are read as written and joined by id; whatever does not fit is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from swatchbook.data import labels
from swatchbook.errors import DataError

CLASSES = ["cat", "dog", "T-shirt, blue"]


def table_of(tmp_path: Path, content: bytes, **table: Any) -> pd.DataFrame:
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    return labels.read_table(path, table)


def read(tmp_path: Path, content: bytes, **table: Any) -> dict[str, int]:
    found = table_of(tmp_path, content, **table)["label"]
    indices = labels.class_indices(found, CLASSES, tmp_path / "labels.csv")
    assert indices.dtype == np.int64
    return {str(id_): int(index) for id_, index in zip(found.index, indices, strict=True)}


def test_ids_are_texts_so_that_01_is_not_1(tmp_path: Path) -> None:
    content = "id,label\n01,cat\n1,dog\n1.0,cat\nNA,dog\nnan,cat\né,dog\n".encode()
    assert read(tmp_path, content) == {"01": 0, "1": 1, "1.0": 0, "NA": 1, "nan": 0, "é": 1}


def test_a_class_with_a_comma_can_be_quoted(tmp_path: Path) -> None:
    assert read(tmp_path, b'id,label\n1,"T-shirt, blue"\n') == {"1": 2}


def test_columns_that_nobody_asked_for_are_ignored(tmp_path: Path) -> None:
    content = b"who,id,when,label\nme,1,,cat\nyou,2,today,dog\n"
    assert read(tmp_path, content) == {"1": 0, "2": 1}


@pytest.mark.parametrize(
    ("content", "table"),
    [
        ("Datei;Art\n1.png;Käfer\n", {"delimiter": ";"}),
        ("Datei\tArt\r\n1.png\tKäfer\r\n", {"delimiter": "\t"}),
        ("Datei;Art\n1.png;Käfer\n", {"delimiter": ";", "encoding": "latin-1"}),
        ("\ufeffDatei;Art\n1.png;Käfer\n", {"delimiter": ";", "encoding": "utf-16"}),
        ("\ufeffDatei,Art\n1.png,Käfer\n", {}),
        ("Datei,Art\n1.png,Ka\u0308fer\n", {}),  # letters and marks apart, as macOS writes names
    ],
    ids=["semicolon", "tab, CRLF", "Latin-1", "UTF-16", "byte-order mark", "decomposed"],
)
def test_a_table_is_read_as_its_file_says(
    tmp_path: Path, content: str, table: dict[str, str]
) -> None:
    encoded = content.encode(table.get("encoding", "utf-8"))
    found = table_of(tmp_path, encoded, id="Datei", label="Art", **table)
    assert found["label"].to_dict() == {"1.png": "Käfer"}
    assert list(labels.class_indices(found["label"], ["x", "Käfer"], "table")) == [1]


def test_tabs_divide_the_columns_of_a_file_that_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "a.TSV").write_text("id\tlabel\n1\tcat, grey\n")
    assert labels.read_table(tmp_path / "a.TSV")["label"].to_dict() == {"1": "cat, grey"}


def test_splits_and_groups_are_read_where_they_are_asked_for(tmp_path: Path) -> None:
    content = b"id,label,fold,patient\n1,cat,train,7\n2,dog,test,8\n"
    assert list(table_of(tmp_path, content)) == ["label"]
    found = table_of(tmp_path, content, label=None, split="fold", group="patient")
    assert found.to_dict("index") == {
        "1": {"split": "train", "group": "7"},
        "2": {"split": "test", "group": "8"},
    }


def test_a_column_that_is_missing_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        table_of(tmp_path, b"name;kind\n1;cat\n", id="name", label="kind")
    assert "has no column 'name', 'kind'; it has 'name;kind' (name its columns" in str(caught.value)


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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: No such file"):
        labels.read_table(tmp_path / "none.csv")


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
