"""How weights begin: each name in a configuration, and what makes the initialiser.

Keras is imported only when an initialiser is made.
"""

from typing import Any, Literal


def glorot_uniform(seed: int) -> Any:
    """Uniform, by the sum of inputs and outputs (X. Glorot and Y. Bengio, 2010, AISTATS)."""
    import keras

    return keras.initializers.GlorotUniform(seed=seed)


def glorot_normal(seed: int) -> Any:
    """Truncated normal, by the sum of inputs and outputs (the same)."""
    import keras

    return keras.initializers.GlorotNormal(seed=seed)


def he_uniform(seed: int) -> Any:
    """Uniform, by the inputs, for ReLU (K. He, X. Zhang, S. Ren and J. Sun, 2015, ICCV)."""
    import keras

    return keras.initializers.HeUniform(seed=seed)


def he_normal(seed: int) -> Any:
    """Truncated normal, by the inputs, for ReLU (the same)."""
    import keras

    return keras.initializers.HeNormal(seed=seed)


def orthogonal(seed: int) -> Any:
    """Orthogonal matrices (A. M. Saxe, J. L. McClelland and S. Ganguli, 2014, ICLR)."""
    import keras

    return keras.initializers.Orthogonal(seed=seed)


def dirac(seed: int) -> Any:
    """Pass each channel on in a filter of its own, as far as there are filters for it.

    S. Zagoruyko and N. Komodakis, 2017, DiracNets: training very deep neural networks without
    skip-connections, arXiv:1706.00388. Other filters, and weights that are no convolution's, are
    uniform within 1 / sqrt(inputs), as PyTorch begins.
    """
    import keras
    import numpy as np

    class VarianceScaling(keras.initializers.VarianceScaling):  # saved as what it is beneath
        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            values = super().__call__(shape, dtype)
            if len(shape) != 4:
                return values
            height, width, channels, filters = shape
            passed = min(channels, filters)
            weights = np.array(values)
            weights[..., :passed] = 0
            kept = np.arange(passed)
            weights[height // 2, width // 2, kept, kept] = 1
            return keras.ops.convert_to_tensor(weights, dtype)

    return VarianceScaling(1 / 3, mode="fan_in", distribution="uniform", seed=seed)


def zeros(seed: int) -> Any:
    """Nothing but zeros, to see why not: all units of a layer stay the same."""
    import keras

    return keras.initializers.Zeros()


# A new initialiser is a function above and a line here.
INITIALIZERS = {
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "orthogonal": orthogonal,
    "dirac": dirac,
    "zeros": zeros,
}

# The default of a layer: the training's.
Initializer = Literal["training", *INITIALIZERS]
