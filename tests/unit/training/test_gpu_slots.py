"""A slot is one process's as long as it lives, and not a moment longer."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paths import SCRIPTS
from swatchbook.errors import DeviceError
from swatchbook.training import gpu_slots

# Says what it has taken, then lives until its standard input ends; its log goes to standard error.
TAKER = """
import logging, sys
from pathlib import Path
from swatchbook.training import gpu_slots as slots

logging.basicConfig(level=logging.INFO, format="%(message)s")
names, count, folder = sys.argv[1].split(), int(sys.argv[2]), Path(sys.argv[3])
print(*slots.take(names, count, folder), flush=True)
sys.stdin.read()
"""

Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start processes that take slots; those that live in the end are ended."""
    started: list[Process] = []

    def start_one(names: str, count: int = 1, stays: bool = True) -> Process:
        process = subprocess.Popen(
            [sys.executable, "-c", TAKER, names, str(count), str(tmp_path / "slots")],
            cwd=SCRIPTS,
            stdin=subprocess.PIPE if stays else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def taken(process: Process) -> list[str]:
    """Wait until the process has taken its slots."""
    return process.stdout.readline().split()


def said(process: Process) -> str:
    return process.stderr.readline()


def test_each_process_gets_a_slot_of_its_own(start: Start) -> None:
    processes = [start("a b c") for _ in range(3)]
    assert sorted(taken(process)[0] for process in processes) == ["a", "b", "c"]


def test_the_one_too_many_says_so_once_and_waits_until_a_process_ends(start: Start) -> None:
    first = start("a")
    assert taken(first) == ["a"]
    second = start("a")
    assert said(second) == "waiting until 1 of 1 GPUs are free\n"
    first.communicate()
    assert taken(second) == ["a"]
    assert said(second) == "GPU slots taken: a\n"


def test_a_killed_process_leaves_its_slot_to_the_next(start: Start) -> None:
    first = start("a b")
    assert taken(first) == ["a"]
    others = [start("a b"), start("a b")]
    first.send_signal(signal.SIGKILL)
    assert sorted(taken(process)[0] for process in others) == ["a", "b"]


def test_a_child_that_outlives_its_parent_does_not_keep_the_slot(
    start: Start, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "from pathlib import Path\n"
            "from swatchbook.training import gpu_slots as slots\n"
            "slots.take(['a'], 1, Path(sys.argv[1]))\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'])\n"
            "print(child.pid, flush=True)\n"
            "child.wait()\n",
            str(tmp_path / "slots"),
        ],
        cwd=SCRIPTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout.readline()
    parent.kill()
    parent.wait()
    try:
        assert taken(start("a")) == ["a"]
    finally:
        parent.stdin.close()  # which the child reads


def test_several_slots_are_taken_all_or_none(start: Start) -> None:
    one = start("a b c")
    assert taken(one) == ["a"]
    pair = start("a b c", 2)
    assert taken(pair) == ["b", "c"]
    waiting = start("a b c", 2)
    assert said(waiting) == "waiting until 2 of 3 GPUs are free\n"
    one.communicate()
    assert taken(start("a b c")) == ["a"]  # the one that waits for two has not taken it
    pair.communicate()
    assert taken(waiting) == ["b", "c"]


def test_many_that_want_two_at_once_all_get_them_in_the_end(start: Start) -> None:
    processes = [start("a b", 2, stays=False) for _ in range(3)]
    assert [taken(process) for process in processes] == [["a", "b"]] * 3


def test_a_look_at_the_slots_takes_none(start: Start, tmp_path: Path) -> None:
    assert taken(start("a b")) == ["a"]
    for _ in range(2):
        assert gpu_slots.free(["a", "b"], tmp_path / "slots") == ["b"]
    assert taken(start("a b")) == ["b"]


def test_a_process_gets_its_own_slot_again(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "slots"
    assert gpu_slots.take(["a", "b"], 1, folder) == ["a"]
    assert gpu_slots.free(["a", "b"], folder) == ["a", "b"]
    assert gpu_slots.take(["a", "b"], 1, folder) == ["a"]
    assert taken(start("a b")) == ["b"]


def test_a_process_takes_its_own_slot_before_others_that_are_free(
    start: Start, tmp_path: Path
) -> None:
    first = start("a b")
    assert taken(first) == ["a"]
    folder = tmp_path / "slots"
    assert gpu_slots.take(["a", "b"], 1, folder) == ["b"]
    first.communicate()
    assert gpu_slots.take(["a", "b"], 1, folder) == ["b"]
    assert taken(start("a b")) == ["a"]
    assert gpu_slots.take(["a", "b"], 1, folder) == ["b"]


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "slots").touch()
    with pytest.raises(DeviceError, match="cannot be taken") as caught:
        gpu_slots.take(["a"], 1, tmp_path / "slots")
    assert str(caught.value).startswith(f"{tmp_path / 'slots' / 'choosing'}: ")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "slots").mkdir()
    os.chown(tmp_path / "slots", 12345, -1)
    with pytest.raises(DeviceError, match="its folder is another user's"):
        gpu_slots.take(["a"], 1, tmp_path / "slots")
