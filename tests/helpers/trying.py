"""What pages for trying a model are made of and with."""

import shutil
from pathlib import Path

import pytest

from paths import ROOT
from shared import made_once
from swatchbook.deployment import web_runtime, write_try_page
from swatchbook.errors import DownloadError
from swatchbook.sources import fetch_package

TEMPLATES = ROOT / "workflow" / "try"


def runtime(factory: pytest.TempPathFactory) -> Path:
    """Return the package of onnxruntime-web: the checkout's own, or else from npm.

    It is the one thing that a test takes from a registry; where there is none, the test is skipped.
    """
    kept = ROOT / "resources" / web_runtime.PACKAGE / web_runtime.FILE
    if kept.is_file():
        return kept
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")

    def bring(folder: Path) -> None:
        pins = web_runtime.PACKAGE, web_runtime.VERSION, web_runtime.SHA256
        fetch_package(*pins, folder / web_runtime.FILE)

    try:
        return made_once(factory, "onnxruntime-web", bring) / web_runtime.FILE
    except DownloadError as error:
        if "npm cannot bring" not in error.what:
            raise
        pytest.skip(str(error))


def write_page(run: Path, folder: Path, package: Path) -> Path:
    """Write the page of an export in `folder`, of a run with its arrays; return it."""
    page = folder / "try.html"
    licences = folder / "try.licences.txt"
    write_try_page(folder, run.parents[1] / "arrays", package, TEMPLATES, page, licences)
    return page
