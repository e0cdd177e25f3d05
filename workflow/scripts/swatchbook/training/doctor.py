"""What this machine has and what a training here would choose, and why."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swatchbook.training import cuda, devices, gpu_slots
from swatchbook.training.placement import DATA_SHARE, Execution

NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Return the devices that TensorFlow finds, and what hides some of them."""
    gpus = devices.import_tensorflow().config.list_physical_devices("GPU")
    return {
        "CPU": f"{devices.cpu_name(cpuinfo)}, {len(os.sched_getaffinity(0))} cores usable here",
        "GPUs": ", ".join(gpu.name for gpu in gpus) or "none that TensorFlow finds",
        "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "not set"),
    }


def choice(settings: Mapping[str, Any]) -> dict[str, str]:
    """Make the choice of a training with these settings, and return it with its reason.

    To be called last: TensorFlow is set up once in a process.

    Parameters
    ----------
    settings
        The configuration's ``training`` block: ``device``, ``gpus``, ``precision`` and ``threads``
        are read.

    Raises
    ------
    DeviceError
        If a training would end with it.
    """
    chosen = devices.choose(
        settings["device"],
        settings["precision"],
        settings["threads"],
        settings["gpus"],
        take=_first,
    )
    found = {
        "device": f"{chosen.kind}: {chosen.name} (training.device is {settings['device']})",
        "precision": f"{chosen.precision}, because {chosen.reason}",
        **_multiplying(chosen),
        "threads": f"{chosen.threads} a training (training.threads)",
        **told(chosen.execution),
        "GPU": advice(chosen.kind, NVIDIA_DRIVER.is_file(), os.environ),
    }
    if chosen.kind == "gpu":
        names = [gpu.name for gpu in cuda.gpus()]
        free = gpu_slots.free(names)
        states = [f"{name} {'free' if name in free else 'in use'}" for name in names]
        found["GPU slots"] = f"{settings['gpus']} a training (training.gpus): {', '.join(states)}"
    return found


def _multiplying(chosen: devices.Device) -> dict[str, str]:
    """Say what a CPU would multiply with, and what limits it."""
    if chosen.kind == "gpu":
        return {}
    limits = ", ".join(f"{name}={value}" for name, value in chosen.limits.items())
    return {
        "instructions": f"{chosen.instructions or 'none of oneDNN'} ({limits or 'no limit set'})"
    }


def _first(names: Sequence[str], count: int) -> list[str]:
    """Look at the first GPUs without taking their slots."""
    return list(names)[:count]


def told(execution: Execution) -> dict[str, str]:
    """Say in words how steps would be carried out."""
    replicas = len(execution.devices)
    if execution.memory is None:
        xla, data = "no: on a CPU it is slower", "in memory"
    else:
        xla = "yes: one GPU" if execution.xla else f"no: {replicas} GPUs share each batch"
        room = DATA_SHARE * execution.memory / 1e9
        data = f"on the GPU up to {room:.1f} GB, larger ones batch by batch from memory"
    return {"XLA": xla, "steps a call": str(execution.steps_a_call), "training data": data}


def advice(kind: str, driver: bool, environment: Mapping[str, str]) -> str:
    """Say what a user who has a GPU should expect to see.

    Parameters
    ----------
    kind
        What a training would run on, ``cpu`` or ``gpu``.
    driver
        Whether the machine has an NVIDIA driver.
    environment
        The environment's variables.
    """
    if kind == "gpu":
        return "used; a training takes the first free one that CUDA_VISIBLE_DEVICES shows"
    if environment.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides every GPU: unset it or name one"
    if driver:
        return (
            "not used, though there is an NVIDIA driver: pip install 'tensorflow[and-cuda]' in the "
            "same version, and leave training.device at auto or set gpu"
        )
    return (
        "no NVIDIA driver here. On a machine with one and with tensorflow[and-cuda] the choice "
        "should be gpu and mixed_bfloat16 (compute capability 8.0 and up), mixed_float16 (7.0, "
        "7.5) or float32 (older)"
    )
