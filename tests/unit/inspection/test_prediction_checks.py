"""Accuracies without copies, and suspicious labels, computed by hand."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from makers import scenes
from swatchbook.data import arrays
from swatchbook.files import read_json
from swatchbook.inspection import prediction_checks

CLASSES = ["cat", "dog", "NA"]
SEEDS = [3, 8]
LABELS = np.array([0, 1, 2, 0, 1, 2])
# Of two seeds each: what the test images are called, and how surely.
CALLED = {
    "one": [[0, 1, 2, 1, 1, 0], [0, 1, 0, 1, 1, 0]],
    "two": [[1, 1, 2, 1, 1, 0], [1, 1, 2, 1, 0, 0]],
}
SURE = {
    "one": [[0.99, 0.99, 0.99, 0.97, 0.99, 0.99], [0.99] * 6],
    "two": [[0.99, 0.99, 0.99, 0.95, 0.99, 0.89], [0.99] * 6],
}
# The second and the fourth test image have a copy in the training set.
PAIRS = [
    ("exact", "train", 5, "test", 1),
    ("near", "train", 6, "test", 1),
    ("near", "train", 2, "test", 3),
    ("near", "validation", 0, "test", 0),
    ("exact", "test", 4, "test", 5),
    ("exact", "train", 4, "train", 5),
]


def made(folder: Path, pairs: list[tuple] = PAIRS, models: list[str] | None = None) -> Path:
    """Make up arrays, pairs and predictions, check them and return the folder of the results."""
    rows = {"train": np.arange(6, 14), "validation": np.arange(14, 16), "test": np.arange(6)}
    labels = np.concatenate([LABELS, np.zeros(10, int)])
    ids = [f"{number:03d}" for number in range(16)]
    arrays.write(folder / "arrays", scenes(16, 8), labels, ids, rows, CLASSES)
    for model, seeds in CALLED.items():
        for seed, called, sure in zip(SEEDS, seeds, SURE[model], strict=True):
            probabilities = np.full((6, 3), 0.0, np.float32)
            probabilities += (1 - np.array(sure, np.float32)[:, None]) / 2
            probabilities[np.arange(6), called] = sure
            cell = folder / model / f"seed-{seed}"
            cell.mkdir(parents=True)
            np.save(cell / "probabilities.npy", probabilities)
    columns = ["kind", "first_split", "first_row", "second_split", "second_row"]
    (folder / "checks").mkdir()
    pd.DataFrame(pairs, columns=columns).to_csv(folder / "checks/duplicates.csv", index=False)
    models = models or list(CALLED)
    prediction_checks.check_predictions(folder, models, SEEDS, CLASSES, 0.95, folder / "checks")
    return folder / "checks"


def test_the_accuracy_without_copies_is_that_of_the_other_images(tmp_path: Path) -> None:
    found = read_json(made(tmp_path) / "accuracy_without_twins.json")
    assert (found["test_images"], found["twins"]) == (6, 2)
    one, two = found["models"]["one"], found["models"]["two"]
    assert one["all"]["per_seed"] == pytest.approx([4 / 6, 3 / 6])
    assert one["all"]["mean"] == pytest.approx(3.5 / 6)
    # Without the second and fourth image, of which the second is right and the fourth wrong.
    assert one["without_twins"]["per_seed"] == pytest.approx([3 / 4, 2 / 4])
    assert one["twins"]["per_seed"] == [0.5, 0.5]
    assert two["all"]["per_seed"] == pytest.approx([3 / 6, 2 / 6])
    assert two["without_twins"]["per_seed"] == pytest.approx([2 / 4, 1 / 4])
    assert two["twins"]["interval"] == [0.5, 0.5]
    # Student's t with one degree of freedom at 95 %, 12.706 standard errors, which would leave
    # [0, 1]: so it is on the logit scale.
    shares = np.array(one["without_twins"]["interval"])
    low, high = np.log(shares / (1 - shares))
    mean = one["without_twins"]["mean"]
    assert (high - low) / 2 == pytest.approx(12.706 * 0.125 / (mean * (1 - mean)), rel=1e-4)


def test_without_copies_nothing_is_said_of_them(tmp_path: Path) -> None:
    found = read_json(made(tmp_path, pairs=PAIRS[3:]) / "accuracy_without_twins.json")
    assert found["twins"] == 0
    model = found["models"]["one"]
    assert model["twins"] is None
    assert model["without_twins"] == model["all"]


def test_where_every_test_image_has_a_copy_nothing_is_left(tmp_path: Path) -> None:
    pairs = [("near", "train", 0, "test", row) for row in range(6)]
    model = read_json(made(tmp_path, pairs) / "accuracy_without_twins.json")["models"]["one"]
    assert model["without_twins"] is None
    assert model["twins"] == model["all"]


def test_a_label_is_suspect_if_every_run_is_sure_of_the_same_other_class(tmp_path: Path) -> None:
    """The fourth image is; the last is not, since one run gives it 0.89."""
    table = pd.read_csv(made(tmp_path) / "label_suspects.csv", dtype={"id": str})
    assert table.to_dict("records") == [
        {
            "row": 3,
            "id": "003",
            "label": "cat",
            "called": "dog",
            "least_probability": 0.95,
            "mean_probability": 0.975,
            "runs": 4,
        }
    ]


def test_a_model_that_is_not_compared_has_no_say(tmp_path: Path) -> None:
    table = pd.read_csv(
        made(tmp_path, models=["one"]) / "label_suspects.csv", keep_default_na=False
    )
    assert table["row"].tolist() == [5, 3]
    assert table["label"].tolist() == ["NA", "cat"]
    assert table["least_probability"].tolist() == [0.99, 0.97]


def test_runs_that_are_sure_of_different_classes_suspect_nothing() -> None:
    probabilities = np.array([[[0.02, 0.95, 0.03]], [[0.02, 0.03, 0.95]]])
    index = pd.DataFrame({"row": [0], "id": ["a"], "label": ["cat"]})
    assert prediction_checks.label_suspects(index, np.array([0]), probabilities, CLASSES).empty


def test_the_figure_shows_the_suspects_with_both_classes(tmp_path: Path) -> None:
    root = ElementTree.parse(made(tmp_path) / "label_suspects.svg").getroot()
    assert len(root.findall(".//{*}image")) == 1
    text = "".join(root.itertext())
    assert "cat" in text
    assert "all: dog" in text
    assert "at least 95%" in text
