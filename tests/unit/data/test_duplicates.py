"""Copies are found however they were shifted, lit or disturbed, and other images are not."""

import tracemalloc

import cv2
import numpy as np
import pandas as pd
import pytest

from makers import lit, moved, noisy, scenes
from swatchbook.data import duplicates
from swatchbook.data.duplicates import find


def ends(pairs: pd.DataFrame) -> list[tuple[int, int]]:
    return list(pairs[["first", "second"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "change",
    [
        lambda image: moved(image, 1, 0),
        lambda image: moved(image, -1, 1),
        lambda image: moved(image, 2, -2),
        lambda image: lit(image, 1, 25),
        lambda image: lit(image, 1, -50),
        lambda image: lit(image, 0.8),
        lambda image: lit(image, 1.2),
        noisy,
        lambda image: noisy(lit(moved(image, 1, -2), 0.9, 10)),
    ],
    ids=["1 down", "1 up right", "2", "lighter", "darker", "dull", "harsh", "noise", "all"],
)
def test_a_near_copy_is_found_and_nothing_else(change, channels: int) -> None:
    images = scenes(channels=channels)
    images[30] = change(images[7])
    found = find(images)
    assert ends(found.pairs) == [(7, 30)]
    assert not found.pairs["exact"].any()
    assert 0 <= found.pairs["relative_distance"].item() < duplicates.NEAR
    assert not found.constant.any()


def test_images_that_have_nothing_in_common_are_no_pair() -> None:
    assert find(scenes(300)).pairs.empty


def test_every_exact_copy_is_paired_with_the_first() -> None:
    images = scenes()
    images[[20, 33, 5]] = images[3]
    pairs = find(images).pairs
    assert ends(pairs) == [(3, 5), (3, 20), (3, 33)]
    assert pairs["exact"].all()
    assert (pairs[["distance", "relative_distance"]] == 0).all(axis=None)


def test_exact_copies_of_a_near_copy_are_near_copies() -> None:
    images = scenes()
    images[[10, 12]] = moved(images[2], 1, 1)
    images[39] = images[2]
    pairs = find(images).pairs
    assert ends(pairs[pairs["exact"]]) == [(2, 39), (10, 12)]
    assert sorted(ends(pairs[~pairs["exact"]])) == [(2, 10), (2, 12), (10, 39)]


def test_more_exact_copies_than_neighbours_hide_no_near_copy() -> None:
    images = scenes()
    images[[*range(10, 10 + 2 * duplicates.NEIGHBOURS)]] = images[2]
    images[39] = noisy(images[2])
    pairs = find(images).pairs
    assert (2, 39) in ends(pairs[~pairs["exact"]])


def test_mirrored_and_far_moved_images_are_other_images() -> None:
    images = scenes()
    images[30] = images[7][:, ::-1]
    images[31] = np.roll(images[8], 12, axis=1)
    assert find(images).pairs.empty


def test_constant_images_stand_apart() -> None:
    images = scenes()
    images[4], images[5], images[6] = 0, 0, 255
    images[7] = (200, 10, 100)
    images[8] = np.random.default_rng(0).integers(99, 102, images[8].shape)
    found = find(images)
    assert np.flatnonzero(found.constant).tolist() == [4, 5, 6, 7, 8]
    assert ends(found.pairs) == []


def test_a_flat_image_with_one_bright_spot_is_not_constant() -> None:
    image = np.zeros((1, 32, 32, 1), np.uint8)
    image[0, 10:14, 10:14] = 255
    assert duplicates.spread(image)[0] > duplicates.CONSTANT_SPREAD


@pytest.mark.parametrize("kept", [0, 1, 2, 3, 4])
def test_a_handful_of_images_or_none_is_enough(kept: int) -> None:
    images = scenes()[[0, 0, 1, 2]][:kept]
    assert ends(find(images).pairs) == [(0, 1)][: max(0, kept - 1)]


def test_only_constant_images_have_no_copies() -> None:
    found = find(np.zeros((5, 8, 8, 1), np.uint8))
    assert found.constant.all()
    assert found.pairs.empty
    assert set(found.pairs.columns) >= {"first", "second", "exact", "distance"}


@pytest.mark.parametrize("side", [1, 2, 5, 8, 31, 50, 100])
def test_images_of_any_size_are_compared(side: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, side, side + 3, 3), np.uint8)
    images[9] = images[4]
    assert (4, 9) in ends(find(images).pairs)


def test_large_images_are_compared_at_a_smaller_size() -> None:
    images = np.stack([cv2.resize(scene, (96, 96)) for scene in scenes()])
    images[30] = lit(moved(images[7], 3, 3), 0.9)
    assert ends(find(images).pairs) == [(7, 30)]


def test_look_alikes_are_no_copies() -> None:
    """Where every image has the same outline, a pair must be alike in more than that."""
    images = scenes(60, channels=1)
    outline = np.zeros((32, 32, 1), bool)
    outline[4:28, 10:22] = True
    images = np.where(outline, images, 0).astype(np.uint8)
    images[30] = lit(images[7], 0.9)
    found = find(images).pairs
    assert ends(found) == [(7, 30)]
    usual = duplicates.usual_distances(duplicates.details(images))
    assert usual.max() < 0.2
    assert duplicates.usual_distances(duplicates.details(scenes())).min() > 0.6


def test_the_order_of_the_images_does_not_matter() -> None:
    images = scenes()
    images[30], images[31] = moved(images[7], 1, 2), images[8]
    order = np.random.default_rng(0).permutation(len(images))
    there = find(images[order]).pairs
    back = {tuple(sorted((order[first], order[second]))) for first, second in ends(there)}
    assert back == set(ends(find(images).pairs)) == {(7, 30), (8, 31)}


def test_the_same_images_give_the_same_pairs() -> None:
    images = scenes()
    images[30] = noisy(images[7])
    pd.testing.assert_frame_equal(find(images).pairs, find(images.copy()).pairs)


def test_pairs_are_ordered_from_the_closest_to_the_farthest() -> None:
    images = scenes()
    images[30], images[31], images[32] = noisy(images[7], 8), images[8], noisy(images[9], 4)
    pairs = find(images).pairs
    assert ends(pairs) == [(8, 31), (9, 32), (7, 30)]
    assert pairs["relative_distance"].is_monotonic_increasing


def test_the_search_is_exact_and_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarities = vectors @ vectors.T
    wanted = set()
    for first in range(300):
        after = np.argsort(-similarities[first, first + 1 :])[:5] + first + 1
        wanted |= {(first, int(second)) for second in after}
    for block in (duplicates.BLOCK_BYTES, 300 * 4 * 7):
        monkeypatch.setattr(duplicates, "BLOCK_BYTES", block)
        found = duplicates.similar_pairs(vectors, 5)
        assert set(map(tuple, found.tolist())) == wanted
        assert len(found) == len(wanted)


def test_memory_grows_with_the_number_of_images_and_not_with_its_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duplicates, "BLOCK_BYTES", 100_000)
    monkeypatch.setattr(duplicates, "REFERENCES", 50)
    peaks = []
    for count in (500, 2000):
        images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 1), np.uint8)
        tracemalloc.start()
        find(images)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2000 * 2000 * 4 / 2  # half of all similarities
    assert peaks[1] < 5 * peaks[0]
