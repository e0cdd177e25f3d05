"""The layers that a model may have: each name in a configuration, and what builds it.

Keras is imported only when a layer is built.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from swatchbook.signatures import Count, Share
from swatchbook.training.seeds import BIASES, DROPOUT, WEIGHTS, derived_seed

Activation = Literal["relu", "gelu", "silu", "tanh", "linear"]


@dataclass
class Building:
    """What the layers of one model share while they are built, one after the other.

    Attributes
    ----------
    seed
        The training's seed.
    precision
        The Keras dtype policy of the next layers.
    bias_initializer
        ``zeros`` or ``glorot_uniform``.
    weighted, dropouts
        How many layers of either kind have been built.
    """

    seed: int
    precision: str
    bias_initializer: str
    weighted: int = 0
    dropouts: int = 0

    def initializers(self) -> dict[str, Any]:
        """Return how the next layer with weights begins."""
        import keras

        glorot = keras.initializers.GlorotUniform
        number, self.weighted = self.weighted, self.weighted + 1
        biases = keras.initializers.Zeros()
        if self.bias_initializer == "glorot_uniform":
            biases = glorot(derived_seed(self.seed, BIASES, number))
        return {
            "kernel_initializer": glorot(seed=derived_seed(self.seed, WEIGHTS, number)),
            "bias_initializer": biases,
        }

    def dropout_seed(self) -> int:
        """Return the seed of the next layer that drops."""
        number, self.dropouts = self.dropouts, self.dropouts + 1
        return derived_seed(self.seed, DROPOUT, number)


def conv(
    building: Building, *, filters: Count, kernel: Count = 3, activation: Activation = "relu"
) -> Any:
    """Convolve images with `filters` squares of `kernel` pixels; the size stays."""
    import keras

    return keras.layers.Conv2D(
        filters,
        kernel,
        padding="same",
        activation=activation,
        dtype=building.precision,
        **building.initializers(),
    )


def pool(building: Building, *, size: Annotated[int, {"minimum": 2}] = 2) -> Any:
    """Keep the largest value of each square of `size` pixels."""
    import keras

    return keras.layers.MaxPooling2D(size, padding="same", dtype=building.precision)


def dropout(building: Building, *, rate: Share) -> Any:
    """Set a share of the values to zero while training."""
    import keras

    return keras.layers.Dropout(rate, seed=building.dropout_seed(), dtype=building.precision)


def flatten(building: Building) -> Any:
    """Make one vector of each image."""
    import keras

    return keras.layers.Flatten(dtype=building.precision)


def dense(building: Building, *, units: Count, activation: Activation = "relu") -> Any:
    """Weigh all values of a vector, `units` times."""
    import keras

    return keras.layers.Dense(
        units, activation=activation, dtype=building.precision, **building.initializers()
    )


class Layer(NamedTuple):
    """An entry of the table.

    Attributes
    ----------
    build
        From `Building` and the layer's settings to a Keras layer.
    takes
        ``images``, ``vectors`` or ``any``: where in a model it can stand.
    """

    build: Callable[..., Any]
    takes: str = "any"


# A new layer is a function above and a line here; its keyword-only parameters are its keys.
LAYERS = {
    "conv": Layer(conv, takes="images"),
    "pool": Layer(pool, takes="images"),
    "dropout": Layer(dropout),
    "flatten": Layer(flatten, takes="images"),
    "dense": Layer(dense, takes="vectors"),
}
