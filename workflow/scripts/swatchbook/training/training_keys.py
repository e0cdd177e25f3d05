"""What keys of a training say together, which a schema cannot check."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from swatchbook.errors import ConfigurationError
from swatchbook.training import phases


def check(training: Mapping[str, Any], key: str, where: str | Path) -> None:
    """Check that the keys of a whole training go together.

    Raises
    ------
    ConfigurationError
        If they do not.
    """
    _check_gpus(training, key, where)
    _check_sampling(training, key, where)
    if training["start_from"]:
        _check_phases(training, f"{key}.start_from", where)


def _check_sampling(training: Mapping[str, Any], key: str, where: str | Path) -> None:
    if not training.get("sampling"):
        return
    for other, refused, why in (
        ("class_weights", "balanced", "both would count small classes twice over"),
        ("shuffle", False, "it draws images by chance"),
    ):
        if training[other] == refused:
            raise ConfigurationError(
                f"key '{key}.sampling' is {json.dumps(training['sampling'])}; allowed where "
                f"{key}.{other} is {json.dumps(refused)}: null",
                where=where,
                hint=why,
            )


def _check_phases(training: Mapping[str, Any], key: str, where: str | Path) -> None:
    """Check that a second phase has a learning rate and epochs, and that there is a first."""
    first = phases.frozen_epochs(training["start_from"])
    if "then" in training["start_from"] and not first:
        raise ConfigurationError(
            f"key '{key}.then' is for what is frozen at first",
            where=where,
            hint="give frozen: {epochs: 3}, or whatever number, or leave then out",
        )
    if first and "then" not in training["start_from"]:
        raise ConfigurationError(
            f"key '{key}.then' is missing",
            where=where,
            hint="the learning rate after the frozen epochs: then: {learning_rate: …}",
        )
    if first >= training["epochs"]:
        raise ConfigurationError(
            f"key '{key}.frozen.epochs' is {first}; allowed where epochs is "
            f"{training['epochs']:g}: less than that",
            where=where,
            hint="frozen: true is for all epochs",
        )


def _check_gpus(training: Mapping[str, Any], key: str, where: str | Path) -> None:
    for other, refused in (("device", "cpu"), ("precision", "mixed_float16")):
        if training["gpus"] > 1 and training[other] == refused:
            raise ConfigurationError(
                f"key '{key}.gpus' is {training['gpus']}; allowed where {key}.{other} is "
                f"{refused}: 1",
                where=where,
            )
