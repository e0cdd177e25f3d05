"""One stream of random numbers for each use of a training's seed."""

# Each use has a stream of its own, so that a model with dropout starts from the same weights and
# sees the same batches as one without.
WEIGHTS, DROPOUT, SHUFFLING, BIASES, AUGMENTATION = range(5)


def derived_seed(seed: int, use: int, *numbers: int) -> int:
    """Return a seed of 32 bits for a use and the number of a layer or epoch, by SeedSequence."""
    import numpy as np  # not above: the Snakefile reads this module, and needs none

    sequence = np.random.SeedSequence(seed, spawn_key=(use, *numbers))
    return int(sequence.generate_state(1)[0])
