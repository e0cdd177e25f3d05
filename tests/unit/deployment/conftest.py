"""One small trained model, and its exports, for all tests of this folder."""

from pathlib import Path

import pytest

from exported import export, make_run
from shared import made_once


def _make(folder: Path) -> None:
    run = make_run(folder / "stripes")
    done = export(run, run / "export")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained and evaluated run, exported in all formats into its folder ``export``."""
    return made_once(tmp_path_factory, "exported-run", _make) / "stripes" / "plain" / "seed-0"


@pytest.fixture(scope="session")
def made(run: Path) -> Path:
    """Its exports."""
    return run / "export"
