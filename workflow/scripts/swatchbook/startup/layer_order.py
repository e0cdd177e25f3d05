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
    for number, layer in enumerate(layers):
        ((kind, settings),) = layer.items()
        place = f"{key}[{number}]"
        if kind not in LAYERS:
            if problem := keras_layers.why_not(kind, settings):
                raise ConfigurationError(
                    f"key '{place}': {problem[0]}", where=where, hint=problem[1]
                )
            given, maker = "any", kind
            continue
        takes, gives = LAYERS[kind].takes, LAYERS[kind].gives
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
    if given not in (ends, "any"):
        raise ConfigurationError(
            f"key '{key}' ends with {given}; allowed: {ends}",
            where=where,
            hint="add flatten or global_pool" if ends == "vectors" else None,
        )
