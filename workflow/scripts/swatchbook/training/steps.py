"""Steps: what TensorFlow carries out between two looks of Python.

Each function here makes another one, compiled once for a training, that works on the training data
where they stand and counts what it sees in a `Tally`. None uses AutoGraph, whose files in /tmp a
killed process would leave there.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from swatchbook.data.shards import OneHot, StoredImages
from swatchbook.training import devices, models
from swatchbook.training.augmentation import Augmenter
from swatchbook.training.averaging import Averager
from swatchbook.training.placement import HOST, Execution

logger = logging.getLogger(__name__)

Function = Callable[..., Any]  # of tensors


class Tally:
    """What steps have counted, in variables that they change themselves.

    Attributes
    ----------
    sums
        Since the last look: the sum of the losses and the number of images that were right.
    before, steps
        Before the epoch began, and since.
    first_bad
        The first of these whose loss is no finite number; 0 for none.
    """

    def __init__(self) -> None:
        self._tf = tf = devices.import_tensorflow()
        self.sums = tf.Variable(tf.zeros(2, tf.float64))
        self.before = tf.Variable(0, dtype=tf.int64)
        self.steps = tf.Variable(0, dtype=tf.int64)
        self.first_bad = tf.Variable(0, dtype=tf.int64)

    def begin_epoch(self, before: int, done: int = 0) -> None:
        """Count the steps of another epoch, given how many there were before it and are done."""
        self.before.assign(before)
        self.steps.assign(done)

    def add_step(self, sums: Any) -> None:
        """Count one step, within it."""
        tf = self._tf
        self.sums.assign_add(sums)
        self.steps.assign_add(1)
        finite = tf.math.is_finite(sums[0])
        self.first_bad.assign(tf.where(finite | (self.first_bad > 0), self.first_bad, self.steps))

    def means(self, images: int) -> tuple[float, float]:
        """Return mean loss and accuracy over what has been counted, and count anew."""
        loss_sum, correct = self.sums.numpy().tolist()
        self.sums.assign([0, 0])
        return loss_sum / images, correct / images


def normalised(images: Any) -> Any:
    """Return images as float32: bytes divided by 255, to the bits of `normalisation`."""
    tf = devices.import_tensorflow()
    if images.dtype != tf.uint8:
        return images
    # TensorFlow makes of a division by a constant a multiplication by its inverse, which rounds
    # otherwise; it leaves this one alone, and that is as fast.
    return tf.math.divide_no_nan(tf.cast(images, tf.float32), 255.0)


@dataclass(frozen=True)
class Placed:
    """The training data where batches are taken from.

    Attributes
    ----------
    homes
        For each device that trains, where its batches are taken from.
    values
        By home: what takes images by their numbers, what takes their one-hot labels and, with
        augmentation, a variable with the numbers that chance gives each image in the current epoch.
    drawn
        By home, where images are drawn anew for each epoch: a variable with their numbers. What
        batches name, and augmentation has numbers for, are then places among those drawn: an image
        that is drawn twice is changed in two ways.
    """

    homes: tuple[str, ...]
    values: Mapping[str, tuple[Any, ...]]
    drawn: Mapping[str, Any]

    def rows(self, home: str, rows: Any) -> tuple[Any, ...]:
        """Return these images, float32, labels and, with augmentation, numbers."""
        tf = devices.import_tensorflow()
        numbers = tf.gather(self.drawn[home], rows) if self.drawn else rows
        images, labels, *of_places = self.values[home]
        return (
            normalised(images(numbers)),
            labels(numbers),
            *(tf.gather(values, rows) for values in of_places),
        )

    def set_numbers(self, numbers: np.ndarray) -> None:
        """Give every image the numbers of an epoch, float32, shape (images, draws)."""
        for _, _, variable in self.values.values():
            variable.assign(numbers)

    def set_drawn(self, images: np.ndarray) -> None:
        """Give the images of an epoch by their numbers, as many as there are images."""
        for variable in self.drawn.values():
            variable.assign(images)


def place(
    x: np.ndarray | StoredImages,
    y: np.ndarray | OneHot,
    draws: int,
    execution: Execution,
    drawn: bool = False,
) -> Placed:
    """Put the data beside the model if they fit there: a step is handed only the numbers of rows.

    Images that are stored in shards stay there, and each step reads its own.

    Parameters
    ----------
    x, y
        Images, uint8 or float32, shape (n, height, width, channels), and one-hot labels, float32,
        shape (n, classes).
    draws
        How many numbers augmentation needs of chance for an image.
    execution
        How steps are carried out.
    drawn
        Whether images are drawn anew for each epoch.
    """
    tf = devices.import_tensorflow()
    size = x.nbytes + y.nbytes
    is_stored = isinstance(x, StoredImages)
    homes = (HOST,) * len(execution.devices) if is_stored else execution.homes(size)
    where = f"{len(x.shards.listed)} shards" if is_stored else ", ".join(homes)
    logger.info("training data: %.1f MB on %s", size / 1e6, where)
    values: dict[str, tuple[Any, ...]] = {}
    of_epoch = {}
    for home in set(homes):
        with tf.device(home):
            values[home] = (_images(x), _labels(y))
            if draws:
                values[home] += (tf.Variable(tf.zeros((len(x), draws))),)
            if drawn:  # int64: a GPU has no variables of int32
                of_epoch[home] = tf.Variable(tf.range(len(x), dtype=tf.int64))
    return Placed(homes, values, of_epoch)


def _images(x: np.ndarray | StoredImages) -> Function:
    """Return what takes images by their numbers, from memory or from where they are stored."""
    tf = devices.import_tensorflow()
    if not isinstance(x, StoredImages):
        return partial(tf.gather, tf.constant(x))

    def read(numbers: Any) -> Any:
        images = tf.numpy_function(x.__getitem__, [numbers], x.dtype)
        return tf.ensure_shape(images, [None, *x.shape[1:]])

    return read


def _labels(y: np.ndarray | OneHot) -> Function:
    """Return what takes one-hot labels by the numbers of images."""
    tf = devices.import_tensorflow()
    if not isinstance(y, OneHot):
        return partial(tf.gather, tf.constant(y))
    labels = tf.constant(y.labels)
    return lambda numbers: tf.one_hot(tf.gather(labels, numbers), y.shape[1])


def losses_and_sums(labels: Any, logits: Any, weights: Any) -> tuple[Any, Any]:
    """Return the weighted loss of each image, and what a `Tally` counts of them."""
    tf = devices.import_tensorflow()
    losses = tf.nn.softmax_cross_entropy_with_logits(labels, logits) * weights
    right = tf.cast(tf.argmax(logits, 1) == tf.argmax(labels, 1), tf.float32) * weights
    sums = [tf.reduce_sum(tf.cast(each, tf.float64)) for each in (losses, right)]
    return losses, tf.stack(sums)


def class_weights(y: np.ndarray, how: str | None) -> np.ndarray | None:
    """Return what the loss of an image counts, by its class, float32; ``None``: all count alike.

    Parameters
    ----------
    y
        The one-hot labels of the training images, shape (n, classes).
    how
        ``balanced`` for n / (classes × images of the class), as scikit-learn has it, so that all
        classes count alike together and the mean over images is 1; or ``None``.
    """
    if how is None:
        return None
    counts = y.sum(axis=0, dtype=np.float64)
    return (len(y) / (len(counts) * np.maximum(counts, 1))).astype(np.float32)


def make_update(
    model: Any,
    optimizer: Any,
    label_smoothing: float,
    xla: bool,
    weights_of_classes: np.ndarray | None = None,
) -> Function:
    """Make what changes the weights by a replica's share of a batch, and returns its sums.

    Parameters
    ----------
    weights_of_classes
        See `class_weights`. They weigh gradients; the sums count every image alike.
    label_smoothing
        The part of each label that is spread evenly over all classes (C. Szegedy et al., 2016,
        Rethinking the Inception architecture for computer vision, CVPR).
    """
    tf = devices.import_tensorflow()

    def update(images: Any, labels: Any, weights: Any, count: Any) -> Any:
        """Make one step by a replica's share of `count` images."""
        of_classes = None
        if weights_of_classes is not None:
            of_classes = tf.linalg.matvec(labels, weights_of_classes)
        if label_smoothing:
            even = label_smoothing / labels.shape[1]
            labels = (1 - label_smoothing) * labels + even
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            losses, sums = losses_and_sums(labels, logits, weights)
            if of_classes is not None:
                losses *= of_classes
            # Gradients are summed over the replicas, so this is the mean over all images.
            loss = tf.reduce_sum(losses) / count
            if model.losses:  # weight decay of layers, once over all replicas
                loss += tf.add_n(model.losses) / model.distribute_strategy.num_replicas_in_sync
            loss = optimizer.scale_loss(loss)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return sums

    return tf.function(update, autograph=False, jit_compile=True) if xla else update


