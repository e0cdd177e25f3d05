"""Faults that need real parts: full file systems, certificates, two processes at once."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from loopback import Loopback, Reply
from swatchbook.errors import DownloadError
from swatchbook.sources.downloads import fetch

BODY = bytes(range(256)) * 8000  # 2 MB
SHA256 = hashlib.sha256(BODY).hexdigest()
SECRET = {"Authorization": "Bearer hush"}
DISK = 1 << 20
# A file system of its own that no other process sees and that ends with the command.
ON_A_SMALL_DISK = f'mount -t tmpfs -o size={DISK} tmpfs "$1" && shift && exec "$@"'
ONE_DOWNLOAD = """
import os, sys
from pathlib import Path
from swatchbook.sources.downloads import fetch
from swatchbook.errors import SwatchbookError

url, pin, destination, older = sys.argv[1:]
path = Path(destination)
if older:
    path.write_text(older)
try:
    fetch(url, path, sha256=[pin], attempts=1)
except SwatchbookError as error:
    print(type(error).__name__, error)
print(os.listdir(path.parent), path.read_text() if older else "")
"""


def small_disk(folder: Path) -> list[str]:
    """The beginning of a command that runs with a file system of 1 MB at `folder`."""
    folder.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("no `unshare` here to make a small file system with")
    names = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    command = [*names, "sh", "-c", ON_A_SMALL_DISK, "sh", str(folder)]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no small file system can be mounted here: {tried.stderr.strip()}")
    return command


def run_on(disk: list[str], *arguments: str) -> str:
    child = subprocess.run(
        [*disk, sys.executable, "-c", ONE_DOWNLOAD, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


def test_space_is_checked_before_anything_is_written(server: Loopback, tmp_path: Path) -> None:
    disk = small_disk(tmp_path / "disk")
    said = run_on(disk, server.serve("/f", BODY), SHA256, f"{tmp_path}/disk/f", "")
    assert f"StorageError {tmp_path}/disk/f: needs {len(BODY):,} bytes, and the disk has" in said
    assert "make room" in said and said.splitlines()[-1].strip() == "[]"


def test_a_full_disk_leaves_nothing_behind_and_the_older_file_alone(
    server: Loopback, tmp_path: Path
) -> None:
    disk = small_disk(tmp_path / "disk")
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)  # no length to be checked before
    reply = Reply(chunked, headers={"Transfer-Encoding": "chunked"}, length=False)
    said = run_on(disk, server.serve("/f", reply), SHA256, f"{tmp_path}/disk/f", "older")
    assert f"StorageError {tmp_path}/disk/f: cannot be written: No space left on device" in said
    assert "make room" in said and said.splitlines()[-1] == "['f'] older"


def test_two_processes_that_download_the_same_file_end_with_the_same_bytes(
    server: Loopback, tmp_path: Path
) -> None:
    both = Event()  # the first answer is held back until the second process asks, too
    url = server.serve("/f", Reply(BODY, waits_for=both), Reply(BODY, sets=both))
    command = [sys.executable, "-c", ONE_DOWNLOAD, url, SHA256, str(tmp_path / "f"), ""]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    children = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert len(server.requests) == 2
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_bytes() == BODY


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 and its key in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("no `openssl` here to make a certificate with")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    more = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command.split(), *more, "-keyout", path, "-out", path], check=True, capture_output=True
    )
    return path


@pytest.fixture
def safe(
    certificate: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Loopback]:
    """A server with https whose certificate is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Loopback(certificate) as running:
        yield running


def moved(server: Loopback, location: str) -> str:
    return server.serve("/moved", Reply(status=302, headers={"Location": location}))


def test_a_redirect_with_credentials_from_https_to_http_is_not_followed(
    safe: Loopback, server: Loopback, tmp_path: Path
) -> None:
    with pytest.raises(DownloadError, match="with credentials from https to http"):
        fetch(moved(safe, server.serve("/f", BODY)), tmp_path / "f", headers=SECRET)
    assert (len(safe.requests), server.requests, os.listdir(tmp_path)) == (1, [], [])


def test_credentials_stay_with_https_even_on_the_way_up(
    safe: Loopback, server: Loopback, tmp_path: Path
) -> None:
    fetch(moved(server, safe.serve("/f", BODY)), tmp_path / "f", headers=SECRET)
    assert server.requests[0].headers["Authorization"] == "Bearer hush"
    assert "hush" not in str(safe.requests[0].headers)


def test_credentials_stay_with_their_port_under_https(
    safe: Loopback, certificate: Path, tmp_path: Path
) -> None:
    with Loopback(certificate) as other:
        fetch(moved(safe, other.serve("/f", BODY)), tmp_path / "f", headers=SECRET)
        assert "hush" not in str(other.requests[0].headers)
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_certificate_that_nobody_vouches_for_is_named_and_not_tried_again(
    certificate: Path, server: Loopback, tmp_path: Path
) -> None:
    with Loopback(certificate) as unknown:
        url = unknown.serve("/f", BODY)
        with pytest.raises(DownloadError, match="certificate cannot be verified"):
            fetch(url, tmp_path / "f", headers=SECRET, wait=pytest.fail)
        assert unknown.requests == []
