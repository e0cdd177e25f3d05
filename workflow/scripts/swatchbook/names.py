"""The names of the figures, known to the rules without importing what draws them."""

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

# Those of the comparison's figures whose numbers are saved beside them as CSV.
COMPARISON_TABLES = (
    "learning_curves",
    "accuracy",
    "class_f1",
    "confusion_matrices",
    "reliability",
)
