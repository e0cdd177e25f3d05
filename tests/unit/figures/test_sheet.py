"""A sheet holds the images that were given."""

import cv2
import numpy as np

from swatchbook.figures import sheet


def test_large_images_are_shrunk() -> None:
    image = np.zeros((96, 192, 3), np.float32)
    image[:, :96, 0] = 1
    content, height, width = sheet.draw([image])
    assert (height, width) == (24, 48)
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert found[12, 5, 2] > 230  # red is the last of OpenCV's channels
    assert found[12, 5, 0] < 25
    assert found[12, 40].max() < 25
