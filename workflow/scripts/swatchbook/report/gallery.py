"""The test images that the report shows, as one sheet of thumbnails and what is known of each."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from swatchbook.comparison import stored_predictions
from swatchbook.data import arrays
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError
from swatchbook.files import replacing, write_json

PER_CELL = 6  # images of one cell of a confusion matrix
PER_LIST = 18
SAMPLES = 8  # of each class and split
BUDGET = 1000  # test images: about half a megabyte on the page
COLUMNS = 32  # thumbnails in a row of the sheet
LARGEST = 48  # pixels, a thumbnail's longer side
QUALITY = 90  # of lossy WebP, 1 to 100
SHOWN_CLASSES = 3  # the likeliest classes that are told of each image


def choose_images(
    results: str | Path,
    models: Sequence[str],
    seeds: Sequence[int],
    reference: str,
    classes: Sequence[str],
    output: str | Path,
) -> None:
    """Choose the images of one data set and write ``sheet.webp`` and ``gallery.json``.

    Keys of ``gallery.json``:

    ``models``, ``seeds``, ``classes``
        As given.
    ``counts.<model>``
        The confusion matrix over all seeds, rows the true class.
    ``columns``, ``rows``, ``width``, ``height``
        Of the sheet, in thumbnails; of a thumbnail, in pixels.
    ``images``
        One entry a thumbnail, in the sheet's order: ``split``, ``row`` and ``id`` of the image,
        ``label`` (a class index) and, of a test image for each model in order, ``right`` (how many
        seeds call it right) and ``likeliest``: the classes with the highest mean probability over
        seeds, each as index and probability.
    ``cells.<model>.<true>-<called>``
        Numbers of thumbnails, as class indices ``true`` and ``called``.
    ``lists``
        ``kind`` and ``model``: right and wrong (all seeds of the model are), only (is right, all
        seeds of ``other`` are wrong), suspect (all of all models say otherwise; no ``model``).
        ``images``, the surest first, and ``of``, how many there are in all.
    ``samples.<split>``
        For each class in order the numbers of the thumbnails of its first images.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/``, ``checks/`` and ``<model>/seed-<seed>/``.
    models, seeds
        Which cells there are.
    reference
        The model that the others are compared with.
    classes
        The class names.
    output
        The folder to write into.
    """
    results, output = Path(results), Path(output)
    x = {split: arrays.load(results / "arrays", split, mapped=True)[0] for split in SPLITS}
    index = {split: arrays.read_index(results / "arrays", split) for split in SPLITS}
    numbers = {name: number for number, name in enumerate(classes)}
    labels = index["test"]["label"].map(numbers).to_numpy(int)
    probabilities = stored_predictions.read(results, models, seeds)
    called = {model: values.argmax(axis=2) for model, values in probabilities.items()}
    means = {model: values.mean(axis=0) for model, values in probabilities.items()}
    suspects = pd.read_csv(results / "checks" / "label_suspects.csv")["row"].tolist()
    lists = [
        *wrong_lists(labels, called, means),
        *only_lists(labels, called, means, reference),
        {"kind": "suspect", "model": None, "rows": suspects[:PER_LIST], "of": len(suspects)},
        *right_lists(labels, called),
    ]
    cells = {model: cell_rows(labels, called[model], means[model]) for model in models}
    samples = {split: sample_rows(index[split], classes) for split in SPLITS}
    shown = [("test", row) for row in within_budget([entry["rows"] for entry in lists], cells)]
    extra = {(split, row) for split in SPLITS for rows in samples[split] for row in rows}
    shown += sorted(extra - set(shown))
    place = {image: number for number, image in enumerate(shown)}
    sheet, height, width = draw_sheet([np.array(x[split][row]) for split, row in shown])
    with replacing(output / "sheet.webp") as path:
        path.write_bytes(sheet)
    write_json(
        output / "gallery.json",
        {
            "models": list(models),
            "seeds": list(seeds),
            "classes": list(classes),
            "counts": {m: confusion(labels, called[m], len(classes)).tolist() for m in models},
            "columns": COLUMNS,
            "rows": max(1, -(-len(shown) // COLUMNS)),
            "width": width,
            "height": height,
            "images": [
                {
                    "split": split,
                    "row": row,
                    "id": str(index[split]["id"].iloc[row]),
                    "label": numbers[index[split]["label"].iloc[row]],
                    "models": [
                        _known(labels, called[model], means[model], row)
                        for model in models
                        if split == "test"
                    ],
                }
                for split, row in shown
            ],
            "cells": {
                model: {
                    cell: [place["test", row] for row in rows if ("test", row) in place]
                    for cell, rows in of_model.items()
                }
                for model, of_model in cells.items()
            },
            "lists": [
                {
                    "kind": entry["kind"],
                    "model": entry["model"],
                    "other": entry.get("other"),
                    "images": [place["test", row] for row in entry["rows"]],
                    "of": entry["of"],
                }
                for entry in lists
            ],
            "samples": {
                split: [[place[split, row] for row in rows] for rows in of_split]
                for split, of_split in samples.items()
            },
        },
    )


def confusion(labels: np.ndarray, called: np.ndarray, classes: int) -> np.ndarray:
    """Return how often a true class (row) was called a class (column) over all seeds, int64.

    Parameters
    ----------
    labels
        Class indices, shape (images,).
    called
        Class indices, shape (seeds, images).
    """
    flat = (labels * classes + called).ravel()
    return np.bincount(flat, minlength=classes * classes).reshape(classes, classes)


def sample_rows(index: pd.DataFrame, classes: Sequence[str]) -> list[list[int]]:
    """Return the first rows of each class in one split.

    Parameters
    ----------
    index
        The split's rows of ``index.csv``.
    """
    return [index.loc[index["label"] == name, "row"].head(SAMPLES).tolist() for name in classes]


def right_lists(labels: np.ndarray, called: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return for each model the first images that all of its seeds get right.

    Not the surest, which all look alike.
    """
    result = []
    for model, predicted in called.items():
        rows = np.flatnonzero((predicted == labels).all(axis=0))
        chosen = rows[:PER_LIST].tolist()
        result.append({"kind": "right", "model": model, "rows": chosen, "of": len(rows)})
    return result


