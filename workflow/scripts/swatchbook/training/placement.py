"""How the steps of a training are carried out on the devices that were chosen for it."""

from dataclasses import dataclass
from typing import Any

HOST = "CPU:0"

# A call of TensorFlow from Python takes as long as a small network's step on a GPU. More than ten
# gain little, and a training is asked only between two calls whether SIGTERM has come.
STEPS_A_CALL = 10

# The rest of a GPU's memory is for the model, its optimiser, a batch's activations and XLA.
DATA_SHARE = 0.5


@dataclass(frozen=True)
class Execution:
    """What decides how fast steps are, and on GPUs how they round, but not what they compute.

    Attributes
    ----------
    devices
        TensorFlow's names of the devices that share each batch, each with a copy of the model.
    xla
        Whether XLA compiles a step.
    steps_a_call
        How many steps follow one another without Python in between.
    memory
        Bytes of the device with the least memory; ``None`` where it is the host's own.
    """

    devices: tuple[str, ...]
    xla: bool
    steps_a_call: int
    memory: int | None

    def homes(self, size: int) -> tuple[str, ...]:
        """Return for each device where its batches are taken from, for data of `size` bytes.

        On the device itself if the data fit beside the model; else on the host, from which each
        batch is then copied.
        """
        fits = self.memory is None or size <= DATA_SHARE * self.memory
        return self.devices if fits else (HOST,) * len(self.devices)


# Measured: XLA is slower here, and several steps a call gain nothing where a step takes as long.
ON_CPU = Execution((HOST,), xla=False, steps_a_call=1, memory=None)


def on_gpus(count: int, memory: int) -> Execution:
    """Return how `count` GPUs train one model, of which the smallest has `memory` bytes.

    One GPU gets steps compiled by XLA, which makes one kernel of many small operations, and several
    of them a call. Several GPUs are for models whose steps take long, which gain little by either,
    and between the operations of their steps stand the sums over all GPUs, which XLA does not
    compile here: they take one step a call, without XLA.
    """
    devices = tuple(f"GPU:{number}" for number in range(count))
    alone = count == 1
    return Execution(devices, xla=alone, steps_a_call=STEPS_A_CALL if alone else 1, memory=memory)


def strategy(execution: Execution) -> Any:
    """Return the TensorFlow strategy under whose scope a model is to be built."""
    import tensorflow as tf

    if len(execution.devices) == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(list(execution.devices))
