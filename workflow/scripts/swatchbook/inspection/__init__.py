"""What is doubtful about data and labels, before training and after it, and what networks compute.

Reads arrays and predictions, and is handed trained networks. Writes ``results/<dataset>/explore/``,
``checks/``, ``inside/``, and of how models fail ``corruptions/``, ``prediction_sets/`` and
``label_errors/``, with figures.

May import: figures, comparison, data, and what all rooms use.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "data_checks": ["check_data"],
        "exploration": ["explore"],
        "inside": ["look_inside"],
        "label_errors": ["compare_label_errors"],
        "prediction_sets": ["make_prediction_sets"],
        "prediction_checks": ["check_predictions"],
        "resizing": ["show_resizing"],
        "robustness": ["sum_up_corruptions"],
    },
)
