"""Whatever ends a training, the same command goes on from what was kept to the same bits."""

import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.files import digest
from training_inputs import LAYERS, SETTINGS, make_arrays
from trainings import Training, differences, kill, wait_until

MORE = SETTINGS | {"epochs": 4}

CHECKPOINTS = "swatchbook.training.checkpoints"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # 1,100 validation images are measured in three batches, the last an incomplete one.
    return make_arrays(tmp_path_factory.mktemp("data"), validation=1100)


@pytest.fixture(scope="module")
def untouched(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Training]:
    """An uninterrupted training, one for each precision."""
    done: dict[str, Training] = {}

    def trained(precision: str = "float32") -> Training:
        if precision not in done:
            folder = tmp_path_factory.mktemp(precision)
            done[precision] = Training(folder, data, LAYERS, MORE | {"precision": precision})
            assert done[precision].run() == (0, "")
        return done[precision]

    return trained


@pytest.fixture
def training(data: Path, tmp_path: Path) -> Training:
    return Training(tmp_path, data, LAYERS, MORE)


Record = Callable[[str, object], None]


def lines(training: Training, level: str) -> list[str]:
    """Return what was logged at a level."""
    return re.findall(rf"^\S+ \S+ {level} (.*)$", training.log, re.MULTILINE)


@pytest.mark.parametrize(
    ("precision", "kills"),
    [
        pytest.param(
            "float32",
            [
                # Call of which function, and the epochs that are kept after it.
                ((CHECKPOINTS, "_sync", 1), []),  # files written, not on the disk
                ((CHECKPOINTS, "_rename", 2), [1]),
                (("swatchbook.training.run", "write_history", 1), [3, 4]),
            ],
            id="float32",
        ),
        pytest.param(
            "mixed_bfloat16",
            [
                ((CHECKPOINTS, "write_text", 2), [1]),  # a part not even written
                (("shutil", "rmtree", 3), [2, 3]),  # when an older one is removed
                (("swatchbook.training.model_files", "save", 1), [3, 4]),
            ],
            id="mixed_bfloat16",
        ),
        pytest.param("mixed_float16", [((CHECKPOINTS, "_sync", 13), [1, 2])], id="mixed_float16"),
    ],
)
def test_a_training_killed_inside_a_writing_goes_on_to_the_same_bits(
    training: Training,
    untouched: Callable[[str], Training],
    precision: str,
    kills: list[tuple[tuple[str, str, int], list[int]]],
) -> None:
    training.settings = MORE | {"precision": precision}
    expected = []
    for where, kept in kills:
        assert training.run(kill=where) == (-signal.SIGKILL, "")
        assert training.epochs_kept() == kept
        expected += kept[-1:]
    assert training.run() == (0, "")
    assert training.run_json()["resumed_after"] == expected
    assert untouched(precision).run_json()["resumed_after"] == []
    assert differences(training.cell, untouched(precision).cell) == []
    assert not training.checkpoints.exists()


