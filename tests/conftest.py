"""A server on this machine, for every test that downloads; the quick tests among all."""

import sys
from collections.abc import Iterator

import pytest

from loopback import Loopback

# What Python says to its audit hooks when a process is about to be started.
STARTS = {"os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen"}
NO_PROCESSES = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-processes",
        action="store_true",
        help="skip each test as soon as it is about to start a process",
    )


def pytest_configure(config: pytest.Config) -> None:
    def skip(event: str, _: tuple[object, ...]) -> None:
        # Not before: pytest-xdist's workers are processes, too.
        if event in STARTS and config.stash.get(NO_PROCESSES, False):
            pytest.skip("starts a process")

    if config.getoption("no_processes"):
        sys.addaudithook(skip)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    item.config.stash[NO_PROCESSES] = True
    try:
        return (yield)
    finally:
        item.config.stash[NO_PROCESSES] = False


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with Loopback() as running:
        yield running
