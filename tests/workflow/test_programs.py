"""Programs that are run by hand begin: what they import is there."""

import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT

PROGRAMS = [
    *(ROOT / "benchmarks").glob("*.py"),
    *(path for path in (ROOT / "tests/faults").glob("*.py") if path.stem.startswith("kill_")),
    ROOT / "tests/faults/write_report.py",
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_says_what_it_takes(program: Path) -> None:
    done = subprocess.run([sys.executable, program, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout
