"""Prediction sets by hand, and their coverage in simulations."""

import math

import numpy as np
import pytest
from scipy import stats

from swatchbook.comparison import conformal
from swatchbook.comparison.conformal import SCORES, sets


def drawn(images: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a model that is too sure of itself, and labels that follow other ones."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(images, classes)) * 2
    truth = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    sure = np.exp(2 * logits) / np.exp(2 * logits).sum(1, keepdims=True)
    labels = (truth.cumsum(1) < generator.random((images, 1))).sum(1)
    return sure.astype(np.float32), np.minimum(labels, classes - 1)


def covered(score: str, calibration: int, coverage: float, trial: int) -> float:
    probabilities, labels = drawn(calibration + 400, 5, trial)
    known, asked = probabilities[:calibration], probabilities[calibration:]
    found = sets(score, known, labels[:calibration], asked, coverage, trial)
    return float(found[np.arange(400), labels[calibration:]].mean())


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(("calibration", "coverage"), [(19, 0.9), (100, 0.9), (100, 0.7)])
def test_the_right_class_is_in_the_set_as_often_as_was_asked(
    score: str, calibration: int, coverage: float
) -> None:
    """On average over calibration sets exactly k / (n + 1), whatever the model."""
    found = [covered(score, calibration, coverage, trial) for trial in range(400)]
    wanted = conformal.rank(calibration, coverage) / (calibration + 1)
    assert wanted >= coverage
    error = np.std(found) / math.sqrt(len(found))
    assert abs(np.mean(found) - wanted) < 4 * error


@pytest.mark.parametrize("score", SCORES)
def test_the_coverage_of_a_run_lies_where_it_is_expected(score: str) -> None:
    low, high = conformal.expected(100, 400, 0.9, 0.95)
    found = [low <= covered(score, 100, 0.9, trial) <= high for trial in range(400)]
    assert stats.binomtest(sum(found), 400, 0.955).pvalue > 1e-3


def test_sets_by_hand() -> None:
    known = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.7, 0.3]])
    labels = np.array([0, 0, 0, 1])  # scores of LAC: 0.1, 0.2, 0.6, 0.7
    asked = np.array([[0.5, 0.5], [0.95, 0.05], [0.35, 0.65]])
    assert conformal.rank(4, 0.6) == 3  # of (4 + 1) × 0.6
    found = sets("LAC", known, labels, asked, 0.6, seed=0)
    assert found.tolist() == [[True, True], [True, False], [False, True]]
    assert conformal.limit(np.array([0.7, 0.1, 0.6, 0.2]), 0.6) == 0.6


def test_adaptive_scores_by_hand() -> None:
    probabilities = np.array([[0.2, 0.5, 0.3]])
    scores = conformal.aps(probabilities, np.array([0.5]))
    assert scores[0].tolist() == pytest.approx([0.8 + 0.1, 0.25, 0.5 + 0.15])
    assert conformal.aps(probabilities, np.array([1.0]))[0].tolist() == pytest.approx([1, 0.5, 0.8])


def test_too_few_images_give_sets_of_all_classes() -> None:
    probabilities, labels = drawn(8, 3, 0)
    assert conformal.fewest(0.9) == 9
    assert sets("LAC", probabilities, labels, probabilities, 0.9, 0).all()
    assert conformal.expected(8, 100, 0.9, 0.95) == [1, 1]
    enough, labels = drawn(9, 3, 0)
    assert math.isfinite(conformal.limit(1 - enough[np.arange(9), labels], 0.9))


def test_the_place_of_the_limit_is_not_moved_by_rounding() -> None:
    assert conformal.rank(9, 0.7) == 7  # 10 × 0.7 is 7.000000000000001 in floats
    assert conformal.fewest(0.95) == 19


@pytest.mark.parametrize("score", SCORES)
def test_ties_and_equal_classes_only_add_to_the_coverage(score: str) -> None:
    """Two columns of the same values, and probabilities of few steps."""
    found = []
    for trial in range(300):
        probabilities, labels = drawn(150, 3, trial)
        coarse = np.round(probabilities[:, [0, 1, 2, 2]] * 4) / 4 + 0.05
        coarse /= coarse.sum(1, keepdims=True)
        labels = np.where(np.random.default_rng(trial).random(150) < 0.5, labels, labels % 2 + 2)
        inside = sets(score, coarse[:50], labels[:50], coarse[50:], 0.8, trial)
        found.append(inside[np.arange(100), labels[50:]].mean())
    assert np.mean(found) > 0.8 - 3 * np.std(found) / math.sqrt(300)


def test_sets_of_the_same_seed_are_the_same() -> None:
    probabilities, labels = drawn(60, 4, 1)
    first, again, other = (
        sets("APS", probabilities[:30], labels[:30], probabilities[30:], 0.8, seed)
        for seed in (3, 3, 4)
    )
    assert (first == again).all() and (first != other).any()
