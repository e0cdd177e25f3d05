"""A file of weights as Keras offers it, made here: of chance, with statistics that fit."""

from pathlib import Path
from typing import Any

import numpy as np

SMALL = {"MobileNetV2": {"alpha": 0.35}}
SHAPE = (32, 32, 3)


def make(file: Path) -> Any:
    """Write the weights of `SMALL`, and return Keras's own application that has them."""
    from swatchbook.training.devices import import_tensorflow

    import_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    application = keras.applications.MobileNetV2(
        input_shape=SHAPE, alpha=0.35, include_top=False, weights=None
    )
    generator = np.random.default_rng(1)
    for layer in application.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # what it has seen last is what it knows
            for weight in (layer.gamma, layer.beta):
                weight.assign(weight + generator.normal(0, 0.1, weight.shape))
    application(generator.random((64, *SHAPE), np.float32), training=True)
    application.save_weights(file)
    return application
