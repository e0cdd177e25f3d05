"""Which image belongs to the training, the validation and the test set.

A way to split is a function of a data set's images; its keyword-only parameters are the keys under
``split`` in a data set's file.
"""

import logging
from typing import TYPE_CHECKING, Annotated

from swatchbook.errors import DataError, first_ten

if TYPE_CHECKING:
    import numpy as np

    from swatchbook.data.dataset_formats import Images

logger = logging.getLogger(__name__)

SPLITS = ("train", "validation", "test")
REPETITIONS = 10  # of folds that are drawn; as many as repeated cross-validation is told of

# What folders and columns call them.
WORDS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}

Natural = Annotated[int, {"minimum": 0}]


def named(words: "list[str]", where: object) -> "np.ndarray":
    """Return which of `SPLITS` each word means, as folders and columns are wont to call them.

    Raises
    ------
    DataError
        If one is none of `WORDS`, capital letters aside.
    """
    import numpy as np

    unknown = sorted({word for word in words if word.casefold() not in WORDS})
    if unknown:
        raise DataError(
            f"no name of a split: {first_ten(map(repr, unknown))}",
            where=where,
            hint=f"call them {', '.join(WORDS)}",
        )
    return np.array([WORDS[word.casefold()] for word in words])


def given(images: "Images", *, validation_first: Natural) -> dict[str, "np.ndarray"]:
    """Keep a test set that the data set comes with, and hold out the first training images.

    Parameters
    ----------
    images
        Those for training come first.
    validation_first
        How many of the first training images become the validation set; 0 for none.

    Returns
    -------
    dict
        For each of `SPLITS` the image numbers, int64, in the order of the arrays' rows.
    """
    import numpy as np

    training = int((images.parts == "train").sum())
    if not 0 <= validation_first < training:
        raise DataError(
            f"{validation_first} validation images cannot be held out of {training}",
            where="split.validation_first",
        )
    return {
        "train": np.arange(validation_first, training),
        "validation": np.arange(validation_first),
        "test": np.arange(training, len(images.ids)),
    }


def drawn(
    images: "Images",
    *,
    test_share: Annotated[float | None, {"exclusiveMinimum": 0, "exclusiveMaximum": 1}] = None,
    validation_share: Annotated[float, {"minimum": 0, "exclusiveMaximum": 1}] = 0.1,
    random_state: Natural = 42,
    stratified: bool = False,
    keep_together: Annotated[str | None, {"enum": [None, "exact_copies", "near_copies"]}] = None,
    folds: Annotated[int | None, {"minimum": 2}] = None,
) -> dict[str, "np.ndarray"]:
    """Draw the test set, then the validation set out of the rest, with scikit-learn.

    Sets that the images' folders or table name are kept; only what they do not name is drawn, out
    of the training images. Images of one group stay together: none is on two sides.

    Without stratification and groups the test set is exactly that of ``train_test_split(x,
    test_size=test_share, random_state=random_state)`` over the images in id order, in that order.

    Parameters
    ----------
    test_share
        Of all images; ``None`` where the data set comes with a test set.
    validation_share
        Of what is left for training; 0 for none. It has no effect where the data set comes with a
        validation set.
    random_state
        The seed of scikit-learn's draws.
    stratified
        Whether the sets have the shares of classes that all images have.
    keep_together
        Whether copies of an image go into one set with it, as if they were a group: those with the
        same pixels, or near ones too, as `duplicates.find` finds them. ``None``: they do not.
    folds
        How many there are of a cross-validation, in place of a share: all images are then test
        images, and `folds.draw` says of which seed. ``None`` for one test set.

    Returns
    -------
    dict
        For each of `SPLITS` the image numbers, int64, in the order of the arrays' rows.

    Raises
    ------
    DataError
        If the images cannot be split so, or if a group is on two sides of a split that is given.
    """
    import numpy as np

    parts = images.parts
    numbers = np.arange(len(images.ids))
    if folds is not None:
        _check_no_test(parts, test_share)
        return {"train": numbers[:0], "validation": numbers[:0], "test": numbers}
    groups = groups_of(images, keep_together)
    if parts is None:
        parts = np.full(len(numbers), "train")
    test, validation = numbers[parts == "test"], numbers[parts == "validation"]
    train = numbers[parts == "train"]
    _check_test_share(len(test), test_share)
    try:
        if not len(test):
            train, test = drawn_from(
                train, images.labels, groups, test_share, random_state, stratified
            )
        if not len(validation) and validation_share > 0:
            train, validation = drawn_from(
                train, images.labels, groups, validation_share, random_state, stratified
            )
    except ValueError as error:
        raise DataError(f"{len(numbers)} images cannot be split: {error}", where="split") from error
    found = {"train": train, "validation": validation, "test": test}
    if groups is not None:
        _check_groups(found, groups)
    return found


