"""The names of the figures, known to the rules without importing what draws them."""

from collections.abc import Mapping
from typing import Any

EXPLORE_FIGURES = (
    "class_balance",
    "samples_train",
    "samples_validation",
    "samples_test",
    "matrix",
)

CHECK_FIGURES = ("twins", "label_suspects")

COMPARISON_FIGURES = (
    "learning_curves",
    "accuracy",
    "class_f1",
    "confusion_matrices",
    "reliability",
    "right_and_wrong",
    "differences",
)

COMPARISON_TABLES = (
    "learning_curves",
    "accuracy",
    "class_f1",
    "confusion_matrices",
    "reliability",
)


def comparison_figures(training: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the comparison's figures: one more where the test images were watched."""
    return COMPARISON_FIGURES + (("tutorial",) if training["watch_test"] else ())


def comparison_tables(training: Mapping[str, Any]) -> tuple[str, ...]:
    """Return those of the comparison's figures whose numbers are saved beside them as CSV."""
    return COMPARISON_TABLES + (("tutorial",) if training["watch_test"] else ())
