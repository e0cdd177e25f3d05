"""A training is decided by its seed, and it writes what really happened.

TensorFlow is set up once a process, so each training runs in one of its own.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forked
from swatchbook.data import arrays
from swatchbook.training.devices import import_tensorflow
from training_inputs import IMAGES, LAYERS, SETTINGS, make_arrays

DRIVER = """
import json, sys
from swatchbook import training
from swatchbook.errors import SwatchbookError

given = json.loads(sys.argv[1])
try:
    training.train(**given)
except SwatchbookError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""
TIMING = ["seconds", "images_per_second"]
WATCHED = ["last_batch_loss", "last_batch_accuracy", "test_loss", "test_accuracy"]
RATE = "learning_rate"
COLUMNS = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", *WATCHED, RATE, *TIMING]
TUTORIAL = {"shuffle": False, "drop_last_batch": True, "watch_test": True}


def run(data: Path, output: Path, seed: int = 0, **settings: Any) -> CompletedProcess[str]:
    given = {
        "arrays_folder": str(data),
        "layers": LAYERS,
        "settings": SETTINGS | settings,
        "seed": seed,
        "output": str(output),
    }
    return forked.run(forked.TENSORFLOW, DRIVER, json.dumps(given), seconds=120)


Train = Callable[..., Path]


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Train once for each set of arguments; `again` tells repetitions apart."""
    data = make_arrays(tmp_path_factory.mktemp("arrays"))

    @cache
    def trained(precision: str, seed: int = 0, again: bool = False) -> Path:
        output = tmp_path_factory.mktemp("cell") / "seed-0"
        done = run(data, output, seed, precision=precision)
        assert done.returncode == 0, done.stderr
        return output

    return lambda precision="float32", seed=0, again=False: trained(precision, seed, again)


def history(cell: Path) -> pd.DataFrame:
    return pd.read_csv(cell / "history.csv")


def events(cell: Path) -> dict[str, dict[int, tuple[float, str]]]:
    """Read value and plugin of each tag and step back from the only event file."""
    tf = import_tensorflow()
    (file,) = (cell / "tensorboard").iterdir()
    found: dict[str, dict[int, tuple[float, str]]] = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            # As TensorBoard does: what is said of a tag once holds for all of its steps.
            plugin = value.metadata.plugin_data.plugin_name
            known = next(iter(found.get(value.tag, {}).values()), (0.0, plugin))[1]
            scalar = float(tf.make_ndarray(value.tensor))
            found.setdefault(value.tag, {})[event.step] = (scalar, plugin or known)
    return found


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_same_seed_gives_the_same_bytes(train: Train, precision: str) -> None:
    one, other = (train(precision, again=again) for again in (False, True))
    assert (one / "model.keras").read_bytes() == (other / "model.keras").read_bytes()
    one, other = (history(cell).drop(columns=TIMING) for cell in (one, other))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_another_seed_gives_another_model(train: Train) -> None:
    one, other = train(), train(seed=1)
    assert (one / "model.keras").read_bytes() != (other / "model.keras").read_bytes()
    assert (history(one)["loss"] != history(other)["loss"]).all()


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_the_loss_is_finite_and_falls_in_every_precision(train: Train, precision: str) -> None:
    found = history(train(precision))
    for losses in (found["loss"], found["val_loss"]):
        assert np.isfinite(losses).all()
        assert losses.iloc[-1] < losses.iloc[0]


def test_the_history_has_a_row_an_epoch_and_figures_that_can_be(train: Train) -> None:
    found = history(train())
    assert list(found.columns) == COLUMNS
    assert found["epoch"].tolist() == [1, 2, 3]
    for column, count in (("accuracy", IMAGES["train"]), ("val_accuracy", IMAGES["validation"])):
        right = found[column] * count
        assert np.allclose(right, right.round(), atol=1e-9)
        assert right.between(0, count).all()
    speed = IMAGES["train"] / found["seconds"]
    assert np.allclose(found["images_per_second"], speed, rtol=1e-6)


def test_the_last_validation_figures_are_those_of_the_saved_model(train: Train) -> None:
    import keras

    cell = train()
    x, y = arrays.load(make_arrays(cell.parent / "arrays"), "validation")
    logits = np.array(keras.saving.load_model(cell / "model.keras")(x), np.float64)
    losses = np.log(np.exp(logits).sum(1)) - logits[y == 1]
    last = history(cell).iloc[-1]
    assert last["val_loss"] == pytest.approx(losses.mean(), rel=1e-5)
    assert last["val_accuracy"] == (logits.argmax(1) == y.argmax(1)).mean()


def losses_and_hits(cell: Path, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of the saved model."""
    import keras

    logits = np.array(keras.saving.load_model(cell / "model.keras")(x), np.float64)
    losses = np.log(np.exp(logits).sum(1)) - logits[y == 1]
    return float(losses.mean()), float((logits.argmax(1) == y.argmax(1)).mean())


def test_the_tutorials_figures_are_of_the_last_whole_batch_in_file_order_and_the_test_images(
    tmp_path: Path,
) -> None:
    cell = tmp_path / "cell"
    data = make_arrays(tmp_path / "arrays")
    done = run(data, cell, bias_initializer="glorot_uniform", **TUTORIAL)
    assert done.returncode == 0, done.stderr
    last = history(cell).iloc[-1]
    x, y = arrays.load(data, "train")
    loss, accuracy = losses_and_hits(cell, x[32:64], y[32:64])  # two batches of 32 in 90 images
    assert last["last_batch_loss"] == pytest.approx(loss, rel=1e-5)
    assert last["last_batch_accuracy"] == accuracy
    loss, accuracy = losses_and_hits(cell, *arrays.load(data, "test"))
    assert last["test_loss"] == pytest.approx(loss, rel=1e-5)
    assert last["test_accuracy"] == accuracy
    assert last["images_per_second"] == pytest.approx(64 / last["seconds"], rel=1e-6)
    right = history(cell)["accuracy"] * 64
    assert np.allclose(right, right.round(), atol=1e-9)


