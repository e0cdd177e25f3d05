"""How alike maps are, by ranks."""

import numpy as np
import pytest

from swatchbook.inspection import attributions

EVERYWHERE = np.ones((1, 2, 3), bool)
MAP = np.arange(6.0).reshape(1, 2, 3)


def test_a_map_is_as_its_own_order_whatever_its_scale() -> None:
    assert attributions.rank_correlations(MAP, np.exp(MAP), EVERYWHERE) == pytest.approx([1])
    assert attributions.rank_correlations(MAP, 9 - MAP, EVERYWHERE) == pytest.approx([-1])


def test_sizes_count_and_channels_are_added_up() -> None:
    three = np.stack([-MAP, 0 * MAP, MAP], axis=3)
    assert attributions.rank_correlations(three, MAP, EVERYWHERE) == pytest.approx([1])


def test_only_places_that_count_are_compared() -> None:
    other = MAP.copy()
    other[0, 0] = [9, 0, 5]
    counts = EVERYWHERE.copy()
    counts[0, 0] = False
    assert attributions.rank_correlations(MAP, other, counts) == pytest.approx([1])
    assert attributions.rank_correlations(MAP, other, EVERYWHERE)[0] < 0.9


def test_a_map_without_differences_has_no_correlation() -> None:
    found = attributions.rank_correlations(MAP, 0 * MAP, EVERYWHERE)
    assert np.isnan(found).all()
    assert attributions.told(found, 0.95) is None
    assert np.isnan(attributions.rank_correlations(MAP, MAP, ~EVERYWHERE)).all()


def test_the_mean_is_told_with_its_interval_over_images() -> None:
    told = attributions.told(np.array([0.1, 0.3, np.nan]), 0.95)
    assert told["mean"] == pytest.approx(0.2) and told["images"] == 2
    low, high = told["interval"]
    assert low < 0.2 < high and high - low == pytest.approx(2 * 12.706 * 0.1, rel=1e-3)
    assert attributions.told(np.array([0.5]), 0.95)["interval"] is None
