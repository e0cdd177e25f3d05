"""What the NVIDIA driver says of the GPUs that this process may use.

Asked of the driver itself, since an index names no GPU: a batch system can give two jobs of one
machine different GPUs that both see as number 0.
"""

import ctypes
import uuid
from dataclasses import dataclass
from typing import Any

from swatchbook.errors import DeviceError

DRIVER = "libcuda.so.1"


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes
    ----------
    name
        Its UUID, as ``nvidia-smi -L`` has it.
    memory
        Bytes.
    """

    name: str
    memory: int


def gpus(driver: str = DRIVER) -> list[Gpu]:
    """Return the GPUs that ``CUDA_VISIBLE_DEVICES`` shows, in TensorFlow's order.

    Parameters
    ----------
    driver
        The driver's library.

    Raises
    ------
    DeviceError
        If the driver is not there or does not answer.
    """
    try:
        cuda = ctypes.CDLL(driver)
    except OSError as error:
        raise _silent(driver, str(error)) from error

    def ask(function: str, *arguments: Any) -> None:
        status = getattr(cuda, function)(*arguments)
        if status:
            raise _silent(driver, f"{function} gives status {status}")

    count, device = ctypes.c_int(), ctypes.c_int()
    identity, memory = (ctypes.c_ubyte * 16)(), ctypes.c_size_t()
    ask("cuInit", 0)
    ask("cuDeviceGetCount", ctypes.byref(count))
    found = []
    for number in range(count.value):
        ask("cuDeviceGet", ctypes.byref(device), number)
        ask("cuDeviceGetUuid_v2", ctypes.byref(identity), device)
        ask("cuDeviceTotalMem_v2", ctypes.byref(memory), device)
        found.append(Gpu(f"GPU-{uuid.UUID(bytes=bytes(identity))}", memory.value))
    return found


def _silent(driver: str, why: str) -> DeviceError:
    return DeviceError(
        f"the NVIDIA driver does not say which GPUs there are: {why}",
        where=driver,
        hint="check nvidia-smi, or set training.device: cpu",
    )
