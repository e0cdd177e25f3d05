"""What is said when a run is over: the report's answers, or what went wrong and how to go on."""

import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from snakemake_logger_plugin_swatchbook import words
from snakemake_logger_plugin_swatchbook.runs import Failure, Run

ANSWERS = 3  # lines of the report's answers; all of them are in the report
FAILURES = 5  # jobs that are told of


@dataclass
class Line:
    """A line, and its kind: ``good``, ``bad``, ``detail``, ``answer`` or nothing of that."""

    text: str
    kind: str = ""


class Ending:
    """How a run has ended, and what it leads to.

    Attributes
    ----------
    is_stopped
        Whether somebody pressed Ctrl-C.
    is_broken
        Whether Snakemake says that the run has failed.
    is_counted
        Whether it says of each job that it is done, which it does not when it is to be quiet.
    log_file
        Where everything is that Snakemake said.
    """

    def __init__(self, run: Run, again: str | None):
        self.run = run
        self.is_stopped = False
        self.is_broken = False
        self.is_counted = True
        self.log_file = ""
        self._again = again
        # Snakemake changes to its working directory after this.
        self._here = Path.cwd()

    @property
    def is_good(self) -> bool:
        """Whether everything was done."""
        return not (self.is_stopped or self.is_broken or self.run.failures)

    def told(self) -> list[Line]:
        """Return what there is to say."""
        return self._good() if self.is_good else self._bad()

    def _good(self) -> list[Line]:
        run = self.run
        taken = words.duration(time.time() - run.began)
        lines = [Line(f"Done in {taken}: {words.jobs(run.finished)}.", "good")]
        if run.report:
            answers = [words.printable(one) for one in run.answers]
            lines += [Line(f"  {one}", "answer") for one in answers[:ANSWERS]]
            if len(answers) > ANSWERS:
                more = len(answers) - ANSWERS
                lines.append(Line(f"  … and {more} more in the report", "detail"))
            lines += [Line(f"The report is {self.from_here(run.report.outputs[0])}", "good")]
        return lines

    def _bad(self) -> list[Line]:
        run = self.run
        what = "Stopped" if self.is_stopped else "Failed"
        taken = words.duration(time.time() - run.began)
        done = f": {run.finished} of {words.jobs(run.total)} done, and need not run again"
        lines = [Line(f"{what} after {taken}{done if self.is_counted else ''}.", "bad")]
        for failure in [] if self.is_stopped else run.failures[:FAILURES]:
            lines += self._failure(failure)
        if len(run.failures) > FAILURES and not self.is_stopped:
            lines.append(Line(f"  … and {len(run.failures) - FAILURES} more failed", "detail"))
        if self.log_file:
            where = self.from_here(self.log_file)
            lines.append(Line(f"All that Snakemake said is in {where}", "detail"))
        first = "To go on" if self.is_stopped else "When that is put right, go on with"
        return [*lines, Line(f"{first}: {self.command()}")]

    def _failure(self, failure: Failure) -> list[Line]:
        reason = failure.reason or "it failed, and its log does not say why"
        lines = [Line(f"  {failure.job}: {words.printable(reason)}", "bad")]
        if failure.told.lines:
            lines.append(Line(f"  before that, in {self.from_here(failure.log)}:", "detail"))
            shown = (words.printable(line) for line in failure.told.lines)
            lines += [Line(f"    {words.cropped(line, 200)}", "detail") for line in shown]
        elif failure.log:
            lines.append(Line(f"  its log is {self.from_here(failure.log)}", "detail"))
        return lines

    def from_here(self, path: str) -> str:
        """Return a path as it is called from where the command was given, if it is below."""
        if "://" in path:
            return path
        whole = Path(path).absolute()
        return (
            str(whole.relative_to(self._here)) if whole.is_relative_to(self._here) else str(whole)
        )

    def command(self) -> str:
        """Return the command that goes on."""
        if self._again:
            return self._again
        program, *arguments = sys.argv
        name = Path(program).name
        first = ["python", "-m", "snakemake"] if name == "__main__.py" else [name]
        return shlex.join([*first, *arguments])
