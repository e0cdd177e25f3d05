"""Trainings in processes of their own, to be killed from outside or at an exact place inside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import forked
from paths import SCRIPTS

# What the entry point does, without Snakemake. "called" is a package and a function of it. "kill"
# is a module, a function or a class's method, a number and a signal: the process sends it to itself
# at that call of the function; of one that cannot be handled it ends. "memory" is how many bytes of
# address space it may take beyond those of TensorFlow. "unkept" is after how many seconds of an
# epoch its state is kept.
DRIVER = """
import importlib, json, os, resource, signal, sys

from swatchbook.job_log import reporting_to

called, given, log, kill, memory, unkept = json.loads(sys.argv[1])
if unkept is not None:
    from swatchbook.training import epochs
    epochs.SECONDS_UNKEPT = unkept
if kill:
    owner, (*within, name), number = importlib.import_module(kill[0]), kill[1].split("."), kill[2]
    for part in within:
        owner = getattr(owner, part)
    original, calls = getattr(owner, name), []

    def killing(*arguments, **options):
        calls.append(1)
        if len(calls) == number:
            os.kill(os.getpid(), kill[3])
        return original(*arguments, **options)

    setattr(owner, name, killing)
if memory:
    from swatchbook.training.devices import import_tensorflow
    import_tensorflow()
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
with reporting_to(log):
    getattr(importlib.import_module(called[0]), called[1])(**given)
"""


@dataclass
class Training:
    """One training: what it is given, and the folder that it works in."""

    folder: Path
    data: Path
    layers: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any]
    seed: int = 0
    code: str = "1"
    unkept: float | None = None

    CALLED: ClassVar[tuple[str, str]] = ("swatchbook.training", "train")

    @property
    def cell(self) -> Path:
        return self.folder / "cell"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self, memory: int | None = None) -> subprocess.Popen[str]:
        """Start it, and TensorFlow with it, and do not wait."""
        return subprocess.Popen(
            [sys.executable, "-c", DRIVER, self._argument(memory=memory)],
            cwd=SCRIPTS,
            # oneDNN's convolutions crash where TensorFlow's own report a lack of memory.
            env=os.environ | ({"TF_ENABLE_ONEDNN_OPTS": "0"} if memory else {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, kill: tuple[str, str, int] | None = None, by: signal.Signals = signal.SIGKILL
    ) -> tuple[int, str]:
        """Run it to its end; return the exit code and what it said on standard error."""
        at = (*kill, by) if kill else None
        done = forked.run(forked.TENSORFLOW, DRIVER, self._argument(at))
        return done.returncode, done.stderr

    def _argument(
        self, kill: tuple[str, str, int, signal.Signals] | None = None, memory: int | None = None
    ) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        log = str(self.folder / "log")
        return json.dumps([self.CALLED, self.given(), log, kill, memory, self.unkept])

    def given(self) -> dict[str, Any]:
        """Return what the function is called with."""
        return {
            "arrays_folder": str(self.data),
            "layers": self.layers,
            "settings": dict(self.settings),
            "seed": self.seed,
            "output": str(self.cell),
            "checkpoints": str(self.checkpoints),
            "code": self.code,
        }

    def whole_checkpoints(self) -> list[str]:
        """Return the names of the checkpoints under their final names, the oldest first."""
        if not self.checkpoints.is_dir():
            return []
        return sorted(path.name for path in self.checkpoints.glob("epoch-*"))

    def has_begun(self) -> bool:
        """Whether the log says that the model is built."""
        log = self.folder / "log"
        return log.exists() and " parameters, " in log.read_text()

    def epochs_kept(self) -> list[int]:
        return [int(name.split("-")[1]) for name in self.whole_checkpoints()]

    def run_json(self) -> dict[str, Any]:
        return json.loads((self.cell / "run.json").read_text())


def wait_until(seen: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something can be seen, while the process lives.

    Raises
    ------
    AssertionError
        If the process ends or two minutes pass before.
    """
    deadline = time.monotonic() + 120
    while not seen():
        assert process.poll() is None, f"ended before: {process.communicate()[1]}"
        assert time.monotonic() < deadline, "nothing was seen for two minutes"
        time.sleep(0.002)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def events(cell: Path) -> dict[str, dict[int, float]]:
    """Read the values of each tag by step from the only event file."""
    from swatchbook.training.devices import import_tensorflow

    tf = import_tensorflow()
    (file,) = (cell / "tensorboard").iterdir()
    found: dict[str, dict[int, float]] = {}
    for event in tf.compat.v1.train.summary_iterator(str(file)):
        for value in event.summary.value:
            assert event.step not in found.setdefault(value.tag, {})
            found[value.tag][event.step] = float(tf.make_ndarray(value.tensor))
    return found


TIMING = ("seconds", "images_per_second")


def differences(cell: Path, reference: Path) -> list[str]:
    """Name what a training's results have that differs in any bit from those of another.

    Times and speeds are left out.
    """
    found = []
    if (cell / "model.keras").read_bytes() != (reference / "model.keras").read_bytes():
        found.append("model.keras")
    if _untimed_rows(cell) != _untimed_rows(reference):
        found.append("history.csv")
    values = [
        {tag: steps for tag, steps in events(one).items() if tag not in TIMING}
        for one in (cell, reference)
    ]
    if values[0] != values[1]:
        found.append("tensorboard")
    return found


def _untimed_rows(cell: Path) -> list[list[str]]:
    rows = [line.split(",") for line in (cell / "history.csv").read_text().splitlines()]
    columns = [number for number, name in enumerate(rows[0]) if name not in TIMING]
    return [[row[number] for number in columns] for row in rows]
