"""The checks state what is in the data, and lead back to the right images."""

from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest

from makers import lit, moved, noisy, scenes
from swatchbook.data import arrays
from swatchbook.files import read_json
from swatchbook.inspection import data_checks

CLASSES = ["costs $5", "<b>&amp;</b>", "NA"]


def checked(
    folder: Path,
    pixels: np.ndarray,
    labels: list[int] | np.ndarray,
    splits: dict[str, list[int]],
    classes: list[str] = CLASSES,
) -> Path:
    """Write arrays, check them and return the folder of the results."""
    ids = [f"{number:03d}" for number in range(len(pixels))]
    rows = {split: np.array(part, int) for split, part in splits.items()}
    arrays.write(folder / "arrays", pixels, np.asarray(labels), ids, rows, classes)
    data_checks.check_data(folder / "arrays", classes, folder / "checks")
    return folder / "checks"


def three_splits(count: int) -> dict[str, list[int]]:
    """Return splits whose rows are in another order than the images."""
    order = np.random.default_rng(0).permutation(count).tolist()
    return {"train": order[:20], "validation": order[20:28], "test": order[28:]}


def read_pairs(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "duplicates.csv", dtype=str, keep_default_na=False)


def test_pairs_lead_back_to_their_images_in_every_split(tmp_path: Path) -> None:
    images, splits = scenes(), three_splits(40)
    train, validation, test = splits["train"], splits["validation"], splits["test"]
    images[test[3]] = images[train[5]]
    images[test[4]] = moved(images[validation[2]], 1, -1)
    images[train[7]] = lit(images[train[6]], 0.8)
    labels = np.arange(40) % 3
    labels[test[3]] = labels[train[5]]
    labels[test[4]] = (labels[validation[2]] + 1) % 3
    found = read_pairs(checked(tmp_path, images, labels, splits)).set_index("second_id")
    assert len(found) == 3
    exact = found.loc[f"{test[3]:03d}"]
    assert exact["kind"] == "exact"
    assert exact["first_id"] == f"{train[5]:03d}"
    assert (exact["first_split"], exact["first_row"]) == ("train", "5")
    assert (exact["second_split"], exact["second_row"]) == ("test", "3")
    assert exact["same_label"] == "True"
    assert exact["first_label"] == exact["second_label"] == CLASSES[labels[train[5]]]
    near = found.loc[f"{test[4]:03d}"]
    assert near["kind"] == "near"
    assert near["first_id"] == f"{validation[2]:03d}"
    assert (near["first_split"], near["second_split"]) == ("validation", "test")
    assert near["same_label"] == "False"
    assert near["second_label"] == CLASSES[labels[test[4]]]
    assert 0 <= float(near["distance"]) < 0.4
    within = found.loc[f"{train[7]:03d}"]
    assert within["first_id"] == f"{train[6]:03d}"
    assert found["kind"].tolist()[0] == "exact", "the closest comes first"


def test_the_summary_counts_pairs_by_splits(tmp_path: Path) -> None:
    images, splits = scenes(), three_splits(40)
    train, test = splits["train"], splits["test"]
    images[[train[9], test[1], test[2]]] = images[train[0]]
    images[test[3]] = noisy(images[train[1]])
    labels = np.zeros(40, int)
    labels[test[1]] = 1
    summary = read_json(checked(tmp_path, images, labels, splits) / "summary.json")
    counts = {(c["first"], c["second"]): c for c in summary["duplicates"]}
    assert len(counts) == 6
    assert counts["train", "train"] == {
        **{"first": "train", "second": "train"},
        **{"exact": 1, "near": 0, "different_labels": 0, "images": 2},
    }
    assert counts["train", "test"] == {
        **{"first": "train", "second": "test"},
        **{"exact": 2, "near": 1, "different_labels": 1, "images": 3},
    }
    for other in [("validation", "validation"), ("validation", "test"), ("test", "test")]:
        assert counts[other]["exact"] == counts[other]["near"] == counts[other]["images"] == 0


def test_the_balance_of_each_split_is_counted(tmp_path: Path) -> None:
    splits = {"train": [0, 1, 2, 3, 4], "validation": [], "test": [5, 6]}
    labels = [0, 0, 0, 1, 2, 1, 1]
    summary = read_json(checked(tmp_path, scenes(7), labels, splits) / "summary.json")
    train, validation, test = (summary["balance"][split] for split in splits)
    assert train == {
        "images": 5,
        "class_counts": dict(zip(CLASSES, [3, 1, 1], strict=True)),
        "missing": [],
        "most_to_least": 3.0,
    }
    assert test["missing"] == ["costs $5", "NA"]
    assert test["most_to_least"] is None
    assert validation["images"] == 0


def test_constant_images_are_named_with_their_origin(tmp_path: Path) -> None:
    images, splits = scenes(), three_splits(40)
    images[[splits["train"][4], splits["test"][2]]] = 77
    summary = read_json(checked(tmp_path, images, np.zeros(40, int), splits) / "summary.json")
    assert summary["constant"] == [
        {"split": "train", "row": 4, "id": f"{splits['train'][4]:03d}", "label": "costs $5"},
        {"split": "test", "row": 2, "id": f"{splits['test'][2]:03d}", "label": "costs $5"},
    ]
    assert sum(count["exact"] for count in summary["duplicates"]) == 0


def test_one_class_and_no_validation_set_are_enough(tmp_path: Path) -> None:
    splits = {"train": [0, 1, 2], "validation": [], "test": [3]}
    folder = checked(tmp_path, scenes(4)[[0, 1, 2, 2]], [0] * 4, splits, ["only"])
    summary = read_json(folder / "summary.json")
    assert summary["balance"]["train"]["most_to_least"] == 1
    assert read_pairs(folder)[["first_id", "second_id"]].to_numpy().tolist() == [["002", "003"]]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_figure_shows_the_pairs_across_splits_with_their_labels(
    tmp_path: Path, channels: int
) -> None:
    images, splits = scenes(channels=channels), three_splits(40)
    train, test = splits["train"], splits["test"]
    images[test[3]], images[test[4]] = images[train[5]], noisy(images[train[6]])
    images[train[8]] = images[train[7]]
    folder = checked(tmp_path, images, np.arange(40) % 3, splits)
    assert cv2.imread(str(folder / "twins.png")).shape[2] == 3
    root = ElementTree.parse(folder / "twins.svg").getroot()
    assert len(root.findall(".//{*}image")) == 4
    text = "".join(root.itertext())
    for number in (test[3], train[5], test[4], train[6]):
        assert CLASSES[number % 3] in text
    assert "train · test" in text
    assert "exact" in text


def test_without_pairs_there_is_a_table_without_rows_and_a_figure_that_says_so(
    tmp_path: Path,
) -> None:
    folder = checked(tmp_path, scenes(), np.arange(40) % 3, three_splits(40))
    pairs = read_pairs(folder)
    assert pairs.empty
    assert "first_id" in pairs.columns
    assert "none" in "".join(ElementTree.parse(folder / "twins.svg").getroot().itertext())


def test_the_same_arrays_give_the_same_files(tmp_path: Path) -> None:
    images = scenes()
    images[30] = noisy(images[7])
    one, other = (
        checked(tmp_path / name, images, np.arange(40) % 3, three_splits(40)) for name in "ab"
    )
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes()


def test_pixels_are_those_that_were_written(tmp_path: Path) -> None:
    images = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    splits = {"train": [2, 0], "validation": [], "test": [3, 1]}
    checked(tmp_path, images, [0] * 4, splits)
    assert (data_checks.read_pixels(tmp_path / "arrays") == images[[2, 0, 3, 1]]).all()
