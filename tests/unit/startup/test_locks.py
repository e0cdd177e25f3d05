"""Who runs Snakemake in a folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swatchbook.startup import locks


@pytest.fixture
def run(tmp_path: Path) -> Iterator[int]:
    """A process that looks like Snakemake and works in ``tmp_path/work``."""
    program = tmp_path / "snakemake"
    program.write_text("import sys; print('ready', flush=True); sys.stdin.read()")
    (tmp_path / "work").mkdir()
    with subprocess.Popen(
        [sys.executable, program, "--cores", "1"],
        cwd=tmp_path / "work",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        yield process.pid
        process.kill()


def test_a_run_is_found_by_its_folder(run: int, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "work")
    for folder in (tmp_path / "work", tmp_path / "link"):
        found = locks.runs_in(folder)
        assert list(found) == [run]
        assert found[run].endswith("snakemake --cores 1")
    assert locks.runs_in(tmp_path) == {}


def test_a_living_run_is_told_where_there_is_a_lock(
    run: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    locks.tell_who_runs(work)
    assert capsys.readouterr().err == ""
    lock = work / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    locks.tell_who_runs(work)
    assert f"{work} is in use: Snakemake runs there: process {run} (" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="wait for it, or end it"):
        locks.unlock_if_abandoned(work)
    assert lock.exists()
