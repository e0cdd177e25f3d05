"""A search over recipes: trials that are asked for, trained, and judged by the validation images.

Reads ``results/<dataset>/arrays/``. Writes ``results/<dataset>/search/`` and, until a trial's
training has ended, ``checkpoints/``.

The engine is Optuna. Nothing of a study is kept but the trials themselves, so there is no database:
whoever needs the study replays it from the first trial on.

May import: figures, training, data, and what all rooms use.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "asking": ["ask_trials"],
        "conclusion": ["conclude"],
        "trials": ["train_trial"],
    },
)
