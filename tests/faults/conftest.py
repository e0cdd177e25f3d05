"""The workflow tests' project, for faults that need all of Snakemake."""

from pathlib import Path

import pytest

from project import Project, new_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which nothing has been run."""
    return new_project(tmp_path)
