"""The page: what was found, in words, tables, figures and images, in one file.

Reads everything in ``results/``. Writes ``results/report.html`` and
``results/<dataset>/gallery/``, the images that it shows.

May import: figures, comparison, data, and what all rooms use.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "gallery": ["choose_images"],
        "page": ["write_report"],
    },
)
