"""Dropout, with random numbers that cost little.

Keras draws 32 bits for a value and makes a float of them. Here a value gets as many bits as its
rate needs, two for a rate of 0.25, and they stay packed until they are looked up as factors.

Keras is imported only when a layer is built.
"""

from functools import cache
from typing import Any, NamedTuple

RESOLUTION = 16  # bits of a probability: 1.5e-5
WORD = 32  # bits of a random number
BYTE = 8


class Chance(NamedTuple):
    """A probability of `numerator` / 2 ** `bits`; the numerator is odd."""

    numerator: int
    bits: int

    @property
    def probability(self) -> float:
        return self.numerator / 2**self.bits


def chance_to_stay(rate: float) -> Chance:
    """Return the chance nearest to 1 - `rate` that is neither 0 nor 1, in as few bits as it takes.

    Parameters
    ----------
    rate
        The share that is dropped, more than 0 and less than 1.
    """
    numerator = min(max(round((1 - rate) * 2**RESOLUTION), 1), 2**RESOLUTION - 1)
    zeros = (numerator & -numerator).bit_length() - 1
    return Chance(numerator >> zeros, RESOLUTION - zeros)


def draw_bits(seed: Any, chance: Chance, count: Any) -> Any:
    """Draw bits, each of them set by `chance`, 32 in a word.

    A bit of the result is made of one bit of each of ``chance.bits`` words of Philox (J. K. Salmon
    et al., 2011, Parallel random numbers: as easy as 1, 2, 3, SC): from the last digit of the
    numerator to the first, a set digit is an "or", which makes (1 + p) / 2 of a probability p, and
    another one an "and", which makes p / 2.

    Parameters
    ----------
    seed
        An integer tensor of shape (2,); the same seed gives the same bits.
    chance
        Of each bit to be set.
    count
        The number of words, an integer tensor.

    Returns
    -------
    tf.Tensor
        uint32, shape (count,).
    """
    import tensorflow as tf

    # XLA takes seeds of 32 bits.
    seed = tf.bitcast(tf.cast(seed, tf.int64), tf.int32)[:, 0]
    words = tf.random.stateless_uniform(
        [chance.bits, count], seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    drawn, *more = tf.unstack(words)
    for place, other in enumerate(more, start=1):
        is_set = chance.numerator >> place & 1
        drawn = (tf.bitwise.bitwise_or if is_set else tf.bitwise.bitwise_and)(drawn, other)
    return drawn


def factors(seed: Any, rate: float, shape: Any, dtype: Any) -> Any:
    """Return what to multiply by: 0 for a share of `rate`, else what keeps the mean.

    Parameters
    ----------
    seed
        An integer tensor of shape (2,); the same seed gives the same bits.
    rate
        The share of zeros, more than 0 and less than 1.
    shape
        An integer tensor.
    dtype
        A type of floating point.
    """
    import numpy as np  # not above: the Snakefile reads this module, and needs none
    import tensorflow as tf

    chance = chance_to_stay(rate)
    count = tf.reduce_prod(shape)
    words = draw_bits(seed, chance, (count + WORD - 1) // WORD)
    # For each byte, the factors of its eight bits.
    bits = np.arange(2**BYTE)[:, None] >> np.arange(BYTE) & 1
    table = tf.constant(bits / chance.probability, dtype)
    looked_up = tf.gather(table, tf.cast(tf.bitcast(words, tf.uint8), tf.int32))
    return tf.reshape(tf.reshape(looked_up, [-1])[:count], shape)


@cache
def layers() -> tuple[type, type]:
    """Return Keras's ``Dropout`` and ``SpatialDropout2D``, with the random numbers of this module.

    They have the names, arguments, weights and configurations of Keras's own, so that `model_files`
    can save them as those.
    """
    import keras
    import tensorflow as tf

    def drop(inputs: Any, rate: float, shape: Any, generator: Any) -> Any:
        factor = factors(generator.next(), rate, shape, inputs.dtype)

        # Nothing but the factors is kept until the gradient is taken, and no shapes are compared.
        @tf.custom_gradient
        def multiplied(values: Any) -> Any:
            return values * factor, lambda upstream: upstream * factor

        return multiplied(inputs)

    class Dropout(keras.layers.Dropout):
        def call(self, inputs: Any, training: bool = False) -> Any:
            if not training:
                return inputs
            return drop(inputs, self.rate, tf.shape(inputs), self.seed_generator)

    class SpatialDropout2D(keras.layers.SpatialDropout2D):
        def call(self, inputs: Any, training: bool = False) -> Any:
            if not training:
                return inputs
            images, _, _, channels = tf.unstack(tf.shape(inputs))
            return drop(inputs, self.rate, [images, 1, 1, channels], self.seed_generator)

    return Dropout, SpatialDropout2D
