"""Every image of a stream goes to the row of its id, and what is no image is told by its id."""

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from makers import png, random_images, raw_png
from swatchbook.data import image_stream
from swatchbook.data.image_stream import Encoded, Seen, decode_all
from swatchbook.progress import Progress

IMAGE = {"height": 4, "width": 5, "channels": 3}
RED = raw_png(5, 4, 8, 2, bytes([255, 0, 0]) * 5)


def decode_into(images: Mapping[str, bytes] | Iterator[Encoded]) -> tuple[np.ndarray, Seen]:
    """Decode RGB images of 4 × 5 pixels; the ids' rows are in reverse order."""
    ids = list(images) if isinstance(images, Mapping) else []
    row_of = {id_: row for row, id_ in enumerate(reversed(ids))}
    pixels = np.zeros((max(len(ids), 1), 4, 5, 3), np.uint8)
    with Progress("decode", len(ids), "image") as progress:
        stream = images.items() if isinstance(images, Mapping) else images
        seen = decode_all(stream, row_of, IMAGE, pixels, progress)
    assert progress.done == len(ids)
    return pixels, seen


@pytest.mark.parametrize("count", [1, 256, 2000])
def test_every_image_goes_to_the_row_of_its_id(count: int) -> None:
    pixels = random_images(count)
    decoded, seen = decode_into({str(number): png(image) for number, image in enumerate(pixels)})
    assert (seen.formats, seen.sizes) == ({"PNG": count}, {(4, 5): count})
    assert not seen.problems and not seen.changes
    np.testing.assert_array_equal(decoded[::-1], pixels)


def test_what_cannot_be_decoded_is_told_by_id_and_leaves_its_row_alone() -> None:
    images = {f"id{number}": RED if number % 2 else b"" for number in range(600)}
    pixels, seen = decode_into(images)
    assert seen.problems == {f"id{number}": "an empty file" for number in range(0, 600, 2)}
    assert seen.formats == {"PNG": 300}
    red = (pixels[::-1] == [255, 0, 0]).all(axis=(1, 2, 3))
    assert red.tolist() == [bool(number % 2) for number in range(600)]


def test_an_error_of_the_source_ends_the_decoding() -> None:
    def source() -> Iterator[Encoded]:
        yield from []
        raise RuntimeError("the archive broke off")

    with pytest.raises(RuntimeError, match="the archive broke off"):
        decode_into(source())


def test_an_error_of_the_source_after_many_images_ends_the_decoding() -> None:
    def source() -> Iterator[Encoded]:
        for _ in range(3000):
            yield "1", RED
        raise RuntimeError("the archive broke off")

    pixels = np.zeros((1, 4, 5, 3), np.uint8)
    with (
        pytest.raises(RuntimeError, match="the archive broke off"),
        Progress("decode", None, "image") as progress,
    ):
        decode_all(source(), {"1": 0}, IMAGE, pixels, progress)


def test_an_id_without_a_row_is_an_error_even_early_in_a_long_stream() -> None:
    images = [("nobody's", RED), *[("1", RED)] * 3000]
    with pytest.raises(KeyError, match="nobody's"), Progress("decode", None, "image") as progress:
        decode_all(images, {"1": 0}, IMAGE, np.zeros((1, 4, 5, 3), np.uint8), progress)


def test_large_images_wait_in_smaller_batches() -> None:
    large, small = bytes(image_stream.BYTES_A_BATCH // 2), b"x"
    images = [("a", large), ("b", large), ("c", large), *[("d", small)] * 300]
    sizes = [len(batch) for batch in image_stream.batched(images)]
    assert sizes == [2, image_stream.IMAGES_A_BATCH, 45]
