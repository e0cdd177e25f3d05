"""Every image of a stream goes to the row of its id, and what is no image is told by its id."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from makers import png, random_images, raw_png
from swatchbook.data import png as png_files
from swatchbook.data.image_stream import Encoded, decode_all
from swatchbook.errors import DataError
from swatchbook.progress import Progress

RED = raw_png(5, 4, 8, 2, bytes([255, 0, 0]) * 5)


def of_png(id_: str, content: bytes) -> Encoded:
    return id_, png_files.decode, content


def decode_into(images: Mapping[str, bytes] | Iterator[Encoded]) -> np.ndarray:
    """Decode RGB images of 4 × 5 pixels; the ids' rows are in reverse order."""
    named = [of_png(*item) for item in images.items()] if isinstance(images, Mapping) else images
    ids = [id_ for id_, _, _ in named] if isinstance(named, list) else []
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
    def source() -> Iterator[Encoded]:
        yield from []
        raise RuntimeError("the archive broke off")

    with pytest.raises(RuntimeError, match="the archive broke off"):
        decode_into(source())


def test_an_error_of_the_source_after_many_images_ends_the_decoding() -> None:
    def source() -> Iterator[Encoded]:
        for _ in range(3000):
            yield of_png("1", RED)
        raise RuntimeError("the archive broke off")

    pixels = np.zeros((1, 4, 5, 3), np.uint8)
    with (
        pytest.raises(RuntimeError, match="the archive broke off"),
        Progress("decode", None, "image") as progress,
    ):
        decode_all(source(), {"1": 0}, pixels, Path("some.7z"), progress)


def test_an_id_without_a_row_is_an_error_even_early_in_a_long_stream() -> None:
    images = [of_png("nobody's", RED), *[of_png("1", RED)] * 3000]
    with pytest.raises(KeyError, match="nobody's"), Progress("decode", None, "image") as progress:
        decode_all(images, {"1": 0}, np.zeros((1, 4, 5, 3), np.uint8), "some.7z", progress)
