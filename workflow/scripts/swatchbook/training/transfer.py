"""Starting from something: weights of a model that was trained before, on other images.

They are of a whole model (``model.keras``), or of the application that a model begins with, as
Keras saves and offers them (``.h5``).
"""

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook import files
from swatchbook.errors import DataError, TrainingError
from swatchbook.training import keras_applications, models

logger = logging.getLogger(__name__)


MOST_TOLD = 200  # characters of what Keras says


def start_from(model: Any, start: Mapping[str, Any]) -> list[Any]:
    """Take over the weights of another model, layer by layer, as far as they fit.

    Layers are matched by their kind and their order among those of their kind, as Keras stores
    them; one whose weights have other shapes keeps its own. So does the last one: its logits are of
    other classes. Weights of an application must be all of that application's.

    Parameters
    ----------
    model
        The model to be trained, just built.
    start
        ``file``, of which only weights are read: a ``model.keras``, or the ``.h5`` of an
        application; ``sha256``, its digest; ``frozen``, whether layers that are taken over stay as
        they are, for all epochs or for the first; ``keep_statistics``, whether batch normalisation
        that is taken over goes on with the statistics that it has, which then do not change.

    Returns
    -------
    list of keras.Layer
        The layers that were taken over and have something to learn.

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
    changed = _read(model, path)
    of_layers = {id(variable) for variable in model.weights}
    own = {id(variable) for variable in model.layers[-1].weights}
    for variable, value in before:
        if id(variable) not in of_layers or id(variable) in own:
            variable.assign(value)  # the random numbers of dropout stay this training's, too
        elif not np.array_equal(variable.numpy(), value):
            changed.add(id(variable))
    with_weights = [
        layer
        for layer in models.all_layers(model)
        if layer.weights and not hasattr(layer, "layers")
    ]
    taken = [x for x in with_weights if any(id(each) in changed for each in x.weights)]
    if not taken:
        raise TrainingError(
            f"no layer of {path} fits one of this model",
            where="training.start_from",
            hint="they must be of the same kind, in the same order and of the same shape",
        )
    learning = [layer for layer in taken if layer.trainable_variables]
    for layer in taken:
        if start["frozen"]:
            layer.trainable = False
        if start.get("keep_statistics"):
            _keep_statistics(layer)
    logger.info(
        "from %s: %s%s; anew: %s",
        path,
        ", ".join(layer.name for layer in taken),
        " (frozen)" if start["frozen"] else "",
        ", ".join(layer.name for layer in with_weights if layer not in taken),
    )
    return learning


def _read(model: Any, path: Path) -> set[int]:
    """Read weights into a model; return the ids of those that are known to be read, if any are."""
    application = keras_applications.within(model)
    if path.suffix != ".h5":
        application = None
    elif application is None:
        raise DataError(
            "has the weights of a Keras application, and the model has none",
            where=path,
            hint="let its layers begin with the application, for example - MobileNetV2: {}",
        )
    try:
        if application:
            application.load_weights(path)
            return {id(variable) for variable in application.weights}
        with warnings.catch_warnings(action="ignore"):  # of layers that do not fit: told later
            model.load_weights(path, skip_mismatch=True)
        return set()
    except Exception as error:  # zipfile, h5py and Keras each raise what they stumble on
        said = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"its weights cannot be read: {said[:MOST_TOLD]}",
            where=path,
            hint=f"they must be those of {application.name} with these settings, without its top"
            if application
            else None,
        ) from error


def _keep_statistics(layer: Any) -> None:
    """Let batch normalisation do in training what it does after it; other layers stay."""
    import keras

    if isinstance(layer, keras.layers.BatchNormalization):
        call = layer.call
        layer.call = lambda inputs, training=None, mask=None: call(inputs, False, mask)


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
