"""The 15 common corruptions of images at five strengths.

D. Hendrycks, T. Dietterich (2019), Benchmarking neural network robustness to common corruptions and
perturbations, ICLR. The strengths are those that its authors made CIFAR-10-C with, for images of
32 × 32 pixels; lengths grow with images that are larger, and smaller images are changed by as many
pixels as those. Frost is not theirs: it is drawn, where they have six photographs of it.

What is drawn by chance depends on the corruption and on the image's row alone: not on which other
images there are, and not on the strength, so that a curve over strengths shows the strength.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from swatchbook.errors import DataError

STRENGTHS = 5
SIDE = 32  # pixels, of the images that the strengths were chosen for
SEED = 2019
LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, by ITU-R BT.601
ICE = (0.85, 0.95, 1.0)  # its colour

# Images are float32 in [0, 1], shape (n, height, width, channels); what is returned may go beyond.
Images = np.ndarray
Generators = Sequence[np.random.Generator]  # one an image


def gaussian_noise(images: Images, deviation: float, generators: Generators) -> np.ndarray:
    """Add normal noise: little light."""
    return images + deviation * _drawn(generators, "normal", size=images.shape[1:])


def shot_noise(images: Images, photons: float, generators: Generators) -> np.ndarray:
    """Count photons, so many for white: light comes in parts."""
    return np.stack(
        [
            generator.poisson(image * photons) / photons
            for generator, image in zip(generators, images, strict=True)
        ]
    )


def impulse_noise(images: Images, share: float, generators: Generators) -> np.ndarray:
    """Turn this share of values black or white: bits that flipped."""
    chance = _drawn(generators, "random", size=images.shape[1:])
    salted = np.where(chance > 1 - share / 2, 1.0, images)
    return np.where(chance < share / 2, 0.0, salted)


def defocus_blur(images: Images, lens: tuple[float, float], generators: Generators) -> np.ndarray:
    """Spread each pixel over a disc of a radius, whose edge is smoothed: out of focus."""
    radius, smoothing = (length * _scale(images) for length in lens)
    reach = math.ceil(radius) + 2
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (down**2 + across**2 <= radius**2).astype(np.float32)
    side = 3 if radius <= 8 else 5
    kernel = cv2.GaussianBlur(disc / disc.sum(), (side, side), smoothing)
    return _each(images, lambda image: cv2.filter2D(image, -1, kernel))


def glass_blur(images: Images, glass: tuple[float, int, int], generators: Generators) -> np.ndarray:
    """Blur, let pixels change places with near ones, so many times, and blur: frosted glass."""
    deviation, reach, rounds = glass
    deviation, reach = deviation * _scale(images), round(reach * _scale(images))
    height, width = images.shape[1:3]
    seen = _smoothed(images, deviation)
    each = np.arange(len(images))
    for _ in range(rounds):
        steps = _drawn(generators, "integers", -reach, reach, size=(2, height, width))
        for row in range(height - reach, reach, -1):
            for column in range(width - reach, reach, -1):
                down, across = steps[:, :, row - 1, column - 1].T
                there = seen[each, row + down, column + across]
                seen[each, row + down, column + across] = seen[:, row, column]
                seen[:, row, column] = there
    return _smoothed(seen, deviation)


def motion_blur(images: Images, path: tuple[float, float], generators: Generators) -> np.ndarray:
    """Smear along a line within 45 degrees of level, on one side: the camera moves."""
    angles = _drawn(generators, "uniform", -45, 45)
    return _smeared(images, path, angles)


def zoom_blur(images: Images, most: int, generators: Generators) -> np.ndarray:
    """Average over zooms of 0 to so many per cent: the camera comes nearer."""
    height, width = images.shape[1:3]
    zooms = [
        cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 0, 1 + percent / 100)
        for percent in range(most + 1)
    ]

    def zoomed(image: np.ndarray) -> np.ndarray:
        views = [cv2.warpAffine(image, zoom, (width, height)) for zoom in zooms]
        return (image.reshape(views[0].shape) + sum(views)) / (1 + len(views))

    return _each(images, zoomed)


def snow(images: Images, fall: tuple[float, ...], generators: Generators) -> np.ndarray:
    """Whiten the image, and let smeared flakes fall over it from above.

    ``fall``: mean and deviation of the noise that flakes come from, their size, what noise is none,
    length and deviation of the smear, and the share of the image that is left.
    """
    mean, deviation, size, least, length, smear, left = fall
    height, width = images.shape[1:3]
    size = size * _scale(images)
    coarse = (math.ceil(height / size), math.ceil(width / size))
    noise = mean + deviation * _drawn(generators, "normal", size=coarse)
    flakes = np.stack([cv2.resize(layer, (width, height)) for layer in noise])[..., None]
    flakes = np.clip(np.where(flakes < least, 0, flakes), 0, 1).astype(np.float32)
    flakes = _smeared(flakes, (length, smear), _drawn(generators, "uniform", -135, -45))
    whitened = np.maximum(images, _grey(images) * 1.5 + 0.5)
    return left * images + (1 - left) * whitened + flakes + np.rot90(flakes, 2, axes=(1, 2))


def frost(images: Images, shares: tuple[float, float], generators: Generators) -> np.ndarray:
    """Put a share of ice crystals over a share of the image.

    The crystals are the ridges of a fractal, as F. K. Musgrave draws mountains (in D. S. Ebert et
    al., 2003, Texturing and modeling, chapter 16).
    """
    of_image, of_ice = shares
    ridges = 1 - np.abs(2 * _plasma(generators, images.shape[1:3], 1.3) - 1)
    colour = np.array(ICE if images.shape[3] == 3 else [np.dot(ICE, LUMA)], np.float32)
    return of_image * images + of_ice * ridges[..., None] * colour


def fog(images: Images, mist: tuple[float, float], generators: Generators) -> np.ndarray:
    """Add a fractal of this height and smoothness, and keep the brightest value as it is."""
    height, smoothness = mist
    clouds = _plasma(generators, images.shape[1:3], smoothness)[..., None]
    brightest = images.max(axis=(1, 2, 3), keepdims=True)
    return (images + height * clouds) * brightest / (brightest + height)


def brightness(images: Images, more: float, generators: Generators) -> np.ndarray:
    """Raise the value of hue, saturation and value."""
    value = images.max(axis=3, keepdims=True)
    raised = np.minimum(value + more, 1)
    scaled = images * np.divide(raised, value, where=value > 0, out=np.zeros_like(value))
    return np.where(value > 0, scaled, raised)


def contrast(images: Images, left: float, generators: Generators) -> np.ndarray:
    """Leave so much of the distance to the mean of each channel."""
    means = images.mean(axis=(1, 2), keepdims=True)
    return (images - means) * left + means


def elastic(images: Images, stretch: tuple[float, ...], generators: Generators) -> np.ndarray:
    """Move three points by chance and the image with them, then each pixel by a smooth field.

    ``stretch``: height and smoothness of the field, and how far a point goes, as shares of a side.
    """
    height, width = images.shape[1:3]
    size, smoothness, jitter = (share * min(height, width) for share in stretch)
    centre = np.array([width // 2, height // 2], np.float32)
    points = centre + np.float32([[1, 1], [1, -1], [-1, -1]]) * (min(height, width) // 3)
    moves = _drawn(generators, "uniform", -1, 1, size=(3, 2)).astype(np.float32) * jitter
    field = _drawn(generators, "uniform", -1, 1, size=(2, height, width))
    field = ndimage.gaussian_filter(field, (0, 0, smoothness, smoothness), truncate=3) * size
    down, across = np.mgrid[:height, :width]

    def moved(image: np.ndarray, move: np.ndarray, steps: np.ndarray) -> np.ndarray:
        turned = cv2.warpAffine(
            image,
            cv2.getAffineTransform(points, np.float32(points + move)),
            (width, height),
            borderMode=cv2.BORDER_REFLECT_101,
        )
        x, y = (np.float32(start + step) for start, step in zip((across, down), steps, strict=True))
        return cv2.remap(turned, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)

    return _each(images, moved, moves, field)


def pixelate(images: Images, share: float, generators: Generators) -> np.ndarray:
    """Make the image smaller, to this share of its sides, and large again by repeating pixels."""
    height, width = images.shape[1:3]
    small = (max(1, int(width * share)), max(1, int(height * share)))

    def enlarged(image: np.ndarray) -> np.ndarray:
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        return cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_NEAREST)

    return _each(images, enlarged)


def jpeg(images: Images, quality: int, generators: Generators) -> np.ndarray:
    """Compress as JPEG of this quality."""

    def compressed(image: np.ndarray) -> np.ndarray:
        pixels = _as_pixels(image)[..., ::-1]  # OpenCV's order is BGR
        encoded, content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not encoded:
            raise DataError("an image cannot be encoded as JPEG", where="x_test.npy")
        read = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
        return read.reshape(image.shape)[..., ::-1] / np.float32(255)

    return _each(images, compressed)


class Corruption(NamedTuple):
    """One way to corrupt images.

    Attributes
    ----------
    change
        From images, how strong, and a generator of random numbers an image, to images.
    family
        What the paper counts it among.
    strengths
        How strong, from the weakest to the strongest.
    """

    change: Callable[[Images, Any, Generators], np.ndarray]
    family: str
    strengths: tuple[Any, ...]


# In the order of the paper. A new one stands at the end: the place is part of what is drawn.
CORRUPTIONS: dict[str, Corruption] = {
    "Gaussian noise": Corruption(gaussian_noise, "noise", (0.04, 0.06, 0.08, 0.09, 0.1)),
    "shot noise": Corruption(shot_noise, "noise", (500, 250, 100, 75, 50)),
    "impulse noise": Corruption(impulse_noise, "noise", (0.01, 0.02, 0.03, 0.05, 0.07)),
    "defocus blur": Corruption(
        defocus_blur, "blur", ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1))
    ),
    "glass blur": Corruption(
        glass_blur, "blur", ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2))
    ),
    "motion blur": Corruption(motion_blur, "blur", ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5))),
    "zoom blur": Corruption(zoom_blur, "blur", (5, 10, 15, 20, 25)),
    "snow": Corruption(
        snow,
        "weather",
        (
            (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
            (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
            (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
            (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
            (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
        ),
    ),
    "frost": Corruption(
        frost, "weather", ((1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45))
    ),
    "fog": Corruption(fog, "weather", ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75))),
    "brightness": Corruption(brightness, "weather", (0.05, 0.1, 0.15, 0.2, 0.3)),
    "contrast": Corruption(contrast, "digital", (0.75, 0.5, 0.4, 0.3, 0.15)),
    "elastic": Corruption(
        elastic,
        "digital",
        ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)),
    ),
    "pixelate": Corruption(pixelate, "digital", (0.95, 0.9, 0.85, 0.75, 0.65)),
    "JPEG": Corruption(jpeg, "digital", (80, 65, 58, 50, 40)),
}


def corrupted(images: np.ndarray, rows: Sequence[int], name: str, strength: int) -> np.ndarray:
    """Return images under a corruption.

    Parameters
    ----------
    images
        float32 in [0, 1], shape (n, height, width, channels), one channel or three.
    rows
        The images' places in their data set, of which chance is made.
    name
        One of `CORRUPTIONS`.
    strength
        1 to `STRENGTHS`.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape of `images`.

    Raises
    ------
    DataError
        If the images are not in [0, 1].
    """
    if len(images) and not (images.min() >= 0 and images.max() <= 1):
        raise DataError(
            f"images go from {images.min():.3g} to {images.max():.3g}, not within 0 and 1",
            where="x_test.npy",
            hint="delete it and run again to decode it anew",
        )
    corruption, place = CORRUPTIONS[name], list(CORRUPTIONS).index(name)
    generators = [np.random.default_rng([SEED, place, int(row)]) for row in rows]
    given = images.astype(np.float32, copy=False)
    if not len(given):
        return _as_pixels(given)
    return _as_pixels(corruption.change(given, corruption.strengths[strength - 1], generators))


def sample(available: int, wanted: int) -> np.ndarray:
    """Return the rows of a random sample of images, the same ones each time, int64, ascending."""
    return np.sort(np.random.default_rng(SEED).permutation(available)[:wanted])


def _as_pixels(images: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def _scale(images: Images) -> float:
    return max(1.0, min(images.shape[1:3]) / SIDE)


def _grey(images: Images) -> np.ndarray:
    if images.shape[3] == 1:
        return images
    return (images @ np.array(LUMA, np.float32))[..., None]


def _drawn(generators: Generators, kind: str, *arguments: Any, **options: Any) -> np.ndarray:
    """Draw the same kind of numbers for each image, stacked."""
    return np.stack([getattr(each, kind)(*arguments, **options) for each in generators])


def _each(images: Images, change: Callable[..., np.ndarray], *more: np.ndarray) -> np.ndarray:
    """Change one image after the other; OpenCV drops the axis of a single channel."""
    changed = [change(*parts) for parts in zip(images, *more, strict=True)]
    return np.stack([one.reshape(images.shape[1:]) for one in changed])


def _smoothed(images: Images, deviation: float) -> np.ndarray:
    return ndimage.gaussian_filter(images, (0, deviation, deviation, 0), mode="nearest")


def _smeared(images: Images, path: tuple[float, float], angles: np.ndarray) -> np.ndarray:
    """Smear each image along a line: half a normal curve on twice a radius, as ImageMagick does."""
    radius, deviation = (length * _scale(images) for length in path)
    steps = np.arange(round(2 * radius) + 1)
    steps = steps[: math.ceil(4 * deviation) + 1]  # beyond there is nothing
    weights = np.exp(-(steps**2) / (2 * deviation**2))
    reach = steps[-1]

    def smeared(image: np.ndarray, angle: float) -> np.ndarray:
        turn = math.radians(angle)
        down, across = (
            reach + np.rint(steps * part).astype(int) for part in (math.sin(turn), math.cos(turn))
        )
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        np.add.at(kernel, (down, across), weights / weights.sum())
        return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)

    return _each(images, smeared, angles)


def _plasma(generators: Generators, shape: tuple[int, int], smoothness: float) -> np.ndarray:
    """Return a fractal an image, from 0 to 1, by the diamond-square algorithm on a torus.

    A. Fournier, D. Fussell, L. Carpenter (1982), Computer rendering of stochastic models,
    Communications of the ACM 25, 371-384. What is added by chance becomes smaller by the square of
    `smoothness` from one level to the next, as for CIFAR-10-C.
    """
    step = 1 << max(1, math.ceil(math.log2(max(shape))))
    noise = _drawn(generators, "uniform", -1, 1, size=(step, step))
    field, size = np.zeros_like(noise), 1.0
    while step >= 2:
        half = step // 2
        corners = field[:, ::step, ::step]
        below = np.roll(corners, -1, axis=1)
        squares = (corners + below + np.roll(corners, -1, axis=2) + np.roll(below, -1, axis=2)) / 4
        middle = squares + size * noise[:, half::step, half::step]
        level = (corners + np.roll(corners, -1, axis=2) + middle + np.roll(middle, 1, axis=1)) / 4
        upright = (corners + below + middle + np.roll(middle, 1, axis=2)) / 4
        field[:, half::step, half::step] = middle
        field[:, ::step, half::step] = level + size * noise[:, ::step, half::step]
        field[:, half::step, ::step] = upright + size * noise[:, half::step, ::step]
        step, size = half, size / smoothness**2
    field -= field.min(axis=(1, 2), keepdims=True)
    field /= field.max(axis=(1, 2), keepdims=True)
    return field[:, : shape[0], : shape[1]]