def make_share(
    update: Callable[..., Any], data: Placed, augmenter: Augmenter
) -> Callable[..., Any]:
    """Make what takes a replica's share of a batch out of the data, and updates by it."""
    tf = devices.import_tensorflow()
    replicas = len(data.homes)

    def take_share(rows: Any) -> Any:
        replica = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
        home = data.homes[replica]
        with tf.device(home):
            # An incomplete share is filled up with an image that counts for nothing: of none
            # at all oneDNN's pooling has no gradient.
            share = tf.concat([rows, tf.repeat(rows[:1], -tf.size(rows) % replicas)], 0)
            weights = tf.cast(tf.range(tf.size(share)) < tf.size(rows), tf.float32)
            share, weights = share[replica::replicas], weights[replica::replicas]
            images, labels, *numbers = data.rows(home, share)
            if numbers:
                images, labels = augmenter.change(images, labels, *numbers)
        return update(images, labels, weights, tf.cast(tf.size(rows), tf.float32))

    return take_share


def make_steps(
    take_share: Function, strategy: Any, tally: Tally, averager: Averager | None
) -> Function:
    """Make what takes batches, int32 row numbers of shape (batches, images), a step for each."""
    tf = devices.import_tensorflow()

    @_compiled(tf, tf.TensorSpec([None, None], tf.int32))
    def steps(batches: Any) -> None:
        def next_step(number: Any) -> list[Any]:
            found = strategy.run(take_share, args=(batches[number],))
            tally.add_step(strategy.reduce("SUM", found, axis=None))
            if averager:
                averager.after_step(tally.before + tally.steps)
            return [number + 1]

        tf.while_loop(lambda number: number < tf.shape(batches)[0], next_step, [0])

    return steps


