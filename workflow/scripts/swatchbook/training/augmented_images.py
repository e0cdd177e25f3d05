"""What augmentation makes of some training images, to look at."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays
from swatchbook.files import replacing
from swatchbook.training import devices
from swatchbook.training.augmentation import Augmenter

IMAGES = 8  # the first of the training set
EPOCHS = 4  # from the first


def show_augmentation(
    arrays_folder: str | Path,
    augmentation: Sequence[Mapping[str, Mapping[str, Any]]],
    seed: int,
    output: str | Path,
) -> None:
    """Write images as they are, and as each of the first epochs of a training sees them.

    `mixup` mixes them with one another here, in a training with the others of their batch.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    augmentation
        ``augmentation`` of the training's settings.
    seed
        The training's seed.
    output
        The file to write: float32, shape (1 + epochs, images, height, width, channels).
    """
    devices.choose("cpu", "float32", 1)
    x, y = arrays.load(arrays_folder, "train", seed, mapped=True)
    images, labels = np.array(x[:IMAGES]), y[:IMAGES]
    augmenter = Augmenter(augmentation, seed)
    shown = [images]
    for epoch in range(1, EPOCHS + 1):
        numbers = augmenter.numbers(len(x), epoch)[:IMAGES]
        shown.append(np.asarray(augmenter.change(images, labels, numbers)[0]))
    with replacing(output) as path:
        np.save(path, np.stack(shown))
