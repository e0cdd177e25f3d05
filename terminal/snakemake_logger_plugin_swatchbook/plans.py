"""A dry run: what would run and why, a line a rule."""

from collections import Counter
from logging import ERROR, LogRecord
from typing import TextIO

from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_swatchbook import rules, words
from snakemake_logger_plugin_swatchbook.chatter import CHATTER, shortened
from snakemake_logger_plugin_swatchbook.displays import Nothing

# What a reason begins with, and what of it is said. What comes first matters more.
REASONS = {
    "Forced execution": "forced",
    "Missing output files": "output is missing",
    "Incomplete output files": "output is incomplete",
    "Updated input files": "input is newer",
    "Params have changed": "settings or code have changed",
    "Code has changed": "code has changed",
    "Set of input files has changed": "other input files",
    "Software environment": "another environment",
    "Input files updated by another job": "input is made anew",
}
# Snakemake's own words on reasons, which are told otherwise here.
OF_REASONS = ("Reasons:", "Some jobs were triggered", "Rules with provenance", "This was a dry-run")


class Plan(Nothing):
    """Gathers the jobs that would run and tells of them at the end."""

    def __init__(self, stream: TextIO, with_reasons: bool = True):
        self._stream = stream
        self._with_reasons = with_reasons
        self._counts: dict[str, int] = {}
        self._total = 0
        self._reasons: dict[str, Counter[str]] = {}
        self._wildcards: dict[str, dict[str, dict[str, None]]] = {}

    def take(self, record: LogRecord) -> None:
        """Take a record of Snakemake's."""
        match getattr(record, "event", None):
            case LogEvent.RUN_INFO:
                self._counts = dict(record.stats)
                self._total = self._counts.pop("total", 0)
            case LogEvent.JOB_INFO:
                self._job(record)
            case LogEvent.ERROR:
                self._say(record.getMessage().removeprefix("WorkflowError:\n"))
            case None:
                text = record.getMessage()
                is_chatter = CHATTER.match(text) or text.startswith(OF_REASONS)
                if record.levelno >= ERROR or not is_chatter:
                    self._say(text)

    def end(self) -> None:
        """Tell what would run."""
        if not self._counts:
            return
        self._say(f"{words.jobs(self._total)} would run; this is a dry run (-n).")
        rows = [
            (str(count), rule, self._of_what(rule), self._why(rule))
            for rule, count in self._counts.items()
            if not rules.is_target(rule, self._counts)
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
        for count, rule, of, why in rows:
            of_what = of.ljust(widths[2])
            self._say(
                f"{count.rjust(widths[0] + 2)}  {rule.ljust(widths[1])}  {of_what}  {why}".rstrip()
            )
        self._say("With --logger-swatchbook-style snakemake: each job with its files.")

    def _job(self, record: LogRecord) -> None:
        rule = record.rule_name
        self._reasons.setdefault(rule, Counter())[_short(str(record.reason))] += 1
        for key, value in (record.wildcards or {}).items():
            self._wildcards.setdefault(rule, {}).setdefault(key, {})[str(value)] = None

    def _of_what(self, rule: str) -> str:
        values = self._wildcards.get(rule, {})
        told = (
            f"{key} {words.listed(of)}" if all(one.isdigit() for one in of) else words.listed(of)
            for key, of in values.items()
        )
        return words.printable("; ".join(told))

    def _why(self, rule: str) -> str:
        found = self._reasons.get(rule) if self._with_reasons else None
        if not found:
            return ""
        if len(found) == 1:
            return next(iter(found))
        return ", ".join(f"{why} ({count})" for why, count in found.most_common())

    def _say(self, text: str) -> None:
        print(shortened(text), file=self._stream, flush=True)


def _short(reason: str) -> str:
    """Return the first of a job's reasons in a few words, without its files."""
    return next((told for begin, told in REASONS.items() if begin in reason), reason[:60])
