"""Nearest vectors are those of a search by scikit-learn, and a map is the same each time."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from swatchbook.inspection import neighbours


def vectors(count: int, width: int = 6, start: int = 0) -> np.ndarray:
    return np.random.default_rng(start).normal(size=(count, width)).astype(np.float32)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_the_nearest_are_those_of_all_similarities(size: int) -> None:
    queries, given = vectors(5, start=1), vectors(100)
    batches = (given[first : first + size] for first in range(0, 100, size))
    rows, similarities = neighbours.nearest(queries, batches, 4)
    every = cosine_similarity(queries, given)
    assert np.array_equal(rows, np.argsort(-every, axis=1)[:, :4])
    assert np.allclose(similarities, -np.sort(-every, axis=1)[:, :4], atol=1e-6)


def test_of_equally_near_ones_the_first_count() -> None:
    given = np.array([[0, 1], [1, 0], [2, 0], [1, 0], [5, 0]], np.float32)
    rows, similarities = neighbours.nearest(np.array([[3, 0]]), [given[:3], given[3:]], 3)
    assert rows.tolist() == [[1, 2, 3]]
    assert similarities.tolist() == [[1, 1, 1]]


def test_a_vector_of_zeros_is_similar_to_nothing() -> None:
    rows, similarities = neighbours.nearest(np.zeros((1, 2)), [np.eye(2)], 5)
    assert rows.tolist() == [[0, 1]] and not similarities.any()


def test_the_same_vectors_give_the_same_map_of_which_near_ones_lie_together() -> None:
    groups = np.repeat([0, 1, 2], 20)
    given = 20 * np.eye(3, 8)[groups] + vectors(60, 8)
    places = neighbours.on_a_map(given, 3)
    assert np.array_equal(places, neighbours.on_a_map(given, 3))
    assert places.shape == (60, 2)
    assert places.min() == 0 and places.max() == 1
    assert np.allclose(places.min(axis=0) + places.max(axis=0), 1)  # in the middle of the square
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(axis=1)] == groups).all()


@pytest.mark.parametrize(
    "given", [np.zeros((30, 4)), vectors(3), vectors(5), np.arange(9.0)[:, None], vectors(40, 300)]
)
def test_few_equal_and_narrow_vectors_have_a_map_too(given: np.ndarray) -> None:
    places = neighbours.on_a_map(given, 0)
    assert places.shape == (len(given), 2)
    assert np.isfinite(places).all() and places.min() >= 0 and places.max() <= 1
