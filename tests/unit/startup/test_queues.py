"""Jobs that an earlier run left in a cluster's queue are found, and no others."""

from pathlib import Path

import pytest

from swatchbook.errors import QueueError
from swatchbook.startup.queues import check_no_job_left


@pytest.fixture
def squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A squeue of its own, to be written, before every other."""
    program = tmp_path / "bin" / "squeue"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


def answer(squeue: Path, *rows: str) -> None:
    squeue.write_text("#!/bin/sh\n" + "".join(f"echo '{row}'\n" for row in rows))


def test_jobs_of_this_folder_are_named_with_the_command_that_ends_them(squeue: Path) -> None:
    answer(squeue, "7|rule_train|/runs/a", "8|rule_train|/elsewhere", "12|rule_decode|/runs/a")
    with pytest.raises(QueueError, match=r"write here: 7, 12 .*scancel 7 12\)"):
        check_no_job_left(Path("/runs/a"))


def test_jobs_of_other_folders_and_other_kinds_are_left_alone(squeue: Path) -> None:
    answer(squeue, "7|rule_train|/runs/a/below", "8|rule_train|/elsewhere", "9|(null)|/runs/a")
    check_no_job_left(Path("/runs/a"))


def test_a_queue_that_does_not_answer_stops_nobody(squeue: Path) -> None:
    squeue.write_text("#!/bin/sh\necho '7|rule_train|/runs/a'\nexit 1\n")
    check_no_job_left(Path("/runs/a"))


def test_a_machine_without_a_queue_has_no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    check_no_job_left(Path("/runs/a"))
