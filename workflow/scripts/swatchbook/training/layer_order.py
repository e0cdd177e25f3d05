"""Which layer can stand behind which."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swatchbook.errors import ConfigurationError
from swatchbook.training import keras_layers
from swatchbook.training.layers import LAYERS


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
    for number, layer in enumerate(layers):
        ((kind, settings),) = layer.items()
        place = f"{key}[{number}]"
        if given == "logits":
            raise ConfigurationError(
                f"key '{place}': {kind} stands after logits; allowed: before it", where=where
            )
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
