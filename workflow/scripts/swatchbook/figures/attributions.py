"""What a network looks at, laid over the image."""

import cv2
import numpy as np

FOR = np.array([1.0, 0.62, 0.1], np.float32)  # orange
AGAINST = np.array([0.25, 0.55, 1.0], np.float32)  # blue
DIMMED = 0.45  # how bright the image is beneath
STRONGEST = 0.99  # the quantile of sizes that has full colour: single pixels would hide all others


def over_gradients(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Lay what speaks for a class in orange and what speaks against it in blue over an image.

    The scale is the image's own.

    Parameters
    ----------
    image
        float32 in [0, 1], shape (height, width, channels).
    values
        Attributions of that shape.

    Returns
    -------
    numpy.ndarray
        float32 in [0, 1], shape (height, width, 3).
    """
    summed = values.sum(axis=2)
    scale = np.quantile(np.abs(summed), STRONGEST)
    shares = np.clip(summed / scale, -1, 1) if scale > 0 else np.zeros_like(summed)
    colours = np.where(shares[..., None] > 0, FOR, AGAINST)
    return _blended(image, colours, np.abs(shares))


def over_cam(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Lay a coarse map of what speaks for a class in orange over an image.

    Parameters
    ----------
    image
        As for `over_gradients`.
    values
        At least 0, shape (rows, columns).

    Returns
    -------
    numpy.ndarray
        float32 in [0, 1], shape (height, width, 3).
    """
    height, width = image.shape[:2]
    large = cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    largest = large.max()
    shares = np.clip(large / largest, 0, 1) if largest > 0 else np.zeros_like(large)
    return _blended(image, np.broadcast_to(FOR, (height, width, 3)), 0.8 * shares)


def _blended(image: np.ndarray, colours: np.ndarray, shares: np.ndarray) -> np.ndarray:
    grey = DIMMED * np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    part = shares[..., None].astype(np.float32)
    return np.clip((1 - part) * grey + part * colours, 0, 1).astype(np.float32)


DRAWN = {"gradients": over_gradients, "cam": over_cam}
