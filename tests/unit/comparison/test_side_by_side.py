"""What is compared is what the runs have."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paths import SCRIPTS
from results_maker import PUBLISHED, labels_of, make_dataset
from swatchbook.comparison import metrics
from swatchbook.comparison.side_by_side import compare
from swatchbook.files import read_json

SETTINGS = {"reference": "a", "confidence": 0.95, "design": None}


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_a_comparison_is_written_the_same_each_time(tmp_path: Path, seeds: list[int]) -> None:
    folder = make_dataset(tmp_path, ["a", "b", "c"], seeds, ["x", "y", "z"])
    before = (folder / "comparison.json").read_bytes()
    compare(folder, ["a", "b", "c"], seeds, SETTINGS, PUBLISHED, folder / "comparison.json")
    assert (folder / "comparison.json").read_bytes() == before
    found = read_json(folder / "comparison.json")
    assert list(found["models"]) == ["a", "b", "c"]
    assert [entry["model"] for entry in found["differences"]] == ["b", "c"]
    assert {entry["reference"] for entry in found["differences"]} == {"a"}
    assert found["seeds"] == seeds
    assert found["test_images"] == 24
    means = {name: model["metrics"]["accuracy"]["mean"] for name, model in found["models"].items()}
    for entry in found["differences"]:
        expected = pytest.approx(means[entry["model"]] - means["a"])
        assert entry["accuracy"]["difference"] == expected
        for name in ("standard_error", "interval", "p_value", "smallest_detectable"):
            assert (entry["accuracy"][name] is None) == (len(seeds) == 1)


def test_a_single_model_is_described_and_compared_with_nothing(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 1, 2], ["x", "y"], validation=0)
    found = read_json(folder / "comparison.json")
    assert found["differences"] == []
    assert found["models"]["a"]["best_epoch"] == [None, None, None]
    assert found["models"]["a"]["scaling"] is None
    assert found["models"]["a"]["reliability"]["after"] is None


def test_each_seed_has_the_temperature_of_its_own_validation_images(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 1, 2], ["x", "y", "z"], validation=60)
    labels, validation = labels_of(folder, "test"), labels_of(folder, "validation")
    found = read_json(folder / "comparison.json")["models"]["a"]
    scaled = []
    for place, seed in enumerate([0, 1, 2]):
        cell = folder / "a" / f"seed-{seed}"
        watched = np.load(cell / "probabilities_validation.npy")
        temperature = metrics.best_temperature(validation, watched)
        assert found["scaling"]["temperature"][place] == temperature
        scaled.append(metrics.with_temperature(np.load(cell / "probabilities.npy"), temperature))
        expected = metrics.summary(labels, scaled[-1])
        for name in ("log_loss", "brier", "ece"):
            assert found["scaling"]["metrics"][name]["per_seed"][place] == expected[name]
    after = pd.DataFrame(found["reliability"]["after"]).astype(float)
    together = metrics.reliability(np.tile(labels, 3), np.concatenate(scaled))
    pd.testing.assert_frame_equal(after, together.astype(float))


def test_reliability_counts_the_test_images_of_all_seeds(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 1, 2], ["x", "y", "z"])
    found = read_json(folder / "comparison.json")["models"]["a"]
    for when in ("before", "after"):
        bins = found["reliability"][when]
        assert sum(one["count"] for one in bins) == 3 * 24
        right = sum(one["count"] * one["accuracy"] for one in bins if one["count"])
        assert right / 72 == pytest.approx(found["metrics"]["accuracy"]["mean"])
        assert {one["confidence"] for one in bins if not one["count"]} <= {None}


def test_comparing_and_reporting_do_not_load_tensorflow() -> None:
    code = (
        "import sys, swatchbook.comparison.side_by_side, swatchbook.figures.drawing, "
        "swatchbook.report.page; "
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert said.stdout == "[]\n", said.stderr


def test_the_tutorials_figures_count_as_inside_where_they_lie_within_the_seeds(
    tmp_path: Path,
) -> None:
    folder = make_dataset(
        tmp_path / "fashion-mnist", ["a"], [0, 1], ["x", "y", "z"], watch_test=True
    )
    found = read_json(folder / "comparison.json")["tutorial"]
    # Two epochs; printed: accuracy 0.835 and 0.8763, loss 0.383201 and 0.205107 of the last batch;
    # made up: 0.83 to 0.84 in both, 0.30 to 0.31 and 0.15 to 0.16.
    assert found["edition"] == "10-pass edition"
    assert found["epochs"] == 2
    assert found["models"]["a"]["test_accuracy"] == 1
    assert found["models"]["a"]["last_batch_loss"] == 0


@pytest.mark.parametrize(("dataset", "watched"), [("fashion-mnist", False), ("cifar10", True)])
def test_nothing_is_said_of_the_tutorial_where_nothing_can_be(
    tmp_path: Path, dataset: str, watched: bool
) -> None:
    folder = make_dataset(tmp_path / dataset, ["a"], [0], ["x", "y"], watch_test=watched)
    assert read_json(folder / "comparison.json")["tutorial"] is None