def test_watching_the_test_images_changes_nothing_that_is_learnt(
    train: Train, tmp_path: Path
) -> None:
    done = run(make_arrays(tmp_path / "arrays"), tmp_path / "cell", watch_test=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cell" / "model.keras").read_bytes() == (
        train() / "model.keras"
    ).read_bytes()


def test_no_whole_batch_is_an_error_where_others_are_dropped(tmp_path: Path) -> None:
    settings = {"drop_last_batch": True, "batch_size": 91}
    done = run(make_arrays(tmp_path / "arrays"), tmp_path / "cell", **settings)
    assert done.returncode == 1
    message = done.stderr.strip().splitlines()[-1]
    assert "90 training images are no whole batch of 91" in message
    assert "training.batch_size" in message


def test_run_json_says_what_was_trained_and_on_what(train: Train) -> None:
    cell = train()
    found = json.loads((cell / "run.json").read_text())
    assert found["seed"] == 0
    assert found["layers"] == LAYERS
    assert found["training"] == SETTINGS
    # 3 x 3 x 1 x 4 + 4; 4 x 4 x 4 x 8 + 8; 8 x 3 + 3
    assert found["parameters"] == 40 + 520 + 27
    assert found["training_images"] == IMAGES["train"]
    assert found["device"]["kind"] == "cpu"
    assert found["device"]["precision"] == "float32"
    assert found["device"]["reason"] == "set in the configuration"
    assert found["device"]["threads"] == 1
    assert found["device"]["gpus"] == []
    assert found["device"]["execution"]["devices"] == ["CPU:0"]
    assert {"python", "tensorflow", "keras", "numpy"} <= set(found["versions"])
    assert found["versions"]["numpy"] == np.__version__
    assert pd.Timestamp(found["started"]).tzinfo is not None
    in_epochs = history(cell)["seconds"].sum()
    assert found["seconds_in_epochs"] == pytest.approx(in_epochs, abs=0.002)
    assert found["seconds"] > found["seconds_in_epochs"]


def test_tensorboard_gets_the_history_as_scalars(train: Train) -> None:
    cell = train()
    expected, found = history(cell).set_index("epoch"), events(cell)
    assert set(found) == set(expected.columns) - set(WATCHED)
    for tag, steps in found.items():
        assert {plugin for _, plugin in steps.values()} == {"scalars"}
        values = {step: value for step, (value, _) in steps.items()}
        assert values == pytest.approx(expected[tag].to_dict(), rel=1e-6)


def test_without_a_validation_set_its_columns_are_empty_and_an_incomplete_batch_still_trains(
    tmp_path: Path,
) -> None:
    cell = tmp_path / "cell"
    done = run(make_arrays(tmp_path / "arrays", validation=0), cell, batch_size=1000)
    assert done.returncode == 0, done.stderr
    found = history(cell)
    assert list(found.columns) == COLUMNS
    assert found[["val_loss", "val_accuracy"]].isna().all(axis=None)
    assert not any(tag.startswith("val_") for tag in events(cell))
    # Its only batch is an incomplete one.
    assert found["loss"].iloc[-1] < found["loss"].iloc[0]


def with_nan(folder: Path) -> Path:
    x, _ = arrays.load(make_arrays(folder), "train")
    x[5] = math.nan
    np.save(folder / "x_train.npy", x)
    return folder


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        pytest.param(make_arrays, {"learning_rate": 1e20}, id="learning rate"),
        # A ReLU makes 0 of it: the loss stays finite while the weights do not.
        pytest.param(with_nan, {}, id="NaN in an image"),
        pytest.param(
            make_arrays,
            {"learning_rate": 1e25, "batch_size": 1000, "epochs": 1},
            id="learning rate, seen only after the last step",
        ),
    ],
)
def test_a_loss_that_is_no_finite_number_ends_the_training_and_leaves_no_model(
    tmp_path: Path, make: Callable[[Path], Path], settings: Mapping[str, Any]
) -> None:
    done = run(make(tmp_path / "arrays"), tmp_path / "cell", **settings)
    assert done.returncode == 1
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("DivergenceError: ")
    assert re.search(r"epoch [12]\b", message)
    assert "learning_rate" in message
    assert not (tmp_path / "cell" / "model.keras").exists()


def test_a_gpu_that_is_asked_for_and_not_there_is_an_error(tmp_path: Path) -> None:
    if import_tensorflow().config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    done = run(make_arrays(tmp_path / "arrays"), tmp_path / "cell", device="gpu")
    assert done.returncode == 1
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith("DeviceError: training.device is 'gpu'")
    assert "device: auto" in message
    assert not (tmp_path / "cell").exists()


def test_fewer_gpus_than_are_to_share_a_model_are_an_error(tmp_path: Path) -> None:
    found = len(import_tensorflow().config.list_physical_devices("GPU"))
    data = make_arrays(tmp_path / "arrays")
    done = run(data, tmp_path / "cell", device="auto", gpus=found + 2)
    assert done.returncode == 1
    message = done.stderr.strip().splitlines()[-1]
    assert message.startswith(f"DeviceError: training.gpus is {found + 2}, but TensorFlow finds ")
    assert "gpus: 1" in message
    assert not (tmp_path / "cell").exists()
