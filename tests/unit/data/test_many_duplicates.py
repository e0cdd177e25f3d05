"""Where each cannot be compared with each, near copies are found as well, in bounded memory."""

import numpy as np
import pandas as pd
import pytest

from makers import lit, moved, noisy, scenes
from swatchbook.data import duplicates, many_duplicates
from swatchbook.data.duplicates import find

COUNT = 600


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Scenes, of which every tenth has a changed copy at the end."""
    found = scenes(COUNT)
    copies = found[::10]
    found[-len(copies) :] = [
        noisy(lit(moved(image, number % 3 - 1, 1), 0.9, 10)) for number, image in enumerate(copies)
    ]
    return found


def test_the_pairs_are_those_of_the_exact_search(images: np.ndarray) -> None:
    every, many = find(images).pairs, find(images, exhaustive=0).pairs
    assert len(every) >= 50
    found = every.merge(many, how="left", on=["first", "second"], indicator=True)
    assert (found["_merge"] == "both").mean() >= 0.98
    both = found[found["_merge"] == "both"]
    assert both["relative_distance_x"].to_numpy() == pytest.approx(
        both["relative_distance_y"].to_numpy(), abs=1e-3
    )
    assert len(many) <= len(every)


def test_the_same_images_give_the_same_pairs(images: np.ndarray) -> None:
    pd.testing.assert_frame_equal(
        find(images, exhaustive=0).pairs, find(images, exhaustive=0).pairs
    )


def test_images_are_asked_for_a_few_at_a_time(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counted:
        most = 0

        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, key: object) -> np.ndarray:
            Counted.most = max(Counted.most, len(images[key]))
            return images[key]

    monkeypatch.setattr(duplicates, "AT_A_TIME", 100)
    monkeypatch.setattr(many_duplicates, "IMAGES_AT_A_TIME", 100)
    monkeypatch.setattr(many_duplicates, "PAIRS_AT_A_TIME", 50)
    monkeypatch.setattr(duplicates, "REFERENCES", 100)
    found = find(Counted(), exhaustive=0)
    assert Counted.most <= 100
    assert len(found.pairs) >= 50


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_handful_of_images_is_enough(count: int) -> None:
    images = scenes(5)[:count]
    assert find(images, exhaustive=0).pairs.empty
