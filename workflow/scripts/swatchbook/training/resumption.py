"""Going on with an interrupted training."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from swatchbook.training.checkpoints import Checkpoints
from swatchbook.training.epoch_records import Epoch

logger = logging.getLogger(__name__)


class Stateful(Protocol):
    """What trains: a `Trainer`."""

    def state(self) -> dict[str, np.ndarray]: ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None: ...


class Resumption:
    """Going on where an interrupted training of the same fingerprint ended its last epoch.

    Parameters
    ----------
    folder, fingerprint
        Of the checkpoints.
    processor
        What trains now, in words. It is no part of the fingerprint, so that a cluster's job can go
        on wherever it is put, but other processors may give other bits: that is recorded.

    Attributes
    ----------
    resumed_after
        The epochs after which the training has been resumed.
    other_processors
        The names of those that trained epochs before.
    """

    def __init__(self, folder: str | Path, fingerprint: Mapping[str, Any], processor: str):
        self.checkpoints = Checkpoints(folder, fingerprint)
        self.processors = [processor]
        self.resumed_after: list[int] = []

    @property
    def other_processors(self) -> list[str]:
        return self.processors[1:]

    def restored(self, trainer: Stateful) -> list[Epoch]:
        """Set the trainer to the last checkpoint, if there is one, and return its history.

        Raises
        ------
        TrainingError
            If no checkpoint is whole.
        """
        found = self.checkpoints.newest()
        if found is None:
            return []
        trainer.restore(found.arrays)
        self.resumed_after = [*found.facts["resumed_after"], found.epoch]
        self.processors = list(dict.fromkeys([*self.processors, *found.facts["processors"]]))
        logger.info("resumed after epoch %d from %s", found.epoch, self.checkpoints.folder)
        if self.other_processors:
            logger.warning(
                "earlier epochs were trained on another processor, so bits may differ from an "
                "uninterrupted training: %s, not %s",
                ", ".join(self.other_processors),
                self.processors[0],
            )
        return [Epoch(**row) for row in found.facts["history"]]

    def keep(self, trainer: Stateful, history: Sequence[Epoch]) -> None:
        """Keep the trainer's state after the last epoch of `history`.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        facts = {
            "history": [asdict(row) for row in history],
            "resumed_after": self.resumed_after,
            "processors": self.processors,
        }
        self.checkpoints.save(len(history), trainer.state(), facts)
