"""The precision follows from what the hardware says of itself."""

from pathlib import Path

import pytest

from swatchbook.devices import cpu_name, cpu_precision, gpu_precision

CPUINFO = """\
processor\t: 0
model name\t: A CPU: 2.0 GHz
flags\t\t: fpu sse {}
vmx flags\t: avx512_bf16 amx_bf16

processor\t: 1
model name\t: Another CPU
flags\t\t: fpu avx512_bf16
"""


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    return tmp_path / "cpuinfo"


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_a_cpu_that_multiplies_bfloat16_gets_it_and_the_reason_names_the_flag(
    cpuinfo: Path, flag: str
) -> None:
    cpuinfo.write_text(CPUINFO.format(flag))
    precision, reason = cpu_precision(cpuinfo)
    assert precision == "mixed_bfloat16"
    assert flag in reason


def test_a_cpu_without_bfloat16_gets_float32(cpuinfo: Path) -> None:
    cpuinfo.write_text(CPUINFO.format("avx512_bf16x avx512f amx_tile"))
    precision, reason = cpu_precision(cpuinfo)
    assert precision == "float32"
    assert "AVX512-BF16" in reason


def test_a_system_without_cpuinfo_gets_float32_and_a_nameless_cpu(cpuinfo: Path) -> None:
    assert cpu_precision(cpuinfo)[0] == "float32"
    assert cpu_name(cpuinfo) == "CPU"


def test_a_cpuinfo_without_flags_and_names_gets_float32_and_a_nameless_cpu(cpuinfo: Path) -> None:
    cpuinfo.write_text("processor\t: 0\nFeatures\t: asimd bf16\n")
    assert cpu_precision(cpuinfo)[0] == "float32"
    assert cpu_name(cpuinfo) == "CPU"


def test_the_cpu_name_is_whole_and_the_first_processors(cpuinfo: Path) -> None:
    cpuinfo.write_text(CPUINFO.format(""))
    assert cpu_name(cpuinfo) == "A CPU: 2.0 GHz"


@pytest.mark.parametrize(
    ("capability", "precision"),
    [
        (None, "float32"),
        ((6, 1), "float32"),
        ((7, 0), "mixed_float16"),
        ((7, 5), "mixed_float16"),
        ((8, 0), "mixed_bfloat16"),
        ((9, 0), "mixed_bfloat16"),
        ((12, 0), "mixed_bfloat16"),
    ],
)
def test_a_gpu_gets_what_its_tensor_cores_multiply(
    capability: tuple[int, int] | None, precision: str
) -> None:
    assert gpu_precision(capability)[0] == precision
