"""A model is described by what its runs have."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from made_runs import runs_with
from swatchbook.comparison import inference
from swatchbook.comparison.summaries import best_epoch, describe


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
    assert accuracy["interval"] == inference.bounded_interval(np.array([0.5, 0.75, 1]), 0.95)
    assert 0 < accuracy["interval"][0] < accuracy["interval"][1] < 1
    assert found["seconds"] == pytest.approx(3)
    assert found["parameters"] == 7
    assert found["epochs"] == 2
    assert (found["epochs_per_seed"], found["kept_epoch"]) == ([2, 2, 2], [2, 2, 2])
    assert found["best_epoch"] == [1, 1, 1]
    assert found["images_per_second"] == 10
    assert found["wilson"] == [inference.wilson_interval(n, 4, 0.95) for n in (2, 3, 4)]


def test_seeds_that_stopped_after_other_epochs_are_told_one_by_one() -> None:
    runs = runs_with(np.ones((2, 4)), train=0.9, train_loss=0.2)
    histories = [runs.histories[0], runs.histories[1].iloc[:1]]
    found = describe(replace(runs, histories=histories), 0.95)
    assert found["epochs"] == 1.5
    assert found["epochs_per_seed"] == [2, 1]
