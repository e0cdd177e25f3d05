"""Corruptions do what their names say, the same each time, to small and large, grey and colour."""

import re

import numpy as np
import pytest

from paths import ROOT
from swatchbook.data import corruptions
from swatchbook.data.corruptions import CORRUPTIONS, STRENGTHS, corrupted
from swatchbook.errors import DataError

NAMES = list(CORRUPTIONS)
ROWS = np.array([3, 17, 40, 41])


def pictures(height: int = 32, width: int = 32, channels: int = 3, count: int = 4) -> np.ndarray:
    """Smooth shapes on a ground, float32 in [0, 1]."""
    down, across = np.mgrid[:height, :width]
    waves = [
        0.5 + 0.4 * np.sin(down / (3 + number) + channel) * np.cos(across / (4 + number))
        for number in range(count)
        for channel in range(channels)
    ]
    stacked = np.stack(waves).reshape(count, channels, height, width)
    pixels = np.rint(np.moveaxis(stacked, 1, 3) * 255).astype(np.uint8)
    return pixels / np.float32(255)


def distance(name: str, strength: int, images: np.ndarray) -> float:
    changed = corrupted(images, ROWS, name, strength) / 255
    return float(np.abs(changed - images).mean())


def test_there_are_the_15_of_the_paper_each_with_five_strengths() -> None:
    assert len(CORRUPTIONS) == 15
    assert {len(each.strengths) for each in CORRUPTIONS.values()} == {STRENGTHS} == {5}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (32, 32, 3), (64, 64, 1), (64, 64, 3), (20, 47, 3), (9, 5, 1)]
)
def test_images_keep_their_shape_and_are_changed(name: str, shape: tuple[int, int, int]) -> None:
    images = pictures(*shape)
    for strength in (1, STRENGTHS):
        changed = corrupted(images, ROWS, name, strength)
        assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    assert (changed != np.rint(images * 255)).any()


@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_corrupted_alike_whatever_stands_beside_it(name: str) -> None:
    images = pictures()
    whole = corrupted(images, ROWS, name, 3)
    assert (whole == corrupted(images, ROWS, name, 3)).all()
    alone = corrupted(images[2:3], ROWS[2:3], name, 3)
    assert (alone[0] == whole[2]).all()
    drawn = {"defocus blur", "zoom blur", "brightness", "contrast", "pixelate", "JPEG"}
    elsewhere = corrupted(images[2:3], [99], name, 3)
    assert (elsewhere[0] == whole[2]).all() == (name in drawn)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("glass blur", "elastic")])
def test_the_strongest_changes_more_than_the_weakest(name: str) -> None:
    images = pictures()
    assert distance(name, STRENGTHS, images) > 1.05 * distance(name, 1, images)


@pytest.mark.parametrize("strength", [1, 3, 5])
def test_noise_has_the_published_size(strength: int) -> None:
    """On grey of a half nothing is cut off but impulses."""
    grey = np.full((4, 64, 64, 3), 0.5, np.float32)

    def noise(name: str) -> np.ndarray:
        return corrupted(grey, ROWS, name, strength) / 255 - 0.5

    place = strength - 1
    deviation = CORRUPTIONS["Gaussian noise"].strengths[place]
    assert noise("Gaussian noise").std() == pytest.approx(deviation, rel=0.03)
    photons = CORRUPTIONS["shot noise"].strengths[place]
    assert noise("shot noise").std() == pytest.approx((0.5 / photons) ** 0.5, rel=0.03)
    flipped = np.abs(noise("impulse noise")) > 0.4
    assert flipped.mean() == pytest.approx(CORRUPTIONS["impulse noise"].strengths[place], rel=0.15)


def test_blurs_keep_the_light_and_spread_a_point() -> None:
    point = np.zeros((4, 33, 33, 1), np.float32)
    point[:, 16, 16] = 1
    for name in ("defocus blur", "motion blur", "zoom blur"):
        spread = corrupted(point, ROWS, name, STRENGTHS) / 255
        if name != "zoom blur":  # which makes the point larger
            assert spread.sum(axis=(1, 2, 3)) == pytest.approx(1, abs=0.12), name
        assert (spread > 0).sum(axis=(1, 2, 3)).min() >= 5, name


