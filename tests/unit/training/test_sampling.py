"""Balanced sampling draws the classes equally often, by the seed and the epoch alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.training import sampling, steps
from swatchbook.training.devices import import_tensorflow
from swatchbook.training.epochs import Trainer
from swatchbook.training.models import build
from swatchbook.training.placement import ON_CPU
from training_inputs import SETTINGS

CLASSES = np.repeat([0, 1, 3], [17, 2, 3])  # 22 images; class 2 has none


def drawn(seed: int = 0, classes: Sequence[int] = CLASSES) -> np.ndarray:
    return sampling.balanced(np.asarray(classes), np.random.default_rng(seed))


def test_classes_are_drawn_equally_often_and_as_many_images_as_there_are() -> None:
    more = set()
    for seed in range(8):
        images = drawn(seed)
        assert (len(images), images.dtype) == (22, np.int32)
        counts = np.bincount(CLASSES[images], minlength=4)
        assert sorted(counts) == [0, 7, 7, 8]
        more.add(int(counts.argmax()))
    assert more == {0, 1, 3}  # chance says who is drawn once more


def test_a_class_shows_as_many_of_its_images_as_it_can() -> None:
    times = np.bincount(drawn(), minlength=22)
    assert set(times[:17]) == {0, 1}  # more images than its share: none twice
    assert set(times[17:19]) <= {3, 4}
    assert set(times[19:]) <= {2, 3}


def test_the_order_is_of_chance_and_chance_is_of_the_seed() -> None:
    np.testing.assert_array_equal(drawn(5), drawn(5))
    assert not np.array_equal(drawn(5), drawn(6))
    labels = CLASSES[drawn(5)]
    assert not np.array_equal(labels, np.sort(labels))


def test_fewer_images_than_classes_are_all_drawn() -> None:
    assert sorted(drawn(classes=[4, 0, 7])) == [0, 1, 2]


def test_an_image_that_is_drawn_twice_has_numbers_of_its_own_each_time() -> None:
    import_tensorflow()
    x = np.arange(4, dtype=np.float32).reshape(4, 1, 1, 1)
    data = steps.place(x, np.eye(4, dtype=np.float32), 1, ON_CPU, drawn=True)
    data.set_drawn(np.array([2, 2, 0, 1]))
    data.set_numbers(np.array([[0.1], [0.2], [0.3], [0.4]], np.float32))
    images, labels, numbers = (each.numpy() for each in data.rows(ON_CPU.devices[0], [0, 1, 3]))
    np.testing.assert_array_equal(images.ravel(), [2, 2, 1])
    np.testing.assert_array_equal(labels.argmax(1), [2, 2, 1])
    np.testing.assert_allclose(numbers.ravel(), [0.1, 0.2, 0.4])


@pytest.mark.parametrize("own", [{}, {"epochs": 1.5}, {"drop_last_batch": True}])
def test_a_training_sees_what_was_drawn(tmp_path: Path, own: dict[str, Any]) -> None:
    """Images of one class alone are right, so an epoch's accuracy is that class's share of it."""
    import_tensorflow()
    y = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], [60, 24, 6])]
    x = np.zeros((90, 2, 2, 1), np.float32)
    still = {"sampling": "balanced", "optimizer": {"sgd": {}}, "learning_rate": 1e-30, "epochs": 2}
    model = build([{"flatten": {}}], x.shape[1:], 3, 0, "float32")
    model.weights[-1].assign([0, 0, 1])
    history = Trainer(model, x, y, SETTINGS | still | own, 0).fit(
        {"validation": (x[:0], y[:0])}, tmp_path
    )
    whole = 1 / 3 if "drop_last_batch" not in own else pytest.approx(1 / 3, abs=0.15)
    assert history[0].accuracy == whole
    assert len(history) == 2
