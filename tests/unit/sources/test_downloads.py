"""Downloads against a real server on this machine: whole and verified, or absent."""

import hashlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from loopback import Loopback, Reply
from swatchbook.errors import DownloadError, StorageError
from swatchbook.files import digest, replacing_file
from swatchbook.sources.downloads import fetch, verify
from swatchbook.sources.http_transfer import StatusError
from swatchbook.sources.urls import redacted, redirect_target

BODY = bytes(range(256)) * 1200  # several chunks
SHA256 = hashlib.sha256(BODY).hexdigest()
PAGE = b"\n<!DOCTYPE html>\n<html><title>Sign in</title></html>"
TAG = {"ETag": '"one"'}
SECRET = {"Authorization": "Bearer hush"}


@pytest.fixture
def waits() -> list[float]:
    """Collects the seconds that would have been waited."""
    return []


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    """Where to download to; after each test nothing else may lie beside it."""
    folder = tmp_path / "resources"
    yield folder / "file.bin"
    left = {path.name for path in folder.iterdir()} if folder.exists() else set()
    assert left <= {"file.bin"}


def refused(url: str, target: Path, **options: object) -> DownloadError | StorageError:
    with pytest.raises((DownloadError, StorageError)) as caught:
        fetch(url, target, **{"wait": lambda seconds: None, **options})
    return caught.value


def test_a_whole_file_arrives_under_its_name(server: Loopback, target: Path) -> None:
    md5 = hashlib.md5(BODY).hexdigest()
    fetch(server.serve("/f", BODY), target, sha256=["0" * 64, SHA256.upper()], md5=md5)
    assert target.read_bytes() == BODY
    assert digest(target) == SHA256
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_chunked_file_without_length_arrives(server: Loopback, target: Path) -> None:
    chunks = b"6\r\nabcdef\r\n0\r\n\r\n"
    reply = Reply(chunks, headers={"Transfer-Encoding": "chunked"}, length=False)
    fetch(server.serve("/f", reply), target)
    assert target.read_bytes() == b"abcdef"


def test_a_file_without_length_or_digest_is_refused(server: Loopback, target: Path) -> None:
    url = server.serve("/f", Reply(BODY, length=False))
    assert "nothing says whether the file is whole" in refused(url, target).what
    fetch(url, target, sha256=[SHA256])
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("reset", [False, True])
def test_a_broken_transfer_goes_on_where_it_stopped(
    server: Loopback, target: Path, waits: list[float], reset: bool
) -> None:
    broken = Reply(BODY, headers=TAG, stop_after=200_000, reset=reset)
    url = server.serve("/f", broken, Reply(BODY, headers=TAG, ranges=True))
    fetch(url, target, sha256=[SHA256], wait=waits.append)
    assert target.read_bytes() == BODY
    assert len(waits) == 1
    if not reset:  # a reset may take bytes with it that were already sent
        begin = int(server.requests[1].headers["Range"].removeprefix("bytes=").rstrip("-"))
        assert 0 < begin <= 200_000
        assert server.requests[1].headers["If-Range"] == '"one"'


def test_a_whole_answer_to_a_range_request_starts_over(
    server: Loopback, target: Path, waits: list[float]
) -> None:
    changed = BODY[::-1]
    broken = Reply(BODY, headers=TAG, stop_after=200_000)
    url = server.serve("/f", broken, Reply(changed, headers={"ETag": '"two"'}, ranges=True))
    fetch(url, target, wait=waits.append)
    assert ["Range" in request.headers for request in server.requests] == [False, True]
    assert target.read_bytes() == changed


def test_a_part_that_is_not_the_whole_rest_is_followed_by_the_next(
    server: Loopback, target: Path, waits: list[float]
) -> None:
    broken = Reply(BODY, headers=TAG, stop_after=200_000)
    part = Reply(BODY, headers=TAG, ranges=True, range_most=70_000)
    fetch(server.serve("/f", broken, part), target, wait=waits.append)
    assert target.read_bytes() == BODY
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        Reply(BODY, headers=TAG, ranges=True, range_shift=-7),
        Reply(BODY + b"more", headers=TAG, ranges=True),
        Reply(BODY[::-1], headers={"ETag": '"two"'}, ranges=True, careless=True),
        Reply(BODY[::-1], headers={"ETag": '"two"', "Content-Range": "bytes"}, status=206),
        Reply(status=416),
    ],
    ids=["other offset", "other length", "other tag", "no range named", "range refused"],
)
def test_a_wrong_partial_answer_starts_over(
    server: Loopback, target: Path, waits: list[float], wrong: Reply
) -> None:
    broken = Reply(BODY, headers=TAG, stop_after=200_000)
    fetch(server.serve("/f", broken, wrong, BODY), target, wait=waits.append)
    assert target.read_bytes() == BODY
    assert ["Range" in request.headers for request in server.requests] == [False, True, False]


