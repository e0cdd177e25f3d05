"""Predictions of corrupted images are those of each model, seed and corruption, in their place."""

import json
from pathlib import Path

import numpy as np
import pytest

import forked
from makers import scenes
from swatchbook.data import arrays, corruptions
from swatchbook.data.corruptions import CORRUPTIONS
from swatchbook.data.folds import Folds

MODELS, SEEDS, CLASSES = ["flat", "conv"], [0, 1], ["cat", "dog", "owl"]
LAYERS = {
    "flat": [{"flatten": {}}, {"dense": {"units": 8}}],
    "conv": [{"conv": {"filters": 3}}, {"dropout": {"rate": 0.5}}, {"flatten": {}}],
}
# Networks with weights as they begin, saved like trained ones; then what they make of images.
CODE = """
import json, sys
from pathlib import Path

import numpy as np
from swatchbook.files import write_json
from swatchbook.training import corrupted, devices, model_files, models, prediction

devices.choose("cpu", "float32", 1)
folder, layers, seeds, classes, images, at_once = json.loads(sys.argv[1])
folder = Path(folder)
shape = np.load(folder / "arrays" / "x_test.npy", mmap_mode="r").shape[1:]
built = {}
for model, of_model in layers.items():
    for seed in seeds:
        network = models.build(of_model, shape, classes, seed, "float32")
        cell = folder / model / f"seed-{seed}"
        cell.mkdir(parents=True)
        model_files.save(network, cell / "model.keras")
        device = {"precision": "float32", "threads": 1}
        write_json(cell / "run.json", {"layers": of_model, "seed": seed, "device": device})
        built[model, seed] = network
corrupted.AT_ONCE = at_once
corrupted.predict_corrupted(
    folder, list(layers), seeds, classes, images, "cpu", 1, folder / "right.npz"
)
changed = np.load(folder / "changed.npy")
called = {
    f"{model} {seed}": prediction.predictor(network)(changed, "again").argmax(1).tolist()
    for (model, seed), network in built.items()
}
write_json(folder / "called.json", called)
"""


def predicted(
    folder: Path, channels: int, images: int, at_once: int, folds: Folds | None = None
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Return rows, right, what each network calls fog at strength 4, and the true classes."""
    labels = np.arange(30) % 3
    rows = {"train": np.arange(0), "validation": np.arange(0), "test": np.arange(30)}
    ids = [str(number) for number in range(30)]
    pixels = scenes(30, 12, channels)
    arrays.write(folder / "arrays", pixels, labels, ids, rows, CLASSES, folds)
    chosen = corruptions.sample(30, images)
    x = np.load(folder / "arrays" / "x_test.npy")
    foggy = corruptions.corrupted(x[chosen], chosen, "fog", 4) / np.float32(255)
    np.save(folder / "changed.npy", foggy.astype(np.float32))
    given = json.dumps([str(folder), LAYERS, SEEDS, len(CLASSES), images, at_once])
    forked.run(forked.TENSORFLOW, CODE, given, seconds=300).check_returncode()
    with np.load(folder / "right.npz") as stored:
        found = stored["rows"], stored["right"]
    called = json.loads((folder / "called.json").read_text())
    return *found, {name: np.array(values) for name, values in called.items()}, labels[chosen]


@pytest.mark.parametrize("channels", [1, 3])
def test_every_variant_is_predicted_by_every_run(tmp_path: Path, channels: int) -> None:
    """In parts of three images, as where not all have room in memory."""
    at_once = 3 * 76 * 12 * 12 * channels
    rows, right, called, labels = predicted(tmp_path, channels, 20, at_once)
    assert rows.tolist() == corruptions.sample(30, 20).tolist()
    assert right.shape == (2, 2, 76, 20) and set(np.unique(right)) <= {0, 1}
    variant = 1 + list(CORRUPTIONS).index("fog") * corruptions.STRENGTHS + 3
    for number, model in enumerate(MODELS):
        for place, seed in enumerate(SEEDS):
            hits = called[f"{model} {seed}"] == labels
            assert right[number, place, variant].tolist() == hits.astype(int).tolist()
    assert (right[:, 0] != right[:, 1]).any(), "the weights of the second seed were not loaded"
    assert sorted(path.name for path in tmp_path.glob("*.np*")) == ["changed.npy", "right.npz"]


def test_of_a_cross_validation_a_run_is_asked_about_its_own_fold(tmp_path: Path) -> None:
    parts = np.zeros((2, 30), np.int8)
    parts[0, ::2] = parts[1, 1::2] = 2
    rows, right, _, _ = predicted(tmp_path, 1, 500, 10**9, Folds(2, parts))
    assert len(rows) == 30
    for place in range(2):
        assert ((right[:, place] >= 0) == (parts[place] == 2)).all()
