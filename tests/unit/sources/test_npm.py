"""Packages of npm, brought by npm itself from a registry on this machine."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from loopback import Loopback
from swatchbook.errors import DownloadError
from swatchbook.sources import fetch_package

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")


def tarball(text: bytes = b"1 + 1;\n") -> bytes:
    """Make a package as npm publishes it."""
    described = json.dumps({"name": "tiny", "version": "1.0.0"}).encode()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in {"package.json": described, "index.js": text}.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


PACKAGE = tarball()
SHA256 = hashlib.sha256(PACKAGE).hexdigest()


@pytest.fixture
def registry(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A registry that npm is set to, and that has nothing yet."""
    monkeypatch.setenv("npm_config_registry", server.url("/"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    return server


def publish(registry: Loopback, content: bytes) -> None:
    address = registry.serve("/tiny/-/tiny-1.0.0.tgz", content)
    dist = {"tarball": address, "shasum": hashlib.sha1(content).hexdigest()}
    version = {"name": "tiny", "version": "1.0.0", "dist": dist}
    described = {"name": "tiny", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    registry.serve("/tiny", json.dumps(described).encode())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "resources" / "tiny-1.0.0.tgz"


def refused(target: Path, sha256: str = SHA256) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        fetch_package("tiny", "1.0.0", sha256, target)
    assert "\n" not in str(caught.value)
    return caught.value


@needs_npm
def test_npm_brings_the_pinned_file(registry: Loopback, target: Path) -> None:
    publish(registry, PACKAGE)
    fetch_package("tiny", "1.0.0", SHA256, target)
    assert target.read_bytes() == PACKAGE
    assert os.listdir(target.parent) == [target.name]


@needs_npm
def test_another_file_under_that_version_is_refused(registry: Loopback, target: Path) -> None:
    publish(registry, tarball(b"steal();\n"))
    error = refused(target)
    assert SHA256 in str(error) and "registry" in error.hint
    assert not target.exists()


@needs_npm
def test_what_npm_cannot_bring_is_told_in_one_line(registry: Loopback, target: Path) -> None:
    error = refused(target)
    assert str(error).startswith(f"{target}: npm cannot bring tiny@1.0.0: ")
    assert "404" in error.what
    assert not target.exists()


def test_without_npm_one_is_told_what_to_do(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refused(target)
    assert "`npm`, which is not installed" in error.what
    assert "npm pack tiny@1.0.0" in error.hint
    assert str(target) in str(error)


def test_a_file_that_somebody_put_there_is_kept_without_npm(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    target.parent.mkdir()
    target.write_bytes(PACKAGE)
    fetch_package("tiny", "1.0.0", SHA256, target)
    target.write_bytes(PACKAGE[:-1])
    error = refused(target)
    assert SHA256 in error.what and error.hint == "delete it and run again"
    assert target.exists(), "it is not ours to delete"