def test_nothing_is_resumed_that_nothing_can_prove(
    server: Loopback, target: Path, waits: list[float]
) -> None:
    weak = {"ETag": 'W/"one"'}
    broken = Reply(BODY, headers=weak, stop_after=200_000)
    fetch(server.serve("/f", broken, Reply(BODY, ranges=True)), target, wait=waits.append)
    assert "Range" not in server.requests[1].headers
    assert target.read_bytes() == BODY


def test_short_bodies_fail_after_all_attempts(
    server: Loopback, target: Path, waits: list[float]
) -> None:
    url = server.serve("/f", Reply(BODY, stop_after=0))
    error = refused(url, target, attempts=4, wait=waits.append)
    assert "attempt 4 of 4" in error.what
    assert len(server.requests) == 4
    assert [0.5 <= seconds / 2**n <= 1 for n, seconds in enumerate(waits)] == [True] * 3
    assert not target.exists()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_transient_answers_are_retried(
    server: Loopback, target: Path, waits: list[float], status: int
) -> None:
    fetch(server.serve("/f", Reply(status=status), BODY), target, wait=waits.append)
    assert target.read_bytes() == BODY


def test_retry_after_is_honoured_and_capped(
    server: Loopback, target: Path, waits: list[float]
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    replies = [
        Reply(status=503, headers={"Retry-After": value}) for value in ("7", later, "99999", "soon")
    ]
    fetch(server.serve("/f", *replies, BODY), target, wait=waits.append)
    assert waits[0] == 7
    assert 40 < waits[1] <= 50
    assert waits[2] == 120
    assert 4 <= waits[3] <= 8


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_final_answers_are_not_retried(server: Loopback, target: Path, status: int) -> None:
    error = refused(server.serve("/f", Reply(status=status)), target)
    assert isinstance(error, StatusError) and error.status == status
    assert str(status) in error.what
    assert len(server.requests) == 1


def test_a_dead_server_is_named_with_its_reason(server: Loopback, target: Path) -> None:
    with Loopback() as dead:
        url = dead.url("/f?token=hush")
    error = refused(url, target, attempts=2)
    assert "Connection refused" in error.what
    assert "hush" not in str(error)


def test_silence_is_a_timeout(server: Loopback, target: Path) -> None:
    url = server.serve("/f", Reply(BODY, stop_after=5, silent=True))
    assert "no answer in time" in refused(url, target, attempts=1, timeouts=(5, 0.05)).what


@pytest.mark.parametrize("page", [PAGE, b"<!-- a --> <!-- b --><html>", b"<head><title>Log in"])
def test_a_web_page_in_place_of_the_file_is_named(
    server: Loopback, target: Path, page: bytes
) -> None:
    error = refused(server.serve("/f", page), target)
    assert "web page" in error.what and "login" in error.what
    assert len(server.requests) == 1
    assert not target.exists()


def test_a_web_page_that_was_asked_for_is_a_file(server: Loopback, target: Path) -> None:
    page = target.with_name("page.html")
    fetch(server.serve("/page", PAGE), page)
    assert page.read_bytes() == PAGE
    page.unlink()


def test_many_comments_are_no_web_page_and_take_no_time(server: Loopback, target: Path) -> None:
    comments = b"<!---->" * 200 + b"-"
    fetch(server.serve("/f", comments), target)
    assert target.read_bytes() == comments


def test_wrong_content_is_fetched_once_more(server: Loopback, target: Path) -> None:
    fetch(server.serve("/f", BODY[:-1] + b"x", BODY), target, sha256=[SHA256])
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("pin", [{"sha256": [SHA256]}, {"md5": hashlib.md5(BODY).hexdigest()}])
def test_content_that_stays_wrong_leaves_the_older_file(
    server: Loopback, target: Path, pin: dict
) -> None:
    target.parent.mkdir()
    target.write_bytes(b"older")
    error = refused(server.serve("/f", b"wrong"), target, **pin)
    (algorithm, expected) = next(iter(pin.items()))
    assert hashlib.new(algorithm, b"wrong").hexdigest() in error.what
    assert (expected if algorithm == "md5" else expected[0]) in error.what
    assert len(server.requests) == 2
    assert target.read_bytes() == b"older"


def test_credentials_follow_a_redirect_to_the_same_origin(server: Loopback, target: Path) -> None:
    server.serve("/f", BODY)
    url = server.serve("/moved", Reply(status=302, headers={"Location": "/f"}))
    fetch(url, target, headers=SECRET)
    assert [request.headers.get("Authorization") for request in server.requests] == [
        "Bearer hush",
        "Bearer hush",
    ]


def test_credentials_do_not_leave_their_host_or_port(server: Loopback, target: Path) -> None:
    with Loopback() as other:
        back = server.serve("/f", BODY)
        onward = server.url("/back", host="localhost")
        server.serve("/back", Reply(status=307, headers={"Location": other.url("/hop")}))
        other.serve("/hop", Reply(status=302, headers={"Location": back}))
        url = server.serve("/moved", Reply(status=302, headers={"Location": onward}))
        fetch(url, target, headers={**SECRET, "X-Token": "hush"})
        assert target.read_bytes() == BODY
        first, *further = server.requests + other.requests
    assert first.headers["Authorization"] == "Bearer hush"
    assert len(further) == 3
    for request in further:
        assert "hush" not in str(request.headers)


def test_cookies_do_not_leave_their_port(server: Loopback, target: Path) -> None:
    with Loopback() as other:
        onward = {"Location": other.serve("/f", BODY), "Set-Cookie": "session=hush"}
        same = {"Location": "/onward", "Set-Cookie": "session=hush"}
        server.serve("/onward", Reply(status=302, headers=onward))
        fetch(server.serve("/moved", Reply(status=302, headers=same)), target)
        assert server.requests[1].headers["Cookie"] == "session=hush"
        assert "hush" not in str(other.requests[0].headers)


def test_the_password_in_a_url_is_sent_and_never_told(
    server: Loopback, target: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="swatchbook")
    server.serve("/f", Reply(status=503), Reply(status=404))
    url = server.url("/f?signature=hush", host="me:hush@127.0.0.1")
    error = refused(url, target)
    assert server.requests[0].headers["Authorization"] == "Basic bWU6aHVzaA=="
    assert "hush" not in str(error) + caplog.text
    assert error.where == server.url("/f?…")


def test_netrc_does_not_replace_the_credentials(
    server: Loopback, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fetch(server.serve("/f", BODY), target, headers=SECRET)
    assert server.requests[0].headers["Authorization"] == "Bearer hush"


def test_a_private_request_is_never_taken_from_https_to_http() -> None:
    with pytest.raises(DownloadError, match="from https to http"):
        redirect_target("https://a.example/f", "http://a.example/f", is_private=True)
    public = redirect_target("https://a.example/f", "http://b.example/f", is_private=False)
    assert public == "http://b.example/f"


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://a.example/f", "http://["])
def test_a_redirect_out_of_http_is_refused(location: str) -> None:
    with pytest.raises(DownloadError, match=r"no http\(s\) address"):
        redirect_target("https://a.example/f", location, is_private=False)


def test_endless_redirects_end(server: Loopback, target: Path) -> None:
    url = server.serve("/f", Reply(status=302, headers={"Location": "/f"}))
    assert "redirects" in refused(url, target).what


def test_a_gz_file_is_stored_as_it_is(server: Loopback, target: Path) -> None:
    labelled = Reply(b"\x1f\x8b as it is", headers={"Content-Encoding": "gzip"})
    fetch(server.serve("/images.gz", labelled), target)
    assert target.read_bytes() == b"\x1f\x8b as it is"
    assert "encoded (gzip)" in refused(server.serve("/f", labelled), target).what


@pytest.mark.parametrize("url", ["/etc/passwd", "file:///etc/passwd", "http://", "http://[::1"])
def test_an_address_that_is_not_http_is_refused(target: Path, url: str) -> None:
    assert "http(s) address" in refused(url, target).what


def test_an_interrupted_write_leaves_the_older_file_alone(target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"older")
    with pytest.raises(KeyboardInterrupt), replacing_file(target) as file:
        file.write(b"newer")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"older"


def test_sigterm_leaves_no_temporary_file(target: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from swatchbook.files import replacing_file\n"
        "with replacing_file(Path(sys.argv[1])):\n print('ready', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(target)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout.readline() == b"ready\n"
        assert len(list(target.parent.iterdir())) == 1
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 128 + signal.SIGTERM
    assert list(target.parent.iterdir()) == []


def test_an_unwritable_place_is_a_download_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StorageError, match="cannot be written"),
        replacing_file(tmp_path / "file" / "x"),
    ):
        pass


def test_verify_names_both_digests(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(BODY)
    assert verify(path, [SHA256]) == verify(path, []) == SHA256
    with pytest.raises(DownloadError, match=f"{SHA256}, not abc or def"):
        verify(path, ["abc", "def"])


def test_a_redacted_url_keeps_what_is_not_secret() -> None:
    assert redacted("https://u:p@a.example:8/f?x=1#y") == "https://a.example:8/f?…"
    assert redacted("https://a.example/f") == "https://a.example/f"
    assert redacted("https://u:hu/sh@a.example/f") == "an address that is not a URL"
