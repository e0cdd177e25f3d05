"""What a display makes of Snakemake's records, whether it draws or writes lines."""

import re
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from logging import ERROR, WARNING, LogRecord
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_swatchbook import endings, time_left
from snakemake_logger_plugin_swatchbook.chatter import CHATTER, of_process, shortened
from snakemake_logger_plugin_swatchbook.displays import Guarded, Nothing
from snakemake_logger_plugin_swatchbook.runs import Failure, Job, Run
from snakemake_logger_plugin_swatchbook.words import printable

LOG_FILE = re.compile(r"Complete log(?:\(s\))?: (.+)")
RESTART = re.compile(r"Trying to restart job (\d+)")
STOPPED = "Terminating processes on user request"
# Of a job that has failed; what it was comes with the job's own event.
OF_A_JOB = "CalledProcessError"
SUMMARY = "At least one job did not complete successfully"


class Shown(Nothing, ABC):
    """A display that follows a run; what it looks like is for others to say.

    Parameters
    ----------
    common
        Snakemake's settings of output.
    again
        The command that a failed run says to go on with; ``None`` is Snakemake's own.
    guarded
        Does something with the display, one thread at a time.
    """

    seconds_between_looks = 1.0

    def __init__(self, common: Any, again: str | None, guarded: Guarded):
        self.common = common
        self.run = Run()
        self.ending = endings.Ending(self.run, again)
        self.estimate = time_left.Estimate(self.run, {})
        self._guarded = guarded
        self._is_over = threading.Event()
        self.live: Any = None  # the page that shows the run beside this display, if there is one
        self._reason = ""  # of the next failure
        self._warned: set[str] = set()

    # What others say.

    @abstractmethod
    def say(self, text: str, kind: str = "message") -> None:
        """Show text; `kind` is ``message``, ``notice``, ``warning`` or ``error``."""

    def begun(self) -> None:
        """The jobs of the run are known."""

    def started(self, job: Job) -> None:
        """A job was started."""

    def finished(self, job: Job) -> None:
        """A job has ended well."""

    def failed(self, failure: Failure) -> None:
        """A job has failed."""

    def tick(self) -> None:
        """Some time has gone by."""

    def close(self, told: list[endings.Line]) -> None:
        """The run is over; `told` is what there is to say of it."""

    # What Snakemake says.

    def take(self, record: LogRecord) -> None:
        """Take a record of Snakemake's."""
        match getattr(record, "event", None):
            case LogEvent.RUN_INFO:
                self._begin(record)
            case LogEvent.RESOURCES_INFO:
                self.run.resources(record)
            case LogEvent.JOB_INFO:
                self.started(self.run.start(record))
            case LogEvent.JOB_FINISHED:
                job = self.run.finish(record)
                if job:
                    self.finished(job)
                self.warn()
            case LogEvent.PROGRESS:
                self.run.progress(record)
            case LogEvent.JOB_ERROR:
                self._fail(record)
            case LogEvent.GROUP_ERROR:
                self._reason = ", ".join(map(str, getattr(record, "aux_logs", None) or ()))
            case LogEvent.ERROR:
                self._error(record.getMessage())
            case LogEvent.SHELLCMD:
                command = getattr(record, "shellcmd", None)
                if command and self.common.printshellcmds:
                    self.say(shortened(command))
            case None if hasattr(record, "swatchbook"):
                self.run.cells.tell(record.swatchbook)
            case None:
                self._message(record)

    def end(self) -> None:
        """Tell how the run has ended."""
        self._is_over.set()
        if not self.run.has_begun:
            return self.close([])
        self.run.follow()
        self.warn()
        time_left.keep(self.run)
        told = self.ending.told()
        self.close(told)
        if self.live:
            self.live.end(self.ending.state, told)

    def abandon(self) -> None:
        """Leave the terminal as it was."""
        self._is_over.set()
        if self.live:
            self.live.abandon()

    def warn(self) -> None:
        """Show what jobs have warned of since the last time."""
        for warning in self.run.warnings.keys() - self._warned:
            self._warned.add(warning)
            self.say(f"warning: {printable(warning)}", "warning")

    def _begin(self, record: LogRecord) -> None:
        is_first = not self.run.has_begun
        self.run.plan(record)
        if is_first:
            self.estimate.earlier = time_left.read_earlier()
            self.begun()
            if self.live:
                self.live.begin()
            threading.Thread(target=self._look_now_and_then, daemon=True).start()

    def _look_now_and_then(self) -> None:
        while not self._is_over.wait(self.seconds_between_looks):
            self._guarded(_tick_of(self))

    def _fail(self, record: LogRecord) -> None:
        reason, self._reason = self._reason, ""
        said = " ".join(str(getattr(record, "rule_msg", None) or "").split())
        whole = self.common.show_failed_logs
        failure = self.run.fail(record, said or reason, whole)
        if said and failure.told.error:  # a cluster has something to say, too
            failure.reason = f"{failure.told.error} ({said})"
        self.failed(failure)

    def _error(self, text: str) -> None:
        if SUMMARY in text:
            self.ending.is_broken = True
            return
        if OF_A_JOB in text:
            self._reason = of_process(text)
            return
        self.ending.is_broken = True
        self.say(shortened(text.removeprefix("WorkflowError:\n")), "error")

    def _message(self, record: LogRecord) -> None:
        text = record.getMessage()
        log_file, restart = LOG_FILE.match(text), RESTART.match(text)
        if log_file:
            self.ending.log_file = log_file[1]
        elif restart:
            self.run.retry(int(restart[1]))
        elif text.startswith(STOPPED):
            self.ending.is_stopped = True
        if not text or CHATTER.match(text):
            return
        if record.levelno < WARNING:
            self.say(shortened(text))
        elif text not in self._warned:
            self._warned.add(text)
            self.say(shortened(text), "error" if record.levelno >= ERROR else "warning")


class Followed(Shown):
    """A display that knows nothing of the run, and a run that is followed beside it.

    So a run has a live page whatever it looks like on the terminal.
    """

    def __init__(self, common: Any, shown: Nothing, guarded: Guarded):
        super().__init__(common, None, guarded)
        self._shown = shown

    def take(self, record: LogRecord) -> None:
        """Take a record, and let the display show it."""
        self._shown.take(record)
        super().take(record)

    def say(self, text: str, kind: str = "message") -> None:
        """Say where the page is; the display says all else."""
        if kind == "notice":
            print(text, file=sys.stderr, flush=True)


def _tick_of(display: Shown) -> Callable[[Any], None]:
    def tick(current: Any) -> None:
        if current is display and not display._is_over.is_set():
            display.tick()

    return tick
