"""A run in a pipe, in a file or in CI: a short line an event."""

import sys
import time
from typing import Any

from snakemake_logger_plugin_swatchbook import rules, words
from snakemake_logger_plugin_swatchbook.displays import Guarded
from snakemake_logger_plugin_swatchbook.endings import Line
from snakemake_logger_plugin_swatchbook.runs import Failure, Job
from snakemake_logger_plugin_swatchbook.shown import Shown

SECONDS_OF_SILENCE = 60.0  # after which running trainings are told of


class Lines(Shown):
    """Writes a line when a job starts, ends or fails, and now and then one of each training.

    Parameters
    ----------
    is_quiet
        Write only warnings, errors and how the run has ended, if it was not well.
    """

    seconds_between_looks = 10.0

    def __init__(self, common: Any, again: str | None, guarded: Guarded, is_quiet: bool = False):
        super().__init__(common, again, guarded)
        self.is_quiet = is_quiet
        self.ending.is_counted = not is_quiet
        self._last = time.monotonic()

    def say(self, text: str, kind: str = "message") -> None:
        """Write text as it is."""
        if not (self.is_quiet and kind == "message"):
            print(text, file=sys.stderr, flush=True)

    def begun(self) -> None:
        """Say how much there is to do."""
        planned = {}
        for rule, count in self.run.planned.items():
            if not rules.is_target(rule, self.run.planned):
                stage = rules.stage(rule)
                planned[stage] = planned.get(stage, 0) + count
        told = ", ".join(f"{stage} {count}" for stage, count in planned.items())
        self._event("begin", f"{words.jobs(self.run.total)}: {told}")

    def started(self, job: Job) -> None:
        """Say that it was."""
        if not rules.is_target(job.rule, self.run.planned):
            self._event("start", job.name)

    def finished(self, job: Job) -> None:
        """Say how long it took, and how many are done."""
        if rules.is_target(job.rule, self.run.planned):
            return
        taken = words.duration(self.run.seconds[job.rule][-1])
        found = ""
        if job.log and job.log.accuracy is not None:
            found = f", {job.log.accuracy_told()}"
        count = f"({self.run.finished} of {self.run.total})"
        self._event("done", f"{job.name}, {taken}{found} {count}")

    def failed(self, failure: Failure) -> None:
        """Say why."""
        self._event("failed", words.printable(f"{failure.job}: {self._why(failure)}"), "error")

    def tick(self) -> None:
        """Say how far trainings are, when nothing was said for a while."""
        self.run.follow()
        self.warn()
        if time.monotonic() - self._last < SECONDS_OF_SILENCE:
            return
        for job in self.run.running.values():
            if job.log and job.log.has_progress:
                told = ", ".join(filter(None, job.log.told().values()))
                self._event("running", f"{job.name}, {told}")
        left = self.estimate.seconds_left()
        if left is not None:
            self._event("left", f"about {words.about(left)}")
        self._last = time.monotonic()

    def close(self, told: list[Line]) -> None:
        """Say how it has ended."""
        if not (self.is_quiet and self.ending.is_good):
            for line in told:
                self.say(line.text, "error")

    def _why(self, failure: Failure) -> str:
        # A job of this machine has written its error to the terminal itself.
        where = f" (see {failure.log})" if failure.log else ""
        return f"{failure.reason or 'it does not say why'}{where}"

    def _event(self, what: str, text: str, kind: str = "message") -> None:
        self._last = time.monotonic()
        self.say(f"{time.strftime('%H:%M:%S')} {what:8} {text}", kind)
