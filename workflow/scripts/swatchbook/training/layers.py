"""The layers that a model may have: each name in a configuration, and what builds it.

Keras is imported only when a layer is built.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from swatchbook.errors import SwatchbookError, TrainingError
from swatchbook.signatures import Count, Positive, Share
from swatchbook.training import dropouts, poolings
from swatchbook.training.initializers import INITIALIZERS, Initializer
from swatchbook.training.seeds import BIASES, DROPOUT, WEIGHTS, derived_seed

Activation = Literal["relu", "gelu", "silu", "tanh", "linear"]
Padding = Literal["same", "valid"]
Size = Annotated[int, {"minimum": 2}]
Decay = Annotated[float, {"minimum": 0}]
MOST_TOLD = 200  # characters of what Keras says
Layers = Annotated[list, {"minItems": 1, "items": {"$ref": "#/$defs/layer"}}]


@dataclass
class Building:
    """What the layers of one model share while they are built, one after the other.

    Attributes
    ----------
    seed
        The training's seed.
    precision
        The Keras dtype policy of the next layers.
    initializer, bias_initializer
        How weights and biases begin where a layer does not say otherwise, as in `INITIALIZERS`.
    classes
        How many logits the model ends with.
    shape
        What the next layer is given: (height, width, channels) of images, (size,) of vectors.
    weighted, dropouts
        How many layers with weights, and how many that drop, have been built.
    """

    seed: int
    precision: str
    initializer: str = "glorot_uniform"
    bias_initializer: str = "zeros"
    classes: int = 0
    shape: tuple[int, ...] = ()
    weighted: int = 0
    dropouts: int = 0

    def weights(self, initializer: str, weight_decay: float, bias: bool) -> dict[str, Any]:
        """Return how the next layer with weights begins, and what they cost."""
        import keras

        number, self.weighted = self.weighted, self.weighted + 1
        kernel = self.initializer if initializer == "training" else initializer
        options = {
            "use_bias": bias,
            "kernel_initializer": INITIALIZERS[kernel](derived_seed(self.seed, WEIGHTS, number)),
            "bias_initializer": INITIALIZERS[self.bias_initializer](
                derived_seed(self.seed, BIASES, number)
            ),
        }
        if weight_decay:
            options["kernel_regularizer"] = keras.regularizers.L2(weight_decay / 2)
        return options

    def dropout_seed(self) -> int:
        """Return the seed of the next layer that drops."""
        number, self.dropouts = self.dropouts, self.dropouts + 1
        return derived_seed(self.seed, DROPOUT, number)


def whiten(
    building: Building, *, kernel: Size = 2, images: Count = 5000, epsilon: Positive = 3e-5
) -> Any:
    """Convolve images with filters that make the values of each square of pixels uncorrelated.

    The filters are the eigenvectors of the covariance of all squares of `kernel` pixels of the
    first `images` training images, each divided by the root of its variance plus `epsilon`, and
    their negatives, so that an activation loses neither side. They stay as they are. K. Jordan,
    2024, 94% on CIFAR-10 in 3.29 seconds on a single GPU, section 3.2.
    """
    from swatchbook.training import whitening

    return whitening.layer(
        kernel, images, epsilon, channels=building.shape[-1], dtype=building.precision
    )


def conv(
    building: Building,
    *,
    filters: Count,
    kernel: Count = 3,
    activation: Activation = "relu",
    stride: Count = 1,
    padding: Padding = "same",
    bias: bool = True,
    initializer: Initializer = "training",
    weight_decay: Decay = 0.0,
) -> Any:
    """Convolve images with `filters` squares of `kernel` pixels.

    ``weight_decay`` λ adds λ/2 times the sum of the squared weights to the loss.
    """
    import keras

    return keras.layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding=padding,
        activation=activation,
        dtype=building.precision,
        **building.weights(initializer, weight_decay, bias),
    )


def pool(
    building: Building,
    *,
    size: Size = 2,
    padding: Padding = "same",
    kind: Literal["max", "average"] = "max",
) -> Any:
    """Keep the largest value, or the mean, of each square of `size` pixels."""
    import keras

    layer = {"max": poolings.max_pooling(), "average": keras.layers.AveragePooling2D}[kind]
    return layer(size, padding=padding, dtype=building.precision)


def global_pool(building: Building, *, kind: Literal["average", "max"] = "average") -> Any:
    """Make one vector of each image: the mean, or the largest value, of each channel."""
    import keras

    pooling = {
        "average": keras.layers.GlobalAveragePooling2D,
        "max": keras.layers.GlobalMaxPooling2D,
    }[kind]
    return pooling(dtype=building.precision)


def batch_norm(
    building: Building,
    *,
    momentum: Share = 0.99,
    epsilon: Positive = 0.001,
    scale: bool = True,
    center: bool = True,
) -> Any:
    """Normalise each channel by what its batch shows (S. Ioffe and C. Szegedy, 2015, ICML).

    ``momentum`` is the part of the running mean and variance that a step keeps; evaluation uses
    those.
    """
    from swatchbook.training import fast_layers

    return fast_layers.batch_normalization(
        momentum=momentum, epsilon=epsilon, scale=scale, center=center, dtype=building.precision
    )


def activation(building: Building, *, function: Activation = "relu") -> Any:
    """Apply a function to every value."""
    import keras

    from swatchbook.training import fast_layers

    if function == "gelu":
        return fast_layers.gelu(dtype=building.precision)
    return keras.layers.Activation(function, dtype=building.precision)


def dropout(building: Building, *, rate: Share) -> Any:
    """Set a share of the values to zero while training."""
    layer, _ = dropouts.layers()
    return layer(rate, seed=building.dropout_seed(), dtype=building.precision)


def spatial_dropout(building: Building, *, rate: Share) -> Any:
    """Set a share of the channels to zero while training (J. Tompson et al., 2015, CVPR)."""
    _, layer = dropouts.layers()
    return layer(rate, seed=building.dropout_seed(), dtype=building.precision)


def residual(building: Building, *, layers: Layers, function: Activation = "linear") -> Any:
    """Add what `layers` make of their input to the input (K. He et al., 2016, CVPR).

    Where they change its shape, the input goes through a convolution of one pixel without bias,
    with the stride that fits. ``function`` is applied to the sum.
    """
    import keras

    entry = keras.Input(building.shape)
    inner = keras.Sequential([entry, *stack(building, layers)])
    branch = inner(entry)
    shortcut = entry
    if tuple(branch.shape[1:]) != tuple(entry.shape[1:]):
        stride = -(-entry.shape[1] // branch.shape[1])
        fits = [-(-side // stride) for side in entry.shape[1:3]]
        if list(branch.shape[1:-1]) != fits:
            raise TrainingError(
                f"the layers of a residual block make {tuple(branch.shape[1:])} of "
                f"{tuple(entry.shape[1:])}, to which no stride leads",
                where="models",
                hint="use same padding, and the same stride both ways",
            )
        shortcut = keras.layers.Conv2D(
            branch.shape[-1],
            1,
            strides=stride,
            padding="same",
            dtype=building.precision,
            **building.weights("training", 0.0, bias=False),
        )(entry)
    total = keras.layers.Add(dtype=building.precision)([branch, shortcut])
    if function != "linear":
        total = activation(building, function=function)(total)
    return keras.Model(entry, total)


def flatten(building: Building) -> Any:
    """Make one vector of each image."""
    import keras

    return keras.layers.Flatten(dtype=building.precision)


def dense(
    building: Building,
    *,
    units: Count,
    activation: Activation = "relu",
    bias: bool = True,
    initializer: Initializer = "training",
    weight_decay: Decay = 0.0,
) -> Any:
    """Weigh all values of a vector, `units` times; ``weight_decay`` as in `conv`."""
    import keras

    return keras.layers.Dense(
        units,
        activation=activation,
        dtype=building.precision,
        **building.weights(initializer, weight_decay, bias),
    )


def logits(
    building: Building,
    *,
    bias: bool = True,
    initializer: Initializer = "training",
    weight_decay: Decay = 0.0,
) -> Any:
    """Weigh all values of a vector, once for each class, in float32.

    Stands at the end of every model; written out only to change its settings, which are `dense`'s.
    """
    building.precision = "float32"
    return dense(
        building,
        units=building.classes,
        activation="linear",
        bias=bias,
        initializer=initializer,
        weight_decay=weight_decay,
    )


class Layer(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    build
        From `Building` and the layer's settings to a Keras layer.
    takes, gives
        ``images``, ``vectors`` or ``any``: what it can be given, and what it makes of that, which
        is the same for ``any``. ``raw images`` are those of the data set, ``logits`` a model's.
    """

    build: Callable[..., Any]
    takes: str = "any"
    gives: str = "any"


