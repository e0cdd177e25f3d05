"""A training whose images are bytes, in memory or in shards, makes the bits of one of floats.

TensorFlow is set up once a process, so each training runs in one of its own.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forked
from swatchbook.data.normalisation import normalised
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError
from swatchbook.training import run, steps
from swatchbook.training.devices import import_tensorflow
from training_inputs import LAYERS, SETTINGS, make_arrays, make_shards

TRAIN = """
import json, sys
from swatchbook import training
from swatchbook.data import arrays

given = json.loads(sys.argv[1])
if given.pop("as_floats"):
    arrays.load_compact = lambda folder, split, seed=None, shards=None: arrays.load(
        folder, split, seed
    )
training.train(**given)
"""
TIMING = ["seconds", "images_per_second"]


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "float32", "watch_test": True},
        {"precision": "mixed_bfloat16", "augmentation": [{"flip": {}}, {"shift": {"pixels": 1}}]},
        {"precision": "float32", "sampling": "balanced", "averaging": {"ema": {"decay": 0.9}}},
    ],
    ids=["watched", "augmented", "drawn"],
)
def test_models_histories_and_probabilities_have_the_same_bits(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    whole = make_arrays(tmp_path / "arrays")
    shards = make_shards(whole, tmp_path / "sharded")
    of_floats = trained(tmp_path, "floats", whole, settings)
    for name, stored in {"bytes": whole, "shards": shards}.items():
        other = trained(tmp_path, name, stored, settings)
        assert (of_floats / "model.keras").read_bytes() == (other / "model.keras").read_bytes()
        with np.load(of_floats / "left.npz") as one, np.load(other / "left.npz") as two:
            assert all(np.array_equal(one[split], two[split]) for split in SPLITS)
        one, two = (pd.read_csv(cell / "history.csv") for cell in (of_floats, other))
        pd.testing.assert_frame_equal(one.drop(columns=TIMING), two.drop(columns=TIMING))


def test_nothing_trains_on_a_damaged_shard(tmp_path: Path) -> None:
    shards = make_shards(make_arrays(tmp_path / "arrays"), tmp_path / "sharded")
    damaged = shards / "shards/2-of-3.npy"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="is damaged") as raised:
        run.train(shards, LAYERS, SETTINGS, 0, tmp_path / "out")
    assert raised.value.where == damaged
    assert not (tmp_path / "out").exists()


def trained(folder: Path, name: str, stored: Path, settings: dict[str, Any]) -> Path:
    given = {
        "arrays_folder": str(stored),
        # A layer that is made of the images, too.
        "layers": [{"whiten": {"kernel": 2, "images": 50}}, *LAYERS],
        "settings": SETTINGS | {"epochs": 2} | settings,
        "seed": 3,
        "output": str(folder / name),
        "leave": str(folder / name / "left.npz"),
        "as_floats": name == "floats",
    }
    forked.run(forked.TENSORFLOW, TRAIN, json.dumps(given), seconds=120).check_returncode()
    return folder / name


def test_all_bytes_are_normalised_by_tensorflow_as_by_numpy() -> None:
    tf = import_tensorflow()
    values = np.arange(256, dtype=np.uint8).repeat(37)  # no multiple of a vector's length
    in_a_graph = tf.function(
        steps.normalised, input_signature=[tf.TensorSpec([None], tf.uint8)], autograph=False
    )
    assert in_a_graph(values).numpy().tobytes() == normalised(values).tobytes()
