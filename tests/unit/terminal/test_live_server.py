"""The server of the live page: how it ends, and what it does where something is in its way."""

import http.client
import socket
import threading
import urllib.request
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

import pytest

from records import plan, record, settings, start
from snakemake_logger_plugin_swatchbook import LogHandler, LogHandlerSettings, _port, live_server
from snakemake_logger_plugin_swatchbook.live_server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(0)
    yield made
    made.stop()


class Reader:
    """A browser that has the page open."""

    def __init__(self, server: Server):
        self.events = urllib.request.urlopen(f"{server.address}events", timeout=20)
        assert self.events.readline() == b"event: clock\n"
        self.lines = (line.strip() for line in self.events if line.strip())
        next(self.lines)

    def rest(self) -> list[bytes]:
        return list(self.lines)


def test_readers_get_what_is_new_and_the_last_word_at_once(server: Server) -> None:
    assert not server.has_readers
    server.publish('{"n": 1}')
    readers = [Reader(server), Reader(server)]
    assert server.has_readers
    assert [next(reader.lines) for reader in readers] == 2 * [b'data: {"n": 1}']
    server.publish('{"n": 1}')  # nothing new
    server.publish('{"n": 2}', is_last=True)
    server.finish()
    assert [reader.rest() for reader in readers] == 2 * [[b'data: {"n": 2}']]


def test_a_reader_is_told_that_the_run_is_still_there(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_server, "SECONDS_OF_SILENCE", 0.01)
    assert next(Reader(server).lines) == b"event: beat"


def test_the_end_waits_for_pages_to_have_the_report(server: Server, tmp_path: Path) -> None:
    large = tmp_path / "report.html"
    large.write_bytes(b"x" * 5_000_000)
    reader = Reader(server)
    server.report = large
    server.publish("{}", is_last=True)
    end = threading.Thread(target=server.finish)
    end.start()
    assert reader.rest() == [b"data: {}"]
    with urllib.request.urlopen(f"{server.address}report.html", timeout=20) as answer:
        assert len(answer.read()) == 5_000_000
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    end.join(20)
    assert not end.is_alive()


def test_the_end_does_not_wait_for_a_reader_that_wants_no_report(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_server, "SECONDS_OF_LEAVING", 0.1)
    (tmp_path / "report.html").touch()
    reader = Reader(server)
    server.report = tmp_path / "report.html"
    server.publish("{}", is_last=True)
    server.finish()
    assert reader.rest() == [b"data: {}"]


def test_a_reader_that_stops_reading_does_not_hold_up_the_run(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_server, "SECONDS_OF_LEAVING", 0.1)
    with socket.create_connection(("127.0.0.1", server.server_port)) as stuck:
        request = f"GET /{server.token}/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        stuck.sendall(request.encode())
        assert stuck.recv(10)
        server.publish("x" * 50_000_000, is_last=True)  # more than what lies between them
        server.finish()


def test_more_connections_than_a_browser_opens_are_closed(server: Server) -> None:
    address = ("127.0.0.1", server.server_port)
    server._free = threading.BoundedSemaphore(1)
    with Reader(server).events, socket.create_connection(address, timeout=20) as other:
        assert other.recv(1) == b"", "closed without an answer"


def test_a_page_that_leaves_is_no_error(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", f"/{server.token}/plot.min.js")
    connection.close()
    assert urllib.request.urlopen(server.address, timeout=20).status == 200
    assert capfd.readouterr().err == ""


def test_a_run_without_a_free_port_says_so_and_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(live_server, "PORTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        made = LogHandler(settings(), LogHandlerSettings(style="lines", live=port))
        made.emit(plan(sort=1))
        made.emit(start(1, "sort"))
        made.close()
    lines = capsys.readouterr().err.splitlines()
    assert f"swatchbook: no live page: port {port} and the next: Address already in use" in lines
    assert any(line.endswith("start    sort") for line in lines)


def test_who_came_by_ssh_is_told_how_to_get_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 5000 192.0.2.2 22")
    made = LogHandler(settings(), LogHandlerSettings(style="lines", live=0))
    made.emit(plan(sort=1))
    made.close()
    (line,) = (one for one in capsys.readouterr().err.splitlines() if "The live page is" in one)
    port = line.split(":")[2].partition("/")[0]
    assert f"(from elsewhere: ssh -L {port}:127.0.0.1:{port} " in line


def test_a_dry_run_and_one_that_has_nothing_to_do_have_no_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for changes in ({"dryrun": True}, {}):
        made = LogHandler(settings(**changes), LogHandlerSettings(style="lines", live=0))
        made.emit(plan(sort=1) if changes else record(None, "Nothing to be done"))
        made.close()
    assert "127.0.0.1" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("given", ["99999", "-1", "x", "", "80.5"])
def test_what_is_no_port_is_refused(given: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no port: write 8642, or 0 for any"):
        _port(given)
    assert _port("8642") == _port(8642) == 8642
