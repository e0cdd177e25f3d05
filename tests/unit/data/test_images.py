"""PNG files become the pixels that they show; whatever else they are is refused by id."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from makers import png, random_images, raw_png
from swatchbook.data.images import decode_all, decode_png, encode_png, png_header
from swatchbook.errors import DataError
from swatchbook.progress import Progress

RED = raw_png(5, 4, 8, 2, bytes([255, 0, 0]) * 5)
GREY = raw_png(5, 4, 8, 0, bytes([7]) * 5)
NOISE = png(random_images(1, 4, 5)[0])


def test_a_red_image_is_red() -> None:
    pixels = decode_png(RED, 4, 5, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, np.broadcast_to([255, 0, 0], (4, 5, 3)))


def test_a_grey_image_keeps_one_channel() -> None:
    np.testing.assert_array_equal(decode_png(GREY, 4, 5, 1), np.full((4, 5, 1), 7))


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_encoded_decodes_to_the_same_pixels(channels: int) -> None:
    pixels = random_images(1, 7, 3, channels)[0]
    np.testing.assert_array_equal(decode_png(encode_png(pixels), 7, 3, channels), pixels)


def test_an_encoded_red_image_is_red_to_others() -> None:
    blue_first = cv2.imdecode(
        np.frombuffer(encode_png(np.array([[[255, 0, 0]]], np.uint8)), np.uint8), cv2.IMREAD_COLOR
    )
    assert blue_first[0, 0].tolist() == [0, 0, 255]


def test_the_header_is_the_one_that_encoders_write() -> None:
    assert RED.startswith(png_header(4, 5, 3))
    assert GREY.startswith(png_header(4, 5, 1))
    assert NOISE.startswith(png_header(4, 5, 3))


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :]


def test_rgb_is_refused_where_grey_is_wanted() -> None:
    with pytest.raises(ValueError, match="RGB instead of grey"):
        decode_png(RED, 4, 5, 1)


@pytest.mark.parametrize("position", range(8, len(NOISE) - 4))
def test_no_flipped_byte_changes_a_pixel_unnoticed(position: int) -> None:
    with pytest.raises(ValueError):
        decode_png(flipped(NOISE, position), 4, 5, 3)


def decode_into(images: Mapping[str, bytes] | Iterator[tuple[str, bytes]]) -> np.ndarray:
    """Decode RGB images of 4 × 5 pixels; the ids' rows are in reverse order."""
    named = list(images.items()) if isinstance(images, Mapping) else images
    ids = [id_ for id_, _ in named] if isinstance(named, list) else []
    row_of = {id_: row for row, id_ in enumerate(reversed(ids))}
    pixels = np.zeros((max(len(ids), 1), 4, 5, 3), np.uint8)
    with Progress("decode", len(ids), "image") as progress:
        decode_all(named, row_of, pixels, Path("some.7z"), progress)
    assert progress.done == len(ids)
    return pixels


@pytest.mark.parametrize("count", [1, 256, 2000])
def test_every_image_goes_to_the_row_of_its_id(count: int) -> None:
    pixels = random_images(count)
    decoded = decode_into({str(number): png(image) for number, image in enumerate(pixels)})
    np.testing.assert_array_equal(decoded[::-1], pixels)


def test_the_first_ten_are_named_and_all_are_counted() -> None:
    images = {f"id{number}": RED if number % 2 else b"" for number in range(600)}
    with pytest.raises(DataError) as caught:
        decode_into(images)
    text = str(caught.value)
    assert text.count("an empty file") == 10
    assert "id0 (an empty file), id2" in text
    assert text.endswith("id18 (an empty file) … (300 in all)")


def test_an_error_of_the_source_ends_the_decoding() -> None:
    def source() -> Iterator[tuple[str, bytes]]:
        yield from []
        raise RuntimeError("the archive broke off")

    with pytest.raises(RuntimeError, match="the archive broke off"):
        decode_into(source())


def test_an_error_of_the_source_after_many_images_ends_the_decoding() -> None:
    def source() -> Iterator[tuple[str, bytes]]:
        for _ in range(3000):
            yield "1", RED
        raise RuntimeError("the archive broke off")

    pixels = np.zeros((1, 4, 5, 3), np.uint8)
    with (
        pytest.raises(RuntimeError, match="the archive broke off"),
        Progress("decode", None, "image") as progress,
    ):
        decode_all(source(), {"1": 0}, pixels, Path("some.7z"), progress)


def test_an_id_without_a_row_is_an_error_even_early_in_a_long_stream() -> None:
    images = [("nobody's", RED), *[("1", RED)] * 3000]
    with pytest.raises(KeyError, match="nobody's"), Progress("decode", None, "image") as progress:
        decode_all(images, {"1": 0}, np.zeros((1, 4, 5, 3), np.uint8), "some.7z", progress)
