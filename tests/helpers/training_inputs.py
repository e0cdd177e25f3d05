"""What the tests of trainings train on, with what settings."""

from pathlib import Path

import numpy as np
import pandas as pd

from swatchbook.data import arrays, parquet_table
from swatchbook.data.shards import digest_of_file
from swatchbook.files import write_json

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


def make_shards(whole: Path, output: Path, count: int = 3) -> Path:
    """Write the images of whole arrays as shards, in an order of their own."""
    x, y = (
        np.concatenate(parts)
        for parts in zip(*(arrays.load_compact(whole, split) for split in IMAGES), strict=True)
    )
    places = np.random.default_rng(1).permutation(len(x))  # of each row
    stored = np.empty_like(x)
    stored[places] = x
    listed = []
    (output / "shards").mkdir(parents=True)
    for number, part in enumerate(np.array_split(stored, count), 1):
        file = f"shards/{number}-of-{count}.npy"
        np.save(output / file, part)
        digest = digest_of_file(output / file)
        listed.append({"file": file, "images": len(part), "sha256": digest})
    index = pd.concat([arrays.read_index(whole, split).assign(split=split) for split in IMAGES])
    index = index.assign(**{"class": y.argmax(axis=1).astype(np.int32), "place": places})
    parquet_table.write(index, output / "index.parquet")
    found = {"image_shape": list(x.shape[1:]), "classes": y.shape[1], "shards": listed}
    write_json(output / "shards.json", found)
    return output
