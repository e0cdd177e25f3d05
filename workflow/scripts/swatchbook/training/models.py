"""Models, built from their description in the configuration.

Keras is imported only when a model is built.
"""

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.files import replacing

# What a seed is used for; each use has a stream of random numbers of its own, so that a model with
# dropout starts from the same weights and sees the same batches as one without.
WEIGHTS, DROPOUT, SHUFFLING, BIASES = range(4)


def derived_seed(seed: int, use: int, number: int) -> int:
    """Return a seed of 32 bits for the `number`-th layer or epoch, by NumPy's SeedSequence."""
    sequence = np.random.SeedSequence(seed, spawn_key=(use, number))
    return int(sequence.generate_state(1)[0])


def build(
    layers: Sequence[Mapping[str, Mapping[str, Any]]],
    image_shape: Sequence[int],
    classes: int,
    seed: int,
    precision: str,
    bias_initializer: str = "zeros",
) -> Any:
    """Build a model whose weights and dropout derive from `seed` alone.

    Parameters
    ----------
    layers
        The model's ``layers`` in the configuration.
    image_shape
        (height, width, channels).
    classes
        The number of logits that the added last layer gives.
    seed
        The training's seed.
    precision
        A Keras dtype policy. The logits are float32 in any case.
    bias_initializer
        ``zeros`` or ``glorot_uniform``.

    Returns
    -------
    keras.Sequential
        From float32 images, shape (n, height, width, channels), to logits, shape (n, classes).
    """
    import keras

    weighted = dropouts = 0
    stack = [keras.Input(tuple(image_shape))]
    logits = {"dense": {"units": classes, "activation": "linear"}}
    for layer in [*layers, logits]:
        ((kind, settings),) = layer.items()
        if kind in ("conv", "dense"):
            glorot = keras.initializers.GlorotUniform(seed=derived_seed(seed, WEIGHTS, weighted))
            biases = keras.initializers.Zeros()
            if bias_initializer == "glorot_uniform":
                biases = keras.initializers.GlorotUniform(derived_seed(seed, BIASES, weighted))
            weighted += 1
        if kind == "conv":
            built = keras.layers.Conv2D(
                settings["filters"],
                settings["kernel"],
                padding="same",
                activation=settings["activation"],
                kernel_initializer=glorot,
                bias_initializer=biases,
                dtype=precision,
            )
        elif kind == "pool":
            built = keras.layers.MaxPooling2D(settings["size"], padding="same", dtype=precision)
        elif kind == "dropout":
            dropout_seed = derived_seed(seed, DROPOUT, dropouts)
            built = keras.layers.Dropout(settings["rate"], seed=dropout_seed, dtype=precision)
            dropouts += 1
        elif kind == "flatten":
            built = keras.layers.Flatten(dtype=precision)
        else:
            built = keras.layers.Dense(
                settings["units"],
                activation=settings["activation"],
                kernel_initializer=glorot,
                bias_initializer=biases,
                dtype="float32" if layer is logits else precision,
            )
        stack.append(built)
    return keras.Sequential(stack)


def save(model: Any, path: str | Path) -> None:
    """Save a model so that equal models give equal files.

    Keras stamps the time of saving into the archive and its metadata; both are taken out.
    """
    with tempfile.TemporaryDirectory() as folder, replacing(path) as unstamped:
        stamped = Path(folder) / "model.keras"
        model.save(stamped)
        with zipfile.ZipFile(stamped) as source, zipfile.ZipFile(unstamped, "w") as target:
            for name in sorted(source.namelist()):
                content = source.read(name)
                if name == "metadata.json":
                    metadata = json.loads(content)
                    del metadata["date_saved"]
                    content = json.dumps(metadata).encode()
                target.writestr(zipfile.ZipInfo(name), content)
