"""A trained model that can be used: exported, proven to be the same model, asked about images.

Reads trained models of ``results/<dataset>/<model>/seed-<seed>/``, images from anywhere. Writes
``results/<dataset>/<model>/seed-<seed>/export/`` and ``results/<dataset>/best/``.

May import: figures (for the sheet of thumbnails), comparison (for the temperature), sources, data,
and what all rooms use; not TensorFlow, so that who asks about an image does not wait for it. What
needs TensorFlow is handed in.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "best": ["choose_best", "chosen_run"],
        "card": ["write_card"],
        "exporting": ["export"],
        "try_page": ["write_try_page"],
    },
)
