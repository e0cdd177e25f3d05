"""The folds of a cross-validated data set: which images each seed trains on, watches and tests.

Seed n is fold n mod k of repetition n div k. In a repetition each image is tested once, by the one
seed that neither trained on it nor was watched by it; the next repetition draws other folds. A data
set has one file of each array, of all images as test images, and ``index.csv`` says in a column
``seed_<n>`` what an image is to that seed.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from swatchbook.data import splits
from swatchbook.data.splits import REPETITIONS, SPLITS
from swatchbook.errors import DataError, first_ten

if TYPE_CHECKING:
    from swatchbook.data.dataset_formats import Images

COLUMN = "seed_"
TRAIN, VALIDATION, TEST = range(len(SPLITS))


@dataclass(frozen=True)
class Folds:
    """The folds of one data set.

    Attributes
    ----------
    count
        How many there are in a repetition.
    parts
        What each image is to each seed, an index of `SPLITS`, int8, shape (seeds, images).
    """

    count: int
    parts: np.ndarray

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.parts.shape[1]

    def rows(self, split: str, seed: int) -> np.ndarray:
        """Return the numbers of a seed's images in one of `SPLITS`, int64, ascending.

        Raises
        ------
        DataError
            If no folds are drawn for such a seed.
        """
        if seed >= len(self.parts):
            raise DataError(
                f"there is no fold for seed {seed}: folds are drawn for the seeds 0 to "
                f"{len(self.parts) - 1}",
                where="seeds",
            )
        return np.flatnonzero(self.parts[seed] == SPLITS.index(split))

    def sizes(self, split: str, seeds: Iterable[int]) -> list[int]:
        """Return how many images each seed has in one of `SPLITS`."""
        return [len(self.rows(split, seed)) for seed in seeds]

    def overlap(self, seeds: Sequence[int]) -> float:
        """Return the test images of a run divided by its training images, on average over runs.

        Validation images count as neither: a run has seen them less than those that it trained on,
        if at all. With them the share would be smaller, and intervals narrower.
        """
        return sum(self.sizes("test", seeds)) / sum(self.sizes("train", seeds))

    def repetitions(self, seeds: Iterable[int]) -> list[list[int]]:
        """Return the seeds of each repetition, in order.

        Raises
        ------
        DataError
            If seeds are missing of one: not every image would be tested.
        """
        found: dict[int, list[int]] = {}
        for seed in sorted(seeds):
            found.setdefault(seed // self.count, []).append(seed)
        if any(len(of_repetition) != self.count for of_repetition in found.values()):
            raise DataError(
                f"{first_ten(sorted(seeds))} are no whole repetitions of {self.count} folds",
                where="seeds",
            )
        return list(found.values())

    def out_of_fold(self, seeds: Sequence[int], values: Sequence[np.ndarray]) -> np.ndarray:
        """Put together what each seed says of its test images: all images, once a repetition.

        Parameters
        ----------
        seeds
            Whole repetitions.
        values
            For each seed an array whose first axis is that of its test images.

        Returns
        -------
        numpy.ndarray
            Of the type of `values`, shape (repetitions, images, ...).
        """
        of_seed = dict(zip(seeds, values, strict=True))
        whole = []
        for of_repetition in self.repetitions(seeds):
            first = of_seed[of_repetition[0]]
            joined = np.empty((self.images, *first.shape[1:]), first.dtype)
            for seed in of_repetition:
                joined[self.rows("test", seed)] = of_seed[seed]
            whole.append(joined)
        return np.stack(whole)

    def columns(self, rows: np.ndarray) -> dict[str, Any]:
        """Return the columns of ``index.csv`` for these images: a word for each seed."""
        words = np.array(SPLITS)
        return {f"{COLUMN}{seed}": words[of_seed[rows]] for seed, of_seed in enumerate(self.parts)}


def draw(
    images: "Images",
    *,
    folds: int,
    validation_share: float = 0.1,
    random_state: int = 42,
    stratified: bool = False,
    keep_together: str | None = None,
) -> Folds:
    """Draw the folds of as many repetitions as there can be, with scikit-learn.

    Each repetition shuffles the images anew, with its number added to `random_state`. So what is
    drawn for a seed depends on no other: more seeds change none that are there.

    Parameters
    ----------
    folds
        How many in a repetition.
    validation_share, random_state, stratified, keep_together
        As in `splits.drawn`; the validation images of a seed are drawn from the other folds.

    Raises
    ------
    DataError
        If the images cannot be divided so.
    """
    count, labels = len(images.ids), images.labels
    groups = splits.groups_of(images, keep_together)
    _check_classes(labels, folds, stratified)
    parts = np.full((REPETITIONS * folds, count), TRAIN, np.int8)
    try:
        for repetition in range(REPETITIONS):
            state = random_state + repetition
            for fold, test in enumerate(_test_sets(labels, groups, folds, state, stratified)):
                of_seed = parts[repetition * folds + fold]
                of_seed[test] = TEST
                if validation_share > 0:
                    _, validation = splits.drawn_from(
                        np.flatnonzero(of_seed == TRAIN),
                        *(labels, groups, validation_share, state, stratified),
                    )
                    of_seed[validation] = VALIDATION
    except ValueError as error:
        raise DataError(
            f"{count} images cannot be divided into {folds} folds: {error}", where="split.folds"
        ) from error
    return Folds(folds, parts)


def _check_classes(labels: np.ndarray, folds: int, stratified: bool) -> None:
    _, counts = np.unique(labels, return_counts=True)
    if stratified and counts.min() < folds:
        raise DataError(
            f"a class has {counts.min()} images, fewer than the {folds} folds that are each to "
            "have some of it",
            where="split.folds",
            hint="take fewer folds, or stratified: false",
        )


def _test_sets(
    labels: np.ndarray, groups: np.ndarray | None, folds: int, state: int, stratified: bool
) -> list[np.ndarray]:
    """Return the numbers of the test images of each fold of one repetition."""
    from sklearn import model_selection

    kinds = {
        (False, False): model_selection.KFold,
        (True, False): model_selection.StratifiedKFold,
        (False, True): model_selection.GroupKFold,
        (True, True): model_selection.StratifiedGroupKFold,
    }
    draws = kinds[stratified, groups is not None](folds, shuffle=True, random_state=state)
    return [test for _, test in draws.split(labels, labels, groups)]


def read(folder: str | Path) -> Folds | None:
    """Read the folds of a data set's arrays; ``None`` where there is one split for all seeds.

    Parameters
    ----------
    folder
        Where `arrays.write` wrote.

    Raises
    ------
    DataError
        If ``index.csv`` does not have each image tested once in each repetition.
    """
    path = Path(folder) / "index.csv"
    if (Path(folder) / "shards.json").exists():
        return None  # only small data sets are cross-validated
    with path.open(encoding="utf-8", newline="") as file:
        columns = [name for name in next(csv.reader(file), []) if name.startswith(COLUMN)]
    if not columns:
        return None
    table = pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False)
    words = table[[f"{COLUMN}{seed}" for seed in range(len(columns))]].to_numpy().T
    parts = np.full(words.shape, -1, np.int8)
    for number, split in enumerate(SPLITS):
        parts[words == split] = number
    tested = (parts == TEST).cumsum(axis=0)
    whole = np.flatnonzero((tested == 1).all(axis=1))
    count = int(whole[0]) + 1 if len(whole) else 0
    ends = tested[count - 1 :: count] if count else tested[:0]
    is_right = count and len(parts) % count == 0 and (parts >= 0).all()
    if not is_right or (ends != np.arange(1, len(ends) + 1)[:, None]).any():
        raise DataError(
            "does not have each image tested once in each repetition",
            where=path,
            hint="delete it and run again to decode it anew",
        )
    return Folds(count, parts)
