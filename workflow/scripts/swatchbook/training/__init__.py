"""Arrays to a trained model and its predictions.

Reads ``results/<dataset>/arrays/``. Writes ``results/<dataset>/<model>/seed-<seed>/`` and, until a
training has ended, ``checkpoints/``.

May import: comparison (for metrics), data, and what all rooms use. The only room that may import
TensorFlow or Keras, and only within functions, so that who needs a name from here does not wait for
them.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "augmented_images": ["show_augmentation"],
        "corrupted": ["predict_corrupted"],
        "evaluation": ["evaluate"],
        "inside": ["opened", "start"],
        "models": ["build"],
        "prediction": ["predictor"],
        "run": ["train"],
        "trained": ["exportable"],
    },
)
