"""A trained model on the images that it has not seen, and on those that it has."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import metrics
from swatchbook.data import arrays
from swatchbook.data.splits import SPLITS
from swatchbook.files import read_json, replacing, write_json
from swatchbook.training import devices, model_files, models, prediction

logger = logging.getLogger(__name__)

PROBABILITIES = {"validation": "probabilities_validation.npy", "test": "probabilities.npy"}


def evaluate(
    arrays_folder: str | Path,
    model_file: str | Path,
    run_file: str | Path,
    device: str,
    classes: Sequence[str],
    output: str | Path,
    views: Mapping[str, Mapping[str, Any]] | None = None,
    left: str | Path | None = None,
) -> None:
    """Write what one trained model makes of its data set.

    ``probabilities.npy`` (test images, float32, shape (n, classes)) and
    ``probabilities_validation.npy`` (validation images, likewise; none without a validation set),
    ``predictions.csv`` (test images: row, id, label, predicted, probability), ``metrics.json`` (of
    the training, validation and test images, dropout off, and under ``views`` of the test images
    with test-time augmentation, if any), ``classification_report.csv`` and
    ``confusion_matrix.csv`` (test).

    Where a data set is cross-validated, all of it is of the run's seed: its test images are those
    of its fold, and row in ``predictions.csv`` is that among all images.

    The model is built anew from its description in `run_file` and only weights are read from
    `model_file`, in the precision that it was trained in.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    model_file, run_file
        ``model.keras`` and ``run.json`` of the training.
    device
        ``auto``, ``cpu`` or ``gpu``.
    classes
        The class names.
    output
        The folder to write into.
    views
        ``evaluation.views`` in the configuration: one key of `VIEWS`, with its settings, or
        ``None``.
    left
        Where the training may have left its probabilities (`prediction.leave`). They are taken in
        place of computing the same ones anew, and removed.

    Raises
    ------
    DataError
        If the arrays or the weights cannot be read.
    """
    output = Path(output)
    run = read_json(run_file)
    seed = run["seed"]
    found = prediction.left(left, model_file, arrays_folder, seed) if left else None
    if found is None or views:
        model = _model(arrays_folder, model_file, run, device, len(classes))
        images = {split: arrays.load_compact(arrays_folder, split, seed)[0] for split in SPLITS}
        found = found or prediction.of_splits(model, images)
    measured: dict[str, Mapping[str, float] | None] = {}
    for split in SPLITS:
        labels = arrays.load(arrays_folder, split, seed, mapped=True)[1].argmax(axis=1)
        measured[split] = metrics.summary(labels, found[split]) if len(labels) else None
        logger.info("%s: %s", split, measured[split])
        if split in PROBABILITIES:
            with replacing(output / PROBABILITIES[split]) as path:
                np.save(path, found[split])
    # The loop ends with the test set.
    if views:
        of_views = prediction.predictor(model, views)(images["test"], "evaluate views")
        measured["views"] = metrics.summary(labels, of_views)
        logger.info("views: %s", measured["views"])
    write_json(output / "metrics.json", measured)
    index = arrays.read_index(arrays_folder, "test", seed)
    for name, table in _tables(index, labels, found["test"], classes).items():
        with replacing(output / f"{name}.csv") as path:
            table.to_csv(path, lineterminator="\n")
    if left:
        Path(left).unlink(missing_ok=True)


def _model(
    arrays_folder: str | Path,
    model_file: str | Path,
    run: Mapping[str, Any],
    device: str,
    classes: int,
) -> Any:
    """Build the model anew and read its weights."""
    precision, threads = run["device"]["precision"], run["device"]["threads"]
    devices.choose(device, precision, threads)
    image_shape = arrays.load(arrays_folder, "test", run["seed"], mapped=True)[0].shape[1:]
    model = models.build(run["layers"], image_shape, classes, run["seed"], precision)
    model_files.load_weights(model, model_file)
    return model


def _tables(
    index: pd.DataFrame,
    labels: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
) -> dict[str, pd.DataFrame]:
    """Return the tables of the test images, by the names of their files."""
    predicted = probabilities.argmax(axis=1)
    predictions = index.assign(
        predicted=[classes[number] for number in predicted], probability=probabilities.max(axis=1)
    )
    return {
        "predictions": predictions.set_index("row"),
        "classification_report": metrics.classification_report(labels, predicted, classes),
        "confusion_matrix": metrics.confusion_matrix(labels, predicted, classes),
    }
