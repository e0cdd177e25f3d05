"""However steps are carried out, the same is learnt.

There is no GPU here: three logical devices on the CPU stand for three, and XLA compiles for the
CPU. TensorFlow is set up once a process, so trainings run one after the other in one.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import forked
from swatchbook.training.placement import DATA_SHARE, HOST, ON_CPU, STEPS_A_CALL, Execution, on_gpus

DRIVER = """
import json, sys
from pathlib import Path

import numpy as np

from swatchbook.training import devices, model_files, models, placement
from swatchbook.training.resumption import Resumption
from swatchbook.training.epochs import Trainer

tf = devices.import_tensorflow()
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 3)

CONV = {"conv": {"filters": 8, "kernel": 3, "activation": "relu"}}
DENSE = {"dense": {"units": 16, "activation": "relu"}}
LAYERS = {
    "plain": [CONV, {"pool": {"size": 2}}, CONV, {"pool": {"size": 2}}, {"flatten": {}}, DENSE],
    "dropout": [CONV, {"pool": {"size": 2}}, {"dropout": {"rate": 0.3}}, {"flatten": {}}, DENSE],
}
SETTINGS = {
    "batch_size": 16,
    "clip_norm": None,
    "label_smoothing": 0,
    "class_weights": None,
    "start_from": None,
    "shuffle": True,
    "drop_last_batch": False,
    "watch_test": False,
    "early_stopping": None,
    "keep": "last",
    "monitor": "val_loss",
}
TAKEN = ("epochs", "augmentation", "averaging", "optimizer", "learning_rate")
generator = np.random.default_rng(0)
# Ten whole batches, and one of a single image: of three replicas two have none.
x = generator.random((161, 8, 8, 1), np.float32)
y = np.eye(3, dtype=np.float32)[generator.integers(3, size=161)]
strategies = {}
folder, cases = Path(sys.argv[1]), json.loads(sys.argv[2])
for name, case in cases.items():
    chosen = placement.Execution(**case["execution"])
    # Two strategies of several devices in one process would talk into each other.
    number = len(chosen.devices)
    strategies[number] = strategies.get(number) or placement.strategy(chosen)
    with strategies[number].scope():
        model = models.build(LAYERS[case["model"]], x.shape[1:], 3, 0, case["precision"])
    settings = SETTINGS | {key: case[key] for key in TAKEN}
    trainer = Trainer(model, x, y, settings, 0, chosen)
    kept = Resumption(folder / case["checkpoints"], {}, "") if case["checkpoints"] else None
    history = trainer.fit({"validation": (x[:30], y[:30])}, folder / "events", kept=kept)
    model_files.save(model, folder / f"{name}.keras")  # copies on several devices are saved as one
    rows = [[row.loss, row.accuracy, row.val_loss, row.val_accuracy] for row in history]
    np.savez(
        folder / f"{name}.npz",
        history=rows,
        resumed=kept.resumed_after if kept else [],
        **trainer.state(),
    )
    masks = [[copy.numpy().tolist() for copy in copies] for copies in trainer._copies_of_dropout]
    (folder / f"{name}.json").write_text(json.dumps(masks))
"""
TOGETHER = ("CPU:0", "CPU:1", "CPU:2")
FLIPS = [{"flip": {}}]
AVERAGES = {
    "ema": {"ema": {"decay": 0.9}},
    "lookahead": {"lookahead": {"every": 5, "decay": 0.5, "power": 0.0}},
}

MUON = {"optimizer": "muon_sgd", "learning_rate": 0.05}


def case(
    model: str = "plain",
    precision: str = "float32",
    epochs: int = 3,
    checkpoints: str | None = None,
    augmentation: Sequence[Mapping[str, Any]] = (),
    averaging: Mapping[str, Any] | None = None,
    optimizer: str = "adam",
    learning_rate: float = 0.001,
    **execution: Any,
) -> dict[str, Any]:
    given = {"devices": (HOST,), "xla": False, "steps_a_call": 1, "memory": None} | execution
    return {
        "model": model,
        "precision": precision,
        "epochs": epochs,
        "checkpoints": checkpoints,
        "augmentation": augmentation,
        "averaging": averaging,
        "optimizer": {optimizer: {}},
        "learning_rate": learning_rate,
        "execution": given,
    }


CASES = {
    "one": case(),
    "dropout": case("dropout"),
    "dropout_bfloat16": case("dropout", "mixed_bfloat16"),
    "calls": case(steps_a_call=4),
    "dropout_bfloat16_calls": case("dropout", "mixed_bfloat16", steps_a_call=4),
    "xla": case(xla=True, steps_a_call=4),
    "two": case(devices=TOGETHER[:2]),
    "three": case(devices=TOGETHER),
    # The data of 161 images do not fit into a byte, so each batch comes from the host.
    "three_fed": case(devices=TOGETHER, memory=1),
    "three_dropout": case("dropout", devices=TOGETHER),
    "three_dropout_begun": case("dropout", devices=TOGETHER, epochs=1, checkpoints="kept"),
    "three_dropout_resumed": case("dropout", devices=TOGETHER, checkpoints="kept"),
    "flips": case(augmentation=FLIPS),
    "flips_begun": case(epochs=1, checkpoints="flipped", augmentation=FLIPS),
    "flips_resumed": case(checkpoints="flipped", augmentation=FLIPS),
    "flips_calls": case(steps_a_call=4, augmentation=FLIPS),
    **{
        f"{name}{suffix}": case(averaging=average, checkpoints=name if suffix else None, **more)
        for name, average in AVERAGES.items()
        for suffix, more in {"": {}, "_begun": {"epochs": 1}, "_resumed": {}}.items()
    },
    "three_lookahead": case(devices=TOGETHER, averaging=AVERAGES["lookahead"]),
    "three_flips": case(devices=TOGETHER, augmentation=FLIPS),
    "muon": case(**MUON),
    "three_muon": case(devices=TOGETHER, **MUON),
    "xla_muon": case(xla=True, steps_a_call=4, **MUON),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trainings of all cases."""
    folder = tmp_path_factory.mktemp("trained")
    two = {"two": CASES["two"]}
    others = {name: case for name, case in CASES.items() if name not in two}
    # All that share batches in one process have to be as many.
    for cases in (others, two):
        done = forked.run(forked.TENSORFLOW, DRIVER, str(folder), json.dumps(cases), seconds=600)
        assert done.returncode == 0, done.stderr
    return folder


