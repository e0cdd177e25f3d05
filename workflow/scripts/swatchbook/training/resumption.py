"""Going on with an interrupted training."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from swatchbook.training.checkpoints import Checkpoints
from swatchbook.training.epoch_records import Epoch

logger = logging.getLogger(__name__)


class Begun(NamedTuple):
    """How much of an epoch is done.

    Attributes
    ----------
    step, steps
        How many of its steps, and of how many.
    seconds
        How long they took.
    """

    step: int = 0
    steps: int = 0
    seconds: float = 0.0

    @property
    def part(self) -> float:
        """The part of the epoch, in thousandths: never none of one that is begun, nor all of it."""
        if not self.step:
            return 0
        return min(max(1, 1000 * self.step // self.steps), 999) / 1000


NOT_BEGUN = Begun()


def point(epochs: int, begun: Begun) -> str:
    """Say after how many epochs, and where in the next one, a training is."""
    if not begun.step:
        return f"after epoch {epochs}"
    return f"in epoch {epochs + 1}, after step {begun.step} of {begun.steps}"


class Stateful(Protocol):
    """What trains: a `Trainer`."""

    def state(self) -> dict[str, np.ndarray]: ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None: ...


class Resumption:
    """Going on where the state of an interrupted training of the same fingerprint was kept.

    Parameters
    ----------
    folder, fingerprint
        Of the checkpoints.
    processor
        What trains now, in words. It is no part of the fingerprint, so that a cluster's job can go
        on wherever it is put, but other processors may give other bits: that is recorded.

    Attributes
    ----------
    kept_at
        What was kept last, in words; ``None`` if nothing was.
    resumed_after
        The numbers of epochs after which the training has been resumed, with `Begun.part` of one.
    other_processors
        The names of those that trained epochs before.
    """

    def __init__(self, folder: str | Path, fingerprint: Mapping[str, Any], processor: str):
        self.checkpoints = Checkpoints(folder, fingerprint)
        self.processors = [processor]
        self.kept_at: str | None = None
        self.resumed_after: list[float] = []

    @property
    def other_processors(self) -> list[str]:
        return self.processors[1:]

    def restored(self, trainer: Stateful) -> tuple[list[Epoch], Begun]:
        """Set the trainer to the last checkpoint, if there is one.

        Returns
        -------
        tuple
            Its history, and what of the next epoch is done.

        Raises
        ------
        TrainingError
            If no checkpoint is whole.
        """
        found = self.checkpoints.newest()
        if found is None:
            return [], NOT_BEGUN
        trainer.restore(found.arrays)
        begun = Begun(*found.facts["begun"])
        self.resumed_after = [*found.facts["resumed_after"], found.epoch + begun.part]
        self.kept_at = point(found.epoch, begun)
        self.processors = list(dict.fromkeys([*self.processors, *found.facts["processors"]]))
        logger.info("resumed %s from %s", self.kept_at, self.checkpoints.folder)
        if self.other_processors:
            logger.warning(
                "earlier epochs were trained on another processor, so bits may differ from an "
                "uninterrupted training: %s, not %s",
                ", ".join(self.other_processors),
                self.processors[0],
            )
        return [Epoch(**row) for row in found.facts["history"]], begun

    def keep(self, trainer: Stateful, history: Sequence[Epoch], begun: Begun = NOT_BEGUN) -> None:
        """Keep the trainer's state after the last epoch of `history`, or within the next one.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        facts = {
            "history": [asdict(row) for row in history],
            "resumed_after": self.resumed_after,
            "processors": self.processors,
            "begun": begun,
        }
        self.checkpoints.save(len(history), begun.step, trainer.state(), facts)
        self.kept_at = point(len(history), begun)
