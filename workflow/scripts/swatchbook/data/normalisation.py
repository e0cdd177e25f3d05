"""Images as bytes and as the numbers that networks see."""

import numpy as np


def normalised(images: np.ndarray) -> np.ndarray:
    """Return images as the arrays have them, float32 in [0, 1]; uint8 are divided by 255."""
    if images.dtype != np.uint8:
        return images
    return np.divide(images, np.float32(255), dtype=np.float32)