def wrong_lists(
    labels: np.ndarray, called: Mapping[str, np.ndarray], means: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Return for each model the images that all of its seeds get wrong, the surest first."""
    result = []
    for model, predicted in called.items():
        rows = np.flatnonzero((predicted != labels).all(axis=0))
        sure = _wrongly(labels, means[model])[rows]
        result.append(_list("wrong", model, rows, sure))
    return result


def only_lists(
    labels: np.ndarray,
    called: Mapping[str, np.ndarray],
    means: Mapping[str, np.ndarray],
    reference: str,
) -> list[dict[str, Any]]:
    """Return the images that all seeds of one model get right and all of the other wrong.

    For each model and the reference, both ways round; the surest of the wrong first.
    """
    right = {model: predicted == labels for model, predicted in called.items()}
    result = []
    for model in called:
        if model == reference:
            continue
        for better, worse in ((model, reference), (reference, model)):
            rows = np.flatnonzero(right[better].all(axis=0) & ~right[worse].any(axis=0))
            sure = _wrongly(labels, means[worse])[rows]
            result.append(_list("only", better, rows, sure) | {"other": worse})
    return result


def _wrongly(labels: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return the greatest mean probability of a wrong class, shape (images,)."""
    wrong = means.copy()
    wrong[np.arange(len(labels)), labels] = -1
    return wrong.max(axis=1)


def _list(kind: str, model: str, rows: np.ndarray, sure: np.ndarray) -> dict[str, Any]:
    surest = rows[np.argsort(-sure, kind="stable")][:PER_LIST]
    return {"kind": kind, "model": model, "rows": surest.tolist(), "of": len(rows)}


def cell_rows(labels: np.ndarray, called: np.ndarray, means: np.ndarray) -> dict[str, list[int]]:
    """Return images of each cell of one model's confusion matrix, fullest cell first.

    Those come first that most seeds called so, and of these the surest; on the diagonal the least
    sure, which are nearest to being wrong.

    Parameters
    ----------
    labels
        Class indices, shape (images,).
    called
        Class indices, shape (seeds, images).
    means
        Mean probabilities over seeds, shape (images, classes).
    """
    classes = means.shape[1]
    counts = confusion(labels, called, classes)
    cells = {}
    for flat in np.argsort(-counts.ravel(), kind="stable"):
        true, cell_class = divmod(int(flat), classes)
        if not counts[true, cell_class]:
            break
        agreeing = ((called == cell_class) & (labels == true)).sum(axis=0)
        rows = np.flatnonzero(agreeing)
        sure = means[rows, cell_class] * (-1 if true == cell_class else 1)
        order = np.lexsort([-sure, -agreeing[rows]])
        cells[f"{true}-{cell_class}"] = rows[order][:PER_CELL].tolist()
    return cells


def within_budget(
    lists: Iterable[Sequence[int]], cells: Mapping[str, Mapping[str, Sequence[int]]]
) -> list[int]:
    """Return the rows to show, sorted: all of the lists', then those of cells, the fullest first.

    Every model's cells take turns, the first image of each before the second of any, so that a
    large number of classes leaves out images and not models.
    """
    chosen = {row for rows in lists for row in rows}
    for turn in range(PER_CELL):
        for place in range(max(map(len, cells.values()), default=0)):
            for of_model in cells.values():
                rows = list(of_model.values())[place : place + 1]
                if len(chosen) < BUDGET and rows and turn < len(rows[0]):
                    chosen.add(rows[0][turn])
    return sorted(chosen)


def draw_sheet(images: Sequence[np.ndarray]) -> tuple[bytes, int, int]:
    """Return thumbnails as one WebP image, `COLUMNS` in a row, and a thumbnail's height and width.

    Parameters
    ----------
    images
        float32 in [0, 1], each of shape (height, width, channels), at least one.

    Raises
    ------
    DataError
        If OpenCV cannot encode the sheet.
    """
    height, width = images[0].shape[:2]
    shrink = min(1.0, LARGEST / max(height, width))
    height, width = max(1, round(height * shrink)), max(1, round(width * shrink))
    sheet = np.zeros((-(-len(images) // COLUMNS) * height, COLUMNS * width, 3), np.uint8)
    for number, image in enumerate(images):
        pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
        if shrink < 1:
            pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        top, left = number // COLUMNS * height, number % COLUMNS * width
        # OpenCV's order is BGR.
        sheet[top : top + height, left : left + width] = pixels.reshape(height, width, -1)[
            ..., ::-1
        ]
    encoded, content = cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if not encoded:
        raise DataError("the sheet of thumbnails cannot be encoded", where="sheet.webp")
    return content.tobytes(), height, width


def _known(labels: np.ndarray, called: np.ndarray, means: np.ndarray, row: int) -> dict[str, Any]:
    """Return what one model makes of one image."""
    likeliest = np.argsort(-means[row], kind="stable")[:SHOWN_CLASSES]
    return {
        "right": int((called[:, row] == labels[row]).sum()),
        "likeliest": [[int(name), round(float(means[row, name]), 4)] for name in likeliest],
    }
