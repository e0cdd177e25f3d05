"""Figures' names and models' colours, known without importing what draws."""

from collections.abc import Mapping, Sequence
from typing import Any

# Okabe and Ito (2008): told apart with any kind of colour vision.
MODEL_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")

EXPLORE_FIGURES = (
    "class_balance",
    "samples_train",
    "samples_validation",
    "samples_test",
    "matrix",
)

CHECK_FIGURES = ("twins", "label_suspects")

COMPARISON_FIGURES = (
    "accuracy",
    "forest",
    "agreement",
    "learning_curves",
    "confusion_matrices",
    "class_f1",
    "reliability",
    "right_and_wrong",
    "differences",
    "cost",
)


def comparison_figures(training: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the comparison's figures: one more where the test images were watched."""
    return COMPARISON_FIGURES + (("tutorial",) if training["watch_test"] else ())


def model_colours(models: Sequence[str]) -> dict[str, str]:
    """Return each model's colour, the same in every figure and on the page."""
    return {model: MODEL_COLOURS[i % len(MODEL_COLOURS)] for i, model in enumerate(models)}
