"""The first screen says how good the best model is, and what its accuracy is worth."""

from typing import Any

import pytest

from swatchbook.comparison import inference
from swatchbook.report.headlines import most_accurate, quality

RECALLS = {"cat": (0.95, [0.9, 0.98]), "dog": (0.7, [0.61, 0.78]), "owl": (0.9, None)}


def compared(accuracies: dict[str, float], **more: Any) -> dict[str, Any]:
    models = {
        name: {"metrics": {"accuracy": {"mean": mean, "interval": [mean - 0.01, mean + 0.01]}}}
        for name, mean in accuracies.items()
    }
    usual = {"models": models, "seeds": [0, 1, 2], "test_images": 1000, "confidence": 0.95}
    return usual | more


def test_it_says_accuracy_weakest_class_and_what_guessing_is_worth() -> None:
    low, high = inference.wilson_interval(900, 1000, 0.95)
    size = 100 * max(0.9 - low, high - 0.9)
    assert quality(compared({"a": 0.85, "b": 0.9}), RECALLS, 0.5) == [
        "B, with the higher mean, calls 90.0 % of the test images right (89.0 to 91.0 over 3 "
        f"seeds; another 1,000 test images could move it by about {size:.1f} points); always "
        "naming the largest class would be right for 50.0 %.",
        "Its weakest class is “dog”, of which it finds 70.0 % (61.0 to 78.0).",
    ]


def test_of_a_single_model_it_says_the_same_without_others() -> None:
    first, _ = quality(compared({"a": 0.9}), RECALLS, 0.5)
    assert first.startswith("A calls 90.0 % of the test images right (")


def test_the_best_of_many_is_said_to_flatter() -> None:
    of_three = compared({"a": 0.85, "b": 0.9, "c": 0.8})
    assert most_accurate(of_three) == "b"
    first, *_, last = quality(of_three, RECALLS, 0.5)
    assert first.startswith("B, the most accurate of 3, calls")
    assert last == "The best of so many looks a little better than it is."


def test_a_single_run_has_no_interval_over_seeds() -> None:
    found = compared({"a": 0.9}, seeds=[4])
    found["models"]["a"]["metrics"]["accuracy"]["interval"] = None
    first, _ = quality(found, RECALLS, 0.5)
    assert "(one run; another 1,000 test images could move it by about" in first


def test_a_cross_validated_interval_counts_images_already() -> None:
    crossed = {"folds": 5, "repetitions": 1}
    found = compared({"a": 0.9}, cross_validation=crossed)
    first, last = quality(found, {"dog": (0.7, None)}, 0.5)
    assert "(89.0 to 91.0 over 5 folds, images and seeds counted);" in first
    assert "another" not in first
    assert last == "Its weakest class is “dog”, of which it finds 70.0 %."


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_an_accuracy_at_the_end_is_moved_one_way_only(mean: float) -> None:
    found = compared({"a": mean}, test_images=24)
    low, high = inference.wilson_interval(24 * mean, 24, 0.95)
    first, _ = quality(found, RECALLS, 0.5)
    assert f"could move it by about {100 * max(high - mean, mean - low):.1f} points" in first
