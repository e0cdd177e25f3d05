"""Near copies among more images than can be compared each with each, in bounded memory.

As `duplicates`, with two differences. Candidates come from an approximate search: faiss (M. Douze
et al., 2024, The Faiss library, arXiv:2401.08281) puts the descriptors into cells around centres,
and looks for the neighbours of an image in the nearest cells alone. And spectra and details are not
kept, but computed again for the pairs that need them. docs/data-checks.md says how many pairs of
the exact search it finds.
"""

import logging
import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from swatchbook.data import duplicates
from swatchbook.data.duplicates import Pictures
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

NEIGHBOURS = 2 * duplicates.NEIGHBOURS + 1  # of all images, and an image is its own
CELLS_LOOKED_INTO = 32
IMAGES_A_CELL = 64  # that its centre is found by
# Descriptors of near copies are more alike than this; see docs/data-checks.md.
LEAST_ALIKE = 0.3
PAIRS_AT_A_TIME = 20_000
IMAGES_AT_A_TIME = 4096


def near_pairs(images: Pictures) -> pd.DataFrame:
    """Return the near copies among images that are neither constant nor exact copies.

    Parameters
    ----------
    images
        uint8, shape (N, height, width, channels), no side longer than a few dozen pixels; they are
        read a few at a time.

    Returns
    -------
    pandas.DataFrame
        As `duplicates.Found.pairs`, in no order.
    """
    pairs = candidates(Descriptors(images))
    pairs, shifts = _aligned(images, pairs)
    logger.info("%d of them alike when aligned", len(pairs))
    alike = np.empty(len(pairs), np.float32)
    for rows in _stretches(len(pairs)):
        numbers, places = np.unique(pairs[rows], return_inverse=True)
        found = duplicates.details(images[numbers])
        alike[rows] = duplicates.correlations(found, places.reshape(-1, 2), shifts[rows])
    return duplicates.near(pairs, alike, _usual_distances(images, pairs))


class Descriptors:
    """What `duplicates` compares images by first, of all images, in two bytes a value.

    Parameters
    ----------
    images
        As for `near_pairs`.
    """

    def __init__(self, images: Pictures):
        total = squares = np.float64(0)
        found = None
        with Progress("describe images", len(images), "image") as progress:
            for at in range(0, len(images), IMAGES_AT_A_TIME):
                spectra, _ = duplicates.power_and_phase(images[at : at + IMAGES_AT_A_TIME])
                values = duplicates.log_power(spectra)
                if found is None:
                    found = np.empty((len(images), values.shape[1]), np.float16)
                found[at : at + len(values)] = values
                total = total + values.sum(axis=0, dtype=np.float64)
                squares = squares + np.square(values, dtype=np.float64).sum(axis=0)
                progress.update(len(values))
        assert found is not None
        mean = total / len(images)
        self._values = found
        self._mean = mean.astype(np.float32)
        self._spread = np.sqrt(np.maximum(squares / len(images) - mean**2, 0)).astype(np.float32)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def size(self) -> int:
        """How many values an image has."""
        return self._values.shape[1]

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return those of some images, standardised and of unit norm, float32, shape (n, size)."""
        return duplicates.unit_norm(self._values[rows], self._mean, self._spread)

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the vectors of all images, some at a time, each with the number of its first."""
        for at in range(0, len(self), IMAGES_AT_A_TIME):
            yield at, self.vectors(slice(at, at + IMAGES_AT_A_TIME))


def candidates(descriptors: Descriptors) -> np.ndarray:
    """Pair each image with the most similar ones, by an approximate search.

    Returns
    -------
    numpy.ndarray
        int64, shape (P, 2), first < second, each pair once.
    """
    import faiss

    count, size = len(descriptors), descriptors.size
    cells = max(1, min(4096, int(4 * math.sqrt(count)), count // IMAGES_A_CELL))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(size),
        size,
        cells,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    index.cp.max_points_per_centroid = IMAGES_A_CELL
    sample = np.linspace(0, count - 1, min(count, cells * IMAGES_A_CELL)).astype(int)
    index.train(descriptors.vectors(sample))
    for _, vectors in descriptors.blocks():
        index.add(vectors)
    index.nprobe = CELLS_LOOKED_INTO
    pairs = []
    with Progress("search for copies", count, "image") as progress:
        for at, vectors in descriptors.blocks():
            alike, others = index.search(vectors, NEIGHBOURS)
            own = np.arange(at, at + len(others))[:, None]
            row, column = np.nonzero((alike >= LEAST_ALIKE) & (others >= 0) & (others != own))
            ends = np.stack([row + at, others[row, column]], axis=1)
            pairs.append(np.sort(ends, axis=1))
            progress.update(len(others))
    found = np.unique(np.concatenate(pairs), axis=0)
    logger.info("%d candidates, in %d cells", len(found), cells)
    return found


def _aligned(images: Pictures, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs that are alike when aligned, and their shifts; as `duplicates.aligned`."""
    kept = [(np.empty((0, 2), np.int64), np.empty((0, 2), np.int64))]
    with Progress("align copies", len(pairs), "pair") as progress:
        for rows in _stretches(len(pairs)):
            numbers, places = np.unique(pairs[rows], return_inverse=True)
            shown = images[numbers]
            spectra, frequencies = duplicates.power_and_phase(shown)
            size, ends = shown.shape[1:3], places.reshape(-1, 2)
            shifts, alike = duplicates.align(spectra, frequencies, size, ends)
            is_kept = alike >= duplicates.COARSE
            kept.append((pairs[rows][is_kept], shifts[is_kept]))
            progress.update(len(ends))
    ends, shifts = zip(*kept, strict=True)
    return np.concatenate(ends), np.concatenate(shifts)


def _usual_distances(images: Pictures, pairs: np.ndarray) -> np.ndarray:
    """Return `duplicates.usual_distances`, of the images that are in a pair; 1 for all others."""
    count = len(images)
    numbers = np.unique(np.linspace(0, count - 1, min(count, duplicates.REFERENCES)).astype(int))
    references = duplicates.standardised_rows(duplicates.details(images[numbers]))
    found = np.ones(count, np.float32)
    involved = np.unique(pairs)
    for at in range(0, len(involved), IMAGES_AT_A_TIME):
        part = involved[at : at + IMAGES_AT_A_TIME]
        own = np.searchsorted(numbers, part)
        own = np.where(numbers[np.minimum(own, len(numbers) - 1)] == part, own, -1)
        found[part] = duplicates.usual(duplicates.details(images[part]), references, own)
    return found


def _stretches(count: int) -> list[slice]:
    return [slice(at, at + PAIRS_AT_A_TIME) for at in range(0, count, PAIRS_AT_A_TIME)]
