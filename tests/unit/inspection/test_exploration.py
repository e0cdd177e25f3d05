"""The look at a data set states what is in the arrays, whatever the classes are called."""

from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest

from makers import random_images
from swatchbook.data import arrays
from swatchbook.figures import catalogue
from swatchbook.files import read_json
from swatchbook.inspection.exploration import describe, explore, matrix

CLASSES = ["costs $5 and $6", "<b>&amp;</b>", "größe Ω", "7"]
IDS = ["01", "NA", "c", "d", "e", "f"]
LABELS = np.array([0, 1, 2, 3, 3, 3])
PIXELS = random_images(6, 3, 4)
PIXELS[0, 0, 0] = (255, 0, 51)
PIXELS[4] = 0
PIXELS[5] = 255


def explored(tmp_path: Path, validation: list[int], channels: int = 3) -> Path:
    rest = [row for row in range(4) if row not in validation]
    rows = {
        "train": np.array(rest),
        "validation": np.array(validation, int),
        "test": np.array([4, 5]),
    }
    arrays.write(tmp_path / "arrays", PIXELS[..., :channels], LABELS, IDS, rows, CLASSES)
    explore(tmp_path / "arrays", CLASSES, tmp_path / "explore")
    return tmp_path / "explore"


def test_the_summary_states_what_is_in_the_arrays(tmp_path: Path) -> None:
    summary = read_json(explored(tmp_path, [1]) / "summary.json")
    assert summary["classes"] == CLASSES
    assert summary["splits"]["test"] == {
        "x_shape": [2, 3, 4, 3],
        "x_dtype": "float32",
        "y_shape": [2, 4],
        "y_dtype": "float32",
        "minimum": 0.0,
        "maximum": 1.0,
        "mean": 0.5,
        "class_counts": dict(zip(CLASSES, [0, 0, 0, 2], strict=True)),
    }
    assert list(summary["splits"]["train"]["class_counts"].values()) == [1, 0, 1, 1]
    mean = PIXELS[[0, 2, 3]].mean() / 255
    assert summary["splits"]["train"]["mean"] == pytest.approx(mean, rel=1e-6)


def test_an_empty_validation_set_has_no_range(tmp_path: Path) -> None:
    found = read_json(explored(tmp_path, []) / "summary.json")["splits"]["validation"]
    assert found["x_shape"] == [0, 3, 4, 3]
    assert found["minimum"] is found["maximum"] is found["mean"] is None
    assert set(found["class_counts"].values()) == {0}


def test_a_mean_over_many_values_does_not_drift() -> None:
    x = np.full((300, 100, 100, 1), 0.1, np.float32)
    assert describe(x, np.ones((300, 1)), ["all"])["mean"] == pytest.approx(0.1, abs=1e-8)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_matrix_is_the_first_training_image_in_numbers(tmp_path: Path, channels: int) -> None:
    table = pd.read_csv(explored(tmp_path, [1], channels) / "matrix.csv")
    names = ["grey"] if channels == 1 else ["red", "green", "blue"]
    assert list(table.columns) == ["channel", "row", "0", "1", "2", "3"]
    assert table["channel"].unique().tolist() == names
    for number, name in enumerate(names):
        part = table[table["channel"] == name]
        assert part["row"].tolist() == [0, 1, 2]
        numbers = part[["0", "1", "2", "3"]].to_numpy()
        np.testing.assert_allclose(numbers, PIXELS[0, ..., number] / 255, atol=5.1e-5)


def test_channels_of_the_matrix_are_red_green_blue() -> None:
    table = matrix(np.array([[[1, 0, 0.5]]], np.float32))
    assert table[["channel", 0]].to_numpy().tolist() == [["red", 1], ["green", 0], ["blue", 0.5]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("validation", [[1], []], ids=["with validation", "without"])
def test_every_figure_is_an_image_and_names_the_classes(
    tmp_path: Path, validation: list[int], channels: int
) -> None:
    output = explored(tmp_path, validation, channels)
    names = [figure.name for figure in catalogue.drawn((), "explore")]
    for name in names:
        assert cv2.imread(str(output / f"{name}.png")).shape[2] == 3
        text = "".join(ElementTree.parse(output / f"{name}.svg").getroot().itertext())
        for class_name in CLASSES[:1] if name == "matrix" else CLASSES:
            assert class_name in text
    assert {path.stem for path in output.glob("*.svg")} == set(names)


def test_a_row_of_samples_has_the_images_of_its_class(tmp_path: Path) -> None:
    output = explored(tmp_path, [])
    pictures = [
        len(ElementTree.parse(output / f"samples_{split}.svg").findall(".//{*}image"))
        for split in ("train", "validation", "test")
    ]
    assert pictures == [4, 0, 2]


def test_the_same_arrays_give_the_same_files(tmp_path: Path) -> None:
    one, other = explored(tmp_path / "one", [1]), explored(tmp_path / "other", [1])
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes()
