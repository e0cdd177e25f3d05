"""Starting from something: weights of a model that was trained before, on other images."""

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook import files
from swatchbook.errors import DataError, TrainingError
from swatchbook.training import models

logger = logging.getLogger(__name__)


def start_from(model: Any, start: Mapping[str, Any]) -> list[str]:
    """Take over the weights of another model, layer by layer, as far as they fit.

    Layers are matched by their kind and their order among those of their kind, as Keras stores
    them; one whose weights have other shapes keeps its own. So does the last one: its logits are of
    other classes.

    Parameters
    ----------
    model
        The model to be trained, just built.
    start
        ``file``, a ``model.keras``, of which only weights are read; ``sha256``, its digest;
        ``frozen``, whether layers that are taken over stay as they are.

    Returns
    -------
    list of str
        The names of the layers that were taken over.

    Raises
    ------
    DataError
        If the file cannot be read or is another one.
    TrainingError
        If no layer fits.
    """
    path = Path(start["file"])
    _check(path, start["sha256"])
    before = [(variable, variable.numpy()) for variable in model.variables]
    try:
        with warnings.catch_warnings(action="ignore"):  # of layers that do not fit: told below
            model.load_weights(path, skip_mismatch=True)
    except Exception as error:  # zipfile, h5py and Keras each raise what they stumble on
        raise DataError(
            f"its weights cannot be read: {' '.join(str(error).split()) or type(error).__name__}",
            where=path,
        ) from error
    of_layers = {id(variable) for variable in model.weights}
    own = {id(variable) for variable in model.layers[-1].weights}
    changed = set()
    for variable, value in before:
        if id(variable) not in of_layers or id(variable) in own:
            variable.assign(value)  # the random numbers of dropout stay this training's, too
        elif not np.array_equal(variable.numpy(), value):
            changed.add(id(variable))
    taken, left = [], []
    for layer in models.all_layers(model):
        if hasattr(layer, "layers") or not layer.weights:
            continue
        if any(id(variable) in changed for variable in layer.weights):
            taken.append(layer.name)
            layer.trainable = not start["frozen"]
        else:
            left.append(layer.name)
    if not taken:
        raise TrainingError(
            f"no layer of {path} fits one of this model",
            where="training.start_from",
            hint="they must be of the same kind, in the same order and of the same shape",
        )
    logger.info(
        "from %s: %s%s; anew: %s",
        *(path, ", ".join(taken), " (frozen)" if start["frozen"] else "", ", ".join(left)),
    )
    return taken


def _check(path: Path, pinned: str) -> None:
    try:
        actual = files.digest(path)
    except OSError as error:
        raise DataError(
            f"cannot be read: {error.strerror}",
            where=path,
            hint="training.start_from.file is relative to the working directory",
        ) from error
    if actual != pinned:
        raise DataError(
            f"has SHA-256 {actual}, not the pinned {pinned}",
            where=path,
            hint="correct training.start_from.sha256 if it is the model that you want",
        )
