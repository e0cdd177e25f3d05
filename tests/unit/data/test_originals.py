"""Images to show are the extremes and some by chance, and are shown as models see them."""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from makers import png, random_images
from swatchbook.data import originals, pictures
from swatchbook.data.image_stream import decode_all
from swatchbook.data.originals import Collector, Original
from swatchbook.progress import Progress

IMAGE = {"height": 8, "width": 8, "channels": 3, "resize": "fit", "background": "#ff0000"}
# Heights and widths: one is the widest, one the tallest, one the largest, one the smallest.
SIZES = [(10, 40), (50, 10), (60, 70), (3, 4), *[(12, 12 + n % 5) for n in range(60)]]
FILES = {
    f"id{number:02}": png(random_images(1, height, width)[0])
    for number, (height, width) in enumerate(SIZES)
}


def seen(files: dict[str, bytes], image: dict = IMAGE) -> list[Original]:
    row_of = {id_: row for row, id_ in enumerate(files)}
    pixels = np.zeros((len(files), image["height"], image["width"], 3), np.uint8)
    with Progress("decode", len(files), "image") as progress:
        return decode_all(files.items(), row_of, image, pixels, progress).originals


def test_the_extremes_are_shown_and_some_by_chance() -> None:
    shown = seen(FILES)
    assert [one.why for one in shown[:5]] == [*originals.EXTREMES, originals.MIDDLE]
    assert [one.id for one in shown[:4]] == ["id00", "id01", "id02", "id03"]
    assert [one.size for one in shown[:4]] == SIZES[:4]
    areas = sorted(height * width for height, width in SIZES)
    assert shown[4].size[0] * shown[4].size[1] == areas[(len(areas) - 1) // 2]
    assert {one.why for one in shown[5:]} == {originals.CHANCE}
    assert len({one.id for one in shown}) == len(shown) == originals.SHOWN


def test_the_order_of_an_archive_chooses_nothing() -> None:
    shuffled = list(FILES.items())
    random.Random(1).shuffle(shuffled)
    for first, second in zip(seen(FILES), seen(dict(shuffled)), strict=True):
        assert first[:3] == second[:3]
        np.testing.assert_array_equal(first.thumbnail, second.thumbnail)


def test_views_are_what_reading_makes_of_the_file() -> None:
    for one in seen(FILES):
        assert one.thumbnail.shape[:2] == one.size
        for how in pictures.RESIZE:
            expected = pictures.decode(FILES[one.id], IMAGE | {"resize": how})
            np.testing.assert_array_equal(one.views[how], expected)


def test_a_large_image_is_kept_as_a_thumbnail() -> None:
    large = png(np.zeros((2000, 1000, 3), np.uint8))
    (one,) = seen({"large": large})
    assert one.size == (2000, 1000)
    assert one.thumbnail.shape == (originals.LONGEST, originals.LONGEST // 2, 3)
    assert one.why == "the widest"  # the first of what it is


def test_no_more_is_kept_than_is_needed() -> None:
    collector = Collector(IMAGE)
    for id_, content in FILES.items():
        collector.offer(id_, content, SIZES[int(id_[2:])])
        assert len(collector._sample) <= originals.SAMPLE
    assert len(collector._extremes) == len(originals.EXTREMES)


@pytest.mark.parametrize(
    "image",
    [IMAGE | {"height": 12, "width": 14}, {**IMAGE, "height": 12, "width": 14, "resize": "error"}],
)
def test_nothing_is_shown_of_images_that_all_have_the_right_size(image: dict) -> None:
    right = {id_: png(pixels) for id_, pixels in zip("abc", random_images(3, 12, 14), strict=True)}
    assert seen(right, image) == []


def test_the_middle_counts_every_image() -> None:
    assert originals._median_area(Counter({(1, 1): 5, (2, 2): 4, (9, 9): 1})) == 1
    assert originals._median_area(Counter({(1, 1): 4, (2, 2): 5, (9, 9): 1})) == 4


def test_what_is_written_is_read_and_is_the_same_each_time(tmp_path: Path) -> None:
    shown = seen(FILES)
    for name in ("a.npz", "b.npz"):
        originals.write(shown, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    for first, second in zip(shown, originals.read(tmp_path / "a.npz"), strict=True):
        assert first[:3] == second[:3]
        np.testing.assert_array_equal(first.thumbnail, second.thumbnail)
        assert list(first.views) == list(second.views)
    originals.write([], tmp_path / "none.npz")
    assert originals.read(tmp_path / "none.npz") == []