def trained(folder: Path, name: str) -> dict[str, np.ndarray]:
    with np.load(folder / f"{name}.npz") as found:
        return dict(found)


def assert_equal(folder: Path, one: str, other: str) -> None:
    """Weights, optimiser, dropout and figures have the same bits."""
    expected, found = trained(folder, one), trained(folder, other)
    for name in expected.keys() - {"resumed"}:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.parametrize(
    ("single", "several"),
    [
        ("one", "calls"),
        ("dropout_bfloat16", "dropout_bfloat16_calls"),
        ("flips", "flips_calls"),
    ],
)
def test_several_steps_a_call_give_the_same_bits_as_single_ones(
    folder: Path, single: str, several: str
) -> None:
    assert_equal(folder, single, several)


@pytest.mark.parametrize(
    ("alone", "name", "rounding"),
    [
        ("one", "two", 1e-6),
        ("one", "three", 1e-6),
        ("one", "xla", 1e-6),
        ("flips", "three_flips", 1e-6),
        ("lookahead", "three_lookahead", 1e-6),
        # Muon makes the small directions of a gradient as large as the others, rounding included.
        ("muon", "three_muon", 1e-4),
        ("muon", "xla_muon", 1e-4),
    ],
)
def test_sharing_a_batch_and_compiling_it_change_no_more_than_rounding(
    folder: Path, alone: str, name: str, rounding: float
) -> None:
    expected, found = trained(folder, alone), trained(folder, name)
    np.testing.assert_allclose(found["history"], expected["history"], rtol=rounding)
    weights = [key for key in expected if key.startswith("model.")]
    assert weights
    for key in weights:
        np.testing.assert_allclose(found[key], expected[key], rtol=0, atol=rounding, err_msg=key)


def test_batches_from_the_host_give_the_same_bits_as_those_from_the_device(folder: Path) -> None:
    assert_equal(folder, "three", "three_fed")


def test_a_training_on_several_devices_goes_on_to_the_same_bits(folder: Path) -> None:
    assert trained(folder, "three_dropout_begun")["resumed"].tolist() == []
    assert trained(folder, "three_dropout_resumed")["resumed"].tolist() == [1]
    assert_equal(folder, "three_dropout", "three_dropout_resumed")


def test_augmentation_changes_what_is_learnt_and_goes_on_to_the_same_bits(folder: Path) -> None:
    plain, flips = trained(folder, "one"), trained(folder, "flips")
    assert not np.array_equal(plain["model.0"], flips["model.0"])
    assert trained(folder, "flips_resumed")["resumed"].tolist() == [1]
    assert_equal(folder, "flips", "flips_resumed")


@pytest.mark.parametrize("name", AVERAGES)
def test_an_average_changes_what_is_learnt_and_goes_on_to_the_same_bits(
    folder: Path, name: str
) -> None:
    plain, averaged = trained(folder, "one"), trained(folder, name)
    assert not np.array_equal(plain["model.0"], averaged["model.0"])
    assert trained(folder, f"{name}_resumed")["resumed"].tolist() == [1]
    assert_equal(folder, name, f"{name}_resumed")


@pytest.mark.parametrize("name", ["three_dropout", "three_dropout_resumed"])
def test_each_device_has_random_numbers_of_its_own_for_dropout(folder: Path, name: str) -> None:
    (copies,) = json.loads((folder / f"{name}.json").read_text())
    first, times = copies[0]
    assert copies == [[first, times], [first + 1, times], [first + 2, times]]
    ((alone,),) = json.loads((folder / "dropout.json").read_text())
    assert copies[0] == alone


def test_data_stand_on_the_devices_if_they_leave_room_for_the_rest() -> None:
    devices = on_gpus(2, memory=1000)
    assert devices.homes(int(DATA_SHARE * 1000)) == ("GPU:0", "GPU:1")
    assert devices.homes(int(DATA_SHARE * 1000) + 1) == (HOST, HOST)
    assert ON_CPU.homes(10**15) == (HOST,)


def test_one_gpu_gets_xla_and_several_steps_a_call_and_several_get_neither() -> None:
    assert on_gpus(1, 1000) == Execution(("GPU:0",), True, STEPS_A_CALL, 1000)
    assert on_gpus(2, 1000) == Execution(("GPU:0", "GPU:1"), False, 1, 1000)
    assert (ON_CPU.xla, ON_CPU.steps_a_call) == (False, 1)
