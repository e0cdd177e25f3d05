"""A server on this machine, for every test that downloads."""

from collections.abc import Iterator

import pytest

from loopback import Loopback


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with Loopback() as running:
        yield running