def test_motion_goes_one_way_and_within_45_degrees_of_level() -> None:
    point = np.zeros((40, 41, 41, 1), np.float32)
    point[:, 20, 20] = 1
    smeared = corrupted(point, range(40), "motion blur", STRENGTHS)[..., 0]
    for image in smeared:
        down, across = np.nonzero(image)
        assert (abs(down - 20) <= abs(across - 20) + 1).all()
        assert (across >= 20).all() or (across <= 20).all()


def test_behind_glass_pixels_change_places() -> None:
    images = pictures()
    glass = corruptions.glass_blur(images, (0, 1, 2), [np.random.default_rng(1) for _ in images])
    for before, after in zip(images, glass, strict=True):
        assert (before != after).any()
        as_rows = (pixels.reshape(-1, 3) for pixels in (before, after))
        first, second = (rows[np.lexsort(rows.T)] for rows in as_rows)
        assert (first == second).all()


def test_brightness_adds_to_the_value_and_leaves_the_hue() -> None:
    images = np.zeros((1, 4, 4, 3), np.float32)
    images[...] = np.array([51, 102, 25.5]) / 255
    images[0, 0, 0] = 0  # black has no hue: it becomes grey
    changed = corrupted(images, [0], "brightness", 5)[0]
    assert changed[1, 1].astype(int) == pytest.approx([89, 178, 45], abs=1)  # times 0.7 / 0.4
    assert changed[0, 0].astype(int) == pytest.approx([76, 76, 76], abs=1)


def test_contrast_goes_towards_each_channels_mean() -> None:
    images = pictures()
    changed = corrupted(images, ROWS, "contrast", 5) / 255
    assert changed.mean(axis=(1, 2)) == pytest.approx(images.mean(axis=(1, 2)), abs=0.003)
    assert changed.std(axis=(1, 2)) == pytest.approx(0.15 * images.std(axis=(1, 2)), abs=0.003)


def test_fog_is_a_fractal_from_0_to_1_that_leaves_black_images_black() -> None:
    generators = [np.random.default_rng(number) for number in range(3)]
    fields = corruptions._plasma(generators, (32, 32), 2)
    assert (fields.min(axis=(1, 2)) == 0).all() and (fields.max(axis=(1, 2)) == 1).all()
    black = np.zeros((1, 28, 28, 1), np.float32)
    assert not corrupted(black, [0], "fog", 5).any()


def test_colours_of_jpeg_are_not_swapped() -> None:
    red = np.zeros((1, 32, 32, 3), np.float32)
    red[..., 0] = 1
    changed = corrupted(red, [0], "JPEG", 1)
    assert changed[..., 0].min() > 245 and changed[..., 2].max() < 10


def test_lengths_grow_with_larger_images_and_not_with_smaller_ones() -> None:
    """A point spreads over four times the pixels where the image has twice the side."""
    counts = {}
    for side in (28, 32, 64):
        point = np.zeros((1, side, side, 1), np.float32)
        point[:, side // 2, side // 2] = 1
        counts[side] = int((corrupted(point, [0], "defocus blur", 5) > 0).sum())
    assert counts[28] == counts[32] < 0.4 * counts[64]


def test_images_beyond_0_and_1_are_refused_in_one_line() -> None:
    with pytest.raises(DataError, match=r"go from -1 to 1, not within 0 and 1") as caught:
        corrupted(pictures() * 0 - 1 + np.float32([0, 1, 2]), ROWS, "fog", 1)
    assert "\n" not in str(caught.value)


def test_no_image_is_no_trouble() -> None:
    assert corrupted(pictures()[:0], [], "snow", 1).shape == (0, 32, 32, 3)


def test_a_sample_is_the_same_each_time_and_all_where_there_are_few() -> None:
    rows = corruptions.sample(1000, 50)
    assert (rows == corruptions.sample(1000, 50)).all() and (np.diff(rows) > 0).all()
    assert len(rows) == 50 and corruptions.sample(3, 50).tolist() == [0, 1, 2]


def test_the_page_knows_the_families() -> None:
    script = (ROOT / "workflow/report/charts.js").read_text(encoding="utf-8")
    found = re.search(r"const families = \{\n(.*?)\n\};", script, flags=re.DOTALL)[1]
    families = {
        line.split(":")[0].strip(): re.findall(r'"([^"]+)"', line) for line in found.splitlines()
    }
    known: dict[str, list[str]] = {}
    for name, each in CORRUPTIONS.items():
        known.setdefault(each.family, []).append(name)
    assert families == known
