"""A finding is made where its rule says so, and nowhere else."""

import copy
from typing import Any

import pytest

from swatchbook.report import findings


def metric(mean: float, interval: list[float] | None = None) -> dict[str, Any]:
    return {"mean": mean, "interval": interval}


CLEAN: dict[str, Any] = {
    "comparison": {
        "seeds": [0, 1, 2, 3, 4],
        "design": None,
        "models": {
            "a": {
                "metrics": {"accuracy_gap": metric(0.001, [-0.01, 0.01]), "ece": metric(0.01)},
                "best_epoch": [3, 3, 3, 2, 3],
                "epochs_per_seed": [3] * 5,
                "kept_epoch": [3] * 5,
                "scaling": None,
            }
        },
        "differences": [{"accuracy": {"smallest_detectable": 0.004}}],
    },
    "gallery": {"classes": ["cat", "dog"], "counts": {"a": [[99, 1], [2, 98]]}},
    "checked": {
        "found": {
            "balance": {
                "train": {"images": 100, "missing": [], "most_to_least": 1.1},
                "validation": {"images": 0, "missing": ["cat", "dog"], "most_to_least": None},
                "test": {"images": 100, "missing": [], "most_to_least": 1.0},
            },
            "constant": [],
        },
        "accuracy": {"twins": 0, "test_images": 200, "suspicion": 0.9, "models": {}},
        "suspects": 0,
    },
    "is_watched": False,
}


def changed(path: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(CLEAN)
    *keys, last = path.split(".")
    inner = result
    for key in keys:
        inner = inner[int(key) if key.isdigit() else key]
    inner[last] = value
    return result


def test_clean_data_and_models_have_no_finding() -> None:
    assert findings.of_dataset(**CLEAN) == []


@pytest.mark.parametrize(
    ("path", "value", "kind", "words", "evidence"),
    [
        ("is_watched", True, "test set watched", "after every epoch", "curves"),
        ("comparison.seeds", [0], "too few seeds", "1 seed for each model", "differences"),
        ("comparison.seeds", [0, 1, 2], "few seeds", "about 0.4 points", "differences"),
        (
            "comparison.models.a.metrics.accuracy_gap",
            metric(0.05, [0.04, 0.06]),
            "overfitting",
            "a: 5.0 points better on its training images than on the test images (interval 4.0 to "
            "6.0).",
            "curves",
        ),
        (
            "comparison.models.a.best_epoch",
            [1, 2, 1, 1, 1],
            "overfitting",
            "lowest after epoch 1, 2, 1, 1, 1 of 3",
            "curves",
        ),
        (
            "comparison.models.a.best_epoch",
            [3, 3, 3, 3, 3],
            "still learning",
            "the validation loss of a was lowest after the last epoch (3) in every run",
            "curves",
        ),
        (
            "gallery.counts.a",
            [[90, 10], [6, 94]],
            "confusable classes",
            "a takes 10.0 % of the test images of “cat” for “dog”",
            "confusion",
        ),
        (
            "comparison.models.a.metrics.ece",
            metric(0.031),
            "miscalibration",
            "3.1 points off in how sure it is.",
            "calibration",
        ),
        ("checked.suspects", 7, "doubtful labels", "7 test images are called", "gallery"),
        (
            "checked.found.balance.train",
            {"images": 9, "missing": [], "most_to_least": 3.0},
            "unbalanced classes",
            "3.0 times the train images",
            "checks",
        ),
        (
            "checked.found.balance.test",
            {"images": 9, "missing": ["dog"], "most_to_least": None},
            "missing classes",
            "The test images have none of dog.",
            "checks",
        ),
        ("checked.found.constant", [{"id": "1"}], "dull images", "1 image shows one", "checks"),
    ],
)
def test_a_finding_says_what_and_where(
    path: str, value: Any, kind: str, words: str, evidence: str
) -> None:
    (found,) = findings.of_dataset(**changed(path, value))
    assert found.kind == kind
    assert words in found.text
    assert found.evidence == evidence


def test_leaks_come_with_what_they_do_to_the_accuracy() -> None:
    model = {"all": metric(0.9), "without_twins": metric(0.8912), "twins": metric(1.0)}
    accuracy = {"twins": 4, "test_images": 200, "suspicion": 0.9, "models": {"a": model}}
    (found,) = findings.of_dataset(**changed("checked.accuracy", accuracy))
    assert found.text == (
        "4 of 200 test images have an exact or near copy among the training images; test "
        "accuracy: a 90.00 % with them and 89.12 % without."
    )


@pytest.mark.parametrize(
    ("temperature", "words"), [(1.4, "too sure of itself"), (0.8, "not sure enough of itself")]
)
def test_miscalibration_says_which_way(temperature: float, words: str) -> None:
    given = changed("comparison.models.a.metrics.ece", metric(0.05))
    scaling = {"temperature": [temperature] * 5, "metrics": {"ece": metric(0.012)}}
    given["comparison"]["models"]["a"]["scaling"] = scaling
    (found,) = findings.of_dataset(**given)
    assert words in found.text
    assert "temperature scaling leaves 1.2" in found.text


def test_scaling_that_does_not_help_is_called_so() -> None:
    given = changed("comparison.models.a.metrics.ece", metric(0.046))
    scaling = {"temperature": [1.4] * 5, "metrics": {"ece": metric(0.052)}}
    given["comparison"]["models"]["a"]["scaling"] = scaling
    (found,) = findings.of_dataset(**given)
    assert "temperature scaling does not help and leaves 5.2" in found.text


def test_one_model_alone_needs_no_seeds_to_be_compared() -> None:
    given = changed("comparison.seeds", [0])
    given["comparison"]["differences"] = []
    assert findings.of_dataset(**given) == []


def test_a_sequential_comparison_has_few_seeds_only_where_they_decide_nothing() -> None:
    given = changed("comparison.design", {"looks": [3], "margin": 1.5, "comparisons": 1})
    given["comparison"]["seeds"] = [0, 1, 2]
    for verdict, kinds in (("worse", []), ("equivalent", []), ("undecided", ["undecided"])):
        given["comparison"]["differences"] = [{"model": "a", "accuracy": {"verdict": verdict}}]
        found = findings.of_dataset(**given)
        assert [finding.kind for finding in found] == kinds
        assert all("All 3 seeds were used" in finding.text for finding in found)
