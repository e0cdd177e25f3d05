"""Which layer can stand behind which."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swatchbook.errors import ConfigurationError
from swatchbook.training import keras_applications, keras_layers
from swatchbook.training.layers import LAYERS

RESIZING = "Resizing"  # of Keras: changes no colours


def check_stack(
    layers: list[Mapping[str, Any]], key: str, where: str | Path, ends: str = "vectors"
) -> None:
    """Check that each layer can take what the one before gives, from images on, and what it takes.

    Parameters
    ----------
    ends
        What the last layer has to give, ``images`` or ``vectors``.
    """
    given, maker = "images", ""
    raw = not key.endswith(".residual.layers")  # what the data set holds
    resized = raw  # but for its size
    for number, layer in enumerate(layers):
        ((kind, settings),) = layer.items()
        place = f"{key}[{number}]"
        if given == "logits":
            raise ConfigurationError(
                f"key '{place}': {kind} stands after logits; allowed: before it", where=where
            )
        if kind in keras_applications.names() or keras_applications.left_out(kind):
            _check_application(kind, settings, resized, place, where)
            given, maker, resized = "images", kind, False
            continue
        resized = resized and kind == RESIZING
        if kind not in LAYERS:
            if problem := keras_layers.why_not(kind, settings):
                raise ConfigurationError(
                    f"key '{place}': {problem[0]}", where=where, hint=problem[1]
                )
            given, maker = "any", kind
            continue
        takes, gives = LAYERS[kind].takes, LAYERS[kind].gives
        if takes == "raw images" and not (raw and number == 0):
            raise ConfigurationError(
                f"key '{place}': {kind} is made of the training images; allowed: as the first "
                "layer of a model",
                where=where,
            )
        if (takes, given) == ("images", "vectors"):
            raise ConfigurationError(
                f"key '{place}': {kind} stands after {maker}; allowed: before it", where=where
            )
        if (takes, given) == ("vectors", "images"):
            raise ConfigurationError(
                f"key '{place}': {kind} stands before flatten; allowed: after flatten or "
                "global_pool",
                where=where,
            )
        if kind == "residual":
            check_stack(settings["layers"], f"{place}.residual.layers", where, ends="images")
        if gives != "any":
            given, maker = gives, kind
    if given not in (ends, "any") and (given, ends) != ("logits", "vectors"):
        raise ConfigurationError(
            f"key '{key}' ends with {given}; allowed: {ends}",
            where=where,
            hint="add flatten or global_pool" if ends == "vectors" else None,
        )


def _check_application(
    kind: str, settings: Mapping[str, Any], first: bool, place: str, where: str | Path
) -> None:
    """Check what an application is given, and that it is given images in their own colours."""
    if problem := keras_applications.why_not(kind, settings):
        raise ConfigurationError(f"key '{place}': {problem[0]}", where=where, hint=problem[1])
    if not first:
        raise ConfigurationError(
            f"key '{place}': {kind} takes images as they are; allowed: as the first layer of a "
            f"model, or after {RESIZING}",
            where=where,
        )


def check_size(
    layers: list[Mapping[str, Any]],
    size: tuple[Any, Any],
    dataset: str,
    key: str,
    where: str | Path,
) -> None:
    """Check that images of a data set are large enough for the application of a model.

    Parameters
    ----------
    size
        Their height and width.
    """
    whose = f"those of {dataset}"
    for number, layer in enumerate(layers):
        ((kind, settings),) = layer.items()
        if kind == RESIZING:
            size, whose = (settings["height"], settings["width"]), f"those of {RESIZING}"
        if not all(isinstance(side, int) for side in size):
            return  # Keras will say so
        if kind in keras_applications.names():
            least = keras_applications.smallest(kind)
            if min(size) < least:
                raise ConfigurationError(
                    f"key '{key}[{number}]': {kind} needs images of at least {least} × {least} "
                    f"pixels; {whose} have {size[0]} × {size[1]}",
                    where=where,
                    hint=f"put {RESIZING}: {{height: {least}, width: {least}}} before it",
                )
