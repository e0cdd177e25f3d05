"""What is secret is sent where it belongs and is in nothing that a run leaves behind."""

from base64 import b64encode
from pathlib import Path

import pytest
import yaml

from loopback import Loopback, Reply
from project import MODELS, Project

TOKEN, PASSWORD = "kaggle-hush-hush", "mirror-hush-hush"
BASIC = b64encode(f"me:{PASSWORD}".encode()).decode()
FILES = ("images.7z", "labels.csv")


def told(folder: Path) -> dict[str, bytes]:
    """Every file that a run wrote or was given, by its name; a database counts as its bytes."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def secretive(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose files come from Kaggle, with a token in the environment."""
    path = project.work / "config/datasets/own-images.yaml"
    spec = yaml.safe_load(path.read_text())
    spec["sources"] = [{"kind": "kaggle", "competition": "own"}]
    path.write_text(yaml.safe_dump(spec))
    project.configure(models={"plain": MODELS["plain"]})  # every rule runs for one, too
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    return project


@pytest.mark.parametrize("found", [True, False], ids=["the run succeeds", "the run fails"])
def test_credentials_are_in_nothing_that_a_run_writes(
    secretive: Project, monkeypatch: pytest.MonkeyPatch, found: bool
) -> None:
    resources = secretive.work / "resources" / "own-images"
    with Loopback() as server:
        for name in FILES:
            content = (resources / name).read_bytes()
            api = f"/api/v1/competitions/data/download/own/{name}"
            server.serve(api, Reply(content, status=200 if found else 403))
            (resources / name).unlink()
        mirror = server.url("/mirror?signature=" + PASSWORD, host=f"me:{PASSWORD}@127.0.0.1")
        monkeypatch.setenv("SWATCHBOOK_MIRROR", mirror)
        monkeypatch.setenv("KAGGLE_API_ENDPOINT", server.url(""))
        targets = ["decode", "results/report.html"] if found else ["download"]
        done = secretive.snakemake(*targets, "--verbose")
        sent = {request.headers["Authorization"] for request in server.requests}
    assert (done.returncode == 0) is found, done.stdout
    assert sent == {f"Bearer {TOKEN}", f"Basic {BASIC}"}
    written = told(secretive.folder) | {"the terminal": done.stdout.encode()}
    assert any("/.snakemake/log/" in name for name in written)
    assert any("/.snakemake/metadata/" in name for name in written)
    assert any("/logs/" in name and b"mirror" in content for name, content in written.items())
    for secret in (TOKEN, PASSWORD, BASIC):
        assert [name for name, content in written.items() if secret.encode() in content] == []
