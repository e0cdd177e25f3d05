"""The validation images decide when a training stops and what it keeps, and nothing else does."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from swatchbook.training import models, stopping
from training_inputs import LAYERS, SETTINGS, make_arrays
from trainings import Training

SETTINGS_OF_STOPPING = {"monitor": "val_loss", "early_stopping": {"patience": 2, "min_delta": 0.0}}


@pytest.mark.parametrize(
    ("values", "over"),
    [
        ([], False),
        ([0.5], False),
        ([0.5, 0.6], False),
        ([0.5, 0.6, 0.6], True),
        ([0.5, 0.5, 0.5], True),  # as good is no gain
        ([0.5, 0.6, 0.4, 0.45], False),
        ([0.5, 0.6, 0.4, 0.45, 0.41], True),
    ],
)
def test_a_training_is_over_when_nothing_was_gained_for_so_many_epochs(
    values: list[float], over: bool
) -> None:
    assert stopping.is_over(values, SETTINGS_OF_STOPPING) == over
    accuracies = {**SETTINGS_OF_STOPPING, "monitor": "val_accuracy"}
    assert stopping.is_over([1 - value for value in values], accuracies) == over
    assert not stopping.is_over(values, {**SETTINGS_OF_STOPPING, "early_stopping": None})


def test_a_gain_counts_from_the_last_that_was_large_enough() -> None:
    rule = {"patience": 2, "min_delta": 0.1}
    settings = {**SETTINGS_OF_STOPPING, "early_stopping": rule}
    assert stopping.is_over([0.5, 0.45, 0.41], settings)
    assert not stopping.is_over([0.5, 0.45, 0.39], settings)


def looked(values: Sequence[float], monitor: str = "val_loss") -> stopping.BestWeights:
    """Look at a model whose weights are the number of the epoch."""
    model = models.build([{"flatten": {}}], (1, 1, 1), 2, 0, "float32")
    best = stopping.BestWeights(model, monitor)
    for number, value in enumerate(values, 1):
        for weight in model.weights:
            weight.assign(np.full(weight.shape, number))
        best.look(number, *((value, 0.5) if monitor == "val_loss" else (0.5, value)))
    best.take()
    assert all((np.asarray(weight) == best.epoch).all() for weight in model.weights)
    return best


def test_the_best_weights_are_those_of_the_first_best_epoch() -> None:
    assert looked([0.5, 0.3, 0.3, 0.4]).epoch == 2
    assert looked([0.5, 0.3, 0.3, 0.4], "val_accuracy").epoch == 1
    assert looked([0.0, 0.0], "val_accuracy").epoch == 1


def test_best_weights_go_on_from_their_state() -> None:
    before = looked([0.5, 0.3])
    after = looked([0.9])
    after.restore(before.state())
    after.look(3, 0.31, 0.0)
    assert after.epoch == 2
    after.look(4, 0.29, 0.0)
    assert after.epoch == 4


# The loss on the validation images has its least in the middle, and falls once more later.
LONG = {"epochs": 12, "learning_rate": 0.15}
Trained = Callable[..., Path]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train for each set of settings once."""
    data = make_arrays(tmp_path_factory.mktemp("arrays"))

    @cache
    def once(settings: str) -> Path:
        folder = tmp_path_factory.mktemp("training")
        training = Training(folder, data, LAYERS, SETTINGS | json.loads(settings))
        assert training.run() == (0, "")
        return training.cell

    return lambda **settings: once(json.dumps(LONG | settings))


def history(cell: Path) -> pd.DataFrame:
    return pd.read_csv(cell / "history.csv")


def run_json(cell: Path) -> dict[str, Any]:
    return json.loads((cell / "run.json").read_text())


def test_a_training_that_stops_early_is_the_beginning_of_one_that_does_not(
    trained: Trained,
) -> None:
    whole = history(trained())
    stopped = trained(early_stopping={"patience": 2, "min_delta": 0})
    rows = history(stopped)
    losses = whole["val_loss"].tolist()
    expected = next(n for n in range(1, 13) if stopping.is_over(losses[:n], SETTINGS_OF_STOPPING))
    assert len(rows) == expected < 12
    timing = ["seconds", "images_per_second"]
    same = [frame.drop(columns=timing) for frame in (rows, whole.iloc[:expected])]
    pd.testing.assert_frame_equal(*same, check_exact=True)
    assert run_json(stopped)["stopped_after"] == run_json(stopped)["kept_epoch"] == expected
    last = trained(epochs=expected)
    assert (last / "model.keras").read_bytes() == (stopped / "model.keras").read_bytes()


@pytest.mark.parametrize("averaging", [None, {"ema": {"decay": 0.5}}])
@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_the_weights_that_are_kept_are_those_of_the_best_epoch(
    trained: Trained, averaging: Any, monitor: str
) -> None:
    kept = trained(keep="best", monitor=monitor, averaging=averaging)
    found = history(kept)
    assert len(found) == run_json(kept)["stopped_after"] == 12
    place = found["val_loss"].argmin() if monitor == "val_loss" else found["val_accuracy"].argmax()
    best = run_json(kept)["kept_epoch"]
    assert best == place + 1 < 12
    ended = trained(epochs=best, averaging=averaging)
    assert (ended / "model.keras").read_bytes() == (kept / "model.keras").read_bytes()


@pytest.mark.parametrize(
    ("key", "value"), [("keep", "best"), ("early_stopping", {"patience": 1, "min_delta": 0})]
)
def test_without_validation_images_nothing_can_be_decided(
    tmp_path: Path, key: str, value: Any
) -> None:
    data = make_arrays(tmp_path / "arrays", validation=0)
    code, said = Training(tmp_path, data, LAYERS, SETTINGS | {key: value}).run()
    assert code == 1
    assert f"training.{key}: training.{key} needs validation images, and there are none" in said
    assert "under split" in said and said.count("\n") == 1
    assert not (tmp_path / "cell" / "history.csv").exists()


def test_settings_without_these_keys_ask_for_nothing() -> None:
    stopping.check(SETTINGS, 0)
