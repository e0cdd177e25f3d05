"""What a training says that oneDNN uses is what oneDNN uses."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paths import SCRIPTS
from swatchbook.training import devices
from swatchbook.training.instructions import VARIABLES, applied, limits
from training_inputs import SETTINGS

AMX = "fpu sse4_1 avx2 avx512f avx512_bf16 amx_bf16 amx_tile"


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        (AMX, {}, "amx_bf16"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "default"}, "amx_bf16"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_AMX"}, "amx_bf16"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "AVX10_1_512"}, "avx512_bf16"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "avx512_core_fp16"}, "avx512_bf16"),
        (AMX, {"DNNL_MAX_CPU_ISA": "AVX512_CORE_BF16"}, "avx512_bf16"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"}, "avx512f"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "ALL"}, "avx2"),
        (AMX, {"ONEDNN_MAX_CPU_ISA": "misspelt"}, "amx_bf16"),  # oneDNN does not look at it
        (AMX, {"TF_ENABLE_ONEDNN_OPTS": "0"}, ""),
        (AMX, {"TF_ENABLE_ONEDNN_OPTS": "1"}, "amx_bf16"),
        ("fpu sse4_1 avx2", {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_AMX"}, "avx2"),
        ("fpu asimd bf16", {}, ""),
    ],
)
def test_the_best_that_there_is_and_that_is_allowed(
    flags: str, environment: dict[str, str], expected: str
) -> None:
    assert applied(flags, environment) == expected


def test_variables_that_are_set_are_told_and_no_others() -> None:
    given = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ONEDNN_VERBOSE": "1", "HOME": "/"}
    assert limits(given) == {"ONEDNN_MAX_CPU_ISA": "AVX2"}


def test_a_limit_decides_the_precision_and_stands_in_the_reason(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(f"flags : {AMX}\n")
    precision, reason = devices.cpu_precision(tmp_path / "cpuinfo", {"ONEDNN_MAX_CPU_ISA": "AVX2"})
    assert precision == "float32"
    assert reason.endswith("that oneDNN may use (ONEDNN_MAX_CPU_ISA=AVX2)")
    assert devices.cpu_precision(tmp_path / "cpuinfo", {}) == (
        "mixed_bfloat16",
        "the CPU has amx_bf16",
    )


def test_a_processor_is_told_by_its_instructions_and_limits_too() -> None:
    device = devices.Device("cpu", "A CPU", "float32", "", 1, instructions="avx2")
    assert device.processor == "A CPU, avx2"
    limited = devices.Device("cpu", "A CPU", "float32", "", 1, limits={"A": "b"})
    assert limited.processor == "A CPU, A=b"


# The default network on one batch, one step.
DRIVER = """
import json, sys
from dataclasses import asdict
import numpy as np
from swatchbook.training import devices, models
from swatchbook.training.epochs import Trainer

device = devices.choose("cpu", "auto", 1)
conv = [{"conv": {"filters": 32}}, {"pool": {}}, {"conv": {"filters": 64}}, {"pool": {}}]
layers = [*conv, {"flatten": {}}, {"dense": {"units": 128}}]
model = models.build(layers, (28, 28, 1), 10, 0, device.precision)
x, y = np.ones((128, 28, 28, 1), np.float32), np.eye(10, dtype=np.float32)[np.zeros(128, int)]
settings = json.loads(sys.argv[1])
Trainer(model, x, y, settings, 0).fit({"validation": (x[:0], y[:0])}, sys.argv[2])
print(json.dumps(asdict(device)))
"""


def kernels(folder: Path, environment: dict[str, str]) -> tuple[dict[str, Any], set[str]]:
    """Make a step; return what is told of the device, and the kernels of its convolutions."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            DRIVER,
            json.dumps(SETTINGS | {"epochs": 1, "batch_size": 128}),
            str(folder),
        ],
        cwd=SCRIPTS,
        env=kept | {"ONEDNN_VERBOSE": "1"} | environment,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    told = re.findall(r"exec,cpu,convolution,([^,]+),", done.stdout)
    return json.loads(done.stdout.splitlines()[-1]), set(told)


@pytest.mark.parametrize(
    ("environment", "instructions"),
    [
        ({}, "amx_bf16"),
        ({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}, "avx512_bf16"),
        ({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}, "avx512f"),
        ({"TF_ENABLE_ONEDNN_OPTS": "0"}, ""),
    ],
)
def test_the_kernels_that_run_are_of_the_instructions_that_are_told(
    tmp_path: Path, environment: dict[str, str], instructions: str
) -> None:
    if devices.cpu_instructions(devices.CPUINFO, {}) != "amx_bf16":
        pytest.skip("the CPU has no AMX")
    told, found = kernels(tmp_path, environment)
    assert told["instructions"] == instructions
    assert told["limits"] == environment
    assert told["precision"] == ("mixed_bfloat16" if "bf16" in instructions else "float32")
    assert bool(found) == bool(instructions)
    assert any("amx" in name for name in found) == (instructions == "amx_bf16")
    assert all("bf16" not in name for name in found) or "bf16" in instructions
