"""What a training runs on and in which precision, chosen once and recorded.

Importing this module does not import TensorFlow; `choose` does.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from swatchbook.errors import DeviceError
from swatchbook.training import cuda, gpu_slots, instructions
from swatchbook.training.placement import ON_CPU, Execution, on_gpus

logger = logging.getLogger(__name__)

# XLA would choose among kernels by timing them, and may then choose others the next time.
XLA_DETERMINISM = "--xla_gpu_deterministic_ops=true"
CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Device:
    """The choice that was made.

    Attributes
    ----------
    kind
        ``cpu`` or ``gpu``.
    name
        The processor's name.
    precision
        A Keras dtype policy: ``float32``, ``mixed_bfloat16`` or ``mixed_float16``.
    reason
        Why this precision, in words.
    threads
        CPU threads.
    gpus
        The names (UUIDs) of the GPUs taken, none on a CPU.
    execution
        How steps are carried out.
    instructions
        The best flag of the CPU whose instructions oneDNN uses, as in `instructions.FLAGS`; empty
        on a GPU.
    limits
        The environment variables that were set to limit oneDNN.
    """

    kind: str
    name: str
    precision: str
    reason: str
    threads: int
    gpus: list[str] = field(default_factory=list)
    execution: Execution = ON_CPU
    instructions: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)

    @property
    def processor(self) -> str:
        """What decides how results round, in words: the name and, of a CPU, what it may use."""
        limits = [f"{name}={value}" for name, value in self.limits.items()]
        return ", ".join(filter(None, [self.name, self.instructions, *limits]))


def import_tensorflow() -> Any:
    """Import TensorFlow without its start-up notices and return the module.

    Keras imports matplotlib and scikit-learn for plots and wrappers that are not used here, and
    does without where they are missing. Hiding them takes a third off the time that every job needs
    to start.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if XLA_DETERMINISM not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {XLA_DETERMINISM}".strip()
    hidden = [name for name in ("matplotlib", "sklearn") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        import keras  # noqa: F401  (with TensorFlow, while the others are hidden)
        import tensorflow
    finally:
        for name in hidden:
            del sys.modules[name]
    return tensorflow


def choose(
    device: str,
    precision: str,
    threads: int,
    gpus: int = 1,
    take: Callable[[Sequence[str], int], list[str]] = gpu_slots.take,
) -> Device:
    """Set TensorFlow up for one training and return what was chosen.

    To be called once, before anything has been computed. Waits until GPUs are free.

    Parameters
    ----------
    device
        ``auto`` (a GPU if there is one), ``cpu`` or ``gpu``.
    precision
        ``auto`` or a Keras dtype policy.
    threads
        CPU threads inside an operation; operations run one after the other, since the order in
        which they end would otherwise be a matter of chance.
    gpus
        How many GPUs share the model; more than one are asked for like ``gpu``.
    take
        Given the names of all GPUs and a number, takes so many and returns their names.

    Raises
    ------
    DeviceError
        If TensorFlow finds fewer GPUs than are asked for.
    """
    tf = import_tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    found = [] if device == "cpu" else tf.config.list_physical_devices("GPU")
    if len(found) < gpus and (device == "gpu" or gpus > 1):
        raise _too_few(gpus, len(found))
    if found:
        chosen = _use_gpus(tf, found, threads, gpus, take)
    else:
        tf.config.set_visible_devices([], "GPU")
        automatic, reason = cpu_precision(CPUINFO, os.environ)
        chosen = Device(
            "cpu",
            cpu_name(CPUINFO),
            automatic,
            reason,
            threads,
            instructions=cpu_instructions(CPUINFO, os.environ),
            limits=instructions.limits(os.environ),
        )
    if precision != "auto":
        chosen = replace(chosen, precision=precision, reason="set in the configuration")
    logger.info("device: %s (%s), %d threads", chosen.kind, chosen.processor, threads)
    logger.info("precision: %s, because %s", chosen.precision, chosen.reason)
    logger.info("execution: %s", chosen.execution)
    return chosen


def _too_few(gpus: int, found: int) -> DeviceError:
    asked = "training.device is 'gpu'" if gpus == 1 else f"training.gpus is {gpus}"
    instead = "device: auto" if gpus == 1 else "gpus: 1"
    return DeviceError(
        f"{asked}, but TensorFlow finds {found or 'no'} GPU{'s' * (found > 1)} on this machine",
        hint="check nvidia-smi, CUDA_VISIBLE_DEVICES and that tensorflow[and-cuda] is "
        f"installed, or set {instead}",
    )


def _use_gpus(
    tf: Any,
    found: Sequence[Any],
    threads: int,
    count: int,
    take: Callable[[Sequence[str], int], list[str]],
) -> Device:
    gpus = cuda.gpus()
    by_name = {gpu.name: (gpu, device) for gpu, device in zip(gpus, found, strict=True)}
    taken = take(list(by_name), count)
    devices = [by_name[name][1] for name in taken]
    tf.config.set_visible_devices(devices, "GPU")
    for device in devices:
        tf.config.experimental.set_memory_growth(device, True)
    tf.config.experimental.enable_op_determinism()
    details = [tf.config.experimental.get_device_details(device) for device in devices]
    capability = min(each.get("compute_capability") or (0, 0) for each in details)
    precision, reason = gpu_precision(capability, count)
    kinds = " and ".join(dict.fromkeys(each.get("device_name", "a GPU") for each in details))
    title = kinds if count == 1 else f"{count} × {kinds}"
    execution = on_gpus(count, min(by_name[name][0].memory for name in taken))
    return Device("gpu", title, precision, reason, threads, taken, execution)


def gpu_precision(compute_capability: tuple[int, int], count: int = 1) -> tuple[str, str]:
    """Return the fastest precision of NVIDIA GPUs and the reason.

    Tensor cores multiply float16 from compute capability 7.0 on and bfloat16 from 8.0 on; bfloat16
    is taken where there is a choice, because its range needs no loss scaling. Keras' loss scaling
    looks at the gradients of the first GPU only, so several do not get float16.

    Parameters
    ----------
    compute_capability
        The lowest of the GPUs'; (0, 0) if it is not known.
    count
        How many GPUs share the model.
    """
    if compute_capability < (7, 0):
        return "float32", "the GPU has no tensor cores"
    if compute_capability >= (8, 0):
        return "mixed_bfloat16", "the GPU has tensor cores for bfloat16"
    if count > 1:
        return "float32", "loss scaling for float16 is not safe over several GPUs"
    return "mixed_float16", "the GPU has tensor cores for float16"


def cpu_precision(cpuinfo: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the fastest precision of this CPU and the reason, by what `cpu_instructions` says."""
    if (found := cpu_instructions(cpuinfo, environment)) in instructions.BFLOAT16:
        return "mixed_bfloat16", f"the CPU has {found}"
    limits = [f"{name}={value}" for name, value in instructions.limits(environment).items()]
    within = f" that oneDNN may use ({', '.join(limits)})" if limits else ""
    return "float32", f"the CPU has neither AVX512-BF16 nor AMX{within}"


def cpu_instructions(cpuinfo: Path, environment: Mapping[str, str]) -> str:
    """Return the best of this CPU's flags whose instructions oneDNN uses, by those in `cpuinfo`."""
    return instructions.applied(_cpuinfo_value(cpuinfo, "flags"), environment)


def cpu_name(cpuinfo: Path) -> str:
    """Return the CPU's name, or ``CPU`` where the system does not tell."""
    return _cpuinfo_value(cpuinfo, "model name") or "CPU"


def _cpuinfo_value(cpuinfo: Path, key: str) -> str:
    if not cpuinfo.is_file():
        return ""
    for line in cpuinfo.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""
