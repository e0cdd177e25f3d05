"""A trained model on the images that it has not seen, and on those that it has."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.comparison import metrics
from swatchbook.data import arrays
from swatchbook.data.splits import SPLITS
from swatchbook.files import read_json, replacing, write_json
from swatchbook.progress import Progress
from swatchbook.training import devices, model_files, models
from swatchbook.training.views import VIEWS

logger = logging.getLogger(__name__)

BATCH = 500
PROBABILITIES = {"validation": "probabilities_validation.npy", "test": "probabilities.npy"}


def evaluate(
    arrays_folder: str | Path,
    model_file: str | Path,
    run_file: str | Path,
    device: str,
    classes: Sequence[str],
    output: str | Path,
    views: Mapping[str, Mapping[str, Any]] | None = None,
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

    Raises
    ------
    DataError
        If the arrays or the weights cannot be read.
    """
    output = Path(output)
    run = read_json(run_file)
    precision, threads = run["device"]["precision"], run["device"]["threads"]
    devices.choose(device, precision, threads)
    seed = run["seed"]
    y = {split: arrays.load(arrays_folder, split, seed, mapped=True)[1] for split in SPLITS}
    image_shape = arrays.load(arrays_folder, "test", seed, mapped=True)[0].shape[1:]
    model = models.build(run["layers"], image_shape, len(classes), seed, precision)
    model_files.load_weights(model, model_file)
    predict = predictor(model)
    measured: dict[str, Mapping[str, float] | None] = {}
    for split in SPLITS:
        labels = y[split].argmax(axis=1)
        images = arrays.load(arrays_folder, split, seed, mapped=True)[0]
        probabilities = predict(images, f"evaluate {split}")
        measured[split] = metrics.summary(labels, probabilities) if len(labels) else None
        logger.info("%s: %s", split, measured[split])
        if split in PROBABILITIES:
            with replacing(output / PROBABILITIES[split]) as path:
                np.save(path, probabilities)
    if views:
        of_views = predictor(model, views)(images, "evaluate views")
        measured["views"] = metrics.summary(labels, of_views)
        logger.info("views: %s", measured["views"])
    write_json(output / "metrics.json", measured)
    # The loop ends with the test set.
    index = arrays.read_index(arrays_folder, "test", seed)
    for name, table in _tables(index, labels, probabilities, classes).items():
        with replacing(output / f"{name}.csv") as path:
            table.to_csv(path, lineterminator="\n")


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


def predictor(
    model: Any, views: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[np.ndarray, str], np.ndarray]:
    """Return what takes images and the title of a progress bar and gives probabilities.

    The images are float32, shape (n, height, width, channels), the probabilities float32, shape
    (n, classes), dropout off.

    Parameters
    ----------
    views
        As for `evaluate`: what is averaged are logits.
    """
    tf = devices.import_tensorflow()
    image_shape, classes = model.input_shape[1:], model.output_shape[-1]

    def logits(batch: Any) -> Any:
        if not views:
            return model(batch, training=False)
        ((name, settings),) = views.items()
        seen = VIEWS[name](batch, **settings)
        return tf.add_n([weight * model(view, training=False) for weight, view in seen])

    @tf.function(
        input_signature=[tf.TensorSpec([None, *image_shape])], autograph=False, jit_compile=False
    )
    def probabilities(batch: Any) -> Any:
        return tf.nn.softmax(logits(batch))

    def predict(images: np.ndarray, title: str) -> np.ndarray:
        result = np.empty((len(images), classes), np.float32)
        with Progress(title, len(images), "image") as progress:
            for first in range(0, len(images), BATCH):
                batch = np.ascontiguousarray(images[first : first + BATCH])
                result[first : first + BATCH] = probabilities(batch)
                progress.update(len(batch))
        return result

    return predict
