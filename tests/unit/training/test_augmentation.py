"""What becomes of a training image depends on the seed, the epoch and the image alone."""

from collections.abc import Iterator

import numpy as np
import pytest

from swatchbook.training import augmentation
from swatchbook.training.augmentation import Augmentation, Augmenter
from swatchbook.training.devices import import_tensorflow

FLIP = [{"flip": {}}]


@pytest.fixture(autouse=True)
def tensorflow() -> None:
    import_tensorflow()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((6, 4, 5, 3), np.float32)


def changed(augmenter: Augmenter, images: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    return np.asarray(augmenter.change(images, numbers))


def test_an_image_is_mirrored_left_to_right_where_chance_says_so(images: np.ndarray) -> None:
    chance = np.array([[0.0], [0.49], [0.5], [0.9], [0.2], [0.7]], np.float32)
    found = changed(Augmenter(FLIP, 0), images, chance)
    assert np.array_equal(found[[0, 1, 4]], images[[0, 1, 4], :, ::-1])
    assert np.array_equal(found[[2, 3, 5]], images[[2, 3, 5]])


def test_half_of_many_images_are_mirrored() -> None:
    images = np.tile(np.array([0, 1], np.float32), (4000, 1)).reshape(4000, 1, 2, 1)
    augmenter = Augmenter(FLIP, 0)
    found = changed(augmenter, images, augmenter.numbers(4000, 1))
    assert 0.46 < (found[:, 0, 0, 0] == 1).mean() < 0.54  # five standard deviations


def test_an_image_is_the_same_in_whatever_batch_it_comes(images: np.ndarray) -> None:
    augmenter = Augmenter(FLIP, 3)
    numbers = augmenter.numbers(6, 2)
    order = np.array([4, 0, 5, 2])
    together = changed(augmenter, images, numbers)
    assert np.array_equal(changed(augmenter, images[order], numbers[order]), together[order])


def test_chance_is_that_of_the_seed_and_the_epoch() -> None:
    first = Augmenter(FLIP, 0).numbers(50, 1)
    assert np.array_equal(first, Augmenter(FLIP, 0).numbers(50, 1))
    assert not np.array_equal(first, Augmenter(FLIP, 0).numbers(50, 2))
    assert not np.array_equal(first, Augmenter(FLIP, 1).numbers(50, 1))


@pytest.fixture
def brighten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more entry, with two numbers an image and a setting."""

    def change(images: np.ndarray, chance: np.ndarray, *, most: float) -> np.ndarray:
        return images + most * chance.sum(axis=1).reshape(-1, 1, 1, 1)

    monkeypatch.setitem(augmentation.AUGMENTATIONS, "brighten", Augmentation(change, draws=2))
    return


@pytest.mark.usefixtures("brighten")
def test_each_has_numbers_of_its_own_and_they_follow_one_another(images: np.ndarray) -> None:
    augmenter = Augmenter([*FLIP, {"brighten": {"most": 0.5}}], 0)
    assert augmenter.draws == 3
    numbers = augmenter.numbers(6, 1)
    flipped = changed(Augmenter(FLIP, 0), images, numbers[:, :1])
    wanted = flipped + 0.5 * numbers[:, 1:].sum(axis=1).reshape(-1, 1, 1, 1)
    assert np.array_equal(changed(augmenter, images, numbers), wanted)


def test_no_augmentation_asks_chance_for_nothing() -> None:
    assert Augmenter([], 0).draws == 0
