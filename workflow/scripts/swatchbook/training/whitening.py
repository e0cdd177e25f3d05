"""A first layer whose filters are made of the training images.

Keras and TensorFlow are imported only when a layer is made.
"""

from typing import Any

import numpy as np

from swatchbook.data.normalisation import normalised
from swatchbook.errors import TrainingError


def layer(kernel: int, images: int, epsilon: float, *, channels: int, dtype: str) -> Any:
    """Make a convolution that takes its filters from images, and never learns.

    Parameters
    ----------
    kernel, images, epsilon
        As in `layers.whiten`.
    channels
        Of the images that it is given.
    dtype
        A Keras dtype policy.

    Returns
    -------
    keras.layers.Conv2D
        With twice as many filters as a square of pixels has values, and ``learn_filters``, which
        takes images, uint8 or float32, of shape (n, height, width, channels).
    """
    import keras

    class Conv2D(keras.layers.Conv2D):  # saved as what it is beneath
        def learn_filters(self, shown: np.ndarray) -> None:
            self.set_weights(filters(normalised(shown[:images]), kernel, epsilon))

    return Conv2D(
        2 * channels * kernel * kernel, kernel, trainable=False, dtype=dtype, padding="valid"
    )


def filters(images: np.ndarray, kernel: int, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """Return whitening filters and biases, as `layers.whiten` describes them.

    Parameters
    ----------
    images
        float32, shape (n, height, width, channels).

    Returns
    -------
    numpy.ndarray
        float32, shape (kernel, kernel, channels, 2 × kernel × kernel × channels), by falling
        variance, then their negatives.
    numpy.ndarray
        float32, as many: they take the mean off.

    Raises
    ------
    TrainingError
        If an image is smaller than a filter.
    """
    if min(images.shape[1:3]) < kernel:
        raise TrainingError(
            f"whiten.kernel is {kernel}; allowed for images of this size: at most "
            f"{min(images.shape[1:3])}",
            where="models",
        )
    squares = np.lib.stride_tricks.sliding_window_view(images, (kernel, kernel), axis=(1, 2))
    squares = np.moveaxis(squares, 3, -1)  # (n, rows, columns, kernel, kernel, channels)
    size = kernel * kernel * images.shape[-1]
    count, total, products = 0, np.zeros(size), np.zeros((size, size))
    for some in np.array_split(squares, max(1, len(images) // 250)):
        values = some.reshape(-1, size).astype(np.float64)
        count += len(values)
        total += values.sum(0)
        products += values.T @ values
    mean = total / count
    variances, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    scaled = (vectors / np.sqrt(np.maximum(variances, 0) + epsilon))[:, ::-1]
    # An eigenvector is one only up to its sign, which is LAPACK's whim.
    scaled *= np.sign(scaled[np.abs(scaled).argmax(0), np.arange(size)])
    both = np.concatenate([scaled, -scaled], 1)
    shape = (kernel, kernel, images.shape[-1], 2 * size)
    return both.reshape(shape).astype(np.float32), -(mean @ both).astype(np.float32)
