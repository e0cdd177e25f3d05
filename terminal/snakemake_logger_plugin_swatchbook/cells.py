"""The trainings of a run, those of earlier runs included: how far each is, how good its model."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_swatchbook import rules
from snakemake_logger_plugin_swatchbook.job_logs import JobLog, local

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


@dataclass
class Cell:
    """A training: one model with one seed, or one trial of a search.

    Attributes
    ----------
    row, kind, column
        The model, then ``seed`` and its number; of a search ``search``, ``trial`` and its number.
    state
        `WAITING`, `RUNNING`, `DONE` or `FAILED`.
    log
        Of the training; ``None`` where it has none.
    test
        The accuracy on the test images, once the model is evaluated.
    """

    dataset: str
    row: str
    kind: str
    column: str
    state: str = WAITING
    log: JobLog | None = None
    test: float | None = None


class Cells:
    """All trainings, in the order in which they were heard of.

    Attributes
    ----------
    titles, colours
        What the report calls the data sets, and in which colours it shows the models; empty where
        nobody has said so.
    """

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.colours: dict[str, str] = {}
        self._cells: dict[tuple[str, ...], Cell] = {}

    def __iter__(self) -> Iterable[Cell]:
        return iter(self._cells.values())

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Take what the workflow says of its trainings before the first job (rules/train.smk)."""
        self.titles, self.colours = dict(facts["titles"]), dict(facts["colours"])
        for one in facts["trainings"]:
            cell = self._of(one["wildcards"])
            if cell:
                cell.state = WAITING if one["is_to_run"] else DONE
                cell.log = JobLog(local(one["log"]), 0)
                if not one["is_to_run"]:
                    cell.log.read_on()
                if one["metrics"]:
                    cell.test = _test_accuracy(local(one["metrics"]))

    def start(self, rule: str, wildcards: Mapping[str, str], log: JobLog | None) -> None:
        """Take a job that starts, if it is one of a training or its evaluation."""
        cell = self._cell_of(rule, wildcards)
        if cell:
            cell.test = None
            if rules.known(rule) in rules.TRAININGS:
                cell.state, cell.log = RUNNING, log

    def finish(self, rule: str, wildcards: Mapping[str, str], outputs: Iterable[str]) -> None:
        """Take a job that has ended well."""
        cell = self._cell_of(rule, wildcards)
        if cell:
            cell.state = DONE
            metrics = next((one for one in outputs if Path(one).name == rules.METRICS), None)
            if metrics:
                cell.test = _test_accuracy(local(metrics))

    def fail(self, rule: str, wildcards: Mapping[str, str]) -> None:
        """Take a job that has failed."""
        cell = self._cell_of(rule, wildcards)
        if cell and rules.known(rule) in rules.TRAININGS:
            cell.state = FAILED

    def _cell_of(self, rule: str, wildcards: Mapping[str, str]) -> Cell | None:
        is_of_cell = rules.known(rule) in {*rules.TRAININGS, rules.EVALUATION}
        return self._of(wildcards) if is_of_cell else None

    def _of(self, wildcards: Mapping[str, str]) -> Cell | None:
        """Return the cell of a job's wildcards, a new one if it is not known."""
        kind = "trial" if "trial" in wildcards else "seed"
        found = [str(wildcards.get(key, "")) for key in ("dataset", "model", kind)]
        dataset, model, number = found
        if not number:
            return None
        key = (dataset, model or "search", kind, number)
        return self._cells.setdefault(key, Cell(*key))


def _test_accuracy(path: str) -> float | None:
    """Return what an evaluation has measured; ``None`` where its file is not on this machine."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return float(json.loads(Path(path).read_text(encoding="utf-8"))["test"]["accuracy"])
    return None
