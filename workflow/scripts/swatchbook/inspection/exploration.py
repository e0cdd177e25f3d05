"""A look at a data set before training: what the tutorial looks at, for every split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.data import arrays
from swatchbook.data.splits import SPLITS
from swatchbook.figures import catalogue
from swatchbook.figures.exploration import Explored
from swatchbook.files import replacing, write_json


def explore(arrays_folder: str | Path, classes: Sequence[str], output: str | Path) -> None:
    """Write ``summary.json``, ``matrix.csv`` and the figures of one data set.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    classes
        The class names.
    output
        The folder to write into.
    """
    output = Path(output)
    data = {split: arrays.load(arrays_folder, split, mapped=True) for split in SPLITS}
    write_json(
        output / "summary.json",
        {
            "classes": list(classes),
            "splits": {split: describe(x, y, classes) for split, (x, y) in data.items()},
        },
    )
    indices = {split: arrays.read_index(arrays_folder, split) for split in SPLITS}
    explored = Explored(data, indices, classes)
    with replacing(output / "matrix.csv") as path:
        first = np.array(data[explored.trained][0][0])
        matrix(first).to_csv(path, index=False, lineterminator="\n")
    for figure in catalogue.drawn((), "explore"):
        figure.draw(explored, output)


def describe(x: np.ndarray, y: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Return shapes, types, range and class counts of one split; no range if it is empty."""
    counts = y.sum(axis=0).astype(int)
    return {
        "x_shape": list(x.shape),
        "x_dtype": str(x.dtype),
        "y_shape": list(y.shape),
        "y_dtype": str(y.dtype),
        "minimum": float(x.min()) if len(x) else None,
        "maximum": float(x.max()) if len(x) else None,
        "mean": float(x.mean(dtype=np.float64)) if len(x) else None,
        "class_counts": {name: int(count) for name, count in zip(classes, counts, strict=True)},
    }


def matrix(image: np.ndarray) -> pd.DataFrame:
    """Return one image as numbers: a row a pixel row and channel, a column a pixel column.

    Parameters
    ----------
    image
        float32, shape (height, width, channels).
    """
    names = ["grey"] if image.shape[2] == 1 else ["red", "green", "blue"]
    tables = []
    for number, name in enumerate(names):
        table = pd.DataFrame(image[:, :, number].round(4))
        table.insert(0, "row", range(len(table)))
        table.insert(0, "channel", name)
        tables.append(table)
    return pd.concat(tables)
