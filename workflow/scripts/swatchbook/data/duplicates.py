"""Images that a data set has twice: exact copies, and near ones.

A near copy differs by a shift of a few pixels, brightness, contrast or slight noise. The search
goes from coarse to fine, so that not every pair of images is compared pixel by pixel:

1. *Candidates.* The power spectrum of an image does not change when its content moves. Of every
   image those few are kept whose standardised log spectra are the most similar (cosine).
2. *Alignment.* The spectra with their phases give the correlation of two images at every small
   shift (Kuglin and Hines 1975 use the same property); the best shift is kept.
3. *Verification.* At that shift the pixels themselves are compared, every channel at full
   resolution: Pearson's correlation of the details, which are the image minus a blurred copy. A
   sky behind two aeroplanes or the light of a room is no detail.

One minus that correlation is the *distance*. How small it must be depends on the images: two
unrelated photographs have nothing in common, two unrelated pairs of trousers nearly everything. So
a pair is near if its distance is small beside that of images that merely look alike, in the manner
of Lowe's (2004) ratio test: the *relative distance* is the distance over that of the third most
similar among 2,048 reference images of the same data set. How the limits were chosen is told in
docs/data-checks.md.
"""

import hashlib
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import pandas as pd

from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

# An image whose pixels vary less than this in every channel (standard deviation, of a range of 1)
# shows nothing that could be compared: at most two or three of 255 levels.
CONSTANT_SPREAD = 0.01

# Pairs with a smaller relative distance are near copies: see docs/data-checks.md.
NEAR = 0.4

LARGEST_SHIFT = 3  # pixels; further apart it is another crop
NEIGHBOURS = 10  # candidates for each image, of those after it; exact copies are not among them
REFERENCES, RANK = 2048, 3  # whom an image merely looks like
# However much the images of a data set look alike, a pair closer than NEAR × 0.05 is a near copy.
LEAST_USUAL_DISTANCE = 0.05
# Candidates whose aligned spectra correlate less are left out. Among the test images of CIFAR-10 or
# of Fashion-MNIST a limit of 0.1 finds the same pairs.
COARSE = 0.5

SIDES = (8, 32)  # pixels; larger images are compared at 32, smaller ones at 8
HIGHEST_FREQUENCY = 12  # periods an image
DETAIL = 1.5  # pixels, the blur's standard deviation
FAINT = 1e-3  # of a spectrum: what is weaker is rounding noise to a logarithm
BLOCK_BYTES = 64_000_000
AT_A_TIME = 4096  # images that are read from where they are stored

EXHAUSTIVE = 100_000  # images: of more, each cannot be compared with each in minutes


