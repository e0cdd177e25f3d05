"""Metrics agree with what one computes by hand."""

import math

import numpy as np
import pytest

from swatchbook.comparison.metrics import (
    best_temperature,
    brier_score,
    calibration_error,
    classification_report,
    confusion_matrix,
    image_losses,
    normalised,
    reliability,
    summary,
    with_temperature,
)

# Three classes, four images: 0, 0 and 1 are called right, 2 is called 1.
LABELS = np.array([0, 0, 1, 2])
PROBABILITIES = np.array(
    [[0.5, 0.25, 0.25], [0.8, 0.1, 0.1], [0.25, 0.5, 0.25], [0.1, 0.7, 0.2]], np.float32
)
PREDICTED = PROBABILITIES.argmax(1)
SMALLEST = np.finfo(np.float64).eps


def calibrated(images: int, classes: int = 10, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw probabilities, and labels that follow them: shape (images,) and (images, classes)."""
    generator = np.random.default_rng(start)
    probabilities = generator.dirichlet(np.full(classes, 0.3), images)
    totals = probabilities.cumsum(axis=1)
    return (generator.random((images, 1)) > totals[:, :-1]).sum(axis=1), probabilities


def test_summary_is_the_hand_computed_one() -> None:
    found = summary(LABELS, PROBABILITIES)
    assert found["images"] == 4
    assert found["accuracy"] == 0.75
    # F1 is 1 for class 0; 2/3 for class 1 (precision 1/2, recall 1); 0 for class 2.
    assert found["macro_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    by_formula = -sum(math.log(p) for p in (0.5, 0.8, 0.5, 0.2)) / 4
    assert found["log_loss"] == pytest.approx(by_formula, rel=1e-6)


def test_classes_of_different_sizes_count_alike_in_balanced_accuracy() -> None:
    labels = np.array([0] * 6 + [1] * 2 + [3] * 2)
    predicted = np.array([0] * 6 + [1, 0] + [0, 0])
    found = summary(labels, np.eye(4)[predicted])
    assert found["accuracy"] == 0.7
    assert found["balanced_accuracy"] == pytest.approx((1 + 0.5 + 0) / 3)


def test_areas_of_two_classes_are_those_of_their_definitions() -> None:
    labels = np.array([0, 0, 1, 0, 1, 1, 0])
    second = np.array([0.1, 0.4, 0.35, 0.8, 0.9, 0.5, 0.3])
    found = summary(labels, np.stack([1 - second, second], axis=1))
    pairs = [s > n for s in second[labels == 1] for n in second[labels == 0]]
    assert found["roc_area"] == pytest.approx(np.mean(pairs))
    ordered = labels[np.argsort(-second)]
    precisions = ordered.cumsum() / np.arange(1, 8)
    assert found["average_precision"] == pytest.approx(precisions[ordered == 1].mean())


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        ([0, 0, 0, 1, 1], 2, {"roc_area", "average_precision"}),
        ([0, 0, 0, 0, 1, 1], 2, {"balanced_accuracy", "roc_area", "average_precision"}),
        ([0, 0, 0], 2, {"balanced_accuracy"}),
        ([0, 1, 2], 3, set()),
        ([0, 1], 3, {"balanced_accuracy"}),
    ],
)
def test_what_says_nothing_of_a_data_set_is_left_out(
    labels: list[int], classes: int, names: set[str]
) -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(classes), len(labels))
    others = {"balanced_accuracy", "roc_area", "average_precision"}
    assert summary(np.array(labels), probabilities).keys() & others == names


def test_summary_is_plain_numbers_that_json_can_hold() -> None:
    kinds = [type(value) for value in summary(LABELS, PROBABILITIES).values()]
    assert kinds == [int] + [float] * 6


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


def test_the_brier_score_is_the_hand_computed_one_over_all_classes() -> None:
    squares = [
        0.5**2 + 0.25**2 + 0.25**2,
        0.2**2 + 0.1**2 + 0.1**2,
        0.25**2 + 0.5**2 + 0.25**2,
        0.1**2 + 0.7**2 + 0.8**2,
    ]
    assert brier_score(LABELS, PROBABILITIES) == pytest.approx(sum(squares) / 4, rel=1e-6)
    assert summary(LABELS, PROBABILITIES)["brier"] == brier_score(LABELS, PROBABILITIES)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_brier_score_is_that_of_its_definition_from_0_to_2(classes: int) -> None:
    labels, probabilities = calibrated(300, classes)
    one_hot = np.eye(classes)[labels]
    expected = ((probabilities - one_hot) ** 2).sum(axis=1).mean()
    assert brier_score(labels, probabilities) == pytest.approx(expected)
    assert brier_score(labels, one_hot) == 0
    assert brier_score(labels, np.eye(classes)[(labels + 1) % classes]) == 2


def test_reliability_counts_what_is_in_each_bin() -> None:
    table = reliability(LABELS, PROBABILITIES)
    assert table["count"].sum() == 4
    # 0.5 and 0.5 are both right, 0.7 is wrong, 0.8 is right; a fifteenth is 0.067.
    filled = table[table["count"] > 0]
    assert filled["count"].tolist() == [2, 1, 1]
    assert filled["from"].tolist() == pytest.approx([7 / 15, 10 / 15, 11 / 15])
    assert filled["to"].tolist() == pytest.approx([8 / 15, 11 / 15, 12 / 15])
    assert filled["confidence"].tolist() == pytest.approx([0.5, 0.7, 0.8])
    assert filled["accuracy"].tolist() == [1, 0, 1]
    assert table.loc[table["count"] == 0, ["confidence", "accuracy"]].isna().all(axis=None)


def test_a_bin_has_its_upper_edge_and_not_its_lower_one() -> None:
    confidence = np.array([9 / 15, 1.0])
    table = reliability(np.zeros(2, int), np.column_stack([confidence, 1 - confidence]))
    assert table.loc[table["count"] > 0, "to"].tolist() == [9 / 15, 1]


def test_the_calibration_error_is_the_hand_computed_one() -> None:
    found = calibration_error(LABELS, PROBABILITIES)
    assert found == pytest.approx((2 * 0.5 + 1 * 0.7 + 1 * 0.2) / 4, rel=1e-6)
    assert summary(LABELS, PROBABILITIES)["ece"] == found


def test_the_calibration_error_is_that_of_a_loop_over_images() -> None:
    labels, probabilities = calibrated(400, 4, start=1)
    bins: dict[int, list[tuple[float, bool]]] = {}
    for label, row in zip(labels, probabilities, strict=True):
        bins.setdefault(math.ceil(row.max() * 15), []).append((row.max(), row.argmax() == label))
    expected = 0.0
    for images in bins.values():
        confidence, right = (sum(values) for values in zip(*images, strict=True))
        expected += abs(confidence - right) / 400
    assert calibration_error(labels, probabilities) == pytest.approx(expected)


def test_predictions_that_are_as_often_right_as_sure_have_next_to_no_calibration_error() -> None:
    labels, probabilities = calibrated(100_000)
    assert summary(labels, probabilities)["ece"] < 0.01
    too_sure = with_temperature(probabilities, 0.5)
    assert summary(labels, too_sure)["ece"] > 0.05


def test_temperature_scaling_divides_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 4, (50, 5))
    for temperature in (0.3, 1.0, 2.5):
        expected = np.exp(logits / temperature)
        expected /= expected.sum(axis=1, keepdims=True)
        plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert np.allclose(with_temperature(plain, temperature), expected, rtol=1e-9)


def test_temperature_scaling_changes_no_prediction_and_survives_zeros() -> None:
    probabilities = np.array([[1.0, 0.0, 0.0], [0.4, 0.35, 0.25], [0.0, 0.5, 0.5]], np.float32)
    for temperature in (0.01, 0.5, 3.0, 100.0):
        found = with_temperature(probabilities, temperature)
        assert np.isfinite(found).all()
        assert found.sum(axis=1) == pytest.approx([1, 1, 1])
        assert found.argmax(axis=1).tolist() == probabilities.argmax(axis=1).tolist()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 4.0])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    labels, probabilities = calibrated(20_000, start=2)
    distorted = with_temperature(probabilities, 1 / temperature).astype(np.float32)
    assert best_temperature(labels, distorted) == pytest.approx(temperature, rel=0.03)


def test_the_best_temperature_is_that_of_a_fine_search() -> None:
    labels, probabilities = calibrated(300, start=3)
    too_sure = with_temperature(probabilities, 0.4)
    grid = np.exp(np.linspace(math.log(0.05), math.log(20), 2001))
    losses = [image_losses(labels, with_temperature(too_sure, t)).mean() for t in grid]
    expected = grid[np.argmin(losses)]
    assert best_temperature(labels, too_sure) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("images", [1, 3, 50])
def test_temperature_scaling_never_worsens_the_loss_that_it_is_fitted_on(images: int) -> None:
    for start in range(15):
        labels, probabilities = calibrated(images, 3, start)
        if start % 3 == 0:
            labels = probabilities.argmax(axis=1)  # all right: the colder, the better
        if start % 3 == 1:
            labels = probabilities.argmin(axis=1)
        before = image_losses(labels, probabilities).mean()
        scaled = with_temperature(probabilities, best_temperature(labels, probabilities))
        assert image_losses(labels, scaled).mean() <= before
