"""Of many classes those are drawn that matter; of few all are, as they are."""

import numpy as np
import pytest

from swatchbook.figures import exploration, many_classes
from swatchbook.figures.many_classes import MANY, SHOWN

PARTS = {"train": slice(0, 200), "validation": slice(0, 0), "test": slice(200, 300)}


def test_few_classes_are_all_drawn_in_their_order() -> None:
    scores = np.random.default_rng(0).random(MANY)
    assert many_classes.lowest(scores).tolist() == list(range(MANY))
    assert many_classes.some(MANY).tolist() == list(range(MANY))
    assert many_classes.most_confused([np.eye(MANY)]).tolist() == list(range(MANY))
    assert many_classes.told(3, 3, "with the lowest F1") == ""


def test_of_many_those_with_the_lowest_scores_are_drawn_in_the_order_of_classes() -> None:
    scores = np.random.default_rng(1).random(200)
    scores[7] = np.nan
    shown = many_classes.lowest(scores)
    assert shown.tolist() == sorted(np.argsort(np.nan_to_num(scores, nan=9))[:SHOWN])
    assert many_classes.told(30, 200, "with the lowest F1") == (
        "the 30 of 200 classes with the lowest F1"
    )


def test_classes_that_are_taken_for_each_other_stand_side_by_side() -> None:
    shares = np.eye(100)
    pairs = [(3, 90), (10, 55), (20, 99), (41, 70)]
    for first, second in pairs:
        shares[first, second] = shares[second, first] = 0.5
        shares[first, first] = shares[second, second] = 0.5
    shown = many_classes.most_confused([shares, shares]).tolist()
    assert len(shown) == len(set(shown)) == SHOWN
    for first, second in pairs:
        assert abs(shown.index(first) - shown.index(second)) == 1


@pytest.mark.parametrize("count", [41, 200, 1000])
def test_examples_are_of_classes_at_even_distances(count: int) -> None:
    shown = many_classes.some(count)
    assert len(set(shown.tolist())) == SHOWN and (shown[0], shown[-1]) == (0, count - 1)


def test_the_balance_of_many_classes_falls_in_every_split() -> None:
    labels = np.random.default_rng(0).integers(60, size=300)
    arrays = {split: (None, np.eye(60)[labels[part]]) for split, part in PARTS.items()}
    figure = exploration._draw_ranks(exploration.Explored(arrays, {}, [str(n) for n in range(60)]))
    (axes,) = figure.axes
    assert len(axes.lines) == 2  # nothing is held out for validation
    for line, part in zip(axes.lines, ("train", "test"), strict=True):
        counts = line.get_ydata()
        assert (np.diff(counts) <= 0).all() and counts.sum() == len(labels[PARTS[part]])
