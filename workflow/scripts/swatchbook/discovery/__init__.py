"""Your own images: what a folder or an archive holds, and the configuration that it needs.

Reads what the user names. Writes a working directory: ``config/`` and ``resources/``.

May import: `startup`, which checks what is written, `data`, `sources`, and what all rooms use.
"""

from swatchbook import lazy

# Imported when first used: a command waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={"project": ["make"]},
)
