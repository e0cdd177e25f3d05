"""What becomes of a training image depends on the seed, the epoch and the image alone."""

import re
from typing import Any

import numpy as np
import pytest

from swatchbook.errors import TrainingError
from swatchbook.training import augmentation
from swatchbook.training.augmentation import AUGMENTATIONS, Augmentation, Augmenter, Chance, uniform
from swatchbook.training.devices import import_tensorflow

FLIP = [{"flip": {}}]
LABELS = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((6, 8, 8, 3), np.float32)


def changed(augmenter: Augmenter, images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    return np.asarray(augmenter.change(images, LABELS[: len(images)], numbers)[0])


def by_chance(name: str, images: np.ndarray, chance: list[list[float]], **own: Any) -> np.ndarray:
    """Return the first images as one augmentation makes them of these numbers."""
    numbers = np.array(chance, np.float32)
    return np.asarray(AUGMENTATIONS[name].change(images[: len(chance)], numbers, **own))


def test_an_image_is_mirrored_left_to_right_where_chance_says_so(images: np.ndarray) -> None:
    found = by_chance("flip", images, [[0.0], [0.49], [0.5], [0.9], [0.2], [0.7]])
    assert np.array_equal(found[[0, 1, 4]], images[[0, 1, 4], :, ::-1])
    assert np.array_equal(found[[2, 3, 5]], images[[2, 3, 5]])


def test_half_of_many_images_are_mirrored() -> None:
    images = np.tile(np.array([0, 1], np.float32), (4000, 1)).reshape(4000, 1, 2, 1)
    augmenter = Augmenter(FLIP, 0)
    labels = np.zeros((4000, 3), np.float32)
    found = np.asarray(augmenter.change(images, labels, augmenter.numbers(4000, 1))[0])
    assert 0.46 < (found[:, 0, 0, 0] == 1).mean() < 0.54  # five standard deviations


def test_alternating_flips_show_both_sides_in_two_epochs_and_half_of_each_first() -> None:
    augmenter = Augmenter([{"alternating_flip": {}}], 0)
    flipped = np.array([augmenter.numbers(4000, epoch)[:, 0] < 0.5 for epoch in (1, 2, 3, 4)])
    assert (flipped[0] != flipped[1]).all()
    assert np.array_equal(flipped[0], flipped[2])
    assert np.array_equal(flipped[1], flipped[3])
    assert 0.46 < flipped[0].mean() < 0.54


@pytest.mark.parametrize(("fill", "mode"), [("reflect", "reflect"), ("zeros", "constant")])
def test_a_shift_is_a_cut_out_of_the_padded_image(images: np.ndarray, fill: str, mode: Any) -> None:
    # Five places each way: 0 is two pixels up or left of where the image stands.
    found = by_chance("shift", images, [[0.0, 0.99], [0.5, 0.5], [0.7, 0.1]], pixels=2, fill=fill)
    padded = np.pad(images, [(0, 0), (2, 2), (2, 2), (0, 0)], mode=mode)
    for number, (top, left) in enumerate([(0, 4), (2, 2), (3, 0)]):
        expected = padded[number, top : top + 8, left : left + 8]
        np.testing.assert_array_equal(found[number], expected)


def test_a_crop_is_a_part_that_fills_the_image(images: np.ndarray) -> None:
    ramp = np.tile(np.linspace(0, 1, 8, dtype=np.float32)[None, None, :, None], (2, 8, 1, 1))
    whole, part = by_chance("crop", ramp, [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]], least=0.25)
    np.testing.assert_allclose(whole, ramp[0], atol=1e-6)
    np.testing.assert_allclose(part[0, :, 0], np.linspace(0.25, 0.75, 8), atol=1e-6)


def test_a_turn_of_a_right_angle_is_numpys(images: np.ndarray) -> None:
    none, right, left = by_chance("rotate", images, [[0.5], [0.25], [0.75]], degrees=180.0)
    np.testing.assert_allclose(none, images[0], atol=1e-5)
    np.testing.assert_allclose(right, np.rot90(images[1], 3), atol=1e-4)
    np.testing.assert_allclose(left, np.rot90(images[2], 1), atol=1e-4)


def test_cutout_sets_a_square_to_zero_and_leaves_the_rest(images: np.ndarray) -> None:
    middle, corner = by_chance("cutout", images + 1, [[0.5, 0.5], [0.0, 0.99]], size=4)
    expected = images[0] + 1
    expected[2:6, 2:6] = 0
    np.testing.assert_array_equal(middle, expected)
    expected = images[1] + 1
    expected[:2, 5:] = 0
    np.testing.assert_array_equal(corner, expected)


