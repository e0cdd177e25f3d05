"""What predictions say: metrics, intervals, and which difference between models is real.

Reads what trainings left in ``results/<dataset>/<model>/seed-<seed>/``, and published figures.
Writes ``results/<dataset>/comparison.json`` and ``per_class.csv``.

May import: data, and what all rooms use.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "metrics": ["summary"],
        "per_class": ["rate_classes"],
        "sequential": ["look"],
        "side_by_side": ["compare"],
    },
)
