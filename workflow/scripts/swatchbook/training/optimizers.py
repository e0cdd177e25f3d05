"""The optimisers that a training may use: each name in a configuration, and what makes it.

Keras is imported only when an optimiser is made.
"""

from collections.abc import Mapping
from typing import Any


def adam(learning_rate: float) -> Any:
    """Adam (D. P. Kingma and J. Ba, 2015, Adam: a method for stochastic optimization, ICLR)."""
    import keras

    return keras.optimizers.Adam(learning_rate)


# A new optimiser is a function above and a line here; its keyword-only parameters are its keys.
OPTIMIZERS = {
    "adam": adam,
}


def build(settings: Mapping[str, Any], model: Any) -> Any:
    """Make the optimiser of one training, with its variables, for a model.

    Parameters
    ----------
    settings
        ``optimizer`` (one key of `OPTIMIZERS`, with its settings) and ``learning_rate``.
    model
        The model whose weights it will change. Under mixed_float16 the losses are scaled.
    """
    import keras

    ((name, own),) = settings["optimizer"].items()
    optimizer = OPTIMIZERS[name](settings["learning_rate"], **own)
    if model.layers[0].dtype_policy.name == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)
    return optimizer