def groups_of(images: "Images", keep_together: str | None) -> "np.ndarray | None":
    """Return the group of each image, with copies in one; ``None`` where there are none.

    Groups that a copy ties together are one, called by the first of them.
    """
    if keep_together is None:
        return images.groups
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from swatchbook.data import duplicates

    count = len(images.ids)
    pairs = duplicates.find(images.pixels).pairs
    if keep_together == "exact_copies":
        pairs = pairs[pairs["exact"]]
    logger.info("kept together: %d pairs of copies", len(pairs))
    first, second = pairs["first"].to_numpy(int), pairs["second"].to_numpy(int)
    names = np.array([f"copies of {id_}" for id_ in images.ids])
    if images.groups is not None:
        names = images.groups
        _, of_group, group = np.unique(names, return_index=True, return_inverse=True)
        first = np.concatenate([first, np.arange(count)])
        second = np.concatenate([second, of_group[group]])
    ties = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    _, component = connected_components(ties, directed=False)
    _, firsts = np.unique(component, return_index=True)
    return names[firsts][component]


def _check_test_share(given: int, test_share: float | None) -> None:
    if given and test_share is not None:
        raise DataError(
            f"the data set comes with {given} test images, and a share is to be drawn as well",
            where="split.test_share",
            hint="leave it out to keep them; without the folders or the column that name them, "
            "all images are drawn from",
        )
    if not given and test_share is None:
        raise DataError(
            "the share of test images is missing",
            where="split.test_share",
            hint="for example test_share: 0.2; the data set does not come with a test set",
        )


def _check_no_test(parts: "np.ndarray | None", test_share: float | None) -> None:
    """Check that nothing else says which images are for the test where folds do."""
    if test_share is not None:
        raise DataError(
            f"with folds each image is a test image of one, and a share of {test_share:g} is to be "
            "drawn as well",
            where="split.test_share",
            hint="leave it out, or `folds`",
        )
    given = 0 if parts is None else int((parts != "train").sum())
    if given:
        raise DataError(
            f"with folds each image is a test image of one, and the data set comes with {given} "
            "that are for the test or for validation",
            where="split.folds",
            hint="leave `folds` out to keep them; without the folders or the column that name "
            "them, folds are drawn from all images",
        )


def drawn_from(
    numbers: "np.ndarray",
    labels: "np.ndarray",
    groups: "np.ndarray | None",
    share: float,
    random_state: int,
    stratified: bool,
) -> "tuple[np.ndarray, np.ndarray]":
    """Draw a share of images, or of groups; return the rest and what was drawn."""
    # Imported here, since most who need `SPLITS` draw nothing.
    from sklearn import model_selection

    labels = labels[numbers]
    if groups is None:
        rest, part = model_selection.train_test_split(
            numbers,
            test_size=share,
            random_state=random_state,
            stratify=labels if stratified else None,
        )
        return rest, part
    groups = groups[numbers]
    if stratified:
        folds = max(2, min(round(1 / share), len(set(groups))))
        draws = model_selection.StratifiedGroupKFold(folds, shuffle=True, random_state=random_state)
    else:
        draws = model_selection.GroupShuffleSplit(1, test_size=share, random_state=random_state)
    rest, part = next(draws.split(numbers, labels, groups))
    return numbers[rest], numbers[part]


def _check_groups(found: "dict[str, np.ndarray]", groups: "np.ndarray") -> None:
    """Check that no group is in two sets."""
    sides: dict[str, str] = {}
    for split, rows in found.items():
        for group in sorted(set(groups[rows])):
            if group in sides:
                raise DataError(
                    f"the group {str(group)!r} is in the {sides[group]} and in the {split} set",
                    where="split",
                    hint="the data set's own split divides it: correct that, or leave the "
                    "group's column or folder out of the data set's file",
                )
            sides[group] = split