BLOCK = {"residual": {"layers": [{"conv": {"filters": 4}}, {"batch_norm": {"momentum": 0.6}}]}}
# Between them whatever of a recipe has a state, or numbers of chance.
RECIPES = {
    "sgd": (
        [BLOCK, {"spatial_dropout": {"rate": 0.2}}, {"GaussianNoise": {"stddev": 0.1}}],
        {
            "optimizer": {"sgd": {"momentum": 0.9, "nesterov": True}},
            "learning_rate": {"peak": 0.05, "schedule": {"triangular": {}}, "warmup": 0.1},
            "averaging": {"lookahead": {"every": 2}},
            "augmentation": [{"alternating_flip": {}}, {"shift": {"pixels": 1}}, {"mixup": {}}],
            "label_smoothing": 0.2,
        },
    ),
    "muon": (
        [{"conv": {"filters": 4, "weight_decay": 0.01}}, {"batch_norm": {}}],
        {
            "optimizer": {"muon": {}},
            "learning_rate": {"peak": 0.01, "schedule": {"cosine": {}}, "warmup": 0},
            "averaging": {"ema": {"decay": 0.9}},
            "augmentation": [{"crop": {}}, {"rotate": {}}, {"cutout": {"size": 2}}],
            "clip_norm": 1.0,
        },
    ),
    "muon_sgd": (
        [{"conv": {"filters": 4, "bias": False}}, {"batch_norm": {"momentum": 0.6}}],
        {
            "optimizer": {"muon_sgd": {"filter_rate": 1.5, "bias_rate": 4}},
            "learning_rate": {"peak": 0.05, "schedule": {"triangular": {}}, "warmup": 0},
            "averaging": {"lookahead": {"every": 2}},
        },
    ),
    "airbench": (
        [
            {"whiten": {"images": 100}},
            {"activation": {"function": "gelu"}},
            {"conv": {"filters": 8, "bias": False}},
            {"batch_norm": {"momentum": 0.6, "scale": False}},
        ],
        {
            "epochs": 3.5,
            "initializer": "dirac",
            "keep": "best",
            "drop_last_batch": True,
            "sampling": "balanced",
            "optimizer": {
                "sgd": {"momentum": 0.85, "weight_decay": 0.001, "coupled": True, "bias_rate": 8}
            },
            "precision": "mixed_bfloat16",
        },
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_any_recipe_that_is_killed_goes_on_to_the_same_bits(
    data: Path, tmp_path: Path, name: str
) -> None:
    layers, own = RECIPES[name]
    layers = [*layers, {"flatten": {}}, {"dense": {"units": 8}}, {"dropout": {"rate": 0.3}}]
    killed, untouched = (
        Training(tmp_path / part, data, layers, MORE | own) for part in ("killed", "untouched")
    )
    assert untouched.run() == (0, "")
    assert killed.run(kill=(CHECKPOINTS, "_rename", 2)) == (-signal.SIGKILL, "")
    assert killed.run(kill=("swatchbook.training.model_files", "save", 1)) == (-signal.SIGKILL, "")
    assert killed.run() == (0, "")
    assert killed.run_json()["resumed_after"] == [1, 4]
    assert differences(killed.cell, untouched.cell) == []


@pytest.mark.parametrize("name", RECIPES)
def test_a_training_that_is_killed_within_an_epoch_goes_on_from_its_last_step(
    data: Path, tmp_path: Path, name: str
) -> None:
    """A long epoch is kept every ten minutes, here after each step."""
    layers, own = RECIPES[name]
    layers = [*layers, {"flatten": {}}, {"dense": {"units": 8}}, {"dropout": {"rate": 0.3}}]
    settings = MORE | own | {"epochs": 1.5, "watch_test": True}
    killed, untouched = (
        Training(tmp_path / part, data, layers, settings) for part in ("killed", "untouched")
    )
    assert untouched.run() == (0, "")
    killed.unkept = 0.0
    of_epoch = 2 if settings["drop_last_batch"] else 3
    # The last one has no validation yet.
    steps = [f"epoch-00000-step-{step:08}" for step in range(1, of_epoch + 1)]
    for kept in (*steps, "epoch-00001"):
        assert killed.run(kill=(CHECKPOINTS, "_rename", 2)) == (-signal.SIGKILL, "")
        assert killed.whole_checkpoints()[-1].rpartition("-")[0] == kept
    assert killed.run() == (0, "")
    parts = [0.5, 0.999] if of_epoch == 2 else [0.333, 0.666, 0.999]
    assert killed.run_json()["resumed_after"] == [*parts, 1]
    assert differences(killed.cell, untouched.cell) == []


@pytest.mark.parametrize("averaging", [None, {"ema": {"decay": 0.5}}])
def test_a_training_that_stops_early_is_killed_after_each_epoch_and_keeps_the_same_best_weights(
    data: Path, tmp_path: Path, averaging: Any
) -> None:
    settings = MORE | {
        "epochs": 12,
        "learning_rate": 0.15,
        "averaging": averaging,
        "early_stopping": {"patience": 2, "min_delta": 0},
        "keep": "best",
    }
    killed, untouched = (
        Training(tmp_path / part, data, LAYERS, settings) for part in ("killed", "untouched")
    )
    assert untouched.run() == (0, "")
    stopped = untouched.run_json()["stopped_after"]
    assert untouched.run_json()["kept_epoch"] == stopped - 2 < 10
    for epoch in range(1, stopped):
        assert killed.run(kill=(CHECKPOINTS, "_rename", 2)) == (-signal.SIGKILL, "")
        assert killed.epochs_kept()[-1] == epoch
    assert killed.run(kill=("swatchbook.training.model_files", "save", 1)) == (-signal.SIGKILL, "")
    assert killed.run() == (0, "")
    found = killed.run_json()
    assert found["resumed_after"] == list(range(1, stopped + 1))
    assert (found["stopped_after"], found["kept_epoch"]) == (stopped, stopped - 2)
    assert differences(killed.cell, untouched.cell) == []


RATE = {"peak": 0.004, "schedule": {"cosine": {}}, "warmup": 0.2}


@pytest.mark.parametrize(
    ("precision", "own"),
    [
        ("float32", {"averaging": {"ema": {"decay": 0.5}}, "sampling": "balanced"}),
        ("mixed_bfloat16", {"keep": "best", "augmentation": [{"shift": {"pixels": 1}}]}),
    ],
)
def test_a_training_in_two_phases_is_killed_after_each_epoch_and_goes_on_to_the_same_bits(
    data: Path, tmp_path: Path, precision: str, own: dict[str, Any]
) -> None:
    layers = [*RECIPES["muon"][0], *LAYERS[1:]]
    begun = Training(tmp_path / "begun", data, layers, MORE)
    assert begun.run() == (0, "")
    file = begun.cell / "model.keras"
    start = {"file": str(file), "sha256": digest(file), "keep_statistics": True}
    start |= {"frozen": {"epochs": 2}, "then": {"learning_rate": RATE}}
    settings = MORE | {"precision": precision, "start_from": start} | own
    killed, untouched = (
        Training(tmp_path / part, data, layers, settings, seed=1)
        for part in ("killed", "untouched")
    )
    assert untouched.run() == (0, "")
    for epoch in (1, 2, 3):  # the second is the end of the first phase
        assert killed.run(kill=(CHECKPOINTS, "_rename", 2)) == (-signal.SIGKILL, "")
        assert killed.epochs_kept()[-1] == epoch
    killed.unkept = 0.0
    assert killed.run(kill=(CHECKPOINTS, "_rename", 2)) == (-signal.SIGKILL, "")
    assert killed.whole_checkpoints()[-1].startswith("epoch-00003-step-00000001")
    assert killed.run() == (0, "")
    assert killed.run_json()["resumed_after"] == [1, 2, 3, 3.333]
    assert differences(killed.cell, untouched.cell) == []


def test_a_training_killed_from_outside_when_an_epoch_has_ended_goes_on_to_the_same_bits(
    training: Training,
    untouched: Callable[[], Training],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training.settings = untouched().settings
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    process = training.start()
    wait_until(lambda: 2 in training.epochs_kept(), process)
    kill(process)
    assert process.returncode == -signal.SIGKILL
    assert list(temporary.iterdir()) == []
    (after,) = training.epochs_kept()[-1:]
    assert training.run() == (0, "")
    assert training.run_json()["resumed_after"] == [after]
    assert f"resumed after epoch {after} from {training.checkpoints}" in lines(training, "INFO")
    assert differences(training.cell, untouched().cell) == []


# Where SIGTERM comes: a call of which function, and what the training says then.
MOMENTS = {
    "in a step": (
        ("swatchbook.progress", "Progress.update", 2),
        r"in epoch 1, step 2 of 3 \(the same command goes on (in epoch 1, after step 2 of 3)\)",
    ),
    "in a validation": (
        ("swatchbook.training.epochs", "Trainer._measured", 2),
        r"in epoch 2, step 3 of 3 \(the same command goes on (in epoch 2, after step 3 of 3)\)",
    ),
    "between epochs": (
        ("swatchbook.training.epochs", "Trainer._check_weights", 1),
        r"in epoch 2, step 1 of 3 \(the same command goes on (in epoch 2, after step 1 of 3)\)",
    ),
}


@pytest.mark.parametrize("own", [{}, {"keep": "best", "averaging": {"ema": {"decay": 0.5}}}])
@pytest.mark.parametrize("moment", MOMENTS)
def test_sigterm_keeps_what_is_done_and_says_where_the_same_command_goes_on(
    data: Path, tmp_path: Path, moment: str, own: Any, record_property: Record
) -> None:
    settings = MORE | {"epochs": 2} | own
    stopped, untouched = (
        Training(tmp_path / part, data, LAYERS, settings) for part in ("stopped", "untouched")
    )
    assert untouched.run() == (0, "")
    where, told = MOMENTS[moment]
    code, said = stopped.run(kill=where, by=signal.SIGTERM)
    assert code == 1
    record_property("told", said.strip())
    point = re.fullmatch(rf"swatchbook: error: stopped by SIGTERM {told}\n", said)[1]
    assert stopped.run() == (0, "")
    assert f"resumed {point} from {stopped.checkpoints}" in lines(stopped, "INFO")
    assert differences(stopped.cell, untouched.cell) == []


def test_a_damaged_checkpoint_falls_back_to_the_one_before_and_two_are_an_error(
    training: Training,
    untouched: Callable[[], Training],
    tmp_path: Path,
    record_property: Record,
) -> None:
    training.run(kill=("swatchbook.training.model_files", "save", 1))
    assert training.epochs_kept() == [3, 4]
    newest = training.checkpoints / training.whole_checkpoints()[-1]
    with (newest / "state.npz").open("r+b") as file:
        file.truncate(1000)
    both = Training(tmp_path / "both", training.data, training.layers, training.settings)
    shutil.copytree(training.checkpoints, both.checkpoints)
    (both.checkpoints / both.whole_checkpoints()[0] / "facts.json").unlink()

    assert training.run() == (0, "")
    warned = lines(training, "WARNING")
    assert len(warned) == 1 and f"{newest} is damaged and not used: state.npz" in warned[0]
    assert training.run_json()["resumed_after"] == [3]
    assert differences(training.cell, untouched().cell) == []

    code, said = both.run()
    assert code == 1
    for line in (*warned, said.strip()):
        record_property("told", line.replace(f"{tmp_path}/", ""))
    assert said.startswith(f"swatchbook: error: {both.checkpoints}: damaged: none of 2 checkpoints")
    assert "make clean-checkpoints" in said and said.count("\n") == 1
    assert not (both.cell / "model.keras").exists()
    assert both.epochs_kept() == [3, 4]


def test_a_checkpoint_of_other_settings_data_or_code_is_not_used(
    training: Training,
    untouched: Callable[[], Training],
    tmp_path: Path,
    record_property: Record,
) -> None:
    training.settings = MORE | {"learning_rate": 0.02}
    training.code = "0"
    data, training.data = training.data, tmp_path / "other"
    shutil.copytree(data, training.data)
    x = np.load(training.data / "x_train.npy")
    x[0, 0, 0, 0] += 0.5
    np.save(training.data / "x_train.npy", x)
    training.run(kill=(CHECKPOINTS, "_rename", 3))
    assert training.epochs_kept() == [1, 2]

    training.settings, training.code, training.data = MORE, "1", data
    assert training.run() == (0, "")
    warned = [line for line in lines(training, "WARNING") if "is not used" in line]
    assert len(warned) == 2
    record_property("told", warned[0].replace(f"{tmp_path}/", ""))
    for said in ("training.learning_rate (0.02 then, 0.01 now)", "code (0 then, 1 now)", "data.tr"):
        assert said in warned[0]
    assert "data.validation" not in warned[0]
    assert training.run_json()["resumed_after"] == []
    assert differences(training.cell, untouched().cell) == []


def test_two_trainings_of_the_same_at_once_end_with_the_same_bits(
    training: Training, untouched: Callable[[], Training]
) -> None:
    """As when Snakemake is killed, its job is not, and Snakemake is started again."""
    both = training.start(), training.start()
    for process in both:
        assert process.communicate(timeout=300)[1] == ""
        assert process.returncode == 0
    models = [one.cell / "model.keras" for one in (training, untouched())]
    assert models[0].read_bytes() == models[1].read_bytes()


def test_a_loss_that_is_not_finite_is_named_by_epoch_and_step_and_the_last_epoch_is_kept(
    training: Training, record_property: Record
) -> None:
    training.layers = [{"flatten": {}}]
    training.settings = MORE | {"epochs": 50, "learning_rate": 4e36}
    code, said = training.run()
    assert code == 1
    record_property("told", said.strip())
    assert said.count("\n") == 1
    told = re.search(r"the loss is no finite number in epoch (\d+), step [123] of 3 ", said)
    epoch = int(told[1])
    assert epoch > 1
    assert "training.learning_rate" in said
    assert f"the checkpoint after epoch {epoch - 1} is kept" in said
    assert training.epochs_kept()[-1] == epoch - 1
    kept = training.checkpoints / training.whole_checkpoints()[-1] / "state.npz"
    for array in np.load(kept, allow_pickle=False).values():
        assert np.isfinite(array).all()


@pytest.mark.parametrize("image", [3, 70])
def test_the_first_step_with_nan_is_found(
    training: Training, tmp_path: Path, image: int, record_property: Record
) -> None:
    data, training.data = training.data, tmp_path / "nan"
    shutil.copytree(data, training.data)
    x = np.load(training.data / "x_train.npy")
    x[image, 0, 0, 0] = np.nan
    np.save(training.data / "x_train.npy", x)
    training.layers = [{"flatten": {}}]  # a ReLU would make 0 of it
    training.settings = MORE | {"shuffle": False}
    code, said = training.run()
    assert code == 1
    record_property("told", said.strip())
    step = image // 32 + 1
    assert f"the loss is no finite number in epoch 1, step {step} of 3 " in said
    assert ("look for NaN in the images" in said) == (step == 1)


def test_a_lack_of_memory_names_the_batch_size(training: Training, record_property: Record) -> None:
    # 90 x 8 x 8 x 200,000 values for a batch are 4.6 GB, of which no byte is ever written.
    conv: dict[str, Any] = {"filters": 200_000, "kernel": 3, "activation": "relu"}
    training.layers = [{"conv": conv}, {"pool": {"size": 8}}, {"flatten": {}}]
    training.settings = MORE | {"batch_size": 90}
    process = training.start(memory=3_000_000_000)
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 1
    line = said.splitlines()[-1]
    record_property("told", line)
    assert line.startswith("swatchbook: error: training.batch_size: out of memory with")
    assert "training.batch_size 90 and 90 training images" in line
    assert "take smaller batches" in line
