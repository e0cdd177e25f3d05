"""Baseline: the training loop of the tutorial "Convolutional Neural Networks with TensorFlow".

The 2017-18 tutorial's own way to train on Fashion-MNIST, in TensorFlow 1 graph mode: placeholders
and feed_dict, batches in file order that are never shuffled, and after each update one more
forward pass for the batch's cost and accuracy. The project's training is compared with it.

    python benchmarks/tutorial_training.py --data FOLDER --steps 100    # throughput only
    python benchmarks/tutorial_training.py --data FOLDER --epochs 10    # and test accuracy

FOLDER holds the four official gzipped IDX files. The result is one JSON object on standard
output; the progress goes to standard error. `images_per_second` counts each training image once,
covers both session calls of a step, and leaves out test evaluation and the first 20 steps.
`last_batch_loss` and `last_batch_accuracy` are what the tutorial printed as the training figures:
those of the last batch, after its own update.
"""

import argparse
import gzip
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

BATCH_SIZE = 128
LEARNING_RATE = 0.001
CLASSES = 10
VALIDATION_IMAGES = 5_000
WARM_UP_STEPS = 20
EXPECTED_PARAMETERS = 356_234

IMAGES_HEADER_BYTES = 16
LABELS_HEADER_BYTES = 8
FILES = tuple(
    f"{part}-{kind}-ubyte.gz"
    for part in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
)

WEIGHT_SHAPES = {
    "wc1": (3, 3, 1, 32),
    "wc2": (3, 3, 32, 64),
    "wc3": (3, 3, 64, 128),
    "wd1": (4 * 4 * 128, 128),
    "out": (128, CLASSES),
}

Batch = tuple[np.ndarray, np.ndarray]


class Network(NamedTuple):
    """The graph's nodes that a session feeds or runs."""

    x: tf.Tensor
    y: tf.Tensor
    cost: tf.Tensor
    accuracy: tf.Tensor
    optimizer: tf.Operation


class Run(NamedTuple):
    """What a run measured: of each step seconds, and (cost, accuracy) of batch and test set.

    Seconds are those on the wall and those of the CPU.
    """

    step_seconds: list[np.ndarray]
    last_batch: tuple[float, float]
    test: tuple[float, float] | None


def read_images(path: Path) -> np.ndarray:
    """Return an IDX file's images as float32 in [0, 1], shape (N, 28, 28, 1)."""
    with gzip.open(path) as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=IMAGES_HEADER_BYTES)
    return pixels.reshape(-1, 28, 28, 1).astype(np.float32) / 255


def read_labels(path: Path) -> np.ndarray:
    """Return an IDX file's labels as one-hot float32, shape (N, 10)."""
    with gzip.open(path) as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=LABELS_HEADER_BYTES)
    return np.eye(CLASSES, dtype=np.float32)[labels]


def load(folder: Path) -> tuple[Batch, Batch]:
    """Return the 55,000 training and the 10,000 test images, each with its labels."""
    train_images, train_labels, test_images, test_labels = (folder / name for name in FILES)
    train = (
        read_images(train_images)[VALIDATION_IMAGES:],
        read_labels(train_labels)[VALIDATION_IMAGES:],
    )
    return train, (read_images(test_images), read_labels(test_labels))


def create_variables() -> tuple[dict[str, tf.Variable], dict[str, tf.Variable]]:
    """Create the weights and biases; biases are Glorot-uniform too, as the tutorial had them."""

    def create(name: str, shape: tuple[int, ...]) -> tf.Variable:
        initializer = tf.compat.v1.glorot_uniform_initializer()
        return tf.compat.v1.get_variable(name, shape=shape, initializer=initializer)

    weights = {name: create(f"w_{name}", shape) for name, shape in WEIGHT_SHAPES.items()}
    biases = {name: create(f"b_{name}", shape[-1:]) for name, shape in WEIGHT_SHAPES.items()}
    return weights, biases


def conv2d(x: tf.Tensor, weights: tf.Variable, bias: tf.Variable) -> tf.Tensor:
    x = tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(tf.nn.bias_add(x, bias))


def maxpool2d(x: tf.Tensor, k: int = 2) -> tf.Tensor:
    return tf.nn.max_pool2d(x, ksize=[1, k, k, 1], strides=[1, k, k, 1], padding="SAME")


def conv_net(x: tf.Tensor) -> tf.Tensor:
    """Return the logits, shape (N, 10), of images x, shape (N, 28, 28, 1)."""
    weights, biases = create_variables()
    for layer in ("wc1", "wc2", "wc3"):
        x = maxpool2d(conv2d(x, weights[layer], biases[layer]))
    x = tf.reshape(x, [-1, WEIGHT_SHAPES["wd1"][0]])
    x = tf.nn.relu(tf.add(tf.matmul(x, weights["wd1"]), biases["wd1"]))
    return tf.add(tf.matmul(x, weights["out"]), biases["out"])


def build_network() -> Network:
    """Build the tutorial's network, cost and optimizer in the current graph."""
    x = tf.compat.v1.placeholder(tf.float32, [None, 28, 28, 1])
    y = tf.compat.v1.placeholder(tf.float32, [None, CLASSES])
    logits = conv_net(x)
    cost = tf.reduce_mean(
        tf.compat.v1.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y)
    )
    optimizer = tf.compat.v1.train.AdamOptimizer(learning_rate=LEARNING_RATE).minimize(cost)
    correct_prediction = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))
    return Network(x, y, cost, accuracy, optimizer)


