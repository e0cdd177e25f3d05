"""Each file comes from the first source that has it, and the user is told when none has."""

import hashlib
import io
import json
import logging
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from loopback import Loopback, Reply
from swatchbook.cifar10 import BATCHES
from swatchbook.errors import ConfigurationError, DownloadError
from swatchbook.sources import acquire

FILE = "images.gz"
CONTENT = b"pinned content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ENDPOINT = "/api/v1/competitions/data/download/cifar-10/trainLabels.csv"
TABLE = b"id,label\n" + b"".join(b"%d,frog\n" % id for id in range(1, 2000))
Acquire = Callable[..., dict]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with Loopback() as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "resources" / FILE


@pytest.fixture
def take(tmp_path: Path) -> Acquire:
    """`acquire` in an empty environment, which never waits."""
    home = tmp_path / "home"
    home.mkdir()
    return partial(acquire, environment={}, home=home, wait=lambda seconds: None)


def pinned(*sources: dict) -> dict:
    return {"files": {FILE: {"sha256": [SHA256]}}, "mirror": "set", "sources": list(sources)}


def kaggle(*sources: dict) -> dict:
    return {
        "files": {"train.7z": {}, "trainLabels.csv": {}},
        "sources": [{"kind": "kaggle", "competition": "cifar-10"}, *sources],
        "classes": ["airplane", "automobile"],
        "content": {"labels": "…"},
    }


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
    spec = kaggle({"kind": "url", "base": server.url("/")}, {"kind": "folder", "path": "/nowhere"})
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


def place_environment(home: Path) -> dict[str, str]:
    return {"KAGGLE_API_TOKEN": "hush"}


def place_path_in_environment(home: Path) -> dict[str, str]:
    (home / "token").write_text("hush\n")
    return {"KAGGLE_API_TOKEN": str(home / "token")}


def place_token_file(home: Path) -> dict[str, str]:
    (home / ".kaggle").mkdir()
    (home / ".kaggle/access_token").write_text("hush\n")
    return {"KAGGLE_USERNAME": "not", "KAGGLE_KEY": "asked"}


def place_username_and_key(home: Path) -> dict[str, str]:
    place_json(home / ".kaggle", "not asked")
    return {"KAGGLE_USERNAME": "me", "KAGGLE_KEY": "hush"}


def place_json(folder: Path, key: str = "hush") -> dict[str, str]:
    folder.mkdir(parents=True)
    (folder / "kaggle.json").write_text(json.dumps({"username": "me", "key": key}))
    return {}


def place_json_in_config_dir(home: Path) -> dict[str, str]:
    place_json(home / ".kaggle", "not asked")
    place_json(home / "elsewhere")
    return {"KAGGLE_CONFIG_DIR": str(home / "elsewhere")}


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        (place_environment, "Bearer hush"),
        (place_path_in_environment, "Bearer hush"),
        (place_token_file, "Bearer hush"),
        (place_username_and_key, "Basic bWU6aHVzaA=="),
        (lambda home: place_json(home / ".kaggle"), "Basic bWU6aHVzaA=="),
        (lambda home: place_json(home / ".config/kaggle"), "Basic bWU6aHVzaA=="),
        (place_json_in_config_dir, "Basic bWU6aHVzaA=="),
    ],
)
def test_kaggle_gets_the_credentials_wherever_they_are(
    server: Loopback,
    take: Acquire,
    tmp_path: Path,
    place: Callable[[Path], dict[str, str]],
    sent: str,
) -> None:
    server.serve(ENDPOINT, TABLE)
    home = tmp_path / "home"
    environment = {**place(home), "KAGGLE_API_ENDPOINT": server.url("")}
    target = tmp_path / "trainLabels.csv"
    receipt = take(kaggle(), "trainLabels.csv", target, environment=environment, home=home)
    assert target.read_bytes() == TABLE
    assert server.requests[0].headers["Authorization"] == sent
    assert receipt["verified"] == "content digest after decoding"
    assert receipt["source"] == "Kaggle competition cifar-10"


