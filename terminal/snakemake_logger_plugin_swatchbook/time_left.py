"""How long a run will go on, from what its jobs took and what is known of those that run."""

import json
import time
from contextlib import suppress
from pathlib import Path
from statistics import fmean

from snakemake_logger_plugin_swatchbook import rules
from snakemake_logger_plugin_swatchbook.runs import Job, Run

# Where a run leaves how long its jobs took, for the next one; beside what Snakemake keeps.
MEASURED = Path(".snakemake") / "swatchbook-seconds.json"


class Estimate:
    """How long the jobs of each rule take: in this run, or else in an earlier one.

    Parameters
    ----------
    run
        The run.
    earlier
        The mean seconds of a job of each rule in an earlier run.
    """

    def __init__(self, run: Run, earlier: dict[str, float] | None = None):
        self.run = run
        self.earlier = earlier or {}

    def seconds_left(self, now: float | None = None) -> float | None:
        """Return the seconds until the end; ``None`` as long as a rule's jobs were never measured.

        As if cores were never idle, and no job waited for another than those that run: an estimate
        that is a little small rather than large.
        """
        now = time.time() if now is None else now
        running = {job.id: self._left(job, now) for job in self.run.running.values()}
        waiting = {
            rule: (count, self._seconds(rule))
            for rule in self.run.planned
            if (count := self.run.waiting(rule))
        }
        if None in running.values() or None in (seconds for _, seconds in waiting.values()):
            return None
        work = sum(
            left * self._share_of_cores(self.run.running[job].threads)
            for job, left in running.items()
        )
        work += sum(
            count * seconds * self._threads(rule) for rule, (count, seconds) in waiting.items()
        )
        work += self.run.unknown() * self._mean_of_all()
        return max(work / self._at_once(), max(running.values(), default=0.0))

    def _at_once(self) -> int:
        return max(self.run.cores or self.run.slots or 1, 1)

    def _share_of_cores(self, threads: int) -> int:
        return min(threads, self.run.cores) if self.run.cores else 1

    def _threads(self, rule: str) -> float:
        known = [job.threads for job in self.run.running.values() if job.rule == rule]
        return self._share_of_cores(max(known, default=1))

    def _left(self, job: Job, now: float) -> float | None:
        if job.log and job.log.has_progress:
            left = job.log.seconds_left()
            if left is not None:
                return left
        seconds = self._seconds(job.rule)
        return None if seconds is None else max(seconds - (now - job.began), 0.0)

    def _seconds(self, rule: str) -> float | None:
        """Return the mean seconds of a rule's jobs, by the best of what is known."""
        if self.run.seconds.get(rule):
            return fmean(self.run.seconds[rule])
        running = [job for job in self.run.running.values() if job.rule == rule and job.log]
        projected = [
            seconds + job.log.seconds_of_start()
            for job in running
            if (seconds := job.log.seconds_in_all())
        ]
        if projected:
            return fmean(projected)
        if rule in self.earlier:
            return self.earlier[rule]
        return self._of_short_jobs(rule)

    def _of_short_jobs(self, rule: str) -> float | None:
        """Return what a job takes that is no training: about as long as others, which are short."""
        if rules.known(rule) in rules.TRAININGS:
            return None
        others = [
            seconds
            for name, taken in self.run.seconds.items()
            if rules.known(name) not in rules.TRAININGS
            for seconds in taken
        ]
        return fmean(others) if others else None

    def _mean_of_all(self) -> float:
        taken = [seconds for of_rule in self.run.seconds.values() for seconds in of_rule]
        return fmean(taken) if taken else 0.0


def read_earlier() -> dict[str, float]:
    """Return what an earlier run in the working directory measured; empty if nobody knows."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        found = json.loads(MEASURED.read_text(encoding="utf-8"))
        return {str(rule): float(seconds) for rule, seconds in found.items()}
    return {}


def keep(run: Run) -> None:
    """Leave what this run measured to the next one, beside what earlier ones did."""
    means = {rule: round(fmean(taken), 1) for rule, taken in run.seconds.items()}
    if means and MEASURED.parent.is_dir():
        with suppress(OSError):
            text = json.dumps(read_earlier() | means, indent=2, sort_keys=True)
            MEASURED.write_text(text + "\n", encoding="utf-8")
