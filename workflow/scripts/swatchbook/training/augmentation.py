"""Changes to training images: each name in a configuration, and what makes it.

An augmentation is a function from a batch of images, and for each image the numbers that chance
gave it, to as many images of the same shape. The numbers are drawn before an epoch for every image
of the training set, so that what an image becomes depends on the seed, the epoch and the image
alone: not on its batch, on the device, or on an interruption.

TensorFlow and NumPy are imported only when images are changed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from swatchbook.training.seeds import AUGMENTATION, derived_seed

if TYPE_CHECKING:
    import numpy as np


def flip(images: Any, chance: Any) -> Any:
    """Mirror half of the images, left to right."""
    import tensorflow as tf

    return tf.where(chance[:, :1, None, None] < 0.5, images[:, :, ::-1], images)


class Augmentation(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    change
        From images, float32, shape (n, height, width, channels), and the images' numbers, float32
        in [0, 1), shape (n, draws), to images. Its settings are keyword-only.
    draws
        How many numbers an image is given.
    """

    change: Callable[..., Any]
    draws: int


# A new augmentation is a function above and a line here; its keyword-only parameters are its keys.
AUGMENTATIONS = {
    "flip": Augmentation(flip, draws=1),
}


class Augmenter:
    """The augmentations of one training, one after the other.

    Parameters
    ----------
    chosen
        ``augmentation`` in the configuration: a list of entries, each with its settings.
    seed
        The training's seed.
    """

    def __init__(self, chosen: Sequence[Mapping[str, Mapping[str, Any]]], seed: int):
        self._steps = [
            (AUGMENTATIONS[name], settings) for entry in chosen for name, settings in entry.items()
        ]
        self._seed = seed
        self.draws = sum(entry.draws for entry, _ in self._steps)

    def numbers(self, images: int, epoch: int) -> "np.ndarray":
        """Return what chance gives each image in one epoch, float32 in [0, 1), (images, draws)."""
        import numpy as np

        chance = np.random.default_rng(derived_seed(self._seed, AUGMENTATION, epoch))
        return chance.random((images, self.draws), np.float32)

    def change(self, images: Any, numbers: Any) -> Any:
        """Return a batch as it is trained on, given its images' rows of `numbers`."""
        first = 0
        for entry, settings in self._steps:
            images = entry.change(images, numbers[:, first : first + entry.draws], **settings)
            first += entry.draws
        return images
