"""Runs are what their folders hold."""

from pathlib import Path

import numpy as np
import pytest

from results_maker import labels_of, make_dataset
from swatchbook.comparison import metrics, runs


def test_runs_are_read_with_the_losses_of_their_probabilities(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path, ["a"], [0, 4], ["x", "y", "z"])
    labels, validation = labels_of(folder, "test"), labels_of(folder, "validation")
    found = runs.read(folder / "a", [4, 0], labels, validation)
    for place, seed in enumerate([4, 0]):
        probabilities = np.load(folder / "a" / f"seed-{seed}" / "probabilities.npy")
        expected = metrics.summary(labels, probabilities)
        assert found.correct[place].mean() == pytest.approx(expected["accuracy"])
        assert found.losses[place].mean() == pytest.approx(expected["log_loss"])
        assert found.per_seed("test", "accuracy")[place] == expected["accuracy"]
