"""Conda and containers, as far as they can be seen without either."""

import os
import re
from pathlib import Path

import pytest

from project import Project

# What Snakemake asks conda before it builds an environment. Conda itself is on no package index.
CONDA = """\
#!/bin/sh
case "$1" in
    info) echo '{"conda_prefix": "/nowhere", "platform": "linux-64"}' ;;
    config) echo '{"get": {"channel_priority": "strict"}}' ;;
    --version) echo 'conda 26.9.0' ;;
    *) exit 1 ;;
esac
"""


def test_with_conda_every_job_has_the_one_environment(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "conda"
    program.parent.mkdir()
    program.write_text(CONDA)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    said = project.run("--dry-run", "--sdm", "conda")
    environments = re.findall(r"Conda environment (\S+) will be created", said)
    assert [Path(one).name for one in environments] == ["swatchbook.yaml"]


def test_apptainer_without_an_image_is_refused_not_ignored(project: Project) -> None:
    done = project.snakemake("--dry-run", "--sdm", "apptainer")
    assert done.returncode == 1
    (error,) = (line for line in done.stdout.splitlines() if line.startswith("swatchbook: error:"))
    assert "config/config.yaml: container: null" in error


def test_an_image_alone_changes_nothing(done: Project) -> None:
    assert done.planned("--config", "container=docker://localhost/swatchbook") == {}
