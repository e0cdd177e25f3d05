"""Pictures as files: SVG and PNG in one style, each with its numbers as CSV.

Reads what is drawn. Writes ``results/<dataset>/figures/`` and, for inspection, into its folders.

May import: comparison, data, and what all rooms use. ``catalogue`` and ``colours`` say what
there is without importing what draws.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "drawing": ["draw_comparison"],
    },
)
