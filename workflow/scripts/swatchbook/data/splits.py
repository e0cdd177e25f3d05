"""Which image belongs to the training, the validation and the test set."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from swatchbook.errors import DataError

SPLITS = ("train", "validation", "test")


def given(training: int, test: int, validation_first: int) -> dict[str, np.ndarray]:
    """Keep a test set that the data set comes with, and hold out the first training images.

    Parameters
    ----------
    training, test
        How many images the two sets have; training images come first in the numbering.
    validation_first
        How many of the first training images become the validation set; 0 for none.

    Returns
    -------
    dict
        For each of `SPLITS` the image numbers, int64, in the order of the arrays' rows.
    """
    if not 0 <= validation_first < training:
        raise DataError(
            f"{validation_first} validation images cannot be held out of {training}",
            where="split.validation_first",
        )
    return {
        "train": np.arange(validation_first, training),
        "validation": np.arange(validation_first),
        "test": np.arange(training, training + test),
    }


def drawn(
    images: int, test_share: float, validation_share: float, random_state: int
) -> dict[str, np.ndarray]:
    """Draw the test set, then the validation set out of the rest, with scikit-learn.

    The test set is exactly that of ``train_test_split(x, test_size=test_share,
    random_state=random_state)`` over the images in id order, in that order.

    Returns
    -------
    dict
        For each of `SPLITS` the image numbers, int64, in the order of the arrays' rows.
    """
    # Imported here, since most who need `SPLITS` draw nothing.
    from sklearn.model_selection import train_test_split

    try:
        train, test = train_test_split(
            np.arange(images), test_size=test_share, random_state=random_state
        )
        validation = train[:0]
        if validation_share > 0:
            train, validation = train_test_split(
                train, test_size=validation_share, random_state=random_state
            )
    except ValueError as error:
        raise DataError(f"{images} images cannot be split: {error}", where="split") from error
    return {"train": train, "validation": validation, "test": test}


def from_settings(
    split: Mapping[str, Any], images: int, given_test: int = 0
) -> dict[str, np.ndarray]:
    """Split as a data set's file says: a given test set or a drawn one."""
    if "validation_first" in split:
        return given(images - given_test, given_test, split["validation_first"])
    return drawn(images, split["test_share"], split["validation_share"], split["random_state"])
