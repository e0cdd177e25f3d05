"""Files to arrays: archives unpacked, images decoded, labels joined by id, splits drawn.

Reads ``resources/<dataset>/``. Writes ``results/<dataset>/arrays/``.

May import: what all rooms use (errors, files, progress, signatures).
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "arrays": ["load", "read_index"],
        "decoding": ["decode", "extract"],
        "splits": ["SPLITS"],
    },
)
