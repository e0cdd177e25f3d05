"""A training whose images are bytes in memory makes the bits of one whose images are floats.

TensorFlow is set up once a process, so each training runs in one of its own.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import forked
from swatchbook.data import arrays
from swatchbook.training import steps
from swatchbook.training.devices import import_tensorflow
from training_inputs import LAYERS, SETTINGS, make_arrays

TRAIN = """
import json, sys
from swatchbook import training
from swatchbook.data import arrays

given = json.loads(sys.argv[1])
if given.pop("as_floats"):
    arrays.load_compact = arrays.load
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
    make_arrays(tmp_path / "arrays")
    of_floats, of_bytes = (
        trained(tmp_path, name, name == "floats", settings) for name in ("floats", "bytes")
    )
    for file in ("model.keras", "left.npz"):
        assert (of_floats / file).read_bytes() == (of_bytes / file).read_bytes()
    one, other = (pd.read_csv(cell / "history.csv") for cell in (of_floats, of_bytes))
    pd.testing.assert_frame_equal(one.drop(columns=TIMING), other.drop(columns=TIMING))


def trained(folder: Path, name: str, as_floats: bool, settings: dict[str, Any]) -> Path:
    given = {
        "arrays_folder": str(folder / "arrays"),
        # A layer that is made of the images, too.
        "layers": [{"whiten": {"kernel": 2, "images": 50}}, *LAYERS],
        "settings": SETTINGS | {"epochs": 2} | settings,
        "seed": 3,
        "output": str(folder / name),
        "leave": str(folder / name / "left.npz"),
        "as_floats": as_floats,
    }
    forked.run(forked.TENSORFLOW, TRAIN, json.dumps(given), seconds=120).check_returncode()
    return folder / name


def test_all_bytes_are_normalised_by_tensorflow_as_by_numpy() -> None:
    tf = import_tensorflow()
    values = np.arange(256, dtype=np.uint8).repeat(37)  # no multiple of a vector's length
    in_a_graph = tf.function(
        steps.normalised, input_signature=[tf.TensorSpec([None], tf.uint8)], autograph=False
    )
    assert in_a_graph(values).numpy().tobytes() == arrays.normalised(values).tobytes()