def test_brightness_and_contrast_go_both_ways_and_stay_in_range(images: np.ndarray) -> None:
    dark, light = by_chance("brightness", images, [[0.0], [1.0]], most=0.25)
    np.testing.assert_allclose(dark, np.clip(images[0] - 0.25, 0, 1), atol=1e-6)
    np.testing.assert_allclose(light, np.clip(images[1] + 0.25, 0, 1), atol=1e-6)
    flat, steep = by_chance("contrast", images, [[0.0], [1.0]], most=0.5)
    mean = images.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(
        flat, np.clip(mean[0] + 0.5 * (images[0] - mean[0]), 0, 1), atol=1e-5
    )
    np.testing.assert_allclose(
        steep, np.clip(mean[1] + 1.5 * (images[1] - mean[1]), 0, 1), atol=1e-5
    )


def test_mixup_mixes_images_and_labels_alike(images: np.ndarray) -> None:
    augmenter = Augmenter([{"mixup": {"alpha": 0.4}}], 0)
    share = augmenter.numbers(6, 1)
    mixed, labels = (np.asarray(part) for part in augmenter.change(images, LABELS, share))
    others = np.roll(images, -1, axis=0)
    of_images = share[:, :, None, None]
    np.testing.assert_allclose(mixed, of_images * images + (1 - of_images) * others, atol=1e-6)
    expected = share * LABELS + (1 - share) * np.roll(LABELS, -1, axis=0)
    np.testing.assert_allclose(labels, expected, atol=1e-6)
    many = augmenter.numbers(20000, 1)
    assert many.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), rel=0.05)  # of Beta(0.4, 0.4)


@pytest.mark.parametrize("name", [name for name in AUGMENTATIONS if name != "mixup"])
def test_an_image_is_the_same_in_whatever_batch_it_comes(images: np.ndarray, name: str) -> None:
    augmenter = Augmenter([{name: {}}], 3)
    numbers = augmenter.numbers(6, 2)
    order = np.array([4, 0, 5, 2])
    together = changed(augmenter, images, numbers)
    np.testing.assert_array_equal(
        changed(augmenter, images[order], numbers[order]), together[order]
    )


def test_chance_is_that_of_the_seed_the_epoch_and_the_place() -> None:
    first = Augmenter(FLIP, 0).numbers(50, 1)
    assert np.array_equal(first, Augmenter(FLIP, 0).numbers(50, 1))
    assert not np.array_equal(first, Augmenter(FLIP, 0).numbers(50, 2))
    assert not np.array_equal(first, Augmenter(FLIP, 1).numbers(50, 1))
    both = Augmenter([*FLIP, *FLIP], 0).numbers(50, 1)
    assert np.array_equal(first, both[:, :1])
    assert not np.array_equal(first, both[:, 1:])


@pytest.fixture
def tint(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry, with two numbers an image and a setting."""

    def change(images: np.ndarray, chance: np.ndarray, *, most: float) -> np.ndarray:
        return images + most * chance.sum(axis=1).reshape(-1, 1, 1, 1)

    monkeypatch.setitem(augmentation.AUGMENTATIONS, "tint", Augmentation(change, uniform(2)))


@pytest.mark.usefixtures("tint")
def test_each_has_numbers_of_its_own_and_they_follow_one_another(images: np.ndarray) -> None:
    augmenter = Augmenter([*FLIP, {"tint": {"most": 0.5}}], 0)
    assert augmenter.draws == 3
    numbers = augmenter.numbers(6, 1)
    flipped = changed(Augmenter(FLIP, 0), images, numbers[:, :1])
    wanted = flipped + 0.5 * numbers[:, 1:].sum(axis=1).reshape(-1, 1, 1, 1)
    np.testing.assert_array_equal(changed(augmenter, images, numbers), wanted)


def test_no_augmentation_asks_chance_for_nothing() -> None:
    assert Augmenter([], 0).draws == 0


def test_numbers_of_all_epochs_are_others_than_those_of_one() -> None:
    chance = Chance(0, 0, 1)
    assert chance.anew().random() != chance.the_same().random()
    assert chance.the_same().random() == Chance(0, 0, 2).the_same().random()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"shift": {"pixels": 8}}, "shift.pixels is 8; allowed for images of this size: at most 7"),
        ({"cutout": {"size": 9}}, "cutout.size is 9; allowed for images of this size: at most 8"),
    ],
)
def test_what_is_larger_than_the_image_is_refused(
    images: np.ndarray, entry: dict[str, Any], told: str
) -> None:
    augmenter = Augmenter([entry], 0)
    with pytest.raises(TrainingError, match=re.escape(told)):
        augmenter.change(images, LABELS, augmenter.numbers(6, 1))
