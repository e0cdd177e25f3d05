"""What is unlike the training data is told at the rate that was asked for."""

import numpy as np
import pytest
from scipy import special

from swatchbook.deployment import unlikeness


def logits(count: int, seed: int, strength: float) -> np.ndarray:
    """Made logits in which one class answers by so much more than the others."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((count, 10)).astype(np.float32)
    values[np.arange(count), generator.integers(10, size=count)] += strength
    return values


def test_the_energy_is_minus_the_logarithm_of_the_sum_of_exponentials() -> None:
    values = np.array([[1000, 0, -1000], [0.5, -0.25, 3], [-800, -800, -800]], np.float32)
    expected = -special.logsumexp(values.astype(np.float64), axis=1)
    np.testing.assert_allclose(unlikeness.energy(values), expected, rtol=1e-12)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_false_alarms_are_as_many_as_were_asked_for(rate: float) -> None:
    known = unlikeness.energy(logits(5000, 0, 6))
    limit = unlikeness.threshold(known, rate)
    assert 0.9 * rate <= unlikeness.share_above(known, limit) <= rate
    others = unlikeness.energy(logits(5000, 1, 6))
    assert unlikeness.share_above(others, limit) == pytest.approx(rate, rel=0.5)


def test_what_no_class_answers_to_is_unlike() -> None:
    limit = unlikeness.threshold(unlikeness.energy(logits(5000, 0, 8)), 0.05)
    assert unlikeness.share_above(unlikeness.energy(logits(1000, 1, 0)), limit) > 0.95
    assert unlikeness.share_above(unlikeness.energy(logits(1000, 1, 8)), limit) < 0.1


def test_few_images_are_never_called_unlike_too_often() -> None:
    energies = np.array([1.0, 2.0, 3.0])
    assert unlikeness.share_above(energies, unlikeness.threshold(energies, 0.05)) == 0
