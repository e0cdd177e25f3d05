"""Metrics agree with what one computes by hand."""

import math

import numpy as np
import pytest

from swatchbook.metrics import (
    classification_report,
    confusion_matrix,
    image_losses,
    normalised,
    summary,
)

# Three classes, four images: 0, 0 and 1 are called right, 2 is called 1.
LABELS = np.array([0, 0, 1, 2])
PROBABILITIES = np.array(
    [[0.5, 0.25, 0.25], [0.8, 0.1, 0.1], [0.25, 0.5, 0.25], [0.1, 0.7, 0.2]], np.float32
)
PREDICTED = PROBABILITIES.argmax(1)
SMALLEST = np.finfo(np.float64).eps


def test_summary_is_the_hand_computed_one() -> None:
    found = summary(LABELS, PROBABILITIES)
    assert found["images"] == 4
    assert found["accuracy"] == 0.75
    # F1 is 1 for class 0; 2/3 for class 1 (precision 1/2, recall 1); 0 for class 2.
    assert found["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    by_formula = -sum(math.log(p) for p in (0.5, 0.8, 0.5, 0.2)) / 4
    assert found["log_loss"] == pytest.approx(by_formula, rel=1e-6)


def test_summary_is_plain_numbers_that_json_can_hold() -> None:
    assert [type(value) for value in summary(LABELS, PROBABILITIES).values()] == [int] + [float] * 3


def test_a_probability_of_zero_for_the_true_class_costs_much_but_not_infinitely() -> None:
    labels, probabilities = np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    losses = image_losses(labels, probabilities)
    assert losses == pytest.approx([-math.log(SMALLEST), 0], abs=1e-12)
    assert summary(labels, probabilities)["log_loss"] == pytest.approx(losses.mean())


def test_a_class_that_never_appears_counts_as_zero_in_macro_f1_and_does_not_fail() -> None:
    labels = np.array([0, 1])
    probabilities = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], np.float32)
    found = summary(labels, probabilities)
    assert found["accuracy"] == 1
    assert found["macro_f1"] == pytest.approx(2 / 3)
    report = classification_report(labels, probabilities.argmax(1), ["a", "b", "never"])
    assert report.loc["never"].tolist() == [0, 0, 0, 0]
    assert confusion_matrix(labels, labels, ["a", "b", "never"]).to_numpy().shape == (3, 3)


def test_the_mean_of_image_losses_is_the_log_loss() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.full(10, 0.05), size=500).astype(np.float32)
    labels = generator.integers(10, size=500)
    losses = image_losses(labels, probabilities)
    assert losses.shape == (500,)
    assert losses.dtype == np.float64
    assert losses.mean() == pytest.approx(summary(labels, probabilities)["log_loss"], rel=1e-12)


def test_rows_that_sum_to_one_only_up_to_rounding_are_normalised() -> None:
    third = np.full((1, 3), 0.3333, np.float32)
    assert normalised(third).sum() == pytest.approx(1, abs=1e-15)
    assert image_losses(np.array([2]), third) == pytest.approx(math.log(3))


def test_the_confusion_matrix_has_true_classes_in_rows() -> None:
    matrix = confusion_matrix(LABELS, PREDICTED, ["a", "b", "c"])
    assert matrix.loc["c", "b"] == 1
    assert matrix.loc["b", "c"] == 0
    assert matrix.to_numpy().tolist() == [[2, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_the_classification_report_is_the_hand_computed_one() -> None:
    report = classification_report(LABELS, PREDICTED, ["a", "b", "c"])
    assert list(report.index) == ["a", "b", "c", "macro avg", "weighted avg", "accuracy"]
    assert report.loc["b"].tolist() == pytest.approx([0.5, 1, 2 / 3, 1])
    assert report.loc["accuracy", "f1-score"] == 0.75
    assert report.loc["weighted avg", "recall"] == pytest.approx(0.75)
    assert report["support"].tolist() == [2, 1, 1, 4, 4, 4]


def test_classes_named_like_an_average_keep_rows_of_their_own() -> None:
    classes = ["accuracy", "macro avg", "c"]
    report = classification_report(LABELS, PREDICTED, classes)
    assert list(report.index) == [*classes, "macro avg", "weighted avg", "accuracy"]
    assert report["f1-score"].tolist()[:3] == pytest.approx([1, 2 / 3, 0])
    assert report["f1-score"].tolist()[-1] == 0.75