class Pictures(Protocol):
    """Images, uint8, shape (N, height, width, channels): an array, or what is read like one."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any) -> np.ndarray: ...


@dataclass(frozen=True)
class Found:
    """What `find` found among N images.

    Attributes
    ----------
    constant
        Whether an image is constant or nearly so, bool, shape (N,). Such images have no copies
        here.
    pairs
        The columns first and second (image numbers, first < second), exact (bool), distance (0 to
        2) and relative_distance, from the closest pair to the farthest. Of a group of exact copies
        every image is paired with the group's first, and with the first of a group nearby.
    """

    constant: np.ndarray
    pairs: pd.DataFrame


def find(pixels: Pictures, exhaustive: int = EXHAUSTIVE) -> Found:
    """Find exact and near copies.

    Up to `exhaustive` images each is compared with each: time grows with the square of N, memory
    with N: about 12 bytes a pixel and channel at a size of 32 × 32, and blocks of a fixed size. Of
    more, near copies are looked for as `many_duplicates` has it.

    Parameters
    ----------
    pixels
        uint8, shape (N, height, width, channels): an array, or what is read like one.
    """
    constant = spread(pixels) < CONSTANT_SPREAD
    first_copy = exact_copies(pixels, constant)
    firsts = np.flatnonzero((first_copy == np.arange(len(pixels))) & ~constant)
    images = Working(pixels, firsts)
    if len(firsts) <= exhaustive:
        near = near_pairs(images.whole())
    else:
        from swatchbook.data import many_duplicates  # whose library few data sets need

        near = many_duplicates.near_pairs(images)
    near[["first", "second"]] = firsts[near[["first", "second"]].to_numpy(int)]
    pairs = pd.concat([_pairs_of_copies(first_copy), _with_all_copies(near, first_copy)])
    order = ["relative_distance", "distance", "first", "second"]
    pairs = pairs.sort_values(order, kind="stable", ignore_index=True)
    logger.info(
        "%d images: %d constant, %d exact pairs, %d near pairs",
        *(len(pixels), constant.sum(), pairs["exact"].sum(), (~pairs["exact"]).sum()),
    )
    return Found(constant, pairs)


class Working:
    """Some images at their working size, made as they are asked for.

    Parameters
    ----------
    pixels
        As for `find`.
    numbers
        Which of them, int64, shape (N,).
    """

    def __init__(self, pixels: Pictures, numbers: np.ndarray):
        self._pixels, self._numbers = pixels, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, key: Any) -> np.ndarray:
        return working_size(self._pixels[self._numbers[key]])

    def whole(self) -> np.ndarray:
        """Return all of them."""
        blocks = [self[at : at + AT_A_TIME] for at in range(0, len(self), AT_A_TIME)]
        return np.concatenate(blocks) if blocks else self[:]


def spread(pixels: Pictures) -> np.ndarray:
    """Return each image's standard deviation, of its most varied channel, for a range of 1.

    Parameters
    ----------
    pixels
        uint8, shape (N, height, width, channels).

    Returns
    -------
    numpy.ndarray
        float32, shape (N,).
    """
    deviations = [cv2.meanStdDev(image)[1].max() / 255 for image in _each(pixels)]
    return np.array(deviations, np.float32)


def exact_copies(pixels: Pictures, left_out: np.ndarray) -> np.ndarray:
    """Return for each image the number of the first one with the same pixels, int64, shape (N,)."""
    seen: dict[bytes, int] = {}
    result = np.arange(len(pixels))
    for number, image in enumerate(_each(pixels)):
        if not left_out[number]:
            content = hashlib.sha256(np.ascontiguousarray(image)).digest()
            result[number] = seen.setdefault(content, number)
    return result


def working_size(pixels: np.ndarray) -> np.ndarray:
    """Return the images at the size that they are compared at, uint8, sides within `SIDES`."""
    height, width = np.clip(pixels.shape[1:3], *SIDES)
    if (height, width) == pixels.shape[1:3]:
        return pixels
    result = np.empty((len(pixels), height, width, pixels.shape[3]), np.uint8)
    for number, image in enumerate(pixels):
        resized = cv2.resize(image, (int(width), int(height)), interpolation=cv2.INTER_AREA)
        result[number] = resized.reshape(result.shape[1:])
    return result


def near_pairs(images: np.ndarray) -> pd.DataFrame:
    """Return the near copies among images that are neither constant nor exact copies.

    Parameters
    ----------
    images
        uint8, shape (N, height, width, channels), no side longer than a few dozen pixels.

    Returns
    -------
    pandas.DataFrame
        As `Found.pairs`, in no order.
    """
    pairs, shifts = _aligned_candidates(images)
    found = details(images)
    return near(pairs, correlations(found, pairs, shifts), usual_distances(found))


def near(pairs: np.ndarray, alike: np.ndarray, usual: np.ndarray) -> pd.DataFrame:
    """Return those of the pairs that are near copies.

    Parameters
    ----------
    pairs
        Image numbers, int64, shape (P, 2), first < second.
    alike
        `correlations` of each.
    usual
        By image number, `usual_distances`.
    """
    distances = np.maximum(1 - alike, 0)
    relative = distances / np.minimum(usual[pairs[:, 0]], usual[pairs[:, 1]])
    kept = relative < NEAR
    return pd.DataFrame(
        {
            "first": pairs[kept, 0],
            "second": pairs[kept, 1],
            "exact": False,
            "distance": distances[kept].astype(float).round(4),
            "relative_distance": relative[kept].astype(float).round(4),
        }
    )


def _aligned_candidates(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return candidate pairs, int64, shape (P, 2), first < second, and their shifts, likewise."""
    if len(images) < 2:
        return np.empty((0, 2), np.int64), np.empty((0, 2), np.int64)
    spectra, frequencies = power_and_phase(images)
    pairs = similar_pairs(standardised(log_power(spectra)), NEIGHBOURS)
    shifts, alike = align(spectra, frequencies, images.shape[1:3], pairs)
    kept = alike >= COARSE
    logger.info("%d candidates, %d of them alike when aligned", len(pairs), kept.sum())
    return pairs[kept], shifts[kept]


