"""What the tests of trainings train on, with what settings."""

from pathlib import Path

import numpy as np

from swatchbook.data import arrays

CLASSES = ["left", "middle", "right"]
IMAGES = {"train": 90, "validation": 24, "test": 6}
SGD = {  # its settings where none is given
    "momentum": 0.0,
    "nesterov": False,
    "weight_decay": 0.0,
    "coupled": False,
    "bias_rate": 1.0,
}
SETTINGS = {
    "epochs": 3,
    "batch_size": 32,  # 90 images are two whole batches and an incomplete one
    "optimizer": {"adam": {}},
    "learning_rate": 0.01,
    "clip_norm": None,
    "label_smoothing": 0,
    "class_weights": None,
    "start_from": None,
    "averaging": None,
    "early_stopping": None,
    "keep": "last",
    "monitor": "val_loss",
    "augmentation": [],
    "shuffle": True,
    "drop_last_batch": False,
    "initializer": "glorot_uniform",
    "bias_initializer": "zeros",
    "watch_test": False,
    "precision": "float32",
    "device": "cpu",
    "threads": 1,
    "gpus": 1,
}
LAYERS = [
    {"conv": {"filters": 4, "kernel": 3, "activation": "relu"}},
    {"pool": {"size": 2}},
    {"dropout": {"rate": 0.25}},
    {"flatten": {}},
    {"dense": {"units": 8, "activation": "relu"}},
    {"dropout": {"rate": 0.1}},
]


def make_arrays(folder: Path, validation: int = IMAGES["validation"]) -> Path:
    """Write noise with a bright stripe that says the class."""
    sizes = IMAGES | {"validation": validation}
    count = sum(sizes.values())
    generator = np.random.default_rng(0)
    labels = generator.integers(3, size=count)
    pixels = generator.integers(0, 120, (count, 8, 8, 1), np.uint8)
    for number, label in enumerate(labels):
        pixels[number, :, 3 * label : 3 * label + 2] += 130
    starts = np.cumsum([0, *sizes.values()])
    rows = {s: np.arange(starts[n], starts[n + 1]) for n, s in enumerate(sizes)}
    arrays.write(folder, pixels, labels, [str(n) for n in range(count)], rows, CLASSES)
    return folder
