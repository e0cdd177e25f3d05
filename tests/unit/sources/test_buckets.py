"""A mirror may be an S3 bucket, and each thing that can be wrong with it has its own line."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import pytest

from bucket_server import SECRET, BucketServer
from loopback import Loopback, Reply
from swatchbook.errors import DownloadError, StorageError
from swatchbook.sources import buckets
from swatchbook.sources.acquisition import acquire

FILE = "images of 1?.gz"  # a key is no URL: nothing in it is encoded
CONTENT = bytes(range(256)) * 100
SPEC = {"files": {FILE: {"sha256": [hashlib.sha256(CONTENT).hexdigest()]}}, "mirror": "set"}


@pytest.fixture(scope="module")
def running() -> Iterator[BucketServer]:
    with BucketServer() as server:
        yield server


@pytest.fixture
def server(running: BucketServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BucketServer:
    """A server with a file in the bucket ``mirror``, and one attempt for each request."""
    running.put_in_place(monkeypatch)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    folder = tmp_path / "mirror" / "set"
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT)
    running.fill("mirror", folder.parent, "some/prefix")
    return running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "resources" / FILE
    path.parent.mkdir()
    path.write_bytes(b"older")
    return path


@pytest.mark.parametrize("mirror", ["s3://mirror/some/prefix", "s3://mirror/some/prefix/"])
def test_a_mirror_may_be_a_bucket(server: BucketServer, tmp_path: Path, mirror: str) -> None:
    path = tmp_path / "new" / FILE
    receipt = acquire(SPEC, FILE, path, environment={"SWATCHBOOK_MIRROR": mirror})
    assert path.read_bytes() == CONTENT
    assert receipt["source"] == f"mirror {mirror}"
    assert receipt["verified"] == "sha256"
    assert os.listdir(path.parent) == [FILE]


def test_another_file_than_the_pinned_one_is_refused(server: BucketServer, tmp_path: Path) -> None:
    spec = {**SPEC, "files": {FILE: {"sha256": ["0" * 64]}}}
    with pytest.raises(DownloadError, match="SHA-256 digest"):
        acquire(spec, FILE, tmp_path / "new" / FILE, mirror="s3://mirror/some/prefix")
    assert os.listdir(tmp_path / "new") == []


@pytest.mark.parametrize(
    ("url", "settings", "told"),
    [
        (f"s3://mirror/no/{FILE}", {}, "there is no object no/images of 1?.gz in the bucket"),
        ("s3://no-such-bucket/file", {}, "there is no bucket no-such-bucket (check its name"),
        ("s3://mirror", {}, "no bucket or object has such a name"),
        ("s3://a bucket/file", {}, "no bucket or object has such a name"),
        (f"s3://me:{SECRET}@mirror/file", {}, "an s3:// address has no user and no password"),
        ("s3://mirror/file", {"AWS_ACCESS_KEY_ID": ""}, "there are no credentials for S3 (set"),
        (
            "s3://mirror/file",
            {"AWS_PROFILE": "nobody"},
            "there is no profile nobody with credentials (set",
        ),
        (
            "s3://mirror/file",
            {"AWS_ENDPOINT_URL": f"http://me:{SECRET}@127.0.0.1:1"},
            "http://127.0.0.1:1 cannot be reached (check the network, and AWS_ENDPOINT_URL",
        ),
        ("s3://mirror/file", {"AWS_ENDPOINT_URL": SECRET}, "the endpoint is no http(s) address"),
        (
            "s3://mirror/file",
            {"AWS_MAX_ATTEMPTS": "many"},
            "boto3 cannot use its settings (check the variables AWS_",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    server: BucketServer,
    monkeypatch: pytest.MonkeyPatch,
    target: Path,
    url: str,
    settings: dict[str, str],
    told: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DownloadError) as caught:
        buckets.fetch(url, target)
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"older"
    assert os.listdir(target.parent) == [FILE]


def test_credentials_that_the_server_does_not_know_are_named_as_such(
    server: BucketServer, target: Path
) -> None:
    def check_credentials_after(requests: str) -> None:
        plain = {"Content-Type": "text/plain"}
        address = f"{server.url}/moto-api/reset-auth"
        urlopen(Request(address, requests.encode(), plain)).close()

    check_credentials_after("0")
    try:
        with pytest.raises(DownloadError, match=r"answered 403 .* credentials or the region"):
            buckets.fetch("s3://mirror/file", target)
        with pytest.raises(DownloadError, match="answered 403"):
            buckets.check(boto3.Session().client("s3"), "s3://mirror")
    finally:
        check_credentials_after("inf")


def test_a_bucket_for_results_may_be_missing_but_not_its_server(
    server: BucketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    buckets.check(boto3.Session().client("s3"), "s3://not-yet/some/prefix")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(DownloadError, match="cannot be reached"):
        buckets.check(boto3.Session().client("s3"), "s3://mirror")


def test_a_certificate_that_nobody_signed_is_named_as_such(
    server: BucketServer, monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    with BucketServer(https=True) as other:
        monkeypatch.setenv("AWS_ENDPOINT_URL", other.url)
        with pytest.raises(DownloadError, match=r"cannot be verified .*AWS_CA_BUNDLE"):
            buckets.fetch("s3://mirror/file", target)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(CONTENT, stop_after=100), "the connection to http://127.0.0.1:.* broke off"),
        (Reply(status=500), "the server answered 500 for the bucket mirror"),
    ],
)
def test_a_server_that_fails_is_told(
    server: BucketServer, monkeypatch: pytest.MonkeyPatch, target: Path, reply: Reply, told: str
) -> None:
    with Loopback() as failing:
        failing.serve("/mirror/file", reply)
        monkeypatch.setenv("AWS_ENDPOINT_URL", failing.url(""))
        with pytest.raises(DownloadError, match=told):
            buckets.fetch("s3://mirror/file", target)
    assert target.read_bytes() == b"older"


def test_a_file_that_does_not_fit_is_refused_before_it_is_fetched(
    server: BucketServer, monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    too_large = shutil.disk_usage(target.parent).total * 2
    with Loopback() as huge:
        huge.serve("/mirror/file", Reply(headers={"Content-Length": str(too_large)}, length=False))
        monkeypatch.setenv("AWS_ENDPOINT_URL", huge.url(""))
        with pytest.raises(StorageError, match=f"needs {too_large:,} bytes, and the disk has"):
            buckets.fetch("s3://mirror/file", target)
        assert len(huge.requests) == 1


def test_without_boto3_one_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, target: Path
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(DownloadError, match=r"boto3 is not installed.*\.\[s3\]"):
        buckets.fetch("s3://mirror/file", target)
