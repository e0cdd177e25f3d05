"""Keras layers that compute the same as Keras's in fewer passes over memory.

Keras makes GELU and batch normalisation of a dozen operations each, every one of which reads and
writes a whole batch of activations: on a CPU they took longer than the convolutions around them
(benchmarks/README.md). Each class here has the name and the settings of the Keras layer whose place
it takes, and is saved as that one (`model_files.save`), so that a model is read by Keras alone.

Keras and TensorFlow are imported only when a layer is made.
"""

from functools import cache
from typing import Any

from swatchbook.training import devices


def batch_normalization(**settings: Any) -> Any:
    """Make a `keras.layers.BatchNormalization` of TensorFlow's fused operation (oneDNN, cuDNN)."""
    return _classes()["BatchNormalization"](**settings)


def gelu(**settings: Any) -> Any:
    """Make a `keras.layers.Activation` of exact GELU, one pass forward and one backward."""
    return _classes()["Activation"]("gelu", **settings)


@cache
def _classes() -> dict[str, Any]:
    tf = devices.import_tensorflow()
    import keras

    class BatchNormalization(keras.layers.BatchNormalization):
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            if len(inputs.shape) != 4:  # the fused operation takes images only
                return super().call(inputs, training=training, mask=mask)
            learns = bool(training and self.trainable)
            channels = inputs.shape[-1]
            none = tf.constant([], tf.float32)
            outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=inputs,
                scale=self.gamma if self.scale else tf.ones(channels),
                offset=self.beta if self.center else tf.zeros(channels),
                mean=none if learns else self.moving_mean,
                variance=none if learns else self.moving_variance,
                epsilon=self.epsilon,
                is_training=learns,
            )
            if learns:
                # Keras keeps the variance of the batch itself, the operation gives an estimate of
                # that of all images.
                count = tf.cast(tf.size(inputs) // channels, tf.float32)
                variance *= (count - 1) / count
                kept = self.momentum
                self.moving_mean.assign(self.moving_mean * kept + mean * (1 - kept))
                self.moving_variance.assign(self.moving_variance * kept + variance * (1 - kept))
            return outputs

    class Activation(keras.layers.Activation):
        def call(self, inputs: Any) -> Any:
            return _gelu(inputs)

    # XLA makes one loop of each; without it TensorFlow writes every intermediate result to memory.
    compiled = {"jit_compile": True, "autograph": False}
    half = tf.constant(0.5)

    def below(x: Any) -> Any:
        """Return the share of a standard normal distribution below x."""
        return half * (1 + tf.math.erf(x * tf.constant(0.5**0.5)))

    @tf.function(**compiled)
    def forward(inputs: Any) -> Any:
        x = tf.cast(inputs, tf.float32)
        return tf.cast(x * below(x), inputs.dtype)

    @tf.function(**compiled)
    def backward(inputs: Any, gradients: Any) -> Any:
        x = tf.cast(inputs, tf.float32)
        density = tf.exp(-half * x * x) * tf.constant(0.3989422804014327)  # 1 / sqrt(2 pi)
        slope = below(x) + x * density
        return tf.cast(tf.cast(gradients, tf.float32) * slope, inputs.dtype)

    @tf.custom_gradient
    def _gelu(inputs: Any) -> Any:
        return forward(inputs), lambda gradients: backward(inputs, gradients)

    return {"BatchNormalization": BatchNormalization, "Activation": Activation}
