"""Training one model with one seed."""

import csv
import logging
import math
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook import arrays, devices, models
from swatchbook.errors import TrainingError
from swatchbook.files import replacing, write_json
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

MEASURED_BATCH = 500  # forward passes alone: measured to be as fast as any larger batch

Watched = Mapping[str, tuple[np.ndarray, np.ndarray]]  # images and labels by the name of the split


@dataclass(frozen=True)
class Epoch:
    """One row of ``history.csv``.

    The training figures are the means over the epoch's batches as they were trained on (before each
    update, with dropout on); the validation figures are taken after it (dropout off) and are
    ``None`` without a validation set. The figures of the last batch (after its own update) and of
    the test images are ``None`` unless ``watch_test`` is set. Losses are mean cross-entropies in
    nats; seconds are those of the training batches alone.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    last_batch_loss: float | None
    last_batch_accuracy: float | None
    test_loss: float | None
    test_accuracy: float | None
    seconds: float
    images_per_second: float


def train(
    arrays_folder: str | Path,
    layers: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    seed: int,
    output: str | Path,
) -> None:
    """Train one model: ``model.keras``, ``history.csv``, ``run.json`` and ``tensorboard/``.

    Order of images, initial weights and dropout derive from `seed` alone; the same seed gives the
    same bits on the same machine with the same number of threads.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    layers
        The model's layers, as in the configuration.
    settings
        ``epochs``, ``batch_size``, ``learning_rate``, ``shuffle``, ``drop_last_batch``,
        ``bias_initializer``, ``watch_test``, ``precision``, ``device``, ``threads``.
    seed
        At least 0.
    output
        The folder to write into.

    Raises
    ------
    DeviceError
        If the device is not there.
    TrainingError
        If the loss is no longer a finite number, or there is no whole batch and others are dropped.
    """
    output = Path(output)
    started = time.time()
    device = devices.choose(settings["device"], settings["precision"], settings["threads"])
    x, y = arrays.load(arrays_folder, "train")
    watched = {"validation": arrays.load(arrays_folder, "validation")}
    if settings["watch_test"]:
        logger.warning("the test images are measured after every epoch: training.watch_test is set")
        watched["test"] = arrays.load(arrays_folder, "test")
    model = models.build(
        layers, x.shape[1:], y.shape[1], seed, device.precision, settings["bias_initializer"]
    )
    logger.info("%d parameters, %d images", model.count_params(), len(x))
    history = Trainer(model, x, y, settings, seed).fit(watched, output / "tensorboard")
    models.save(model, output / "model.keras")
    write_history(output / "history.csv", history)
    write_json(
        output / "run.json",
        {
            "seed": seed,
            "layers": list(layers),
            "training": dict(settings),
            "parameters": model.count_params(),
            "training_images": len(x),
            "device": asdict(device),
            "versions": _versions(),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "seconds": round(time.time() - started, 3),
            "seconds_in_epochs": round(sum(epoch.seconds for epoch in history), 3),
        },
    )


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

        def count(labels: Any, logits: Any) -> Any:
            losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits)
            right = tf.argmax(logits, 1) == tf.argmax(labels, 1)
            loss_sum.assign_add(tf.reduce_sum(tf.cast(losses, tf.float64)))
            correct_sum.assign_add(tf.math.count_nonzero(right))
            return losses

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)], jit_compile=False)
        def step(rows: Any) -> None:
            labels = tf.gather(y_all, rows)
            with tf.GradientTape() as tape:
                logits = model(tf.gather(x_all, rows), training=True)
                losses = count(labels, logits)
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

    def fit(self, watched: Watched, events: str | Path) -> list[Epoch]:
        """Train for ``settings["epochs"]`` epochs and return the history.

        Parameters
        ----------
        watched
            Images and labels like the training data, to be measured after every epoch:
            ``validation`` (they may be none) and, where ``watch_test`` is set, ``test``.
        events
            The folder for TensorBoard's event files.
        """
        tf = devices.import_tensorflow()
        history = []
        epochs, batch_size = self.settings["epochs"], self.settings["batch_size"]
        steps = math.ceil(self.images / batch_size)
        writer = tf.summary.create_file_writer(str(events))
        with Progress("train", epochs * steps, "step") as progress, writer.as_default():
            for number in range(1, epochs + 1):
                row = self._epoch(number, watched, progress)
                history.append(row)
                _write_event(tf, row)
                writer.flush()
                logger.info("%s", row)
        writer.close()
        return history

    def _epoch(self, number: int, watched: Watched, progress: Progress) -> Epoch:
        order = self._order(number)
        batch_size = self.settings["batch_size"]
        start = time.perf_counter()
        for first in range(0, self.images, batch_size):
            rows = order[first : min(first + batch_size, self.images)]
            self._step(rows)
            progress.update(epoch=number)
        loss, accuracy = self._means(self.images)
        seconds = time.perf_counter() - start
        val_loss, val_accuracy = self._measured(watched["validation"])
        last_batch = test = (None, None)
        if "test" in watched:
            self._measure_rows(rows)
            last_batch = self._means(len(rows))
            test = self._measured(watched["test"])
        self._check(number, [loss, val_loss or 0.0])
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

    def _measured(self, part: tuple[np.ndarray, np.ndarray]) -> tuple[float | None, float | None]:
        """Return loss and accuracy on images, dropout off; ``None`` where there are none."""
        count = len(part[0])
        if not count:
            return None, None
        for first in range(0, count, MEASURED_BATCH):
            self._measure(*(values[first : first + MEASURED_BATCH] for values in part))
        return self._means(count)

    def _check(self, number: int, losses: Sequence[float]) -> None:
        # Losses alone do not tell: a ReLU makes 0 of NaN.
        weights = self.model.trainable_variables
        if not all(np.isfinite(value).all() for value in (losses, *map(np.asarray, weights))):
            raise TrainingError(
                f"the loss or a weight is no finite number in epoch {number}",
                where="training",
                hint="try a smaller training.learning_rate, or precision: float32",
            )

    def _means(self, images: int) -> tuple[float, float]:
        """Return mean loss and accuracy over what has been counted, and count anew."""
        loss_sum, correct_sum = self._sums
        means = float(loss_sum) / images, int(correct_sum) / images
        loss_sum.assign(0)
        correct_sum.assign(0)
        return means


def _write_event(tf: Any, row: Epoch) -> None:
    """Write an epoch to the current event file as scalars.

    ``tf.summary.scalar`` would do that, but since TensorFlow 2.21 it needs the whole of TensorBoard
    to be installed; what it adds is this metadata.
    """
    scalars = tf.compat.v1.SummaryMetadata()
    scalars.plugin_data.plugin_name = "scalars"
    scalars.data_class = 1  # DATA_CLASS_SCALAR in summary.proto
    for name, value in asdict(row).items():
        if name != "epoch" and value is not None:
            tf.summary.write(name, tf.constant(value, tf.float32), row.epoch, scalars)


def write_history(path: str | Path, history: Sequence[Epoch]) -> None:
    """Write ``history.csv``, one row an epoch; empty where there is no validation set."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(Epoch.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        for epoch in history:
            writer.writerow(asdict(epoch))


def _versions() -> dict[str, str]:
    import keras

    tf = devices.import_tensorflow()
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