def make_measure(
    model: Any, like: tuple[np.ndarray, np.ndarray], tally: Tally
) -> Callable[..., None]:
    """Make what counts losses and right answers of images and labels, dropout off.

    Parameters
    ----------
    like
        Images and labels of the shapes and types that it will be given.
    """
    tf = devices.import_tensorflow()

    @_compiled(tf, *(tf.TensorSpec([None, *each.shape[1:]]) for each in like))
    def measure(images: Any, labels: Any) -> None:
        logits = model(images, training=False)
        tally.sums.assign_add(losses_and_sums(labels, logits, tf.ones(tf.shape(images)[:1]))[1])

    return measure


def make_measure_rows(measure: Function, data: Placed) -> Function:
    """Make what measures training images, given their row numbers, as they are without change."""
    tf = devices.import_tensorflow()

    @_compiled(tf, tf.TensorSpec([None], tf.int32))
    def measure_rows(rows: Any) -> None:
        measure(*data.rows(data.homes[0], rows)[:2])

    return measure_rows


def _compiled(tf: Any, *signature: Any) -> Function:
    return partial(tf.function, input_signature=signature, autograph=False, jit_compile=False)


def copies_of_dropout(model: Any) -> list[Any]:
    """Return the state of each dropout's random numbers: a variable for each replica."""
    return [
        model.distribute_strategy.experimental_local_results(layer.seed_generator.state.value)
        for layer in models.all_layers(model)
        if hasattr(layer, "seed_generator")
    ]


def part_dropout(all_copies: list[Any]) -> None:
    """Give each replica's dropout random numbers of its own; all have the first one's."""
    for copies in all_copies:
        for replica, copy in enumerate(copies[1:], start=1):
            copy.assign_add([replica, 0])  # the seed, and how many times it was used
