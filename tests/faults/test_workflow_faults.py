"""A fault of the machine or of a user ends a run with one clear line, and the next run goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from project import ROOT, Project

COMMAND = [sys.executable, "-m", "snakemake", "--directory", "work", "--cores", "1"]
LOCKS = [sys.executable, str(ROOT / "workflow" / "scripts" / "unlock.py"), "work"]
RESULTS = "results/own-images"
MODEL = f"{RESULTS}/plain/seed-0/model.keras"

Mount = Callable[..., Path]
ErrorLines = Callable[..., list[str]]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount small file systems of their own, which needs root."""
    mounted: list[Path] = []

    def mounted_at(path: Path, options: str) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "swatchbook-test", str(path)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("a file system can only be mounted by root, with the right to")
        mounted.append(path)
        return path

    yield mounted_at
    for path in mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """End what a failed test has left running."""
    yield
    while STARTED:
        if (process := STARTED.pop()).poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    STARTED.append(process)
    return process


def wait_until(seen: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not seen():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "nothing was seen for two minutes"
        time.sleep(0.01)


Record = Callable[[str, object], None]


@pytest.fixture
def error_lines(record_property: Record, tmp_path: Path) -> Callable[[str], list[str]]:
    """Find the lines that tell a user of an error, and note them for the report of faults."""

    def found(said: str, mark: str = "swatchbook: error") -> list[str]:
        lines = [line for line in said.splitlines() if mark in line]
        for line in lines:
            shown = line.strip().replace(f"{tmp_path}/", "").replace(sys.executable, "python")
            record_property("told", shown)
        return lines

    return found


def checkpoints(project: Project) -> list[Path]:
    return list(project.work.glob("checkpoints/own-images/plain/seed-0/epoch-*"))


def hidden_files(project: Project) -> list[Path]:
    return list((project.work / "results").rglob(".[0-9]*-*"))


def test_a_terminated_run_says_that_the_same_command_goes_on_and_it_does(
    project: Project, error_lines: ErrorLines
) -> None:
    """As a batch system ends a job: SIGTERM to all of its processes."""
    project.configure(training={"epochs": 1000})
    running = start(project, MODEL)
    wait_until(lambda: checkpoints(project), running)
    os.killpg(running.pid, signal.SIGTERM)
    said = running.communicate(timeout=60)[0]
    assert running.returncode != 0
    (line,) = error_lines(said)
    assert re.search(r"stopped by SIGTERM in epoch \d+, step \d+ of \d+ \(the same command", line)
    point = re.search(r"the same command goes on ((?:after|in) epoch [^)]+)\)", line)[1]
    assert not (project.work / MODEL).exists()
    assert not list((project.work / ".snakemake" / "locks").glob("*")), "it could clean up"

    log = project.work / "logs/own-images/plain/seed-0/train.log"
    again = start(project, "--rerun-incomplete", MODEL)
    wait_until(lambda: log.exists() and "resumed " in log.read_text(), again)
    assert f"resumed {point} from" in log.read_text()
    os.killpg(again.pid, signal.SIGKILL)
    again.communicate()


def test_a_second_run_is_told_who_holds_the_lock_and_a_stale_lock_is_removed(
    project: Project, error_lines: ErrorLines
) -> None:
    project.configure(training={"epochs": 100_000})
    running = start(project, MODEL)
    wait_until(lambda: checkpoints(project), running)
    locks = project.work / ".snakemake" / "locks"

    # Without the option Snakemake sees the unfinished results of the other run before its lock.
    second = project.snakemake("--rerun-incomplete", MODEL)
    assert second.returncode != 0
    # Others may be named too: those of other users, whose folders cannot be seen.
    holder = rf"{project.work} is in use: Snakemake runs there: .*\bprocess {running.pid} \("
    (line,) = error_lines(second.stdout, "is in use")
    assert re.search(holder, line)
    assert "Directory cannot be locked" in second.stdout
    refused = subprocess.run(LOCKS, cwd=project.folder, capture_output=True, text=True)
    assert refused.returncode == 1
    assert re.search(holder, refused.stderr) and refused.stderr.count("\n") == 1
    assert list(locks.glob("*.lock")), "the lock of a living run is left alone"

    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert list(locks.glob("*.lock"))
    removed = subprocess.run(LOCKS, cwd=project.folder, capture_output=True, text=True)
    assert removed.returncode == 0, removed.stderr
    assert "was killed: its lock is removed" in removed.stdout
    assert not list(locks.glob("*.lock"))
    planned = project.planned("--rerun-incomplete", MODEL)
    assert planned == {"train_model": 1}


def test_a_full_disk_while_decoding_is_one_line_and_leaves_nothing(
    project: Project, mount: Mount, error_lines: ErrorLines
) -> None:
    results = mount(project.work / "results", "size=4m")
    stopped = project.snakemake("decode")
    assert stopped.returncode != 0
    (line,) = error_lines(stopped.stdout)
    assert "cannot be written: No space left on device (make room on this disk)" in line
    assert f"{RESULTS}/arrays/x_train.npy" in line
    assert "Traceback" not in stopped.stdout
    assert list(results.rglob("*.npy")) == []


def test_a_full_disk_while_training_is_one_line_and_leaves_no_half_checkpoint(
    project: Project, mount: Mount, error_lines: ErrorLines
) -> None:
    project.configure(training={"epochs": 3})
    kept = mount(project.work / "checkpoints", "size=32k")
    stopped = project.snakemake(MODEL)
    assert stopped.returncode != 0
    (line,) = error_lines(stopped.stdout)
    assert "cannot be written: No space left on device (make room on this disk)" in line
    assert "checkpoints/own-images/plain/seed-0/epoch-00001" in line
    assert [path for path in kept.rglob("*") if path.is_file()] == []
    assert not (project.work / MODEL).exists()
    assert hidden_files(project) == []


def test_a_results_folder_that_is_read_only_is_one_line(
    project: Project, mount: Mount, error_lines: ErrorLines
) -> None:
    results = mount(project.work / "results", "ro")
    stopped = project.snakemake("decode")
    assert stopped.returncode != 0
    (line,) = error_lines(stopped.stdout)
    assert line == f"swatchbook: error: {results}: cannot be written: read-only, or no permission"
    assert "Traceback" not in stopped.stdout


def test_a_folder_below_results_that_is_read_only_is_one_line(
    project: Project, mount: Mount, error_lines: ErrorLines
) -> None:
    folder = mount(project.work / RESULTS / "explore", "ro")
    stopped = project.snakemake("explore")
    assert stopped.returncode != 0
    (line,) = error_lines(stopped.stdout)
    assert line == f"swatchbook: error: {folder}: cannot be written: read-only, or no permission"
    assert "Traceback" not in stopped.stdout


def test_what_a_killed_job_was_writing_is_removed_by_a_run_a_day_later(project: Project) -> None:
    """A process is killed while it writes, and leaves its temporary file."""
    summary = project.work / RESULTS / "explore" / "summary.json"
    summary.parent.mkdir(parents=True)
    program = (
        "import os, signal; from swatchbook.files import replacing_file\n"
        f"with replacing_file({str(summary)!r}) as file:\n"
        "    file.write(b'{'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts")}
    killed = subprocess.run([sys.executable, "-c", program], env=environment)
    assert killed.returncode == -signal.SIGKILL
    (left,) = hidden_files(project)
    (project.work / "resources" / left.name).touch()
    foreign = summary.with_name(".notes.txt")
    foreign.touch()
    project.run("download")
    assert hidden_files(project) == [left], "it may be a living process's, in another run"
    yesterday = time.time() - 25 * 60 * 60
    for path in (left, foreign, project.work / "resources" / left.name):
        os.utime(path, (yesterday, yesterday))
    project.run("--forcerun", "download", "--", "download")
    assert hidden_files(project) == []
    assert not (project.work / "resources" / left.name).exists()
    assert foreign.exists()


def test_a_result_that_appears_late_is_waited_for_or_the_option_is_named(
    project: Project, error_lines: ErrorLines
) -> None:
    """As on a network file system whose list of files is some seconds old."""
    project.run("decode")
    entry_point = project.folder / "workflow/scripts/explore.py"
    entry_point.write_text(
        entry_point.read_text()
        + """
import os, subprocess
late = os.path.abspath(snakemake.output.summary)
os.rename(late, late + ".late")
subprocess.Popen(
    ["sh", "-c", f"sleep 3; mv '{late}.late' '{late}'"],
    start_new_session=True,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
"""
    )
    summary = f"{RESULTS}/explore/summary.json"
    stopped = project.snakemake("--latency-wait", "1", summary)
    assert stopped.returncode != 0
    (line,) = error_lines(stopped.stdout, "increas")
    assert "--latency-wait" in line
    assert summary in stopped.stdout
    assert "Traceback" not in stopped.stdout
    project.run("--latency-wait", "30", "--rerun-incomplete", summary)
