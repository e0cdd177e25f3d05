"""Prediction sets of runs: what the files say of them, with validation images and without."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from results_maker import labels_of, make_dataset
from swatchbook.comparison import conformal
from swatchbook.inspection import prediction_sets

MODELS, SEEDS, CLASSES = ["plain", "other"], [0, 1], ["cat", "dog", "NA"]


def made(folder: Path, seeds: list[int] = SEEDS, coverage: float = 0.8) -> dict[str, Any]:
    output = folder / "prediction_sets"
    prediction_sets.make_prediction_sets(
        folder, MODELS, seeds, CLASSES, coverage, 0.95, MODELS, output
    )
    return json.loads((output / "summary.json").read_text())


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"prediction_sets/{name}.csv", keep_default_na=False)


def test_every_run_is_calibrated_on_its_validation_images(tmp_path: Path) -> None:
    make_dataset(tmp_path, MODELS, SEEDS, CLASSES, validation=40, test=60)
    found = made(tmp_path)
    runs = table(tmp_path, "runs")
    assert len(runs) == 2 * 2 * 2
    cell = tmp_path / "other" / "seed-1"
    known, asked = (
        np.load(cell / f"{name}.npy") for name in ("probabilities_validation", "probabilities")
    )
    right = 1 - known[np.arange(40), labels_of(tmp_path, "validation")]
    inside = 1 - asked.astype(float) <= np.sort(right)[conformal.rank(40, 0.8) - 1]
    truth = labels_of(tmp_path, "test")
    row = runs[(runs["model"] == "other") & (runs["score"] == "LAC") & (runs["seed"] == 1)].iloc[0]
    assert float(row["coverage"]) == inside[np.arange(60), truth].mean()
    assert float(row["size"]) == inside.sum(1).mean()
    assert float(row["single"]) == (inside.sum(1) == 1).mean()
    told = found["models"]["other"]["LAC"]
    assert told["coverage"]["per_seed"][1] == row["coverage"]
    low, high = told["empty"]["interval"]
    assert 0 <= low <= high <= 1
    assert (found["calibration_images"], found["fewest"], found["test_images"]) == (40, 4, 60)


def test_classes_have_their_own_coverage_with_an_interval(tmp_path: Path) -> None:
    make_dataset(tmp_path, MODELS, SEEDS, CLASSES, validation=40, test=60)
    found = made(tmp_path)
    classes = table(tmp_path, "prediction_sets")
    assert classes["class"].tolist() == CLASSES * 4 and set(classes["images"]) == {20}
    lac = classes[(classes["model"] == "plain") & (classes["score"] == "LAC")]
    mean = found["models"]["plain"]["LAC"]
    assert lac["coverage"].mean() == pytest.approx(mean["coverage"]["mean"])
    assert lac["size"].mean() == pytest.approx(mean["size"]["mean"])
    assert (lac["low"].astype(float) <= lac["coverage"]).all()
    assert (lac["coverage"] <= lac["high"].astype(float)).all()


def test_without_validation_images_there_are_none_and_nothing_breaks(tmp_path: Path) -> None:
    make_dataset(tmp_path, MODELS, SEEDS, CLASSES, validation=0)
    found = made(tmp_path)
    assert (found["calibration_images"], found["models"]) == (0, {})
    assert table(tmp_path, "runs").empty and table(tmp_path, "prediction_sets").empty
    assert "no prediction sets" in (tmp_path / "prediction_sets/prediction_sets.svg").read_text()


def test_too_few_validation_images_give_sets_of_all_classes(tmp_path: Path) -> None:
    make_dataset(tmp_path, MODELS, SEEDS, CLASSES, validation=5)
    found = made(tmp_path, coverage=0.9)
    assert found["calibration_images"] == 5 < found["fewest"] == 9
    assert found["models"]["plain"]["APS"]["size"]["mean"] == len(CLASSES)
    assert found["models"]["plain"]["APS"]["coverage"]["mean"] == 1


def test_of_a_cross_validation_each_image_counts_once_and_classes_have_no_interval(
    tmp_path: Path,
) -> None:
    seeds = [0, 1, 2]
    make_dataset(tmp_path, MODELS, seeds, CLASSES, folds=3, test=90)
    found = made(tmp_path, seeds)
    classes = table(tmp_path, "prediction_sets")
    truth = labels_of(tmp_path, "test")
    assert classes["images"].tolist() == [int((truth == n).sum()) for n in range(3)] * 4
    assert set(classes["low"]) == {""}
    assert found["calibration_images"] > 0
    assert len(found["models"]["plain"]["LAC"]["coverage"]["per_seed"]) == 3


def test_a_class_without_test_images_is_left_out(tmp_path: Path) -> None:
    make_dataset(tmp_path, MODELS, SEEDS, CLASSES, validation=40, test=60)
    file = tmp_path / "arrays" / "y_test.npy"
    labels = np.load(file).argmax(1)
    np.save(file, np.eye(3, dtype=np.float32)[np.where(labels == 1, 0, labels)])
    made(tmp_path)
    assert set(table(tmp_path, "prediction_sets")["class"]) == {"cat", "NA"}