def check_parameter_count() -> None:
    variables = tf.compat.v1.trainable_variables()
    count = sum(variable.shape.num_elements() for variable in variables)
    if count != EXPECTED_PARAMETERS:
        sys.exit(
            f"The network has {count:,} parameters; the tutorial's has {EXPECTED_PARAMETERS:,}."
        )


def batches(train: Batch) -> Iterator[Batch]:
    """Yield one epoch's batches in file order, without the incomplete last one."""
    images, labels = train
    for batch in range(len(images) // BATCH_SIZE):
        rows = slice(batch * BATCH_SIZE, (batch + 1) * BATCH_SIZE)
        yield images[rows], labels[rows]


def clocks() -> np.ndarray:
    """Return the seconds on the wall and those of the CPU, from any moment on."""
    return np.array([time.perf_counter(), time.process_time()])


def train_batches(
    session: tf.compat.v1.Session, network: Network, selected: Iterator[Batch]
) -> tuple[list[np.ndarray], tuple[float, float]]:
    """Train on the selected batches; return each step's seconds and the last (cost, accuracy)."""
    seconds = []
    started = clocks()
    for images, labels in selected:
        feed = {network.x: images, network.y: labels}
        session.run(network.optimizer, feed_dict=feed)
        cost, accuracy = session.run([network.cost, network.accuracy], feed_dict=feed)
        finished = clocks()
        seconds.append(finished - started)
        started = finished
    return seconds, (float(cost), float(accuracy))


def run_steps(session: tf.compat.v1.Session, network: Network, train: Batch, steps: int) -> Run:
    """Train for so many steps, starting over at the first batch when the epoch is used up."""
    endless = itertools.chain.from_iterable(batches(train) for _ in itertools.count())
    seconds, last_batch = train_batches(session, network, itertools.islice(endless, steps))
    return Run(seconds, last_batch, test=None)


def run_epochs(
    session: tf.compat.v1.Session, network: Network, train: Batch, test: Batch, epochs: int
) -> Run:
    """Train for whole epochs, evaluating the whole test set in one call after each of them."""
    step_seconds = []
    for epoch in range(1, epochs + 1):
        seconds, last_batch = train_batches(session, network, batches(train))
        step_seconds += seconds
        accuracy, cost = session.run(
            [network.accuracy, network.cost], feed_dict={network.x: test[0], network.y: test[1]}
        )
        print(
            f"epoch {epoch}/{epochs}: last batch loss {last_batch[0]:.4f}, "
            f"accuracy {last_batch[1]:.4f}; test accuracy {accuracy:.4f}",
            file=sys.stderr,
        )
    return Run(step_seconds, last_batch, test=(float(cost), float(accuracy)))


def in_session(
    train_with: Callable[[tf.compat.v1.Session, Network], Run], threads: int, seed: int | None
) -> Run:
    """Build the graph, start a session with so many threads (0: TensorFlow decides), and train."""
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads
    )
    with tf.Graph().as_default():
        tf.compat.v1.set_random_seed(seed)
        network = build_network()
        check_parameter_count()
        with tf.compat.v1.Session(config=config) as session:
            session.run(tf.compat.v1.global_variables_initializer())
            return train_with(session, network)


def summary(run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """Return what the run measured and with which options, ready for JSON."""
    measured = run.step_seconds[WARM_UP_STEPS:]
    images, (wall, cpu) = len(measured) * BATCH_SIZE, sum(measured)
    test_loss, test_accuracy = run.test or (None, None)
    return {
        "images_per_second": round(images / float(wall), 1),
        "images_per_cpu_second": round(images / float(cpu), 1),
        "measured_steps": len(measured),
        "epochs": None if options.steps else options.epochs,
        "test_accuracy": test_accuracy,
        "test_loss": test_loss,
        "last_batch_loss": run.last_batch[0],
        "last_batch_accuracy": run.last_batch[1],
        "parameters": EXPECTED_PARAMETERS,
        "threads": options.threads,
        "seed": options.seed,
        "tensorflow": tf.__version__,
    }


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the four gz IDX files")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, default=10, help="whole epochs (default: 10)")
    length.add_argument("--steps", type=int, help="so many steps instead, without test evaluation")
    parser.add_argument("--threads", type=int, default=0, help="0 (default): TensorFlow decides")
    parser.add_argument("--seed", type=int, help="default: none, as in the tutorial")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error(f"--epochs must be at least 1, not {options.epochs}")
    if options.steps is not None and options.steps <= WARM_UP_STEPS:
        parser.error(f"--steps must exceed the {WARM_UP_STEPS} warm-up steps, not {options.steps}")
    missing = [name for name in FILES if not (options.data / name).is_file()]
    if missing:
        parser.error(f"--data {options.data} lacks {', '.join(missing)}")
    return options


def main() -> None:
    options = parse_options()
    train, test = load(options.data)

    def train_with(session: tf.compat.v1.Session, network: Network) -> Run:
        if options.steps:
            return run_steps(session, network, train, options.steps)
        return run_epochs(session, network, train, test, options.epochs)

    run = in_session(train_with, options.threads, options.seed)
    print(json.dumps(summary(run, options), indent=2))


if __name__ == "__main__":
    main()
