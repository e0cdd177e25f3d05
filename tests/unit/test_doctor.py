"""`make doctor` says what a training would choose, and why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from swatchbook.doctor import advice

ROOT = Path(__file__).parents[2]


def doctor(folder: Path, **training: object) -> subprocess.CompletedProcess[str]:
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    config["training"].update(training)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    program = ROOT / "workflow/scripts/doctor.py"
    return subprocess.run(
        [sys.executable, program, "config.yaml"],
        cwd=folder,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
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
    assert said["threads"].startswith("2 ")
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
