"""One image file to pixels of the size that a data set's images have."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from swatchbook.data import png


def decode(content: bytes, image: Mapping[str, Any]) -> np.ndarray:
    """Decode one image file.

    Parameters
    ----------
    content
        The bytes of the file.
    image
        The block ``image`` of a data set's file: ``height``, ``width`` and ``channels``.

    Returns
    -------
    numpy.ndarray
        uint8, shape (height, width, channels), RGB or grey.

    Raises
    ------
    ValueError
        In words, if it is no image file of this kind.
    """
    try:
        return png.decode(content, image["height"], image["width"], image["channels"])
    except cv2.error as error:
        raise ValueError(f"cannot be decoded: {' '.join(str(error).split())}") from error
