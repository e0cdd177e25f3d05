"""The formats of archives, told by the endings of their names.

A new format is a class like `sevenzip.Archive`, and its line in `FORMATS`.
"""

from pathlib import Path

from swatchbook.data import sevenzip
from swatchbook.data.archives import Archive
from swatchbook.data.limits import Limits

FORMATS: dict[str, type[Archive]] = {
    ".7z": sevenzip.Archive,
}


def opened(path: str | Path, limits: Limits | None = None) -> Archive:
    """Return an archive to be opened by ``with``; one of an unknown ending is taken for a 7z."""
    name = Path(path).name.lower()
    kinds = (kind for ending, kind in FORMATS.items() if name.endswith(ending))
    return next(kinds, sevenzip.Archive)(path, limits)
