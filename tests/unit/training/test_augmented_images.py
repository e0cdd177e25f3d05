"""What is shown of an augmentation is what a training sees."""

import json
from pathlib import Path

import numpy as np

import forked
from swatchbook.training.augmentation import Augmenter
from swatchbook.training.augmented_images import EPOCHS, IMAGES
from swatchbook.training.devices import import_tensorflow
from training_inputs import make_arrays

DRIVER = """
import json, sys
from swatchbook.training import show_augmentation

show_augmentation(**json.loads(sys.argv[1]))
"""
AUGMENTATION = [{"flip": {}}, {"shift": {"pixels": 1}}]


def test_images_are_shown_as_they_are_and_as_the_first_epochs_see_them(tmp_path: Path) -> None:
    folder = make_arrays(tmp_path / "arrays")
    given = {
        "arrays_folder": str(folder),
        "augmentation": AUGMENTATION,
        "seed": 7,
        "output": str(tmp_path / "augmented.npy"),
    }
    done = forked.run(forked.TENSORFLOW, DRIVER, json.dumps(given))
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "augmented.npy")
    x, y = (np.load(folder / f"{name}_train.npy") for name in "xy")
    assert found.shape == (1 + EPOCHS, IMAGES, *x.shape[1:])
    np.testing.assert_array_equal(found[0], x[:IMAGES])
    import_tensorflow()
    augmenter = Augmenter(AUGMENTATION, 7)
    for epoch in range(1, EPOCHS + 1):
        seen, _ = augmenter.change(x, y, augmenter.numbers(len(x), epoch))
        np.testing.assert_array_equal(found[epoch], np.asarray(seen)[:IMAGES])