def power_and_phase(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each image's spectrum in grey up to the highest frequency in use.

    A Hann window keeps the edges of the image, which do not move with its content, out of it. Each
    coefficient is weighted with its frequency, since images have most power where they are smooth.

    Returns
    -------
    tuple
        Spectra of unit norm, complex64, shape (N, K), and their frequencies in periods an image
        (down, across), int64, shape (2, K).
    """
    height, width = images.shape[1:3]
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    window = (window / window.sum()).astype(np.float32)
    highest = min(HIGHEST_FREQUENCY, min(height, width) // 2 - 1)
    down, across = np.mgrid[-highest : highest + 1, 0 : highest + 1]
    radius = np.hypot(down, across)
    # Half of the plane says all about a real image; the other half is its mirror image.
    used = (radius > 0) & (radius <= highest) & ~((across == 0) & (down < 0))
    down, across = down[used], across[used]
    spectra = np.empty((len(images), used.sum()), np.complex64)
    mean_of_channels = np.full(images.shape[3], 1 / images.shape[3], np.float32)
    for rows in _blocks(len(images), images[:1].size * 64):
        grey = images[rows].astype(np.float32) @ mean_of_channels
        grey = (grey - np.tensordot(grey, window, 2)[:, None, None]) * window
        spectra[rows] = np.fft.rfft2(grey)[:, down, across] * radius[used]
    norms = np.linalg.norm(spectra, axis=1, keepdims=True)
    spectra /= np.maximum(norms, np.finfo(np.float32).tiny)
    return spectra, np.stack([down, across])


def log_power(spectra: np.ndarray) -> np.ndarray:
    """Return log power spectra, float32, shape (N, K)."""
    return np.log(np.abs(spectra) + np.float32(FAINT))


def standardised(descriptors: np.ndarray) -> np.ndarray:
    """Standardise log power spectra of all images, in place, and give each unit norm."""
    descriptors -= descriptors.mean(axis=0)
    descriptors /= np.maximum(descriptors.std(axis=0), np.float32(1e-6))
    descriptors /= np.maximum(np.linalg.norm(descriptors, axis=1, keepdims=True), np.float32(1e-6))
    return descriptors


def unit_norm(descriptors: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return what `standardised` does of some images, by the mean and the spread of all.

    Parameters
    ----------
    descriptors
        Of some images, shape (n, K).
    mean, spread
        Of all images, the spread a standard deviation, float32, shape (K,).
    """
    found = descriptors.astype(np.float32)
    found -= mean
    found /= np.maximum(spread, np.float32(1e-6))
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-6))
    return found


def similar_pairs(vectors: np.ndarray, neighbours: int) -> np.ndarray:
    """Pair each vector with the most similar ones after it, by exact search.

    Parameters
    ----------
    vectors
        float32 of unit norm, shape (N, K).
    neighbours
        How many to pair each with, if there are as many after it.

    Returns
    -------
    numpy.ndarray
        int64, shape (P, 2), first < second.
    """
    count = len(vectors)
    pairs = []
    with Progress("search for copies", count, "image") as progress:
        for rows in _blocks(count, count * vectors.itemsize):
            similarities = vectors[rows] @ vectors[rows.start :].T
            for number, row in enumerate(similarities):
                after = row[number + 1 :]
                seconds = rows.start + number + 1 + _greatest(after, min(neighbours, len(after)))
                pairs.append(np.stack([np.full(len(seconds), rows.start + number), seconds], 1))
            progress.update(len(similarities))
    return np.concatenate(pairs)


def _greatest(values: np.ndarray, wanted: int) -> np.ndarray:
    """Return the indices of the greatest values; quick where few values are high."""
    high = np.flatnonzero(values > 0.3)
    if len(high) < wanted:
        high = np.arange(len(values))
    if len(high) == wanted:
        return high
    return high[np.argpartition(values[high], len(high) - wanted)[len(high) - wanted :]]


