"""The steps that change a model: epochs over the training data, measured and watched."""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.errors import TrainingError
from swatchbook.progress import Progress
from swatchbook.training import devices, models
from swatchbook.training.epoch_records import Epoch, Events
from swatchbook.training.interruption import Request
from swatchbook.training.placement import ON_CPU, Execution
from swatchbook.training.resumption import Resumption

logger = logging.getLogger(__name__)

MEASURED_BATCH = 500  # forward passes alone: measured to be as fast as any larger batch
STEPS_BETWEEN_LOOKS = 100  # at the losses: a look waits for a GPU to come to the end of its queue

Watched = Mapping[str, tuple[np.ndarray, np.ndarray]]  # images and labels by the name of the split


class Trainer:
    """A model, its optimiser and its data, and the steps that change it.

    Parameters
    ----------
    model
        From images to logits, built under the scope of the execution's strategy.
    x, y
        float32 images, shape (n, height, width, channels), and one-hot labels, shape (n, classes).
    settings
        ``epochs``, ``batch_size``, ``learning_rate``, ``shuffle``, ``drop_last_batch`` and
        ``watch_test``.
    seed
        The seed of the shuffling.
    execution
        How steps are carried out.

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
        strategy = model.distribute_strategy
        with strategy.scope():
            optimizer = keras.optimizers.Adam(settings["learning_rate"])
            if model.layers[0].dtype_policy.name == "mixed_float16":
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            optimizer.build(model.trainable_variables)
        # The data stand beside the model if they fit there; a step is handed only the numbers of
        # its images.
        homes = execution.homes(x.nbytes + y.nbytes)
        logger.info("training data: %.1f MB on %s", (x.nbytes + y.nbytes) / 1e6, ", ".join(homes))
        data = {}
        for home in set(homes):
            with tf.device(home):
                data[home] = tf.constant(x), tf.constant(y)
        replicas = len(homes)
        # Since the last look: the sum of the losses and the number of images that were right.
        sums = tf.Variable(tf.zeros(2, tf.float64))
        steps = tf.Variable(0, dtype=tf.int64)  # since the epoch began
        first_bad = tf.Variable(0, dtype=tf.int64)  # the first of them whose loss is not finite

        def losses_and_sums(labels: Any, logits: Any, weights: Any) -> tuple[Any, Any]:
            losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits) * weights
            right = tf.cast(tf.argmax(logits, 1) == tf.argmax(labels, 1), tf.float32) * weights
            found = [tf.reduce_sum(tf.cast(each, tf.float64)) for each in (losses, right)]
            return losses, tf.stack(found)

        def update(images: Any, labels: Any, weights: Any, count: Any) -> Any:
            """Make one step by a replica's share of `count` images."""
            with tf.GradientTape() as tape:
                logits = model(images, training=True)
                losses, found = losses_and_sums(labels, logits, weights)
                # Gradients are summed over the replicas, so this is the mean over all images.
                loss = optimizer.scale_loss(tf.reduce_sum(losses) / count)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
            return found

        if execution.xla:
            update = tf.function(update, autograph=False, jit_compile=True)

        def take_share(rows: Any) -> Any:
            replica = tf.get_static_value(
                tf.distribute.get_replica_context().replica_id_in_sync_group
            )
            with tf.device(homes[replica]):
                # An incomplete share is filled up with an image that counts for nothing: of none
                # at all oneDNN's pooling has no gradient.
                share = tf.concat([rows, tf.repeat(rows[:1], -tf.size(rows) % replicas)], 0)
                weights = tf.cast(tf.range(tf.size(share)) < tf.size(rows), tf.float32)
                share, weights = share[replica::replicas], weights[replica::replicas]
                images, labels = (tf.gather(values, share) for values in data[homes[replica]])
            return update(images, labels, weights, tf.cast(tf.size(rows), tf.float32))

        def step(rows: Any) -> None:
            found = strategy.reduce("SUM", strategy.run(take_share, args=(rows,)), axis=None)
            sums.assign_add(found)
            steps.assign_add(1)
            finite = tf.math.is_finite(found[0])
            first_bad.assign(tf.where(finite | (first_bad > 0), first_bad, steps))

        # Without AutoGraph, whose files in /tmp a killed process would leave there.
        function = partial(tf.function, autograph=False, jit_compile=False)

        @function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
        def make_steps(batches: Any) -> None:
            def next_step(number: Any) -> list[Any]:
                step(batches[number])
                return [number + 1]

            tf.while_loop(lambda number: number < tf.shape(batches)[0], next_step, [0])

        @function(input_signature=[tf.TensorSpec([None, *each.shape[1:]]) for each in (x, y)])
        def measure(images: Any, labels: Any) -> None:
            logits = model(images, training=False)
            sums.assign_add(losses_and_sums(labels, logits, tf.ones(tf.shape(images)[:1]))[1])

        @function(input_signature=[tf.TensorSpec([None], tf.int32)])
        def measure_rows(rows: Any) -> None:
            measure(*(tf.gather(values, rows) for values in data[homes[0]]))

        self._make_steps, self._measure, self._measure_rows = make_steps, measure, measure_rows
        self._steps_a_call = execution.steps_a_call
        self._sums, self._steps, self._first_bad = sums, steps, first_bad
        self._copies_of_dropout = [
            strategy.experimental_local_results(layer.seed_generator.state.value)
            for layer in model.layers
            if hasattr(layer, "seed_generator")
        ]
        self._part_dropout()
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
        self._part_dropout()

    def _part_dropout(self) -> None:
        """Give each replica's dropout random numbers of its own; all have the first one's."""
        for copies in self._copies_of_dropout:
            for replica, copy in enumerate(copies[1:], start=1):
                copy.assign_add([replica, 0])  # the seed, and how many times it was used

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
        self._steps.assign(0)
        done = 0
        start = time.perf_counter()
        for batches in self._batches(number):
            self._make_steps(batches)
            done += len(batches)
            progress.update(len(batches), epoch=number)
            self._stop_if_asked(number)
            if done % STEPS_BETWEEN_LOOKS < len(batches):
                self._check_losses(number)
        loss, accuracy = self._means(self.images)
        seconds = time.perf_counter() - start
        self._check_losses(number)
        val_loss, val_accuracy = self._measured(watched["validation"], number)
        last_batch = test = (None, None)
        if "test" in watched:
            self._measure_rows(batches[-1])
            last_batch = self._means(len(batches[-1]))
            test = self._measured(watched["test"], number)
        self._check_weights(number, val_loss)
        speed = self.images / seconds
        return Epoch(
            number, loss, accuracy, val_loss, val_accuracy, *last_batch, *test, seconds, speed
        )

    def _batches(self, number: int) -> Iterator[np.ndarray]:
        """Yield the batches of one epoch for one call after the other.

        Numbers of training images, int32, shape (batches, images); an incomplete batch comes alone.
        """
        order = self._order(number)[: self.images]
        size = self.settings["batch_size"]
        whole = order[: len(order) // size * size].reshape(-1, size)
        for first in range(0, len(whole), self._steps_a_call):
            yield whole[first : first + self._steps_a_call]
        if len(order) > whole.size:
            yield order[None, whole.size :]

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
        loss_sum, correct = self._sums.numpy().tolist()
        self._sums.assign([0, 0])
        return loss_sum / images, correct / images
