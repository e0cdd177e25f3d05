"""Projects for the tests: one in which nothing has been run, and one in which everything has."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browsing import launched
from project import Project, new_project
from shared import made_once


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which nothing has been run."""
    return new_project(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which everything has been run; to be copied, not changed."""
    return Project(made_once(tmp_path_factory, "finished", lambda it: new_project(it).run()))


@pytest.fixture
def done(finished: Project, tmp_path: Path) -> Project:
    """A project of its own in which everything has been run, the files' times kept."""
    shutil.copytree(finished.folder, tmp_path / "copy", symlinks=True)
    return Project(tmp_path / "copy")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser
