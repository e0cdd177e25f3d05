"""GPUs are named by what the driver says, here by a library that only answers like it."""

import subprocess
from pathlib import Path

import pytest

from swatchbook.errors import DeviceError
from swatchbook.training import cuda

# Two GPUs, with the functions and types of cuda.h.
DRIVER = """
#include <stddef.h>
static int ready = 0;
int cuInit(unsigned int flags) { ready = 1; return STATUS; }
int cuDeviceGetCount(int *count) { *count = 2; return ready ? 0 : 3; }
int cuDeviceGet(int *device, int ordinal) { *device = 40 + ordinal; return 0; }
int cuDeviceGetUuid_v2(unsigned char *uuid, int device) {
    for (int n = 0; n < 16; n++) uuid[n] = device == 40 ? n : 0xF0 + n;
    return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    *bytes = device == 40 ? 8000000000 : 24000000000;
    return 0;
}
"""


def driver(folder: Path, status: int = 0) -> str:
    """Compile the library; `status` is what its beginning gives."""
    (folder / "driver.c").write_text(DRIVER.replace("STATUS", str(status)))
    library = folder / "libcuda.so.1"
    command = ["cc", "-shared", "-fPIC", "-o", str(library), str(folder / "driver.c")]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        pytest.skip("there is no C compiler")
    return str(library)


def test_gpus_have_the_uuid_and_the_memory_that_the_driver_says(tmp_path: Path) -> None:
    assert cuda.gpus(driver(tmp_path)) == [
        cuda.Gpu("GPU-00010203-0405-0607-0809-0a0b0c0d0e0f", 8_000_000_000),
        cuda.Gpu("GPU-f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff", 24_000_000_000),
    ]


def test_a_driver_that_fails_is_told_with_its_status(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cuInit gives status 999"):
        cuda.gpus(driver(tmp_path, status=999))


def test_a_driver_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="check nvidia-smi") as caught:
        cuda.gpus(str(tmp_path / "libcuda.so.1"))
    assert "\n" not in str(caught.value)
