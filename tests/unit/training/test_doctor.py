"""`make doctor` says what a training would choose, and why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from paths import ROOT
from swatchbook.training.doctor import advice, told
from swatchbook.training.instructions import VARIABLES
from swatchbook.training.placement import ON_CPU, on_gpus


def doctor(folder: Path, **training: object) -> subprocess.CompletedProcess[str]:
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["training"].update(training)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    program = ROOT / "workflow/scripts/doctor.py"
    return subprocess.run(
        [sys.executable, program, "config.yaml"],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if name not in VARIABLES},
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        text=True,
        capture_output=True,
    )


def test_the_doctor_prints_versions_devices_and_the_choice_with_its_reason(tmp_path: Path) -> None:
    done = doctor(tmp_path, precision="float32", threads=2)
    assert done.returncode == 0, done.stderr
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line)
    assert said["python"] == sys.version.split()[0]
    assert said["tensorflow"].startswith("2.21.")
    assert said["GPUs"] == "none that TensorFlow finds"
    assert said["CUDA_VISIBLE_DEVICES"] == "-1"
    assert said["device"].startswith("cpu: ")
    assert said["precision"] == "float32, because set in the configuration"
    assert said["instructions"].endswith(" (no limit set)")
    assert said["threads"].startswith("2 ")
    assert said["XLA"] == "no: on a CPU it is slower"
    assert said["GPU"].startswith("CUDA_VISIBLE_DEVICES hides every GPU")
    assert done.stderr == ""


def test_a_choice_that_a_training_cannot_make_is_one_line_and_a_bad_end(tmp_path: Path) -> None:
    done = doctor(tmp_path, device="gpu")
    assert done.returncode == 1
    assert "tensorflow" in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("swatchbook: error: training.device is 'gpu'")


@pytest.mark.parametrize(
    ("kind", "driver", "environment", "said"),
    [
        ("gpu", True, {}, "used"),
        ("cpu", True, {}, "not used, though there is an NVIDIA driver"),
        ("cpu", True, {"CUDA_VISIBLE_DEVICES": ""}, "CUDA_VISIBLE_DEVICES hides every GPU"),
        ("cpu", False, {}, "no NVIDIA driver here"),
    ],
)
def test_the_advice_is_about_what_keeps_a_gpu_from_being_used(
    kind: str, driver: bool, environment: dict[str, str], said: str
) -> None:
    assert advice(kind, driver, environment).startswith(said)


def test_the_doctor_says_how_steps_would_be_carried_out() -> None:
    assert told(ON_CPU)["steps a call"] == "1"
    assert told(ON_CPU)["training data"] == "in memory"
    one, two = (told(on_gpus(count, memory=24_000_000_000)) for count in (1, 2))
    assert (one["XLA"], one["steps a call"]) == ("yes: one GPU", "10")
    assert (two["XLA"], two["steps a call"]) == ("no: 2 GPUs share each batch", "1")
    assert one["training data"].startswith("on the GPU up to 12.0 GB")
