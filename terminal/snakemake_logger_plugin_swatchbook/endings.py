"""What is said when a run is over: the report's answers, or what went wrong and how to go on."""

import argparse
import shlex
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from snakemake_logger_plugin_swatchbook import rules, words
from snakemake_logger_plugin_swatchbook.runs import Failure, Job, Run

ANSWERS = 3  # verdicts that are told, data sets whose accuracies are, and so on
FAILURES = 5  # jobs that are told of
# What to do next, and which of it a rule has done.
NEXT = {"export": "the best model in formats to use", "try": "a page to try it in a browser"}
USES = {"write_report": "", "export_best": "export", "write_try_page": "try"}
# Options of Snakemake that say where a run is and of what, with argparse's number of their values.
# Those that take one value come last, before the target, which the others would take for theirs.
PLACES = {
    ("--configfile", "--configfiles"): "+",
    ("--config", "-C"): "*",
    ("--snakefile", "-s"): None,
    ("--profile",): None,
    ("--directory", "-d"): None,
    ("--jobs", "-j"): None,
    ("--cores", "-c"): None,
}


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

    @property
    def state(self) -> str:
        """In a word: ``done``, ``stopped`` or ``failed``."""
        return "done" if self.is_good else "stopped" if self.is_stopped else "failed"

    def told(self) -> list[Line]:
        """Return what there is to say."""
        return self._good() if self.is_good else self._bad()

    def _good(self) -> list[Line]:
        run = self.run
        taken = words.duration(time.time() - run.began)
        lines = [Line(f"Done in {taken}: {words.jobs(run.finished)}.", "good")]
        if run.report:
            for answers in (run.verdicts, run.accuracies):
                told = [Line(f"  {words.printable(one)}", "answer") for one in answers]
                lines += _first(told, " in the report")
            path = self.from_here(run.report.outputs[0])
            lines.append(Line(f"The report is {path}: open it in a browser", "good"))
        return [*lines, *self._products(), *self._next()]

    def _products(self) -> list[Line]:
        return _first([Line(self._product(job), "good") for job in self.run.products])

    def _product(self, job: Job) -> str:
        """Say what a job has made to be used, and how."""
        used = rules.PRODUCTS[rules.known(job.rule)]
        path = next((one for one in job.outputs if Path(one).name == used), None)
        if path and used == rules.TRY_PAGE:
            return f"The page to try {job.cell} is {self.from_here(path)}: open it in a browser"
        folder = self.from_here(str(Path(path or job.outputs[0]).parent))
        told = f"The model of {job.cell} is in {folder}"
        command = f"{self._called('swatchbook')} predict {shlex.quote(folder)} IMAGE…"
        return f"{told}, to use by: {command}" if path else told

    def _next(self) -> list[Line]:
        """Say what one would do with what there is now; a workflow around this one knows better."""
        ended = {job.rule for job in (self.run.report, *self.run.products) if job}
        if not ended & USES.keys():
            return []
        made = {USES.get(rule) for rule in ended}
        left = (target for target in NEXT if target not in made)
        return [Line(f"Next: {shlex.join(self._with_target(one))}   # {NEXT[one]}") for one in left]

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
        lines += self._products()
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
        """Return the command that goes on: the one that was typed."""
        return self._again or shlex.join([*self._program(), *sys.argv[1:]])

    def _with_target(self, target: str) -> list[str]:
        """Return the command that makes a target in the same place, of the same configuration."""
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        for names, number in PLACES.items():
            parser.add_argument(*names, nargs=number, dest=names[0])
        given = vars(parser.parse_known_args(sys.argv[1:])[0])
        values = {name: [of] if isinstance(of, str) else of for name, of in given.items() if of}
        typed = [word for name, of in values.items() for word in (name, *of)]
        return [*self._program(), *typed, target]

    def _program(self) -> list[str]:
        name = Path(sys.argv[0]).name
        return ["python", "-m", "snakemake"] if name == "__main__.py" else [self._called(name)]

    def _called(self, name: str) -> str:
        """Return how a program is called here: by its path where its name leads nowhere."""
        beside = Path(sys.argv[0]).absolute().with_name(name)
        return name if shutil.which(name) or not beside.exists() else self.from_here(str(beside))


def _first(lines: list[Line], rest: str = "") -> list[Line]:
    if len(lines) <= ANSWERS:
        return lines
    return [*lines[:ANSWERS], Line(f"  … and {len(lines) - ANSWERS} more{rest}", "detail")]
