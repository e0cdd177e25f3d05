"""What is compared is what the runs have, paired as it should be."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paths import SCRIPTS
from results_maker import PUBLISHED, make_dataset
from swatchbook.comparison import inference, metrics
from swatchbook.comparison.side_by_side import (
    Runs,
    best_epoch,
    compare,
    describe,
    differences,
    mcnemar,
    read_runs,
)
from swatchbook.files import read_json

SETTINGS = {"reference": "a", "confidence": 0.95, "resamples": 100}


def scores(seeds: int, images: int = 200, mean: float = 0.7, start: int = 0) -> np.ndarray:
    """Right or wrong by chance, float64, shape (seeds, images)."""
    generator = np.random.default_rng(start)
    return (generator.random((seeds, images)) < mean).astype(float)


def labels_of(folder: Path, split: str) -> np.ndarray:
    """The class indices of one split, shape (images,)."""
    return np.load(folder / "arrays" / f"y_{split}.npy").argmax(1)


def runs_with(correct: np.ndarray, train: float, train_loss: float, loss: float = 0.5) -> Runs:
    """Runs whose test losses are all `loss` and whose training metrics are the same."""
    measured = [
        {
            "train": {"accuracy": train, "log_loss": train_loss},
            "test": {"accuracy": float(row.mean()), "log_loss": loss, "macro_f1": 0.5}
            | {"brier": 0.3, "ece": 0.1},
        }
        for row in correct
    ]
    device = {"name": "A CPU", "precision": "float32", "threads": 1}
    facts = [{"seconds_in_epochs": 2.0 + n, "parameters": 7} for n in range(len(correct))]
    history = pd.DataFrame({"epoch": [1, 2], "val_loss": [0.4, 0.5], "images_per_second": 10.0})
    return Runs(
        seeds=range(len(correct)),
        correct=correct,
        losses=np.full(correct.shape, loss),
        measured=measured,
        runs=[fact | {"device": device} for fact in facts],
        histories=[history] * len(correct),
        reliability=metrics.reliability(np.zeros(1, int), np.array([[0.7, 0.3]])),
        scaling=None,
    )


def test_the_best_epoch_has_the_lowest_validation_loss() -> None:
    history = pd.DataFrame({"epoch": [1, 2, 3, 4], "val_loss": [0.5, 0.3, 0.3, 0.4]})
    assert best_epoch(history) == 2
    assert best_epoch(history.assign(val_loss=np.nan)) is None


def test_gaps_are_positive_where_a_model_is_better_on_its_training_images() -> None:
    correct = np.repeat([[1.0, 1.0, 0.0, 0.0]], 3, axis=0)
    found = describe(runs_with(correct, train=0.9, train_loss=0.2), 0.95)["metrics"]
    assert found["accuracy_gap"]["mean"] == pytest.approx(0.4)
    assert found["log_loss_gap"]["mean"] == pytest.approx(0.3)


def test_a_description_has_means_intervals_and_costs() -> None:
    correct = np.array([[1.0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
    found = describe(runs_with(correct, train=0.9, train_loss=0.2), 0.95)
    accuracy = found["metrics"]["accuracy"]
    assert accuracy["per_seed"] == [0.5, 0.75, 1]
    assert accuracy["mean"] == 0.75
    assert accuracy["interval"] == inference.t_interval(np.array([0.5, 0.75, 1]), 0.95)
    assert found["seconds"] == pytest.approx(3)
    assert found["parameters"] == 7
    assert found["epochs"] == 2
    assert found["best_epoch"] == [1, 1, 1]
    assert found["images_per_second"] == 10
    assert found["wilson"] == [inference.wilson_interval(n, 4, 0.95) for n in (2, 3, 4)]


def test_a_model_that_learnt_by_heart_less_is_better_in_both_gaps_and_worse_in_neither() -> None:
    correct = np.repeat(scores(1), 3, axis=0)
    calm = runs_with(correct, train=0.75, train_loss=0.4)
    eager = runs_with(correct, train=1.0, train_loss=0.1)
    found = differences(calm, eager, 0.95, 100)
    assert found["accuracy_gap"]["difference"] == pytest.approx(-0.25)
    assert found["log_loss_gap"]["difference"] == pytest.approx(-0.3)
    assert found["accuracy_gap"]["verdict"] == found["log_loss_gap"]["verdict"] == "better"
    assert found["accuracy"]["verdict"] == found["log_loss"]["verdict"] == "no difference shown"


def test_a_lower_loss_is_better() -> None:
    correct = scores(3)
    one, other = (runs_with(correct, 0.8, 0.1, loss) for loss in (0.3, 0.6))
    assert differences(one, other, 0.95, 100)["log_loss"]["verdict"] == "better"
    assert differences(other, one, 0.95, 100)["log_loss"]["verdict"] == "worse"


def test_shares_count_all_pairs_of_runs_and_sum_to_one() -> None:
    model = runs_with(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0]]), 0.9, 0.1)
    reference = runs_with(np.array([[1.0, 0, 1, 0], [1, 1, 1, 0]]), 0.9, 0.1)
    shares = differences(model, reference, 0.95, 100)["shares"]
    assert shares == {
        "both_right": 6 / 16,
        "only_model": 2 / 16,
        "only_reference": 4 / 16,
        "neither": 4 / 16,
    }


def test_runs_are_read_with_the_losses_of_their_probabilities(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 4], ["x", "y", "z"])
    labels, validation = labels_of(folder, "test"), labels_of(folder, "validation")
    runs = read_runs(folder / "a", [4, 0], labels, validation)
    for place, seed in enumerate([4, 0]):
        probabilities = np.load(folder / "a" / f"seed-{seed}" / "probabilities.npy")
        expected = metrics.summary(labels, probabilities)
        assert runs.correct[place].mean() == pytest.approx(expected["accuracy"])
        assert runs.losses[place].mean() == pytest.approx(expected["log_loss"])
        assert runs.per_seed("test", "accuracy")[place] == expected["accuracy"]


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


def test_mcnemars_test_pairs_the_runs_of_a_seed() -> None:
    model = runs_with(np.array([[1.0, 1, 1, 0], [0, 0, 1, 1]]), 0.9, 0.1)
    reference = runs_with(np.array([[0.0, 0, 0, 1], [0, 0, 1, 1]]), 0.9, 0.1)
    assert mcnemar(model, reference) == [
        {"seed": 0, "only_model": 3, "only_reference": 1, "p_value": pytest.approx(10 / 16)},
        {"seed": 1, "only_model": 0, "only_reference": 0, "p_value": 1},
    ]


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
        "import sys, swatchbook.comparison.side_by_side, swatchbook.figures.comparison, "
        "swatchbook.report.writing; "
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
