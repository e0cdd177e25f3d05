"""What a training leaves its evaluation is what that would compute itself, to the bit."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import forked
from swatchbook.data.splits import SPLITS
from swatchbook.training import prediction
from training_inputs import IMAGES, SETTINGS, make_arrays

# Also layers that compute in training what they do not in evaluation, and some that stand in for
# Keras's.
LAYERS = [
    {"conv": {"filters": 8, "bias": False, "activation": "linear"}},
    {"batch_norm": {"momentum": 0.6}},
    {"activation": {"function": "gelu"}},
    {"pool": {"size": 2}},
    {"dropout": {"rate": 0.5}},
    {"flatten": {}},
    {"dense": {"units": 16}},
]
TRAIN = """
import json, sys
from swatchbook import training

training.train(**json.loads(sys.argv[1]))
"""
EVALUATE = """
import json, sys
from swatchbook import training

training.evaluate(**json.loads(sys.argv[1]))
print("tensorflow" in sys.modules)
"""
LEFT = "seed-0.npz"


@pytest.fixture(scope="module", params=["float32", "mixed_bfloat16"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with arrays, a training, and what that has left; averaged weights and views too."""
    folder = tmp_path_factory.mktemp("trained")
    make_arrays(folder / "arrays")
    given = {
        "arrays_folder": str(folder / "arrays"),
        "layers": LAYERS,
        "settings": SETTINGS
        | {"precision": request.param, "averaging": {"lookahead": {"every": 2}}},
        "seed": 0,
        "output": str(folder / "cell"),
        "checkpoints": str(folder / "checkpoints"),
        "leave": str(folder / LEFT),
    }
    forked.run(forked.TENSORFLOW, TRAIN, json.dumps(given), seconds=120).check_returncode()
    return folder


@pytest.fixture
def trained(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "copy")


def evaluate(folder: Path, output: str, left: bool = True, views: dict | None = None) -> bool:
    """Evaluate, and return whether TensorFlow was needed."""
    given = {
        "arrays_folder": str(folder / "arrays"),
        "model_file": str(folder / "cell" / "model.keras"),
        "run_file": str(folder / "cell" / "run.json"),
        "device": "cpu",
        "classes": [str(number) for number in range(3)],
        "output": str(folder / output),
        "views": views,
        "left": str(folder / LEFT) if left else None,
    }
    done = forked.run("import swatchbook", EVALUATE, json.dumps(given), seconds=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1] == "True"


def assert_same_files(one: Path, other: Path) -> None:
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    assert [
        name for name in names if (one / name).read_bytes() != (other / name).read_bytes()
    ] == []


def test_an_evaluation_takes_it_without_tensorflow_to_the_same_bytes_and_removes_it(
    trained: Path,
) -> None:
    assert not evaluate(trained, "taken")
    assert not (trained / LEFT).exists()
    assert evaluate(trained, "alone")
    assert_same_files(trained / "taken", trained / "alone")


def test_views_are_computed_beside_it_to_the_same_bytes(trained: Path) -> None:
    views = {"mirror": {}}
    assert evaluate(trained, "taken", views=views)
    assert evaluate(trained, "alone", left=False, views=views)
    assert_same_files(trained / "taken", trained / "alone")


def left(folder: Path) -> prediction.Probabilities | None:
    return prediction.left(
        folder / LEFT, folder / "cell" / "model.keras", folder / "arrays", seed=0
    )


def test_what_is_of_this_model_and_these_images_is_taken(trained: Path) -> None:
    found = left(trained)
    assert found is not None
    assert {split: len(some) for split, some in found.items()} == IMAGES


def test_nothing_is_taken_where_nothing_was_left(trained: Path) -> None:
    (trained / LEFT).unlink()
    assert left(trained) is None


def test_what_is_of_another_model_is_not_taken(trained: Path) -> None:
    with (trained / "cell" / "model.keras").open("ab") as file:
        file.write(b"more")
    assert left(trained) is None


@pytest.mark.parametrize("split", SPLITS)
def test_what_is_of_other_images_is_not_taken(trained: Path, split: str) -> None:
    file = trained / "arrays" / f"x_{split}.npy"
    images = np.load(file)
    images[-1, 0, 0, 0] = 1 - images[-1, 0, 0, 0]
    np.save(file, images)
    assert left(trained) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"not an archive"])
def test_what_is_no_archive_is_not_taken(trained: Path, content: bytes) -> None:
    (trained / LEFT).write_bytes(content)
    assert left(trained) is None


def test_what_has_a_flipped_bit_is_not_taken(trained: Path) -> None:
    whole = (trained / LEFT).read_bytes()
    for at in range(0, len(whole), len(whole) // 50):
        (trained / LEFT).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = left(trained)
        # Some bytes of an archive say nothing, such as a time.
        if found is not None:
            assert_same_arrays(found, trained, whole)


def assert_same_arrays(found: prediction.Probabilities, folder: Path, whole: bytes) -> None:
    (folder / LEFT).write_bytes(whole)
    expected = left(folder)
    assert expected is not None
    assert all(np.array_equal(found[split], expected[split]) for split in SPLITS)
