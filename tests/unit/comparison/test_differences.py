"""A difference of two models is that of their runs, paired as it should be."""

import numpy as np
import pytest

from made_runs import runs_with, scores
from swatchbook.comparison import differences


def test_a_model_that_learnt_by_heart_less_is_better_in_both_gaps_and_worse_in_neither() -> None:
    correct = np.repeat(scores(1), 3, axis=0)
    calm = runs_with(correct, train=0.75, train_loss=0.4)
    eager = runs_with(correct, train=1.0, train_loss=0.1)
    found = differences.between(calm, eager, 0.95)
    assert found["accuracy_gap"]["difference"] == pytest.approx(-0.25)
    assert found["log_loss_gap"]["difference"] == pytest.approx(-0.3)
    assert found["accuracy_gap"]["verdict"] == found["log_loss_gap"]["verdict"] == "better"
    assert found["accuracy"]["verdict"] == found["log_loss"]["verdict"] == "no difference shown"


def test_a_lower_loss_is_better() -> None:
    correct = scores(3)
    one, other = (runs_with(correct, 0.8, 0.1, loss) for loss in (0.3, 0.6))
    assert differences.between(one, other, 0.95)["log_loss"]["verdict"] == "better"
    assert differences.between(other, one, 0.95)["log_loss"]["verdict"] == "worse"


def test_shares_count_all_pairs_of_runs_and_sum_to_one() -> None:
    model = runs_with(np.array([[1.0, 1, 0, 0], [1, 1, 0, 0]]), 0.9, 0.1)
    reference = runs_with(np.array([[1.0, 0, 1, 0], [1, 1, 1, 0]]), 0.9, 0.1)
    shares = differences.shares(model, reference)
    assert shares == {
        "both_right": 6 / 16,
        "only_model": 2 / 16,
        "only_reference": 4 / 16,
        "neither": 4 / 16,
    }


def test_mcnemars_test_pairs_the_runs_of_a_seed() -> None:
    model = runs_with(np.array([[1.0, 1, 1, 0], [0, 0, 1, 1]]), 0.9, 0.1)
    reference = runs_with(np.array([[0.0, 0, 0, 1], [0, 0, 1, 1]]), 0.9, 0.1)
    assert differences.mcnemar(model, reference) == [
        {"seed": 0, "only_model": 3, "only_reference": 1, "p_value": pytest.approx(10 / 16)},
        {"seed": 1, "only_model": 0, "only_reference": 0, "p_value": 1},
    ]
