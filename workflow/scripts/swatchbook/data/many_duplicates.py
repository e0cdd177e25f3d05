"""Near copies among more images than can be compared each with each, in bounded memory.

As `duplicates`, with two differences. Candidates come from an approximate search: faiss (M. Douze
et al., 2024, The Faiss library, arXiv:2401.08281) finds centres of the descriptors, which divide
them into cells, and the neighbours of an image are looked for in the nearest cells alone. And
spectra and details are not kept, but computed again for the pairs that need them.
docs/data-checks.md says how many pairs of the exact search it finds.
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
    pairs, alike = _compared(images, candidates(Descriptors(images)))
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
        spread = np.sqrt(np.maximum(squares / len(images) - mean**2, 0)).astype(np.float32)
        for at in range(0, len(images), IMAGES_AT_A_TIME):
            rows = slice(at, at + IMAGES_AT_A_TIME)
            found[rows] = duplicates.unit_norm(found[rows], mean.astype(np.float32), spread)
        self._values = found

    def __len__(self) -> int:
        return len(self._values)

    @property
    def size(self) -> int:
        """How many values an image has."""
        return self._values.shape[1]

    def vectors(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return those of some images, standardised and of unit norm, float32, shape (n, size)."""
        return self._values[rows].astype(np.float32)

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the vectors of all images, some at a time, each with the number of its first."""
        for at in range(0, len(self), IMAGES_AT_A_TIME):
            yield at, self.vectors(slice(at, at + IMAGES_AT_A_TIME))


def candidates(descriptors: Descriptors) -> np.ndarray:
    """Pair each image with the most similar ones, by an approximate search.

    Returns
    -------
    numpy.ndarray
        int64, shape (P, 2), first < second, each pair once. Pairs of the same images stand near
        each other, so that few images need to be read for many pairs.
    """
    count = len(descriptors)
    if count < 2:
        return np.empty((0, 2), np.int64)
    cells = max(1, min(4096, int(4 * math.sqrt(count)), count // IMAGES_A_CELL))
    nearest = _nearest_cells(descriptors, cells)
    cell = nearest[:, 0].astype(np.int64)
    alike, others = _most_similar(descriptors, nearest, cells)
    del nearest
    pairs = []
    for at in range(0, count, IMAGES_AT_A_TIME):
        rows = slice(at, at + IMAGES_AT_A_TIME)
        other = others[rows]
        own = np.arange(at, at + len(other))[:, None]
        is_pair = (alike[rows] >= LEAST_ALIKE) & (other >= 0) & (other != own)
        pairs.append((np.minimum(own, other) * count + np.maximum(own, other))[is_pair])
    del alike, others
    first, second = np.divmod(np.unique(np.concatenate(pairs)), count)
    order = np.argsort(cell[first] * cells + cell[second], kind="stable")
    logger.info("%d candidates, in %d cells", len(order), cells)
    return np.stack([first[order], second[order]], axis=1)


def _most_similar(
    descriptors: Descriptors, nearest: np.ndarray, cells: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return how alike the most similar images of each are, and which they are; -1 for none.

    Cell after cell, all images that look into it are compared with all that are in it at once,
    which is a product of matrices: many times as fast as to look for one image after the other.
    """
    import faiss

    inside, starts = _by_cell(nearest[:, :1], cells)
    looking, looking_starts = _by_cell(nearest, cells)
    best = faiss.ResultHeap(len(descriptors), NEIGHBOURS, keep_max=True)
    with Progress("search for copies", cells, "cell") as progress:
        for cell in range(cells):
            those = inside[starts[cell] : starts[cell + 1]]
            whose = looking[looking_starts[cell] : looking_starts[cell + 1]]
            if len(those) and len(whose):
                alike, places = faiss.knn(
                    descriptors.vectors(whose),
                    descriptors.vectors(those),
                    min(NEIGHBOURS, len(those)),
                    metric=faiss.METRIC_INNER_PRODUCT,
                )
                best.add_result_subset(whose, alike, those[places])
            progress.update(1)
    return best.D, best.I


def _nearest_cells(descriptors: Descriptors, cells: int) -> np.ndarray:
    """Return the cells that each image looks into, its own first, int32, shape (N, cells each)."""
    import faiss

    count, looked_into = len(descriptors), min(cells, CELLS_LOOKED_INTO)
    sample = np.linspace(0, count - 1, min(count, cells * IMAGES_A_CELL)).astype(int)
    centres = faiss.Kmeans(
        descriptors.size,
        cells,
        niter=10,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=IMAGES_A_CELL,
    )
    centres.train(descriptors.vectors(sample))
    found = np.empty((count, looked_into), np.int32)
    with Progress("look for cells", count, "image") as progress:
        for at, vectors in descriptors.blocks():
            _, found[at : at + len(vectors)] = centres.index.search(vectors, looked_into)
            progress.update(len(vectors))
    return found


def _by_cell(cells_of: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of each cell one after the other, and where those of a cell begin."""
    import faiss

    images = np.array(cells_of, order="C")
    starts = faiss.matrix_bucket_sort_inplace(images, nbucket=cells)
    return images.ravel(), starts


def _compared(images: Pictures, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs that can be near copies, and how much their details correlate.

    They are aligned and verified as in `duplicates`. A relative distance is at least the distance
    itself, so pairs that are too far apart by it alone are left out.
    """
    kept = [(np.empty((0, 2), np.int64), np.empty(0, np.float32))]
    with Progress("compare copies", len(pairs), "pair") as progress:
        for at in range(0, len(pairs), PAIRS_AT_A_TIME):
            part = pairs[at : at + PAIRS_AT_A_TIME]
            numbers, ends = _ends(part)
            shown = images[numbers]
            spectra, frequencies = duplicates.power_and_phase(shown)
            shifts, alike = duplicates.align(spectra, frequencies, shown.shape[1:3], ends)
            is_alike = alike >= duplicates.COARSE
            numbers, ends = _ends(ends[is_alike])
            found = duplicates.details(shown[numbers])
            alike = duplicates.correlations(found, ends, shifts[is_alike])
            is_close = 1 - alike < duplicates.NEAR
            kept.append((part[is_alike][is_close], alike[is_close]))
            progress.update(len(part))
    ends, alike = zip(*kept, strict=True)
    return np.concatenate(ends), np.concatenate(alike)


def _ends(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which images are in pairs, and the pairs as places among these."""
    numbers, places = np.unique(pairs, return_inverse=True)
    return numbers, places.reshape(-1, 2)


def _usual_distances(images: Pictures, pairs: np.ndarray) -> np.ndarray:
    """Return `duplicates.usual_distances` of the images that are in a pair; 1 for all others."""
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