# A new layer is a function above and a line here; its keyword-only parameters are its keys.
LAYERS = {
    "whiten": Layer(whiten, takes="raw images", gives="images"),
    "conv": Layer(conv, takes="images"),
    "pool": Layer(pool, takes="images"),
    "global_pool": Layer(global_pool, takes="images", gives="vectors"),
    "batch_norm": Layer(batch_norm),
    "activation": Layer(activation),
    "dropout": Layer(dropout),
    "spatial_dropout": Layer(spatial_dropout, takes="images"),
    "residual": Layer(residual, takes="images"),
    "flatten": Layer(flatten, takes="images", gives="vectors"),
    "dense": Layer(dense, takes="vectors"),
    "logits": Layer(logits, takes="vectors", gives="logits"),
}


def stack(building: Building, layers: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[Any]:
    """Build layers that follow one another, from what `building` says their input is.

    A name that is not in `LAYERS` is that of a Keras layer or application, with Keras's own
    arguments.

    Raises
    ------
    TrainingError
        If a layer does not fit where it stands, or Keras refuses what it is given.
    """
    from swatchbook.training import keras_applications, keras_layers

    built = []
    for layer in layers:
        ((kind, settings),) = layer.items()
        given = building.shape  # a block's own layers go on from it
        try:
            if kind in LAYERS:
                layer = LAYERS[kind].build(building, **settings)
            elif kind in keras_applications.names():
                layer = keras_applications.build(building, kind, settings)
            else:
                layer = keras_layers.build(building, kind, settings)
            building.shape = tuple(layer.compute_output_shape((None, *given))[1:])
        except SwatchbookError:
            raise
        except Exception as error:  # Keras raises what it stumbles on
            text = re.sub(r"\x1b\[[0-9;]*m", "", " ".join(str(error).split()))
            raise TrainingError(
                f"{kind} cannot be built on {given}: {text[:MOST_TOLD]}",
                where="models",
                hint="see the layer in config/README.md, or Keras's documentation",
            ) from error
        built.append(layer)
    poolings.take_over_relu(built)
    return built
