"""docs/extending.md: every diff applies to this workflow, and what it adds works as is said."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT

DOC = ROOT / "docs" / "extending.md"
HEADINGS = re.findall(r"^## (.*)$", DOC.read_text("utf-8"), flags=re.MULTILINE)


def blocks(heading: str, language: str) -> list[str]:
    """Return the blocks of code in this language below a heading."""
    text = DOC.read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workflow with every diff applied, one after the other."""
    folder = tmp_path_factory.mktemp("extended")
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("workflow", "config"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    for heading in HEADINGS:
        for diff in blocks(heading, "diff"):
            done = subprocess.run(
                ["git", "apply", "--recount", "-"],
                input=diff,
                cwd=folder,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, f"{heading}: {done.stderr}"
    return folder


WANTED = [
    *("metric", "layer", "optimiser", "schedule", "augmentation", "archive", "image"),
    *("format", "source", "figure", "section"),
]


@pytest.mark.parametrize("what", WANTED)
def test_there_is_a_way_for_everything_that_people_add(what: str) -> None:
    assert any(what in heading for heading in HEADINGS)


@pytest.mark.parametrize("heading", HEADINGS)
def test_what_a_diff_adds_works(extended: Path, tmp_path: Path, heading: str) -> None:
    assert blocks(heading, "diff"), "a way without a diff"
    (code,) = blocks(heading, "python")
    assert "assert" in code, "a way that shows nothing"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(extended / "workflow" / "scripts")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
