"""One small trained model, and its exports, for all tests of this folder."""

from pathlib import Path

import pytest

from exported import made_export


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and evaluated run, exported in all formats into its folder ``export``."""
    return made_export(tmp_path_factory)


@pytest.fixture(scope="session")
def made(run: Path) -> Path:
    """Its exports."""
    return run / "export"
