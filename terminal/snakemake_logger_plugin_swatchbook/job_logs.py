"""What the log of a job says while it runs and when it has failed.

The lines are those that the library's `job_log`, `progress` and `training.epoch_records` write. A
log is only read, so jobs on other machines are followed like those of this one.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from snakemake_logger_plugin_swatchbook import words

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) ([A-Z]+) (.*)")
EPOCH = re.compile(r"epoch (\d+) of (\d+): (.*)")
PROGRESS = re.compile(r"(.+): (\d+) of (\d+) \w+, \d+/s(?:, epoch (\d+) of (\d+))?")
RESUMED = re.compile(r"resumed (?:after|in) epoch (\d+)(?:, after step (\d+) of (\d+))? ")
# What Python says to programmers; it stays in the log.
OF_CODE = re.compile(r"\S+\.py:\d+: \w*Warning: ")

# What Snakemake puts behind the name of a file that it will store, or update, or remove …
REMARK = re.compile(r" \([a-z ,:]+\)$")
STORAGE = Path(".snakemake") / "storage"  # where it keeps files of object storage in a run

READ_AT_ONCE = 1 << 20  # bytes; a log that is longer is read on the next time
END_OF_LOG = 1 << 16  # bytes in which a failure is looked for
SECONDS_BETWEEN_LINES = 10.0  # of the library's `progress`: how long no news is good news


@dataclass
class Mark:
    """How far a job was at some time.

    Attributes
    ----------
    seconds
        By the clock of the machine that wrote it.
    share
        Of the whole work, from 0 to 1.
    """

    seconds: float
    share: float


def _epochs_done(epoch: str, step: str | None, steps: str | None) -> float:
    """Return after how many epochs a training goes on, with the part of the one it is in."""
    return int(epoch) if step is None else int(epoch) - 1 + int(step) / int(steps)


def _share(done: str, total: str) -> float:
    return int(done) / int(total) if int(total) else 1.0


class JobLog:
    """The log of a running job, read on and on.

    Attributes
    ----------
    is_there
        Whether the job has begun to write it.
    piece
        Which piece of its work the job is at, such as ``search for copies``; empty of a training.
    epoch, epochs
        Which epoch is being trained, out of how many; ``None`` where nothing was said of it.
    accuracy, images_per_second
        Of the last whole epoch: on the validation images, if there are any.
    measured_on
        Which images that accuracy is of: ``validation`` or ``training``.
    curve
        The accuracy of each epoch that the log has, on the same images.
    warnings
        What it warned of, each once, in order.
    """

    def __init__(self, path: str | Path, since: float):
        self.path = Path(path)
        self.is_there = False
        self.piece = ""
        self.epoch: int | None = None
        self.epochs: int | None = None
        self.accuracy: float | None = None
        self.measured_on = "training"
        self.curve: dict[int, float] = {}
        self.images_per_second: float | None = None
        self.warnings: dict[str, None] = {}
        self._since = since
        self._inode = 0
        self._read = 0
        self._rest = b""
        self._resumed = 0
        self._begin: float | None = None  # when the last line before all progress was written
        self._marks: list[Mark] = []
        self._news = 0.0

    def read_on(self) -> None:
        """Read what has been written since the last time; nothing if there is no log yet."""
        for line in self._lines():
            found = LINE.fullmatch(line)
            if found:
                self._take(_seconds(found[1], found[2]), found[3], found[4])

    @property
    def has_progress(self) -> bool:
        """Whether it is known how far the job has come, in the piece of work that it is at."""
        return bool(self._marks)

    @property
    def is_finishing(self) -> bool:
        """Whether a training is done, and only what comes after it is not: saving, measuring."""
        return not self.piece and self._is_done

    @property
    def _is_done(self) -> bool:
        return self.has_progress and self._marks[-1].share >= 1

    def share(self, now: float | None = None) -> float:
        """Return how much of the work is done, from 0 to 1.

        Between two lines it goes on at the speed that was measured, for as long as no line is due.
        """
        if not self._marks:
            return 0.0
        now = time.monotonic() if now is None else now
        silent = min(now - self._news, SECONDS_BETWEEN_LINES)
        last = self._marks[-1].share
        return min(last + self._speed() * silent, max(last, 0.99))

    def seconds_left(self, now: float | None = None) -> float | None:
        """Return how long the job will go on; ``None`` where that is not known.

        Of a piece of work that is how long the piece will, and after it nobody knows what comes.
        """
        if self.piece and self._is_done:
            return None
        speed = self._speed()
        return (1 - self.share(now)) / speed if speed else None

    def seconds_in_all(self) -> float | None:
        """Return how long the whole work takes at the speed that was measured."""
        speed = self._speed()
        return 1 / speed if speed else None

    def seconds_of_start(self) -> float:
        """Return how long the job prepared itself before it could say how far it is."""
        return max(self._begin - self._since, 0.0) if self._begin is not None else 0.0

    def told(self) -> dict[str, str]:
        """Say how far the job is, piece by piece; what nobody knows is empty."""
        speed = self.images_per_second
        return {
            "piece": self.piece,
            "epoch": f"epoch {self.epoch} of {self.epochs}" if self.epochs else "",
            "accuracy": self.accuracy_told(),
            "speed": f"{speed:,.0f} images/s" if speed else "",
            "left": self.left_told(),
        }

    def left_told(self) -> str:
        """Say how long it will go on; nothing where that is not known."""
        if self.is_finishing:
            return "finishing"
        left = self.seconds_left()
        return "" if left is None else f"{words.about(left)} left"

    def accuracy_told(self) -> str:
        """Say the accuracy and which images it is of; nothing before the first epoch's end."""
        return "" if self.accuracy is None else f"{self.measured_on} accuracy {self.accuracy:.3f}"

    def _lines(self) -> Iterator[str]:
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_mtime < self._since - 60:  # of an earlier run; clocks may differ
                    return
                if status.st_ino != self._inode or status.st_size < self._read:
                    self._inode, self._read, self._rest = status.st_ino, 0, b""
                    self.curve.clear()
                    self._marks.clear()
                    self._begin, self._resumed = None, 0
                file.seek(self._read)
                new = file.read(READ_AT_ONCE)
        except OSError:
            return
        self.is_there = True
        self._read += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)

    def _take(self, seconds: float, level: str, text: str) -> None:
        if level == "WARNING" and not OF_CODE.match(text):
            self.warnings[text] = None
        resumed, epoch, progress = (pattern.match(text) for pattern in (RESUMED, EPOCH, PROGRESS))
        if resumed:
            self._resumed, self._begin = _epochs_done(*resumed.groups()), seconds
        elif epoch:
            self._take_epoch(seconds, int(epoch[1]), int(epoch[2]), epoch[3])
        elif progress and progress[4]:
            self._begin_piece("")
            self.epoch, self.epochs = int(progress[4]), int(progress[5])
            # The steps are those since the beginning or since an interruption.
            before = self._resumed / self.epochs
            self._mark(seconds, before + _share(progress[2], progress[3]) * (1 - before))
        elif progress and not self.epochs:  # else what a training does beside its epochs
            self._begin_piece(progress[1])
            self._mark(seconds, _share(progress[2], progress[3]))
        elif not self._marks:
            self._begin = seconds

    def _begin_piece(self, piece: str) -> None:
        """Forget how far the last piece of work was, where another one follows it."""
        if piece != self.piece and self._marks:
            self._begin = self._marks[-1].seconds
            self._marks.clear()
        self.piece = piece

    def _take_epoch(self, seconds: float, epoch: int, epochs: int, figures: str) -> None:
        self._begin_piece("")
        self.epoch, self.epochs = min(epoch + 1, epochs), epochs
        found = dict(
            (name, float(value))
            for name, value in re.findall(r"([a-z' ]*accuracy) ([\d.]+)", figures)
        )
        found = {name.strip(): value for name, value in found.items()}
        self.measured_on = "validation" if "validation accuracy" in found else "training"
        self.accuracy = found.get("validation accuracy", found.get("accuracy"))
        if self.accuracy is not None:
            self.curve[epoch] = self.accuracy
        speed = re.search(r"(\d+) images/s", figures)
        self.images_per_second = float(speed[1]) if speed else None
        self._mark(seconds, epoch / epochs)

    def _mark(self, seconds: float, share: float) -> None:
        self._marks.append(Mark(seconds, share))
        self._news = time.monotonic()

    def _speed(self) -> float:
        """Return the share of the work that is done in a second; 0 where it is not known.

        The first epoch prepares what the others use, so it does not count when there are others.
        """
        if not self._marks:
            return 0.0
        last = self._marks[-1]
        if len(self._marks) > 2:
            first = self._marks[0]
        elif self._begin is not None:
            first = Mark(self._begin, self._resumed / self.epochs if self.epochs else 0.0)
        else:
            return 0.0
        taken = last.seconds - first.seconds
        return max((last.share - first.share) / taken, 0.0) if taken > 0 else 0.0


