"""Thumbnails as one image."""

from collections.abc import Sequence

import cv2
import numpy as np

from swatchbook.errors import DataError

COLUMNS = 32  # thumbnails in a row of the sheet
LARGEST = 48  # pixels, a thumbnail's longer side
QUALITY = 90  # of lossy WebP, 1 to 100


def draw(
    images: Sequence[np.ndarray], quality: int = QUALITY, largest: int = LARGEST
) -> tuple[bytes, int, int]:
    """Return thumbnails as one WebP image, `COLUMNS` in a row, and a thumbnail's height and width.

    Parameters
    ----------
    images
        float32 in [0, 1], each of shape (height, width, channels), at least one.
    quality
        Of lossy WebP, 1 to 100.
    largest
        Pixels of a thumbnail's longer side, at most.

    Raises
    ------
    DataError
        If OpenCV cannot encode the sheet.
    """
    height, width = images[0].shape[:2]
    shrink = min(1.0, largest / max(height, width))
    height, width = max(1, round(height * shrink)), max(1, round(width * shrink))
    sheet = np.zeros((-(-len(images) // COLUMNS) * height, COLUMNS * width, 3), np.uint8)
    for number, image in enumerate(images):
        pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        if shrink < 1:
            pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        top, left = number // COLUMNS * height, number % COLUMNS * width
        # OpenCV's order is BGR.
        sheet[top : top + height, left : left + width] = pixels.reshape(height, width, -1)[
            ..., ::-1
        ]
    encoded, content = cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, quality])
    if not encoded:
        raise DataError("the sheet of thumbnails cannot be encoded", where="sheet.webp")
    return content.tobytes(), height, width
