"""Which image belongs to the training, the validation and the test set.

A way to split is a function of how many images there are for training and for the test; its
keyword-only parameters are the keys under ``split`` in a data set's file.
"""

from typing import TYPE_CHECKING, Annotated

from swatchbook.errors import DataError
from swatchbook.signatures import Share

if TYPE_CHECKING:
    import numpy as np

SPLITS = ("train", "validation", "test")

Natural = Annotated[int, {"minimum": 0}]


def given(training: int, test: int, *, validation_first: Natural) -> dict[str, "np.ndarray"]:
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
    import numpy as np

    return {
        "train": np.arange(validation_first, training),
        "validation": np.arange(validation_first),
        "test": np.arange(training, training + test),
    }


def drawn(
    training: int,
    test: int,
    *,
    test_share: Share,
    validation_share: Annotated[float, {"minimum": 0, "exclusiveMaximum": 1}] = 0.1,
    random_state: Natural = 42,
) -> dict[str, "np.ndarray"]:
    """Draw the test set, then the validation set out of the rest, with scikit-learn.

    A test set that the data set comes with is not kept: all images are drawn from.

    The test set is exactly that of ``train_test_split(x, test_size=test_share,
    random_state=random_state)`` over the images in id order, in that order.

    Returns
    -------
    dict
        For each of `SPLITS` the image numbers, int64, in the order of the arrays' rows.
    """
    # Imported here, since most who need `SPLITS` draw nothing.
    import numpy as np
    from sklearn.model_selection import train_test_split

    images = training + test
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
