"""Fixtures of several unit tests."""

from functools import partial
from pathlib import Path

import pytest

from acquiring import Acquire
from swatchbook.sources.acquisition import acquire


@pytest.fixture
def take(tmp_path: Path) -> Acquire:
    """`acquire` in an empty environment, which never waits."""
    home = tmp_path / "home"
    home.mkdir()
    return partial(acquire, environment={}, home=home, wait=lambda seconds: None)
