"""What resizing does to a data set's images, to be looked at before a model is believed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swatchbook.data import originals
from swatchbook.figures import catalogue
from swatchbook.figures.exploration import Resized


def show_resizing(file: str | Path, image: Mapping[str, Any], output: str | Path) -> None:
    """Draw some images as they came and as each way of resizing shows them, as ``resizing``.

    Parameters
    ----------
    file
        ``originals.npz`` of a data set.
    image
        The block of its file, with ``resize``, the way that was chosen.
    output
        The folder to draw into.
    """
    of = Resized(originals.read(file), image)
    for figure in catalogue.drawn({catalogue.RESIZED}, "explore"):
        if figure.only_if == catalogue.RESIZED:
            figure.draw(of, Path(output))
