"""What a trained network computes on the way to its logits, and what of an image they go by.

Maps of what a network looks at are a dozen lines each, by TensorFlow's gradients: of the libraries
for it none goes with Keras 3 and with OpenCV without a window (tf-keras-vis and tf-explain are made
for Keras 2, xplique brings a second OpenCV).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays
from swatchbook.files import read_json
from swatchbook.training import devices, model_files, models, structure
from swatchbook.training.seeds import WEIGHTS, derived_seed
from swatchbook.training.trained import of_keras_alone

MOST_VALUES = 1 << 24  # of one batch's features: 64 MB of float32
BATCH = 500
IMAGES_AT_ONCE = 64  # of those whose gradients are taken


@dataclass(frozen=True)
class Inside:
    """A network that can be looked into, in float32 and with dropout off.

    Attributes
    ----------
    model
        Of Keras's own layers, one after the other, the last one that of the logits.
    description
        Its layers, by `structure.described`.
    """

    model: Any
    description: list[structure.Described]

    @property
    def hidden(self) -> str | None:
        """The kind of the last layer with weights before the logits; ``None`` without any."""
        weighted = [layer["kind"] for layer in self.description[:-1] if layer["parameters"]]
        return weighted[-1] if weighted else None

    @property
    def width(self) -> int:
        """How many values the layer of the logits is given."""
        return int(self.model.layers[-1].input.shape[-1])

    @cached_property
    def _features(self) -> Any:
        tf = devices.import_tensorflow()
        shape = self.model.input_shape[1:]

        @tf.function(input_signature=[tf.TensorSpec([None, *shape])], autograph=False)
        def features(batch: Any) -> Any:
            return _through(self.model.layers[:-1], batch)

        return features

    def features(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yield what the layer of the logits is given for images, batch by batch.

        Parameters
        ----------
        images
            float32, shape (n, height, width, channels); a memory map is read batch by batch.

        Yields
        ------
        numpy.ndarray
            float32, shape (some, `width`): of so many images that a batch stays small.
        """
        size = max(1, min(BATCH, MOST_VALUES // self.width))
        for first in range(0, len(images), size):
            batch = np.ascontiguousarray(images[first : first + size])
            yield self._features(batch).numpy()

    def integrated_gradients(
        self, images: np.ndarray, classes: np.ndarray, steps: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Say what each value of an image adds to the logit of a class, seen from a black image.

        M. Sundararajan, A. Taly and Q. Yan, 2017, Axiomatic attribution for deep networks, ICML:
        (x − x') ∫ ∂F(x' + α(x − x'))/∂x dα over α from 0 to 1, x' black, by the midpoint rule.

        Parameters
        ----------
        images
            float32, shape (n, height, width, channels).
        classes
            For each image a class, by its number, shape (n,).
        steps
            How many gradients each integral is made of.

        Returns
        -------
        numpy.ndarray
            float32, shaped like `images`.
        numpy.ndarray
            F(x) − F(x'), which those of an image would add up to exactly with endless steps
            (completeness): float32, shape (n,).
        """
        tf = devices.import_tensorflow()
        sums, differences = [], []
        for some, wanted in _batches(images, classes):
            total = tf.zeros_like(some)
            for step in range(steps):
                point = some * np.float32((step + 0.5) / steps)
                with tf.GradientTape() as tape:
                    tape.watch(point)
                    logits = _of(self.model(point, training=False), wanted)
                total += tape.gradient(logits, point)
            sums.append((some * total / steps).numpy())
            ends = [_of(self.model(end, training=False), wanted) for end in (some, 0 * some)]
            differences.append((ends[0] - ends[1]).numpy())
        return np.concatenate(sums), np.concatenate(differences)

    def grad_cam(self, images: np.ndarray, classes: np.ndarray) -> np.ndarray | None:
        """Say which parts of an image the last convolution's channels speak for a class at.

        R. Selvaraju et al., 2017, Grad-CAM, ICCV: ReLU(Σ α A), A the channels that the last layer
        with a convolution makes, α the means of the logit's gradient over each of them.

        Parameters
        ----------
        images, classes
            As for `integrated_gradients`.

        Returns
        -------
        numpy.ndarray or None
            float32, shape (n, rows, columns) of the layer, at least 0; ``None`` where a network has
            no convolution, or where the last one leaves but one place.
        """
        tf = devices.import_tensorflow()
        place = self._last_convolution
        if place is None or max(self.model.layers[place].output.shape[1:3]) < 2:
            return None
        before, after = self.model.layers[: place + 1], self.model.layers[place + 1 :]
        maps = []
        for some, wanted in _batches(images, classes):
            channels = _through(before, some)
            with tf.GradientTape() as tape:
                tape.watch(channels)
                logits = _of(_through(after, channels), wanted)
            weights = tf.reduce_mean(tape.gradient(logits, channels), axis=(1, 2), keepdims=True)
            maps.append(tf.nn.relu(tf.reduce_sum(weights * channels, axis=-1)).numpy())
        return np.concatenate(maps)

    @property
    def _last_convolution(self) -> int | None:
        import keras

        convolutions = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
        convolutions += (keras.layers.SeparableConv2D,)
        places = [
            place
            for place, layer in enumerate(self.model.layers)
            if isinstance(layer, convolutions)
            or any(isinstance(one, convolutions) for one in _within(layer))
        ]
        return places[-1] if places else None

    def first_filters(self) -> np.ndarray | None:
        """Return the weights of the first convolution; ``None`` where a network has none.

        Returns
        -------
        numpy.ndarray
            float32, shape (height, width, channels, filters).
        """
        import keras

        for layer in models.all_layers(self.model):
            if isinstance(layer, keras.layers.Conv2D):
                return np.asarray(layer.kernel)
        return None


@dataclass(frozen=True)
class Opened:
    """A trained network, and the same with weights of chance.

    Attributes
    ----------
    trained, random
        The second has the weights that a training of another seed would begin with.
    """

    trained: Inside
    random: Inside


def start(threads: int) -> None:
    """Set TensorFlow up for this process, on the CPU; to be called once, before anything else."""
    devices.choose("cpu", "float32", threads)


def opened(model_file: str | Path, run_file: str | Path, arrays_folder: str | Path) -> Opened:
    """Read a trained model to be looked into.

    As for an evaluation the model is built anew from its description, in float32 whatever it was
    trained in, and only weights are read from `model_file`.

    Parameters
    ----------
    model_file, run_file
        ``model.keras`` and ``run.json`` of the training.
    arrays_folder
        Where the arrays are.

    Raises
    ------
    DataError
        If the arrays or the weights cannot be read.
    """
    run = read_json(run_file)
    images, labels = arrays.load(arrays_folder, "train", run["seed"], mapped=True)
    shape, classes, layers = images.shape[1:], labels.shape[1], run["layers"]
    begins = [run["training"][key] for key in ("bias_initializer", "initializer")]
    model = models.build(layers, shape, classes, run["seed"], "float32")
    model_files.load_weights(model, model_file)
    other = derived_seed(run["seed"], WEIGHTS, len(layers))
    chance = models.build(layers, shape, classes, other, "float32", *begins)
    models.show(chance, images)
    return Opened(
        *(Inside(of_keras_alone(one), structure.described(one, layers)) for one in (model, chance))
    )


def _through(layers: Sequence[Any], values: Any) -> Any:
    """Return what layers, one after the other, make of a batch, as in an evaluation."""
    for layer in layers:
        values = layer(values, training=False)
    return values


def _of(logits: Any, classes: Any) -> Any:
    """Return of each image the logit of its class, shape (n,)."""
    import tensorflow as tf

    return tf.gather(logits, classes, axis=1, batch_dims=1)


def _batches(images: np.ndarray, classes: np.ndarray) -> Iterator[tuple[Any, Any]]:
    import tensorflow as tf

    for first in range(0, len(images), IMAGES_AT_ONCE):
        part = slice(first, first + IMAGES_AT_ONCE)
        yield tf.constant(images[part], tf.float32), tf.constant(classes[part], tf.int64)


def _within(layer: Any) -> Iterator[Any]:
    return models.all_layers(layer) if hasattr(layer, "layers") else iter(())
