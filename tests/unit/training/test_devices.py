"""The choice follows from what the hardware says of itself."""

import logging
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from swatchbook.errors import DeviceError
from swatchbook.training import cuda, devices
from swatchbook.training.devices import cpu_name, cpu_precision, gpu_precision
from swatchbook.training.placement import ON_CPU, on_gpus

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
    precision, reason = cpu_precision(cpuinfo, {})
    assert precision == "mixed_bfloat16"
    assert flag in reason


def test_a_cpu_without_bfloat16_gets_float32(cpuinfo: Path) -> None:
    cpuinfo.write_text(CPUINFO.format("avx512_bf16x avx512f amx_tile"))
    precision, reason = cpu_precision(cpuinfo, {})
    assert precision == "float32"
    assert "AVX512-BF16" in reason


def test_a_system_without_cpuinfo_gets_float32_and_a_nameless_cpu(cpuinfo: Path) -> None:
    assert cpu_precision(cpuinfo, {})[0] == "float32"
    assert cpu_name(cpuinfo) == "CPU"


def test_a_cpuinfo_without_flags_and_names_gets_float32_and_a_nameless_cpu(cpuinfo: Path) -> None:
    cpuinfo.write_text("processor\t: 0\nFeatures\t: asimd bf16\n")
    assert cpu_precision(cpuinfo, {})[0] == "float32"
    assert cpu_name(cpuinfo) == "CPU"


def test_the_cpu_name_is_whole_and_the_first_processors(cpuinfo: Path) -> None:
    cpuinfo.write_text(CPUINFO.format(""))
    assert cpu_name(cpuinfo) == "A CPU: 2.0 GHz"


@pytest.mark.parametrize(
    ("capability", "precision"),
    [
        ((0, 0), "float32"),
        ((6, 1), "float32"),
        ((7, 0), "mixed_float16"),
        ((7, 5), "mixed_float16"),
        ((8, 0), "mixed_bfloat16"),
        ((9, 0), "mixed_bfloat16"),
        ((12, 0), "mixed_bfloat16"),
    ],
)
def test_a_gpu_gets_what_its_tensor_cores_multiply(
    capability: tuple[int, int], precision: str
) -> None:
    assert gpu_precision(capability)[0] == precision


@pytest.mark.parametrize(
    ("capability", "precision"),
    [((6, 1), "float32"), ((7, 0), "float32"), ((8, 0), "mixed_bfloat16")],
)
def test_several_gpus_get_no_loss_scaling(capability: tuple[int, int], precision: str) -> None:
    assert gpu_precision(capability, count=2)[0] == precision


class MadeUpGpus:
    """What `choose` calls of TensorFlow, on a machine with these GPUs: there are none here.

    Attributes
    ----------
    visible, growing
        The GPUs that were made visible, and those that do not take all memory at once.
    """

    def __init__(self, *capabilities: tuple[int, int]):
        self.capabilities = capabilities
        self.visible: list[int] = []
        self.growing: list[int] = []

        def nothing(*_: object) -> None:
            pass

        self.config = SimpleNamespace(
            threading=SimpleNamespace(
                set_intra_op_parallelism_threads=nothing, set_inter_op_parallelism_threads=nothing
            ),
            list_physical_devices=lambda kind: list(range(len(capabilities))),
            set_visible_devices=lambda gpus, kind: self.visible.extend(gpus),
            experimental=SimpleNamespace(
                set_memory_growth=lambda gpu, grows: self.growing.append(gpu),
                enable_op_determinism=nothing,
                get_device_details=lambda gpu: {
                    "device_name": f"Model {capabilities[gpu][0]}",
                    "compute_capability": capabilities[gpu],
                },
            ),
        )

    def installed(self, monkeypatch: pytest.MonkeyPatch) -> "MadeUpGpus":
        known = [cuda.Gpu(f"GPU-{n}", 1000 * (n + 1)) for n in range(len(self.capabilities))]
        monkeypatch.setattr(devices, "import_tensorflow", lambda: self)
        monkeypatch.setattr(cuda, "gpus", lambda: known)
        return self


def last(names: Sequence[str], count: int) -> list[str]:
    return list(names)[-count:]


def test_the_gpu_whose_slot_was_taken_is_used_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    tf = MadeUpGpus((7, 0), (8, 0)).installed(monkeypatch)
    chosen = devices.choose("auto", "auto", 1, take=last)
    assert (tf.visible, tf.growing) == ([1], [1])
    assert (chosen.kind, chosen.name, chosen.gpus) == ("gpu", "Model 8", ["GPU-1"])
    assert chosen.precision == "mixed_bfloat16"
    assert chosen.execution == on_gpus(1, 2000)


def test_several_gpus_are_as_good_as_the_least_of_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tf = MadeUpGpus((9, 0), (7, 0), (8, 0)).installed(monkeypatch)
    with caplog.at_level(logging.INFO):
        chosen = devices.choose("gpu", "auto", 1, gpus=2, take=last)
    assert (tf.visible, tf.growing) == ([1, 2], [1, 2])
    assert (chosen.name, chosen.precision) == ("2 × Model 7 and Model 8", "float32")
    assert chosen.execution == on_gpus(2, 2000)
    assert "precision: float32, because loss scaling" in caplog.text


def test_too_few_gpus_are_told_before_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    MadeUpGpus((8, 0)).installed(monkeypatch)
    with pytest.raises(DeviceError, match="gpus is 2, but TensorFlow finds 1 GPU on"):
        devices.choose("auto", "auto", 1, gpus=2, take=pytest.fail)


def test_without_a_gpu_nothing_is_taken_so_that_trainings_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    MadeUpGpus().installed(monkeypatch)
    chosen = devices.choose("auto", "auto", 1, take=pytest.fail)
    assert (chosen.kind, chosen.gpus, chosen.execution) == ("cpu", [], ON_CPU)
