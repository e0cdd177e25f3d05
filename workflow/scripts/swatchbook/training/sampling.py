"""Which images an epoch trains on, where its classes are to count alike."""

import numpy as np


def balanced(classes: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Draw as many images as there are, each class equally often.

    A class is drawn n / classes times; where that is no whole number, chance says which classes are
    drawn once more. A class with more images shows as many of them, each once; one with fewer shows
    all of them equally often, and for the rest some once more. A class without images is no class.

    Parameters
    ----------
    classes
        The class of each image, whole numbers, shape (n,).
    chance
        Of the training's seed and the epoch.

    Returns
    -------
    numpy.ndarray
        Numbers of images in the order in which they are trained on, int32, shape (n,).
    """
    present = np.unique(classes)
    share, more = divmod(len(classes), len(present))
    shares = share + (chance.permutation(len(present)) < more)
    drawn = []
    for kind, wanted in zip(present, shares, strict=True):
        images = np.flatnonzero(classes == kind)
        times, rest = divmod(wanted, len(images))
        drawn += [np.tile(images, times), chance.permutation(images)[:rest]]
    return chance.permutation(np.concatenate(drawn)).astype(np.int32)
