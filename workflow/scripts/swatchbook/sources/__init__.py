"""Bring the files of a data set here, whole and verified.

Reads mirrors (a folder, an address, a bucket), web servers, Kaggle and CIFAR-10's tarball. Writes
``resources/<dataset>/<file>`` and returns a receipt of where it came from. `fetch_package` brings a
package of npm.

May import: `data`, for the formats that it packs, and what all rooms use (errors, files, progress,
signatures).
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "acquisition": ["acquire", "bring"],
        "npm": ["fetch_package"],
    },
)
