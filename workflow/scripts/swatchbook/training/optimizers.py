"""The optimisers that a training may use: each name in a configuration, and what makes it.

Keras is imported only when an optimiser is made.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from swatchbook.signatures import Count, Positive
from swatchbook.training import models, schedules

# How much of what was is kept: 0 included, 1 not.
Kept = Annotated[float, {"minimum": 0, "exclusiveMaximum": 1}]
KeptInPart = Annotated[float, {"exclusiveMinimum": 0, "exclusiveMaximum": 1}]
Decay = Annotated[float, {"minimum": 0}]


def sgd(
    learning_rate: Any,
    *,
    momentum: Kept = 0.0,
    nesterov: bool = False,
    weight_decay: Decay = 0.0,
    coupled: bool = False,
    bias_rate: Positive = 1.0,
) -> Any:
    """Stochastic gradient descent, with momentum (B. T. Polyak, 1964) or Nesterov's (1983).

    ``coupled`` adds ``weight_decay`` times the weights to their gradients, so that momentum carries
    it, as in PyTorch. ``bias_rate`` is how many times as fast biases learn, those of batch
    normalisation included; their weight decay is as fast as that of other weights.
    """
    import keras

    class SGD(keras.optimizers.SGD):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            name = variable.name.rpartition("/")[2].partition(":")[0]  # TensorFlow's, "bias:0"
            faster = bias_rate if name in ("bias", "beta") else 1.0
            if coupled:
                gradient += weight_decay / faster * variable
            super().update_step(gradient, variable, learning_rate * faster)

    return SGD(
        learning_rate,
        momentum=float(momentum),  # Keras refuses 0, which YAML reads from "0"
        nesterov=nesterov,
        weight_decay=None if coupled else weight_decay or None,
    )


def adam(
    learning_rate: Any, *, beta_1: Kept = 0.9, beta_2: Kept = 0.999, epsilon: Positive = 1e-7
) -> Any:
    """Adam (D. P. Kingma and J. Ba, 2015, Adam: a method for stochastic optimization, ICLR)."""
    import keras

    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


def adamw(
    learning_rate: Any,
    *,
    weight_decay: Decay = 0.004,
    beta_1: Kept = 0.9,
    beta_2: Kept = 0.999,
    epsilon: Positive = 1e-7,
) -> Any:
    """Adam with weight decay of its own (I. Loshchilov and F. Hutter, 2019, ICLR)."""
    import keras

    return keras.optimizers.AdamW(
        learning_rate, weight_decay=weight_decay, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
    )


def rmsprop(
    learning_rate: Any, *, rho: Kept = 0.9, momentum: Kept = 0.0, epsilon: Positive = 1e-7
) -> Any:
    """RMSprop (T. Tieleman and G. Hinton, 2012, lecture 6.5 of a course on neural networks)."""
    import keras

    return keras.optimizers.RMSprop(learning_rate, rho=rho, momentum=momentum, epsilon=epsilon)


def adagrad(
    learning_rate: Any, *, initial_accumulator_value: Decay = 0.1, epsilon: Positive = 1e-7
) -> Any:
    """Adagrad (J. Duchi, E. Hazan and Y. Singer, 2011, JMLR 12, 2121-2159)."""
    import keras

    return keras.optimizers.Adagrad(
        learning_rate, initial_accumulator_value=initial_accumulator_value, epsilon=epsilon
    )


def lion(
    learning_rate: Any,
    *,
    beta_1: KeptInPart = 0.9,
    beta_2: Kept = 0.99,
    weight_decay: Decay = 0.0,
) -> Any:
    """Lion (X. Chen et al., 2023, Symbolic discovery of optimization algorithms, NeurIPS)."""
    import keras

    return keras.optimizers.Lion(
        learning_rate, beta_1=beta_1, beta_2=beta_2, weight_decay=weight_decay or None
    )


def muon(
    learning_rate: Any,
    *,
    momentum: Kept = 0.95,
    nesterov: bool = True,
    ns_steps: Count = 5,
    weight_decay: Decay = 0.004,
    adam_weight_decay: Decay = 0.004,
) -> Any:
    """Muon (K. Jordan et al., 2024) as Keras has it: matrices only, AdamW for all other weights.

    The kernels of convolutions, which have four dimensions, are among the others.
    """
    import keras

    return keras.optimizers.Muon(
        learning_rate,
        momentum=momentum,
        nesterov=nesterov,
        ns_steps=ns_steps,
        weight_decay=weight_decay or None,
        adam_weight_decay=adam_weight_decay or None,
    )


def muon_sgd(
    learning_rate: Any,
    *,
    filter_rate: Positive = 0.08,
    ns_steps: Count = 3,
    momentum: Kept = 0.85,
    nesterov: bool = True,
    weight_decay: Decay = 0.0,
    coupled: bool = False,
    bias_rate: Positive = 1.0,
) -> Any:
    """Muon for the filters of convolutions, SGD for all other weights (K. Jordan, 2024, airbench).

    The filters of a convolution are the rows of a matrix, height times width times input channels
    long. Each step first scales that matrix to the root of the number of filters (Frobenius norm).
    Then it takes from it the learning rate times ``filter_rate`` times the orthogonal matrix that
    is nearest to the gradient with momentum, by ``ns_steps`` of Newton and Schulz. So filters keep
    their length whatever ``weight_decay`` is, which suits convolutions that batch normalisation
    follows. Depthwise convolutions, one filter for each channel, are among the other weights.
    """
    from keras import ops

    rest = sgd(
        learning_rate,
        momentum=momentum,
        nesterov=nesterov,
        weight_decay=weight_decay,
        coupled=coupled,
        bias_rate=bias_rate,
    )

    class MuonSGD(type(rest)):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if len(variable.shape) != 4 or variable.shape[-1] == 1:
                super().update_step(gradient, variable, learning_rate)
                return
            if momentum:
                sums = self.momentums[self._get_variable_index(variable)]
                self.assign(sums, momentum * sums + gradient)
                gradient = gradient + momentum * sums if nesterov else sums
            filters = variable.shape[-1]
            matrix = ops.reshape(gradient, (-1, filters))
            change = ops.reshape(_orthogonal(matrix, ns_steps), variable.shape)
            length = ops.norm(ops.reshape(variable, (-1,)))
            scaled = variable * (filters**0.5 / length)
            scaled = ops.where(ops.any(variable != 0), scaled, variable)  # zeros have no length
            self.assign(variable, scaled - learning_rate * filter_rate * change)

    return MuonSGD(
        learning_rate, momentum=rest.momentum, nesterov=nesterov, weight_decay=rest.weight_decay
    )


def _orthogonal(matrix: Any, steps: int) -> Any:
    """Return about U V^T of a matrix U S V^T, with singular values of 0.7 to 1.2 after five steps.

    Source: K. Jordan et al., 2024, Muon: an optimizer for hidden layers in neural networks, whose
    quintic polynomial this is.
    """
    from keras import ops

    is_tall = matrix.shape[0] > matrix.shape[1]
    x = ops.transpose(matrix) if is_tall else matrix
    x /= ops.norm(x) + 1e-7
    for _ in range(steps):
        square = ops.matmul(x, ops.transpose(x))
        x = 3.4445 * x + ops.matmul(-4.7750 * square + 2.0315 * ops.matmul(square, square), x)
    return ops.transpose(x) if is_tall else x


# A new optimiser is a function above and a line here; its keyword-only parameters are its keys.
OPTIMIZERS = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "adagrad": adagrad,
    "lion": lion,
    "muon": muon,
    "muon_sgd": muon_sgd,
}


def build(settings: Mapping[str, Any], model: Any, steps_an_epoch: int) -> Any:
    """Make the optimiser of one training, with its variables, for a model.

    Parameters
    ----------
    settings
        ``epochs``, ``optimizer`` (one key of `OPTIMIZERS`, with its settings), ``learning_rate``
        and ``clip_norm``.
    model
        The model whose weights it will change. Under mixed_float16 the losses are scaled.
    steps_an_epoch
        How many steps an epoch has.
    """
    import keras

    ((name, own),) = settings["optimizer"].items()
    rate = settings["learning_rate"]
    if isinstance(rate, Mapping):
        rate = _looked_up(schedules.rates(rate, settings["epochs"], steps_an_epoch))
    optimizer = OPTIMIZERS[name](rate, **own)
    # Of all gradients together; where several GPUs share a batch, of each one's share.
    optimizer.global_clipnorm = settings["clip_norm"]
    policies = {layer.dtype_policy.name for layer in models.all_layers(model)}
    if "mixed_float16" in policies:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)
    return optimizer


def _looked_up(rates: Any) -> Any:
    """Return a schedule of Keras's that gives each step its rate, of shape (steps,)."""
    import keras
    import tensorflow as tf

    class Table(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return tf.gather(tf.constant(rates, tf.float32), tf.cast(step, tf.int32))

    return Table()
