"""The steps that change a model: epochs over the training data, measured and watched."""

import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook import devices, models
from swatchbook.errors import TrainingError
from swatchbook.history import Epoch, Events
from swatchbook.interruption import Request
from swatchbook.progress import Progress
from swatchbook.resumption import Resumption

logger = logging.getLogger(__name__)

MEASURED_BATCH = 500  # forward passes alone: measured to be as fast as any larger batch
STEPS_BETWEEN_LOOKS = 100  # at the losses: a look waits for a GPU to come to the end of its queue

Watched = Mapping[str, tuple[np.ndarray, np.ndarray]]  # images and labels by the name of the split


class Trainer:
    """A model, its optimiser and its data, and the steps that change it.

    Parameters
    ----------
    model
        From images to logits.
    x, y
        float32 images, shape (n, height, width, channels), and one-hot labels, shape (n, classes).
    settings
        ``epochs``, ``batch_size``, ``learning_rate``, ``shuffle``, ``drop_last_batch`` and
        ``watch_test``.
    seed
        The seed of the shuffling.

    Raises
    ------
    TrainingError
        If there is no batch to train on.
    """

    def __init__(
        self, model: Any, x: np.ndarray, y: np.ndarray, settings: Mapping[str, Any], seed: int
    ):
        import keras

        tf = devices.import_tensorflow()
        self.model = model
        self.settings = settings
        self.seed = seed
        self.total = len(x)
        batch_size = settings["batch_size"]
        dropped = len(x) % batch_size if settings["drop_last_batch"] else 0
        self.images = len(x) - dropped  # that an epoch trains on
        if not self.images:
            raise TrainingError(
                f"{len(x)} training images are no whole batch of {batch_size}",
                where="training.drop_last_batch",
                hint="take a smaller training.batch_size",
            )
        optimizer = keras.optimizers.Adam(settings["learning_rate"])
        if model.layers[0].dtype_policy.name == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(model.trainable_variables)
        # The data stand beside the model, in the GPU's memory if there is one; a step is handed
        # only the numbers of its images.
        x_all, y_all = tf.constant(x), tf.constant(y)
        loss_sum = tf.Variable(0.0, dtype=tf.float64)
        correct_sum = tf.Variable(0, dtype=tf.int64)
        steps = tf.Variable(0, dtype=tf.int64)  # since the epoch began
        first_bad = tf.Variable(0, dtype=tf.int64)  # the first of them whose loss is not finite

        def count(labels: Any, logits: Any) -> Any:
            losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits)
            right = tf.argmax(logits, 1) == tf.argmax(labels, 1)
            loss_sum.assign_add(tf.reduce_sum(tf.cast(losses, tf.float64)))
            correct_sum.assign_add(tf.math.count_nonzero(right))
            return losses

        def note(losses: Any) -> None:
            steps.assign_add(1)
            finite = tf.reduce_all(tf.math.is_finite(losses))
            first_bad.assign(tf.where(finite | (first_bad > 0), first_bad, steps))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)], jit_compile=False)
        def step(rows: Any) -> None:
            labels = tf.gather(y_all, rows)
            with tf.GradientTape() as tape:
                logits = model(tf.gather(x_all, rows), training=True)
                losses = count(labels, logits)
                note(losses)
                loss = optimizer.scale_loss(tf.reduce_mean(losses))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)

        @tf.function(reduce_retracing=True, jit_compile=False)
        def measure(images: Any, labels: Any) -> None:
            count(labels, model(images, training=False))

        @tf.function(reduce_retracing=True, jit_compile=False)
        def measure_rows(rows: Any) -> None:
            measure(tf.gather(x_all, rows), tf.gather(y_all, rows))

        self._step, self._measure, self._measure_rows = step, measure, measure_rows
        self._sums = loss_sum, correct_sum
        self._steps, self._first_bad = steps, first_bad
        self._variables = {
            f"{owner}.{number}": variable
            for owner, owned in (("model", model), ("optimizer", optimizer))
            for number, variable in enumerate(owned.variables)  # those of dropout included
        }

    def state(self) -> dict[str, np.ndarray]:
        """Return weights, the state of dropout's random numbers and that of the optimiser."""
        return {name: variable.numpy() for name, variable in self._variables.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Set what `state` returned."""
        for name, variable in self._variables.items():
            variable.assign(state[name])

    def fit(
        self,
        watched: Watched,
        events: str | Path,
        sigterm: Request | None = None,
        kept: Resumption | None = None,
    ) -> list[Epoch]:
        """Train for ``settings["epochs"]`` epochs and return the history.

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

        Raises
        ------
        TrainingError
            If a loss or a weight is no finite number, or `sigterm` has come.
        """
        self._sigterm = sigterm or Request()
        self._is_kept = kept is not None
        history = kept.restored(self) if kept else []
        epochs = self.settings["epochs"]
        total = (epochs - len(history)) * self._steps_an_epoch
        with Progress("train", total, "step") as progress, Events(events) as written:
            for row in history:
                written.write(row)
            for number in range(len(history) + 1, epochs + 1):
                row = self._epoch(number, watched, progress)
                history.append(row)
                if kept:
                    kept.keep(self, history)
                written.write(row)
                logger.info("%s", row)
        return history

    @property
    def _steps_an_epoch(self) -> int:
        return math.ceil(self.images / self.settings["batch_size"])

    def _epoch(self, number: int, watched: Watched, progress: Progress) -> Epoch:
        order = self._order(number)
        batch_size = self.settings["batch_size"]
        self._steps.assign(0)
        start = time.perf_counter()
        for step, first in enumerate(range(0, self.images, batch_size), start=1):
            rows = order[first : min(first + batch_size, self.images)]
            self._step(rows)
            progress.update(epoch=number)
            self._stop_if_asked(number)
            if step % STEPS_BETWEEN_LOOKS == 0:
                self._check_losses(number)
        loss, accuracy = self._means(self.images)
        seconds = time.perf_counter() - start
        self._check_losses(number)
        val_loss, val_accuracy = self._measured(watched["validation"], number)
        last_batch = test = (None, None)
        if "test" in watched:
            self._measure_rows(rows)
            last_batch = self._means(len(rows))
            test = self._measured(watched["test"], number)
        self._check_weights(number, val_loss)
        speed = self.images / seconds
        return Epoch(
            number, loss, accuracy, val_loss, val_accuracy, *last_batch, *test, seconds, speed
        )

    def _order(self, number: int) -> np.ndarray:
        """Return the numbers of the training images in the order of one epoch, int32."""
        if not self.settings["shuffle"]:
            return np.arange(self.total, dtype=np.int32)
        shuffling = np.random.default_rng(models.derived_seed(self.seed, models.SHUFFLING, number))
        return shuffling.permutation(self.total).astype(np.int32)

    def _measured(
        self, part: tuple[np.ndarray, np.ndarray], number: int
    ) -> tuple[float | None, float | None]:
        """Return loss and accuracy on images, dropout off; ``None`` where there are none."""
        count = len(part[0])
        if not count:
            return None, None
        for first in range(0, count, MEASURED_BATCH):
            self._measure(*(values[first : first + MEASURED_BATCH] for values in part))
            self._stop_if_asked(number)
        return self._means(count)

    def _stop_if_asked(self, number: int) -> None:
        if self._sigterm.came:
            raise TrainingError(
                f"stopped by SIGTERM in epoch {number}, step {int(self._steps)} of "
                f"{self._steps_an_epoch}",
                hint=self._what_is_kept(number, "the same command goes on after epoch {}"),
            )

    def _check_losses(self, number: int) -> None:
        step = int(self._first_bad)
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

    def _diverged(self, what: str, number: int, first: str = "") -> TrainingError:
        kept = self._what_is_kept(number, "the checkpoint after epoch {} is kept")
        return TrainingError(
            what,
            where="training",
            hint=f"{first}try a smaller training.learning_rate, or precision: float32; {kept}",
        )

    def _what_is_kept(self, number: int, text: str) -> str:
        if self._is_kept and number > 1:
            return text.format(number - 1)
        return "no epoch had ended" if number == 1 else "no checkpoint was asked for"

    def _means(self, images: int) -> tuple[float, float]:
        """Return mean loss and accuracy over what has been counted, and count anew."""
        loss_sum, correct_sum = self._sums
        means = float(loss_sum) / images, int(correct_sum) / images
        loss_sum.assign(0)
        correct_sum.assign(0)
        return means
