"""Each file comes from the first source that has it, and the user is told when none has."""

import hashlib
import io
import logging
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from threading import Event

import pytest

from acquiring import Acquire, kaggle_set
from loopback import Loopback, Reply
from swatchbook.data.cifar10_batches import BATCHES
from swatchbook.errors import ConfigurationError, DownloadError

FILE = "images.gz"
CONTENT = b"pinned content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "resources" / FILE


def pinned(*sources: dict) -> dict:
    return {"files": {FILE: {"sha256": [SHA256]}}, "mirror": "set", "sources": list(sources)}


def folder_with(path: Path, content: bytes = CONTENT) -> Path:
    path.mkdir(parents=True)
    (path / FILE).write_bytes(content)
    return path


def test_a_url_brings_the_file_and_a_receipt(server: Loopback, take: Acquire, target: Path) -> None:
    server.serve(f"/base/{FILE}", CONTENT)
    base = server.url("/base/", host="me:hush@127.0.0.1")
    receipt = take(pinned({"kind": "url", "base": base}), FILE, target)
    assert target.read_bytes() == CONTENT
    assert receipt == {
        "file": FILE,
        "source": server.url("/base/"),
        "sha256": SHA256,
        "bytes": len(CONTENT),
        "verified": "sha256",
    }


def test_a_file_in_place_is_verified_and_used(take: Acquire, target: Path) -> None:
    folder_with(target.parent)
    receipt = take(pinned(), FILE, target)
    assert (receipt["source"], receipt["sha256"]) == ("already in place", SHA256)


def test_a_wrong_file_in_place_is_named_and_kept(
    take: Acquire, target: Path, tmp_path: Path
) -> None:
    folder_with(target.parent, b"mine")
    good = {"kind": "folder", "path": str(folder_with(tmp_path / "good"))}
    with pytest.raises(DownloadError) as caught:
        take(pinned(good), FILE, target)
    assert SHA256 in caught.value.what
    assert hashlib.sha256(b"mine").hexdigest() in caught.value.what
    assert "delete it" in caught.value.hint
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize("given", ["argument", "environment"])
def test_a_mirror_goes_before_the_sources(
    server: Loopback, take: Acquire, target: Path, tmp_path: Path, given: str
) -> None:
    folder_with(tmp_path / "mirror" / "set")
    spec = pinned({"kind": "url", "base": server.url("/")})
    mirror = str(tmp_path / "mirror")
    if given == "argument":
        receipt = take(spec, FILE, target, mirror=mirror)
    else:
        receipt = take(spec, FILE, target, environment={"SWATCHBOOK_MIRROR": mirror})
    assert receipt["source"] == f"mirror {mirror}"
    assert server.requests == []


def test_a_mirror_may_be_an_address(server: Loopback, take: Acquire, target: Path) -> None:
    server.serve(f"/mirror/set/{FILE}", CONTENT)
    receipt = take(pinned(), FILE, target, mirror=server.url("/mirror"))
    assert receipt["source"] == f"mirror {server.url('/mirror')}"


def test_a_data_set_without_a_folder_of_its_own_lies_in_the_mirror_itself(
    server: Loopback, take: Acquire, target: Path, tmp_path: Path
) -> None:
    server.serve(f"/mirror/{FILE}", CONTENT)
    for mirror in (str(folder_with(tmp_path / "mirror")), server.url("/mirror")):
        receipt = take(pinned() | {"mirror": None}, FILE, target, mirror=mirror)
        assert receipt["source"] == f"mirror {mirror}"
        target.unlink()


@pytest.mark.parametrize("scheme", ["HTTP", "ftp", "s3"])
def test_an_address_is_never_taken_for_a_folder_and_told_with_its_password(
    take: Acquire, target: Path, scheme: str
) -> None:
    with pytest.raises(DownloadError) as caught:
        take(pinned(), FILE, target, mirror=f"{scheme}://me:hush@127.0.0.1:9/x")
    assert "hush" not in str(caught.value) and "127.0.0.1:9/x" in str(caught.value)


