"""PNG files become the pixels that they show; whatever else they are is refused."""

import cv2
import numpy as np
import pytest

from makers import png, random_images, raw_png
from swatchbook.data.png import decode, encode

RED = raw_png(5, 4, 8, 2, bytes([255, 0, 0]) * 5)
GREY = raw_png(5, 4, 8, 0, bytes([7]) * 5)
NOISE = png(random_images(1, 4, 5)[0])


def test_a_red_image_is_red() -> None:
    pixels = decode(RED, 4, 5, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.broadcast_to([255, 0, 0], (4, 5, 3)))


def test_a_grey_image_keeps_one_channel() -> None:
    np.testing.assert_array_equal(decode(GREY, 4, 5, 1), np.full((4, 5, 1), 7))


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_encoded_decodes_to_the_same_pixels(channels: int) -> None:
    pixels = random_images(1, 7, 3, channels)[0]
    np.testing.assert_array_equal(decode(encode(pixels), 7, 3, channels), pixels)


def test_an_encoded_red_image_is_red_to_others() -> None:
    blue_first = cv2.imdecode(
        np.frombuffer(encode(np.array([[[255, 0, 0]]], np.uint8)), np.uint8),
        cv2.IMREAD_COLOR,
    )
    assert blue_first[0, 0].tolist() == [0, 0, 255]


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :]


def test_rgb_is_refused_where_grey_is_wanted() -> None:
    with pytest.raises(ValueError, match="RGB instead of grey"):
        decode(RED, 4, 5, 1)


@pytest.mark.parametrize("position", range(8, len(NOISE) - 4))
def test_no_flipped_byte_changes_a_pixel_unnoticed(position: int) -> None:
    with pytest.raises(ValueError):
        decode(flipped(NOISE, position), 4, 5, 3)
