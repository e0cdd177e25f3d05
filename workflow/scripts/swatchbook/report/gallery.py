"""The images that the report shows, and what is known of each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import stored_predictions
from swatchbook.data import arrays
from swatchbook.data import folds as folding
from swatchbook.data.splits import SPLITS
from swatchbook.figures import sheet
from swatchbook.files import replacing, write_text
from swatchbook.report import choices
from swatchbook.report.choices import Predicted

SHOWN_CLASSES = 3  # the likeliest classes that are told of each image

Image = tuple[str, int]  # a split and a row of it


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
        As given. Of a cross-validation ``seeds`` are the numbers of repetitions, in each of which
        an image is predicted by the seed that has not seen it, and there is ``cross_validated``.
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
    index = {split: arrays.read_index(results / "arrays", split) for split in SPLITS}
    labels = {split: _numbered(table["label"], classes) for split, table in index.items()}
    predicted = _predicted(results, models, seeds, labels["test"])
    suspects = pd.read_csv(results / "checks" / "label_suspects.csv")["row"].tolist()
    lists = choices.lists(predicted, reference, suspects)
    cells = choices.cells(predicted)
    samples = {split: choices.sample_rows(index[split], classes) for split in SPLITS}
    shown = _shown(lists, cells, samples)
    content, height, width = sheet.draw(_pixels(results, shown))
    with replacing(output / "sheet.webp") as path:
        path.write_bytes(content)
    _write(
        output / "gallery.json",
        {
            "models": list(models),
            **_seeds(results, seeds),
            "classes": list(classes),
            "counts": {
                model: choices.confusion(labels["test"], called, len(classes)).tolist()
                for model, called in predicted.called.items()
            },
            "columns": sheet.COLUMNS,
            "rows": max(1, -(-len(shown) // sheet.COLUMNS)),
            "width": width,
            "height": height,
            "images": [
                {
                    "split": split,
                    "row": row,
                    "id": str(index[split]["id"].iloc[row]),
                    "label": int(labels[split][row]),
                    "models": _known(predicted, row) if split == "test" else [],
                }
                for split, row in shown
            ],
            **_places(shown, lists, cells, samples),
        },
    )


def _seeds(results: Path, seeds: Sequence[int]) -> dict[str, Any]:
    folds = folding.read(results / "arrays")
    if folds is None:
        return {"seeds": list(seeds)}
    repetitions = [of[0] // folds.count for of in folds.repetitions(seeds)]
    return {"seeds": repetitions, "cross_validated": True}


def _write(path: Path, gallery: Mapping[str, Any]) -> None:
    """Write the gallery on one line: a line for each cell of a thousand classes is 23 MB."""
    write_text(path, json.dumps(gallery, separators=(",", ":"), ensure_ascii=False) + "\n")


def _numbered(names: pd.Series, classes: Sequence[str]) -> np.ndarray:
    """Return class names as class indices, shape (images,)."""
    return names.map({name: number for number, name in enumerate(classes)}).to_numpy(int)


def _predicted(
    results: Path, models: Sequence[str], seeds: Sequence[int], labels: np.ndarray
) -> Predicted:
    probabilities = stored_predictions.read(results, models, seeds)
    return Predicted(
        labels,
        called={model: values.argmax(axis=2) for model, values in probabilities.items()},
        means={model: values.mean(axis=0) for model, values in probabilities.items()},
    )


def _shown(
    lists: Sequence[Mapping[str, Any]],
    cells: Mapping[str, Mapping[str, Sequence[int]]],
    samples: Mapping[str, Sequence[Sequence[int]]],
) -> list[Image]:
    """Return the images to show in the order of the sheet: test images, then other samples."""
    shown = [("test", row) for row in choices.within_budget([e["rows"] for e in lists], cells)]
    extra = {(split, row) for split in SPLITS for rows in samples[split] for row in rows}
    return shown + sorted(extra - set(shown))


def _pixels(results: Path, shown: Sequence[Image]) -> list[np.ndarray]:
    """Return images, float32, each of shape (height, width, channels)."""
    x = {split: arrays.load(results / "arrays", split, mapped=True)[0] for split in SPLITS}
    return [np.array(x[split][row]) for split, row in shown]


def _known(predicted: Predicted, row: int) -> list[dict[str, Any]]:
    """Return what each model makes of one test image."""
    known = []
    for model, called in predicted.called.items():
        means = predicted.means[model][row]
        likeliest = np.argsort(-means, kind="stable")[:SHOWN_CLASSES]
        known.append(
            {
                "right": int((called[:, row] == predicted.labels[row]).sum()),
                "likeliest": [[int(name), round(float(means[name]), 4)] for name in likeliest],
            }
        )
    return known


def _places(
    shown: Sequence[Image],
    lists: Sequence[Mapping[str, Any]],
    cells: Mapping[str, Mapping[str, Sequence[int]]],
    samples: Mapping[str, Sequence[Sequence[int]]],
) -> dict[str, Any]:
    """Return cells, lists and samples with the numbers of thumbnails in place of rows.

    Cells leave out what the budget had no room for.
    """
    place = {image: number for number, image in enumerate(shown)}
    return {
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
    }
