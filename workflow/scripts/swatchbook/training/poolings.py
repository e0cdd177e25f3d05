"""Max-pooling that takes the gradient of the ReLU before it too, on a quarter of the values.

The gradient of a pooled value goes to the largest of its square. After a ReLU, that one is positive
if the pooled value is; if it is not, the ReLU lets nothing through. So the sign of the pooled
values says all that the ReLU's gradient needs, and the ReLU needs none of its own: the same bits
from a pass over a quarter of the memory.

Keras is imported only when a layer is built.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any


@cache
def max_pooling() -> type:
    """Return Keras's ``MaxPooling2D``, whose attribute ``after_relu`` says what comes before it.

    It has the name, arguments and configuration of Keras's own, so that `model_files` can save it
    as that.
    """
    import keras
    import tensorflow as tf

    class MaxPooling2D(keras.layers.MaxPooling2D):
        after_relu = False

        def call(self, inputs: Any) -> Any:
            pool = super().call
            if not self.after_relu:
                return pool(inputs)
            windows = {
                "ksize": [1, *self.pool_size, 1],
                "strides": [1, *self.strides, 1],
                "padding": self.padding.upper(),
            }

            @tf.custom_gradient
            def pooled(values: Any) -> Any:
                largest = pool(values)

                def gradient(upstream: Any) -> Any:
                    passed = tf.raw_ops.ReluGrad(gradients=upstream, features=largest)
                    return tf.raw_ops.MaxPoolGrad(
                        orig_input=values, orig_output=largest, grad=passed, **windows
                    )

                return largest, gradient

            return pooled(inputs)

    return MaxPooling2D


def take_over_relu(layers: Sequence[Any]) -> None:
    """Let each max-pooling take the gradient of a ReLU right before it, in layers in their order.

    Parameters
    ----------
    layers
        Layers of Keras, of which each is given what the one before makes and nothing else is.
    """
    import keras
    import tensorflow as tf

    @tf.custom_gradient
    def without_gradient(values: Any) -> Any:
        return tf.nn.relu(values), lambda upstream: upstream

    def relu(values: Any) -> Any:  # by this name Keras saves it
        return without_gradient(values)

    for layer, following in pairwise(layers):
        if (
            isinstance(following, max_pooling())
            and isinstance(layer, keras.layers.Conv2D | keras.layers.Activation)
            and layer.activation is keras.activations.relu
        ):
            layer.activation = relu
            following.after_relu = True