def from_kaggle(server: Loopback, take: Acquire, target: Path, *replies: Reply | bytes) -> dict:
    server.serve(ENDPOINT, *replies)
    environment = {"KAGGLE_API_TOKEN": "hush", "KAGGLE_API_ENDPOINT": server.url("")}
    return take(kaggle(), "trainLabels.csv", target, environment=environment)


def zipped(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def damaged(content: bytes) -> bytes:
    return content[:80] + bytes(100) + content[180:]


def test_a_zipped_answer_of_kaggle_is_unwrapped(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    target = tmp_path / "resources" / "trainLabels.csv"
    answer = zipped(**{"trainLabels.csv": TABLE, "readme.txt": b"-"})
    receipt = from_kaggle(server, take, target, answer)
    assert target.read_bytes() == TABLE
    assert receipt["bytes"] == len(TABLE)
    assert os.listdir(target.parent) == ["trainLabels.csv"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (zipped(other=TABLE), "0 members called trainLabels.csv"),
        (zipped(**{"a/trainLabels.csv": TABLE, "b/trainLabels.csv": TABLE}), "2 members"),
        (zipped(**{"trainLabels.csv": bytes(1 << 20)}), "would unpack to 1,048,576"),
        (zipped(**{"trainLabels.csv": TABLE})[:-40], "cannot be read"),
        (damaged(zipped(**{"trainLabels.csv": TABLE})), "cannot be read"),
        (damaged(zipped(zipfile.ZIP_LZMA, **{"trainLabels.csv": TABLE})), "cannot be read"),
        (damaged(zipped(zipfile.ZIP_BZIP2, **{"trainLabels.csv": TABLE})), "cannot be read"),
    ],
    ids=["missing", "twice", "bomb", "cut", "damaged", "damaged LZMA", "damaged bzip2"],
)
def test_a_zipped_answer_that_cannot_be_right_is_refused(
    server: Loopback, take: Acquire, tmp_path: Path, answer: bytes, words: str
) -> None:
    target = tmp_path / "resources" / "trainLabels.csv"
    with pytest.raises(DownloadError, match=words):
        from_kaggle(server, take, target, answer)
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_kaggle_says_token_or_rules(
    server: Loopback,
    take: Acquire,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG, logger="swatchbook")
    with pytest.raises(DownloadError) as caught:
        from_kaggle(server, take, tmp_path / "trainLabels.csv", Reply(status=status))
    told = str(caught.value)
    assert "the token from KAGGLE_API_TOKEN is wrong, or the competition's rules" in told
    assert "accept them at https://www.kaggle.com/competitions/cifar-10/rules" in told
    assert len(server.requests) == 1
    assert "hush" not in told + caplog.text


def test_kaggles_storage_never_sees_the_token(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    with Loopback() as storage:
        signed = storage.serve("/blob", TABLE) + "?signature=x"
        moved = Reply(status=302, headers={"Location": signed})
        from_kaggle(server, take, tmp_path / "trainLabels.csv", moved)
    assert "Authorization" in server.requests[0].headers
    assert "Authorization" not in storage.requests[0].headers


def test_a_broken_kaggle_json_is_named_without_its_content(
    server: Loopback, take: Acquire, tmp_path: Path
) -> None:
    path = tmp_path / "home/.kaggle/kaggle.json"
    path.parent.mkdir()
    path.write_text('{"key": "hush"')
    with pytest.raises(DownloadError) as caught:
        take(kaggle(), "trainLabels.csv", tmp_path / "trainLabels.csv")
    assert str(path) in str(caught.value) and "hush" not in str(caught.value)


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
from swatchbook import cifar10, sources

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
        take(kaggle(source), "train.7z", tmp_path / "train.7z")
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
        take(kaggle(source), "trainLabels.csv", tmp_path / "trainLabels.csv")
    assert not (tmp_path / "trainLabels.csv").exists()
