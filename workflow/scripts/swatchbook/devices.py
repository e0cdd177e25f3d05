"""What a training runs on and in which precision, chosen once and recorded.

Importing this module does not import TensorFlow; `choose` does.
"""

import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swatchbook.errors import DeviceError

logger = logging.getLogger(__name__)

BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")


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
    """

    kind: str
    name: str
    precision: str
    reason: str
    threads: int


def import_tensorflow() -> Any:
    """Import TensorFlow without its start-up notices and return the module.

    Keras imports matplotlib and scikit-learn for plots and wrappers that are not used here, and
    does without where they are missing. Hiding them takes a third off the time that every job needs
    to start.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    hidden = [name for name in ("matplotlib", "sklearn") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        import keras  # noqa: F401  (with TensorFlow, while the others are hidden)
        import tensorflow
    finally:
        for name in hidden:
            del sys.modules[name]
    return tensorflow


def choose(device: str, precision: str, threads: int) -> Device:
    """Set TensorFlow up for one training and return what was chosen.

    To be called once, before anything has been computed.

    Parameters
    ----------
    device
        ``auto`` (a GPU if there is one), ``cpu`` or ``gpu``.
    precision
        ``auto`` or a Keras dtype policy.
    threads
        CPU threads inside an operation; operations run one after the other, since the order in
        which they end would otherwise be a matter of chance.

    Raises
    ------
    DeviceError
        If ``gpu`` is asked for and TensorFlow finds none.
    """
    tf = import_tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = [] if device == "cpu" else tf.config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise DeviceError(
            "training.device is 'gpu', but TensorFlow finds no GPU on this machine",
            hint="check nvidia-smi, CUDA_VISIBLE_DEVICES and that tensorflow[and-cuda] is "
            "installed, or set device: auto",
        )
    if gpus:
        chosen = _use_gpu(tf, gpus[0], precision, threads)
    else:
        tf.config.set_visible_devices([], "GPU")
        found, reason = cpu_precision(Path("/proc/cpuinfo"))
        chosen = Device("cpu", cpu_name(Path("/proc/cpuinfo")), found, reason, threads)
    if precision != "auto":
        chosen = Device(chosen.kind, chosen.name, precision, "set in the configuration", threads)
    logger.info("device: %s (%s), %d threads", chosen.kind, chosen.name, threads)
    logger.info("precision: %s, because %s", chosen.precision, chosen.reason)
    return chosen


def _use_gpu(tf: Any, gpu: Any, precision: str, threads: int) -> Device:
    tf.config.set_visible_devices([gpu], "GPU")
    tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.experimental.enable_op_determinism()
    details = tf.config.experimental.get_device_details(gpu)
    found, reason = gpu_precision(details.get("compute_capability"))
    return Device("gpu", details.get("device_name", gpu.name), found, reason, threads)


def gpu_precision(compute_capability: tuple[int, int] | None) -> tuple[str, str]:
    """Return the fastest precision of an NVIDIA GPU and the reason.

    Tensor cores multiply float16 from compute capability 7.0 on and bfloat16 from 8.0 on; bfloat16
    is taken where there is a choice, because its range needs no loss scaling.
    """
    if compute_capability is None or compute_capability < (7, 0):
        return "float32", "the GPU has no tensor cores"
    if compute_capability < (8, 0):
        return "mixed_float16", "the GPU has tensor cores for float16"
    return "mixed_bfloat16", "the GPU has tensor cores for bfloat16"


def cpu_precision(cpuinfo: Path) -> tuple[str, str]:
    """Return the fastest precision of this CPU and the reason, by its flags in `cpuinfo`."""
    flags = set(_cpuinfo_value(cpuinfo, "flags").split())
    for flag in BFLOAT16_FLAGS:
        if flag in flags:
            return "mixed_bfloat16", f"the CPU has {flag}"
    return "float32", "the CPU has neither AVX512-BF16 nor AMX"


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