def align(
    spectra: np.ndarray, frequencies: np.ndarray, size: tuple[int, int], pairs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each pair's best shift, int64, shape (P, 2), and the spectra's correlation there.

    A shift (down, across) of (1, 0) says that the second image is the first, moved down by a pixel.
    """
    reach = np.arange(-LARGEST_SHIFT, LARGEST_SHIFT + 1)
    # From the middle outwards, so that no shift is preferred where several are equally good.
    shifts = np.array(sorted(((y, x) for y in reach for x in reach), key=lambda s: np.hypot(*s)))
    turns = (shifts / size) @ frequencies
    phases = np.exp(2j * np.pi * turns).astype(np.complex64)
    best = np.empty(len(pairs), np.int64)
    correlations = np.empty(len(pairs), np.float32)
    for rows in _blocks(len(pairs), spectra.shape[1] * 32):
        cross = spectra[pairs[rows, 0]].conj() * spectra[pairs[rows, 1]]
        at_shifts = cross.real @ phases.real.T - cross.imag @ phases.imag.T
        best[rows] = at_shifts.argmax(axis=1)
        correlations[rows] = at_shifts.max(axis=1)
    return shifts[best], correlations


def details(images: np.ndarray) -> np.ndarray:
    """Return the images minus a blurred copy, float16 to save memory, same shape."""
    result = np.empty(images.shape, np.float16)
    for number, image in enumerate(images):
        image = image.astype(np.float32)
        blurred = cv2.GaussianBlur(image, (0, 0), DETAIL, borderType=cv2.BORDER_REFLECT_101)
        result[number] = image - blurred.reshape(image.shape)
    return result


def correlations(found: np.ndarray, pairs: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each pair's details where they overlap, float32, (P,)."""
    height, width = found.shape[1:3]
    result = np.empty(len(pairs), np.float32)
    for shift in np.unique(shifts, axis=0):
        chosen = np.flatnonzero((shifts == shift).all(axis=1))
        (top, left), (bottom, right) = np.maximum(-shift, 0), np.maximum(shift, 0)
        first = found[:, top : height - bottom, left : width - right]
        second = found[:, bottom : height - top, right : width - left]
        for rows in _blocks(len(chosen), found[:1].size * 64):  # small blocks stay in the cache
            numbers = chosen[rows]
            a = standardised_rows(first[pairs[numbers, 0]])
            b = standardised_rows(second[pairs[numbers, 1]])
            result[numbers] = np.einsum("ij,ij->i", a, b)
    return result


def standardised_rows(parts: np.ndarray) -> np.ndarray:
    """Return images as rows of mean zero and unit norm, float32, shape (n, values)."""
    flat = parts.reshape(len(parts), math.prod(parts.shape[1:])).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.einsum("ij,ij->i", flat, flat))
    flat /= np.maximum(norms, np.float32(1e-6))[:, None]
    return flat


def usual_distances(found: np.ndarray) -> np.ndarray:
    """Return how far away images are that merely look like each image.

    Parameters
    ----------
    found
        What `details` returned.

    Returns
    -------
    numpy.ndarray
        One minus the `RANK`-th highest correlation with the reference images, which are spread
        evenly over the numbering; between `LEAST_USUAL_DISTANCE` and 1. float32, shape (N,).
    """
    count = len(found)
    numbers = np.unique(np.linspace(0, count - 1, min(count, REFERENCES)).astype(int))
    references = standardised_rows(found[numbers])
    place = np.full(count, -1)
    place[numbers] = np.arange(len(numbers))
    return usual(found, references, place)


def usual(found: np.ndarray, references: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return how far away images are that merely look like each image; see `usual_distances`.

    Parameters
    ----------
    found
        What `details` returned of the images.
    references
        `standardised_rows` of the reference images.
    place
        Which of these an image itself is, int64, shape (N,); -1 for none.
    """
    result = np.ones(len(found), np.float32)
    if len(references) <= RANK:
        return result
    for rows in _blocks(len(found), (found[:1].size + len(references)) * 8):
        alike = standardised_rows(found[rows]) @ references.T
        own = place[rows]
        alike[own >= 0, own[own >= 0]] = -1
        result[rows] = 1 - np.partition(alike, -RANK, axis=1)[:, -RANK]
    return np.clip(result, LEAST_USUAL_DISTANCE, 1)


def _pairs_of_copies(first_copy: np.ndarray) -> pd.DataFrame:
    copies = np.flatnonzero(first_copy != np.arange(len(first_copy)))
    return pd.DataFrame(
        {
            "first": first_copy[copies],
            "second": copies,
            "exact": True,
            "distance": 0.0,
            "relative_distance": 0.0,
        }
    )


def _with_all_copies(near: pd.DataFrame, first_copy: np.ndarray) -> pd.DataFrame:
    """Pair the exact copies of each end of a near pair with the other end too."""
    copies = pd.Series(np.arange(len(first_copy))).groupby(first_copy).agg(list)
    copies = copies[copies.map(len) > 1]
    added = []
    for pair in near.itertuples(index=False):
        for end, other in ((pair.first, pair.second), (pair.second, pair.first)):
            for copy in copies.get(end, [])[1:]:
                ends = {"first": min(copy, other), "second": max(copy, other)}
                added.append(pair._asdict() | ends)
    return pd.concat([near, pd.DataFrame(added)]) if added else near


def _each(pixels: Pictures) -> Iterator[np.ndarray]:
    """Yield one image after the other, read many at a time."""
    for start in range(0, len(pixels), AT_A_TIME):
        yield from pixels[start : start + AT_A_TIME]


def _blocks(count: int, bytes_each: int) -> Iterator[slice]:
    """Yield slices of `count` rows that need at most `BLOCK_BYTES`, or one row, at a time."""
    step = max(1, BLOCK_BYTES // max(1, bytes_each))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