@dataclass
class Told:
    """What a log tells of a failure.

    Attributes
    ----------
    error
        In one line; empty where the log tells nothing.
    lines
        The last lines before it that say something.
    """

    error: str = ""
    lines: tuple[str, ...] = ()


def failure(path: str | Path, since: float, whole: bool = False) -> Told:
    """Return what the log of a failed job tells: its error, and the five lines before.

    Parameters
    ----------
    since
        When the job began, in seconds since 1970; an older log tells nothing.
    whole
        Return all lines.
    """
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mtime < since - 60:
                return Told()
            file.seek(0 if whole else max(0, status.st_size - END_OF_LOG))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return Told()
    if whole:
        return Told(_error(lines), tuple(lines))
    said = [line for line in lines if LINE.fullmatch(line)]
    errors = [number for number, line in enumerate(said) if LINE.fullmatch(line)[3] == "ERROR"]
    if errors:
        return Told(_error(lines), tuple(said[max(0, errors[-1] - 5) : errors[-1]]))
    return Told("", tuple([line for line in lines if line.strip()][-5:]))


def _error(lines: list[str]) -> str:
    """Return the last error that lines tell; of an unexpected one, the end of its traceback."""
    for number in reversed(range(len(lines))):
        found = LINE.fullmatch(lines[number])
        if found and found[3] == "ERROR":
            after = [line for line in lines[number + 1 :] if line.strip()]
            is_traced = after and after[0].startswith("Traceback ")
            return after[-1].strip() if is_traced else found[4]
    return ""


def answers(path: str | Path, kind: str) -> list[str]:
    """Return what the report's log answers: each ``verdict``, or the ``accuracy`` of models."""
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    begin = f"{kind}: "
    texts = (found[4] for found in map(LINE.fullmatch, lines) if found)
    return [text.removeprefix(begin) for text in texts if text.startswith(begin)]


def named(name: str) -> str:
    """Return a file's name or address without what Snakemake remarks on it."""
    return REMARK.sub("", name)


def local(name: str) -> str:
    """Return where a file is on this machine."""
    scheme, is_address, rest = named(name).partition("://")
    return str(STORAGE / scheme / rest) if is_address else scheme


def _seconds(clock: str, milliseconds: str) -> float:
    return datetime.fromisoformat(clock).timestamp() + int(milliseconds) / 1000