def test_a_mirror_without_the_file_is_passed_over_with_a_warning(
    take: Acquire, target: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = {"kind": "folder", "path": str(folder_with(tmp_path / "good"))}
    receipt = take(pinned(good), FILE, target, mirror=str(tmp_path / "empty"))
    assert receipt["source"] == f"folder {tmp_path / 'good'}"
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "mirror" in record.getMessage() and "there is no" in record.getMessage()


def test_a_source_with_wrong_content_is_passed_over(
    server: Loopback, take: Acquire, target: Path, tmp_path: Path
) -> None:
    server.serve(f"/{FILE}", b"wrong")
    sources = [
        {"kind": "folder", "path": str(folder_with(tmp_path / "bad", b"wrong"))},
        {"kind": "url", "base": server.url("/")},
        {"kind": "folder", "path": str(folder_with(tmp_path / "good"))},
    ]
    assert take(pinned(*sources), FILE, target)["source"] == f"folder {tmp_path / 'good'}"
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == [FILE]


def test_a_folder_may_be_relative_to_the_working_directory(
    take: Acquire, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_with(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    take(pinned({"kind": "folder", "path": "data"}), FILE, target)
    assert target.read_bytes() == CONTENT


def test_when_all_fail_one_error_tells_every_reason_and_way_out(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    target = tmp_path / "resources" / "trainLabels.csv"
    spec = kaggle_set(
        {"kind": "url", "base": server.url("/")}, {"kind": "folder", "path": "/nowhere"}
    )
    with pytest.raises(DownloadError) as caught:
        take(spec, "trainLabels.csv", target, mirror=str(tmp_path / "mirror"))
    told = str(caught.value).splitlines()
    assert len(told) == 10
    for line, words in zip(
        told,
        [
            f"{target}: could not be had from any source",
            "there is no",
            "Kaggle competition cifar-10: skipped, there are no credentials",
            "the server answered 404",
            "folder /nowhere: skipped",
            "ways to get it",
            "https://www.kaggle.com/competitions/cifar-10/rules",
            "SWATCHBOOK_MIRROR",
            f"place the file at {target}",
            "make demo",
        ],
        strict=True,
    ):
        assert words in line
    assert "https://www.kaggle.com/settings" in told[6] and "KAGGLE_API_TOKEN" in told[6]
    assert os.listdir(target.parent) == []


def test_an_unknown_kind_of_source_is_an_error_in_the_configuration(
    take: Acquire, target: Path
) -> None:
    with pytest.raises(ConfigurationError, match="'floppy' is no kind of source"):
        take(pinned({"kind": "floppy"}), FILE, target)


def small_tarball() -> bytes:
    """Five batches of two images each, alternately of the classes 0 and 1."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name in BATCHES:
            member = tarfile.TarInfo(name)
            member.size = 2 * 3073
            archive.addfile(member, io.BytesIO(bytes(3073) + b"\1" + bytes(3072)))
    return content.getvalue()


ONE_PROCESS = """
import logging, sys
from functools import partial
from pathlib import Path
from swatchbook.sources import acquisition as sources, cifar10

logging.basicConfig(level=logging.INFO)
for name in ("write_archive", "write_label_table"):
    setattr(cifar10, name, partial(getattr(cifar10, name), images_per_batch=2))
url, md5, file, destination = sys.argv[1:]
source = {"kind": "cifar10-binary", "url": url, "md5": md5}
spec = {"files": {file: {}}, "classes": ["airplane", "automobile"], "sources": [source]}
sources.acquire(spec, file, Path(destination), environment={}, home=Path("/"))
"""


def test_two_processes_download_the_tarball_once(server: Loopback, tmp_path: Path) -> None:
    tarball = small_tarball()
    # The first answer is held back until the other process waits, or wrongly asks, too.
    both = Event()
    replies = Reply(tarball, waits_for=both), Reply(tarball, sets=both)
    url = server.serve("/cifar-10-binary.tar.gz", *replies)
    md5 = hashlib.md5(tarball).hexdigest()
    messages, writing = map(os.fdopen, os.pipe(), "rw")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ONE_PROCESS, url, md5, file, str(tmp_path / file)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=writing,
        )
        for file in ("train.7z", "trainLabels.csv")
    ]
    writing.close()
    with messages:
        for line in messages:
            if "waiting for another process" in line:
                both.set()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(server.requests) == 1
    rows = (tmp_path / "trainLabels.csv").read_text().splitlines()
    assert rows[:3] == ["id,label", "1,airplane", "2,automobile"] and len(rows) == 11
    assert sorted(os.listdir(tmp_path)) == [
        ".cifar-10-binary.tar.gz.lock",
        "cifar-10-binary.tar.gz",
        "train.7z",
        "trainLabels.csv",
    ]


def test_a_wrong_tarball_in_place_is_named_and_kept(take: Acquire, tmp_path: Path) -> None:
    tarball = tmp_path / "cifar-10-binary.tar.gz"
    tarball.write_bytes(b"mine")
    source = {"kind": "cifar10-binary", "url": "http://127.0.0.1:9/x", "md5": "0" * 32}
    with pytest.raises(DownloadError) as caught:
        take(kaggle_set(source), "train.7z", tmp_path / "train.7z")
    told = str(caught.value)
    assert hashlib.md5(b"mine").hexdigest() in told and "0" * 32 in told
    assert f"delete {tarball}" in told
    assert tarball.read_bytes() == b"mine"


def test_a_tarball_that_is_not_cifar10_is_told_like_any_other_failure(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    url = server.serve("/t", b"no tarball")
    md5 = hashlib.md5(b"no tarball").hexdigest()
    source = {"kind": "cifar10-binary", "url": url, "md5": md5}
    with pytest.raises(DownloadError, match="cannot be read"):
        take(kaggle_set(source), "trainLabels.csv", tmp_path / "trainLabels.csv")
    assert not (tmp_path / "trainLabels.csv").exists()
