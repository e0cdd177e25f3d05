"""What is frozen at first learns in a second phase, at a rate and with an optimiser of its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from swatchbook.files import digest
from swatchbook.training import model_files, models, phases
from swatchbook.training.devices import import_tensorflow
from swatchbook.training.epochs import Trainer
from swatchbook.training.resumption import NOT_BEGUN, Begun
from training_inputs import CLASSES, SETTINGS, make_arrays
from trainings import Training

LAYERS: list[dict[str, Any]] = [
    {"conv": {"filters": 4}},
    {"batch_norm": {"momentum": 0.5}},
    {"flatten": {}},
]
RATE = {"peak": 0.004, "schedule": {"cosine": {}}, "warmup": 0}


def two(frozen: int = 2, rate: Any = 0.001, **more: Any) -> dict[str, Any]:
    return {"frozen": {"epochs": frozen}, "then": {"learning_rate": rate}, **more}


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A model to begin with, of which every weight has learnt something."""
    import_tensorflow()
    file = tmp_path_factory.mktemp("trained") / "model.keras"
    model = models.build(LAYERS, (8, 8, 1), len(CLASSES), 7, "float32")
    generator = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(variable + generator.uniform(0.1, 0.2, variable.shape))
    model_files.save(model, file)
    return {"file": str(file), "sha256": digest(file)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_arrays(tmp_path_factory.mktemp("arrays"))


def train(data: Path, folder: Path, start: dict[str, Any], **settings: Any) -> Path:
    own = SETTINGS | {"epochs": 5, "start_from": start} | settings
    training = Training(folder, data, LAYERS, own)
    assert training.run() == (0, "")
    return training.cell


def weights(cell: Path) -> list[np.ndarray]:
    import keras

    return [w.numpy() for w in keras.saving.load_model(cell / "model.keras").weights]


def test_phases_are_one_or_two() -> None:
    whole = {"epochs": 9.5, "learning_rate": 0.1, "start_from": None}
    assert phases.of(whole) == [(9.5, 0.1)]
    for frozen in (True, False):
        assert phases.of(whole | {"start_from": {"frozen": frozen}}) == [(9.5, 0.1)]
    assert phases.of(whole | {"start_from": two(3, RATE)}) == [(3, 0.1), (6.5, RATE)]


def test_the_first_phase_is_a_training_with_frozen_layers_and_the_second_begins_anew(
    data: Path, tmp_path: Path, beginning: dict[str, str]
) -> None:
    frozen = train(data, tmp_path / "frozen", beginning | {"frozen": True}, epochs=2)
    both = train(data, tmp_path / "both", beginning | two(rate=RATE))
    rows = [pd.read_csv(cell / "history.csv") for cell in (frozen, both)]
    timing = ["seconds", "images_per_second"]
    same = [frame.drop(columns=timing).iloc[:2] for frame in rows]
    pd.testing.assert_frame_equal(*same, check_exact=True)
    rates = rows[1]["learning_rate"]
    assert (rates[:2] == 0.01).all()
    assert 0.004 > rates[2] > rates[3] > rates[4] > 0

    # The second phase alone: from the weights after the first, with an optimiser of no memory.
    start = {"file": str(frozen / "model.keras"), "sha256": digest(frozen / "model.keras")}
    log = (tmp_path / "both" / "log").read_text()
    assert "from epoch 3 on, what was taken over learns too" in log
    assert json.loads((both / "run.json").read_text())["training"]["start_from"]["then"] == {
        "learning_rate": RATE
    }
    import keras

    body = keras.saving.load_model(start["file"])
    begun = keras.saving.load_model(beginning["file"])
    for of_frozen, of_begun in zip(body.weights[:-2], begun.weights[:-2], strict=True):
        np.testing.assert_array_equal(of_frozen.numpy(), of_begun.numpy())
    changed = [
        not np.array_equal(a, b) for a, b in zip(weights(both), weights(frozen), strict=True)
    ]
    assert all(changed)


class Kept:
    """Keeps what a checkpoint would have."""

    def __init__(self) -> None:
        self.states: list[dict[str, np.ndarray]] = []

    def restored(self, trainer: Trainer) -> tuple[list[Any], Begun]:
        return [], NOT_BEGUN

    def keep(self, trainer: Trainer, history: Any, begun: Begun) -> None:
        self.states.append(trainer.state())


def test_the_second_phase_is_a_training_that_begins_with_what_the_first_ends_with(
    data: Path, tmp_path: Path
) -> None:
    """To the bit: its optimiser has no memory of the first."""
    import_tensorflow()
    x, y = (np.load(data / f"{name}_train.npy") for name in "xy")
    watched = {"validation": (x[:5], y[:5])}
    ordered = SETTINGS | {"shuffle": False}
    states = {}
    for name in ("two", "second"):
        model = models.build(LAYERS, x.shape[1:], y.shape[1], 0, "float32")
        if name == "two":
            settings = ordered | {"start_from": two(1, RATE), "epochs": 2}
            for layer in model.layers[:2]:
                layer.trainable = False
        else:
            settings = ordered | {"learning_rate": RATE, "epochs": 1}
            for number, weight in enumerate(model.variables):
                weight.assign(states["two"][0][f"model.{number}"])
        kept = Kept()
        trainer = Trainer(model, x, y, settings, 0, taken=model.layers[:2])
        trainer.fit(watched, tmp_path / name, kept=kept)
        states[name] = kept.states
    first, last = states["two"]
    (second,) = states["second"]
    assert (first.pop("phase"), last.pop("phase"), second.pop("phase")) == (0, 1, 0)
    assert len(first) < len(last)  # the optimiser has a memory of less
    assert last.keys() == second.keys()
    for key, value in last.items():
        np.testing.assert_array_equal(value, second[key], err_msg=key)


def test_statistics_that_are_kept_do_not_change_while_the_rest_learns(
    data: Path, tmp_path: Path, beginning: dict[str, str]
) -> None:
    import keras

    cell = train(data, tmp_path, beginning | two(keep_statistics=True))
    begun = [w.numpy() for w in keras.saving.load_model(beginning["file"]).weights]
    same = [np.array_equal(a, b) for a, b in zip(weights(cell), begun, strict=True)]
    # conv: kernel, bias; batch_norm: gamma, beta, mean, variance; logits: kernel, bias
    assert same == [False, False, False, False, True, True, False, False]


def test_nothing_is_over_before_what_was_frozen_has_learnt(
    data: Path, tmp_path: Path, beginning: dict[str, str]
) -> None:
    """In the first phase nothing is gained at all; patience would have ended after one epoch."""
    stopping = {"early_stopping": {"patience": 1, "min_delta": 100.0}, "epochs": 9}
    cell = train(data, tmp_path, beginning | two(4), **stopping)
    assert json.loads((cell / "run.json").read_text())["stopped_after"] == 6
