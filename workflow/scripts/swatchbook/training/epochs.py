"""The steps that change a model: epochs over the training data, measured and watched."""

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data.normalisation import normalised
from swatchbook.errors import DivergenceError, TrainingError
from swatchbook.progress import Progress
from swatchbook.training import optimizers, phases, sampling, schedules, steps, stopping
from swatchbook.training.augmentation import Augmenter
from swatchbook.training.averaging import Averager
from swatchbook.training.epoch_records import Epoch, Events
from swatchbook.training.interruption import Request
from swatchbook.training.placement import ON_CPU, Execution
from swatchbook.training.resumption import NOT_BEGUN, Begun, Resumption
from swatchbook.training.seeds import SHUFFLING, derived_seed

logger = logging.getLogger(__name__)

MEASURED_BATCH = 500  # forward passes alone: measured to be as fast as any larger batch
SECONDS_UNKEPT = 600  # of the steps of a long epoch, as much is lost at most when it is killed
STEPS_BETWEEN_LOOKS = 100  # at the losses: a look waits for a GPU to come to the end of its queue

Watched = Mapping[str, tuple[np.ndarray, np.ndarray]]  # images and labels by the name of the split


class Trainer:
    """A model, its data and, phase by phase, the optimiser and the steps that change it.

    Parameters
    ----------
    model
        From images to logits, built under the scope of the execution's strategy.
    x, y
        Images, uint8 or float32, shape (n, height, width, channels), and one-hot labels, float32,
        shape (n, classes).
    settings
        ``epochs``, ``batch_size``, ``optimizer``, ``learning_rate``, ``clip_norm``,
        ``label_smoothing``, ``class_weights``, ``sampling`` (may be left out), ``averaging``,
        ``augmentation``, ``shuffle``, ``drop_last_batch``, ``watch_test``, ``early_stopping``,
        ``monitor``, ``keep`` and ``start_from``.
    seed
        The seed of shuffling, sampling and augmentation.
    execution
        How steps are carried out.
    taken
        The layers that learn from the second phase on, if there is one; they are frozen.

    Attributes
    ----------
    kept_epoch
        After `fit`, the epoch whose weights the model has.
    is_pruned
        After `fit`, whether it ended early because a search had no hope of it.

    Raises
    ------
    TrainingError
        If there is no batch to train on.
    """

    def __init__(
        self,
        model: Any,
        x: np.ndarray,
        y: np.ndarray,
        settings: Mapping[str, Any],
        seed: int,
        execution: Execution = ON_CPU,
        taken: Sequence[Any] = (),
    ):
        self.model = model
        self.settings = settings
        self.seed = seed
        self.total = len(x)
        self.images = _images_an_epoch(len(x), settings)
        self._phases = phases.of(settings)
        self._rates = np.concatenate(
            [
                schedules.rates(phase.learning_rate, phase.epochs, self._steps_an_epoch)
                for phase in self._phases
            ]
        )
        self._taken = taken
        self._classes = y.argmax(axis=1) if settings.get("sampling") else None
        self._class_weights = steps.class_weights(y, settings["class_weights"])
        self._augmenter = Augmenter(settings["augmentation"], seed)
        drawn = self._classes is not None
        self._data = steps.place(x, y, self._augmenter.draws, execution, drawn)
        self._tally = steps.Tally()
        self._averager = None
        if settings["averaging"]:
            self._averager = Averager(settings["averaging"], model, len(self._rates))
        best = settings["keep"] == "best"
        self._best = stopping.BestWeights(model, settings["monitor"]) if best else None
        self._measure = steps.make_measure(model, (x, y), self._tally)
        self._measure_rows = steps.make_measure_rows(self._measure, self._data)
        self._execution = execution
        self._copies_of_dropout = steps.copies_of_dropout(model)
        steps.part_dropout(self._copies_of_dropout)
        self._begin(0)

    def _begin(self, phase: int) -> None:
        """Make the optimiser and the steps of a phase, of what then learns."""
        self._phase = phase
        if phase:
            for layer in self._taken:
                layer.trainable = True
        strategy = self.model.distribute_strategy
        with strategy.scope():
            optimizer = optimizers.build(
                {**self.settings, **self._phases[phase]._asdict()}, self.model, self._steps_an_epoch
            )
        update = steps.make_update(
            self.model,
            optimizer,
            self.settings["label_smoothing"],
            self._execution.xla,
            self._class_weights,
        )
        take_share = steps.make_share(update, self._data, self._augmenter)
        self._make_steps = steps.make_steps(take_share, strategy, self._tally, self._averager)
        self._variables = {
            f"{owner}.{number}": variable
            for owner, owned in (("model", self.model), ("optimizer", optimizer))
            for number, variable in enumerate(owned.variables)  # those of dropout included
        }
        for number, copy in enumerate(self._averager.copies if self._averager else ()):
            self._variables[f"average.{number}"] = copy

    def state(self) -> dict[str, np.ndarray]:
        """Return the phase, weights, their average, the best ones, what optimiser and dropout have,
        and what the steps of an epoch have counted.
        """
        state = {name: variable.numpy() for name, variable in self._variables.items()}
        state["phase"] = np.int64(self._phase)
        state["sums"] = self._tally.sums.numpy()
        return state | self._best.state() if self._best else state

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Set what `state` returned."""
        if state["phase"] != self._phase:
            self._begin(int(state["phase"]))
        for name, variable in self._variables.items():
            variable.assign(state[name])
        self._tally.sums.assign(state["sums"])
        steps.part_dropout(self._copies_of_dropout)
        if self._best:
            self._best.restore(state)

    def fit(
        self,
        watched: Watched,
        events: str | Path,
        sigterm: Request | None = None,
        kept: Resumption | None = None,
        has_no_hope: stopping.Judge | None = None,
    ) -> list[Epoch]:
        """Train for ``settings["epochs"]`` epochs, the last of which may be a part of one.

        Or until the training stops early. The model then has the weights of the epoch that
        ``settings["keep"]`` asks for. Returns the history.

        Parameters
        ----------
        watched
            Images and labels like the training data, to be measured after every epoch:
            ``validation`` (they may be none) and, where ``watch_test`` is set, ``test``.
        events
            The folder for TensorBoard's event files.
        sigterm
            Whether to stop.
        kept
            Where to go on from and what to keep.
        has_no_hope
            Whether to end early, asked after each epoch; not after the last, when there is nothing
            to be saved by it.

        Raises
        ------
        DivergenceError
            If a loss or a weight is no finite number.
        TrainingError
            If `sigterm` has come; if validation images are to decide, and there are none.
        """
        stopping.check(self.settings, len(watched["validation"][0]))
        self._sigterm = sigterm or Request()
        self._kept = kept
        self._has_no_hope = has_no_hope
        self.is_pruned = False
        history, begun = kept.restored(self) if kept else ([], NOT_BEGUN)
        self._unkept_since = time.monotonic()
        epochs = self._epochs
        total = len(self._rates) - len(history) * self._steps_an_epoch - begun.step
        with Progress("train", total, "step") as progress, Events(events) as written:
            for row in history:
                written.write(row)
            while len(history) < epochs and not self._is_over(history):
                try:
                    row = self._epoch(history, begun, watched, progress)
                except _AskedToEnd:
                    raise self._stopped(len(history) + 1) from None
                begun = NOT_BEGUN
                history.append(row)
                self._keep(history)
                written.write(row)
                logger.info("%s", row.told(epochs))
        self.kept_epoch = len(history)
        if self._best:
            self._best.take()
            self.kept_epoch = self._best.epoch
        elif self._averager:
            self._averager.take()
        return history

    def _is_over(self, history: Sequence[Epoch]) -> bool:
        # Nothing is over before what is frozen at first has learnt.
        counted = history[phases.frozen_epochs(self.settings["start_from"]) :]
        values = [getattr(row, self.settings["monitor"]) for row in counted]
        self.is_pruned = bool(history and self._has_no_hope and self._has_no_hope(history))
        if self.is_pruned:
            logger.info("pruned after epoch %d: others were better by then", len(history))
        return self.is_pruned or stopping.is_over(values, self.settings)

    @property
    def _epochs(self) -> int:
        return math.ceil(len(self._rates) / self._steps_an_epoch)

    @property
    def _steps_an_epoch(self) -> int:
        return math.ceil(self.images / self.settings["batch_size"])

    def _epoch(
        self, history: Sequence[Epoch], begun: Begun, watched: Watched, progress: Progress
    ) -> Epoch:
        """Train the epoch after those of the history, of which some steps may be done."""
        number = len(history) + 1
        first, *second = self._phases
        if second and number > first.epochs and not self._phase:
            self._begin(1)
            logger.info("from epoch %d on, what was taken over learns too", number)
        self._tally.begin_epoch((number - 1) * self._steps_an_epoch, begun.step)
        if self._augmenter.draws:
            self._data.set_numbers(self._augmenter.numbers(self.total, number))
        order = self._order(number)
        images = len(order)
        of_epoch = math.ceil(images / self.settings["batch_size"])
        done = begun.step
        start = time.perf_counter() - begun.seconds
        for batches in self._batches(order, done):
            self._make_steps(batches)
            done += len(batches)
            progress.update(len(batches), epoch=f"{number} of {self._epochs}")
            if done % STEPS_BETWEEN_LOOKS < len(batches):
                self._check_losses(number)
            is_long_unkept = time.monotonic() - self._unkept_since >= SECONDS_UNKEPT
            if is_long_unkept or self._sigterm.came:
                self._check_losses(number)
                seconds = time.perf_counter() - start
                self._keep(history, Begun(done, of_epoch, seconds))
                self._stop_if_asked()
                start = time.perf_counter() - seconds
        sums = self._tally.sums.numpy()  # waits for a GPU to come to the end of its queue
        seconds = time.perf_counter() - start
        loss, accuracy = self._tally.means(images)
        self._check_losses(number)
        try:
            with self._averager.taken() if self._averager else nullcontext():
                validation = self._measured(watched["validation"])
                last_batch = test = (None, None)
                if "test" in watched:
                    batch = order[(of_epoch - 1) * self.settings["batch_size"] :]
                    self._measure_rows(batch)
                    last_batch = self._tally.means(len(batch))
                    test = self._measured(watched["test"])
                if self._best:
                    self._best.look(number, *validation)
        except _AskedToEnd:
            self._tally.sums.assign(sums)
            self._keep(history, Begun(of_epoch, of_epoch, seconds))
            raise
        self._check_weights(number, validation[0])
        speed = images / seconds
        rate = float(self._rates[: number * self._steps_an_epoch][-1])
        return Epoch(number, loss, accuracy, *validation, *last_batch, *test, rate, seconds, speed)

    def _keep(self, history: Sequence[Epoch], begun: Begun = NOT_BEGUN) -> None:
        """Keep the state, if it is to be kept."""
        if self._kept:
            self._kept.keep(self, history, begun)
        self._unkept_since = time.monotonic()

    def _batches(self, order: np.ndarray, done: int) -> Iterator[np.ndarray]:
        """Yield the batches of one epoch for one call after the other, without those that are done.

        Numbers of training images, int32, shape (batches, images); an incomplete batch comes alone.
        """
        size = self.settings["batch_size"]
        whole = order[: len(order) // size * size].reshape(-1, size)
        for first in range(done, len(whole), self._execution.steps_a_call):
            yield whole[first : first + self._execution.steps_a_call]
        if len(order) > whole.size and done <= len(whole):
            yield order[None, whole.size :]

    def _order(self, number: int) -> np.ndarray:
        """Return what one epoch trains on, in its order: numbers for `steps.Placed.rows`, int32."""
        steps_left = len(self._rates) - (number - 1) * self._steps_an_epoch
        images = min(self.images, steps_left * self.settings["batch_size"])
        if not self.settings["shuffle"]:
            return np.arange(images, dtype=np.int32)
        shuffling = np.random.default_rng(derived_seed(self.seed, SHUFFLING, number))
        if self._classes is not None:
            self._data.set_drawn(sampling.balanced(self._classes, shuffling))
            return np.arange(images, dtype=np.int32)
        return shuffling.permutation(self.total)[:images].astype(np.int32)

    def _measured(self, part: tuple[np.ndarray, np.ndarray]) -> tuple[float | None, float | None]:
        """Return loss and accuracy on images, dropout off; ``None`` where there are none."""
        count = len(part[0])
        if not count:
            return None, None
        for first in range(0, count, MEASURED_BATCH):
            self._stop_if_asked()
            images, labels = (values[first : first + MEASURED_BATCH] for values in part)
            self._measure(normalised(images), labels)
        return self._tally.means(count)

    def _stop_if_asked(self) -> None:
        if self._sigterm.came:
            raise _AskedToEnd

    def _stopped(self, number: int) -> TrainingError:
        return TrainingError(
            f"stopped by SIGTERM in epoch {number}, step {int(self._tally.steps)} of "
            f"{self._steps_an_epoch}",
            hint=self._what_is_kept(number, "the same command goes on {}"),
        )

    def _check_losses(self, number: int) -> None:
        step = int(self._tally.first_bad)
        if step:
            # Before the first update there is nothing but the data to blame.
            at_once = (
                "look for NaN in the images and labels, or " if (number, step) == (1, 1) else ""
            )
            raise self._diverged(
                f"the loss is no finite number in epoch {number}, step {step} of "
                f"{self._steps_an_epoch}",
                number,
                at_once,
            )

    def _check_weights(self, number: int, val_loss: float | None) -> None:
        # Losses alone do not tell: a ReLU makes 0 of NaN.
        if not all(np.isfinite(np.asarray(w)).all() for w in self.model.trainable_variables):
            raise self._diverged(
                f"a weight is no finite number at the end of epoch {number}", number
            )
        if val_loss is not None and not math.isfinite(val_loss):
            raise self._diverged(
                f"the validation loss is no finite number in epoch {number}", number
            )

    def _diverged(self, what: str, number: int, first: str = "") -> DivergenceError:
        kept = self._what_is_kept(number, "the checkpoint {} is kept")
        return DivergenceError(
            what,
            where="training",
            hint=f"{first}try a smaller training.learning_rate, or precision: float32; {kept}",
        )

    def _what_is_kept(self, number: int, text: str) -> str:
        if self._kept and self._kept.kept_at:
            return text.format(self._kept.kept_at)
        return "no epoch had ended" if number == 1 else "no checkpoint was asked for"


class _AskedToEnd(Exception):
    """SIGTERM has come."""


def _images_an_epoch(images: int, settings: Mapping[str, Any]) -> int:
    """Return how many images an epoch trains on, out of all."""
    batch_size = settings["batch_size"]
    kept = images - (images % batch_size if settings["drop_last_batch"] else 0)
    if not kept:
        raise TrainingError(
            f"{images} training images are no whole batch of {batch_size}",
            where="training.drop_last_batch",
            hint="take a smaller training.batch_size",
        )
    return kept
