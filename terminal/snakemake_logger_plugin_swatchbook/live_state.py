"""What the live page shows of a run, as it is put into JSON."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_swatchbook import words
from snakemake_logger_plugin_swatchbook.cells import DONE, RUNNING, Cell
from snakemake_logger_plugin_swatchbook.runs import Failure, Job, Run, Stage

MOST_FAILURES = 5  # that are told of, the last ones


def of_run(run: Run, left: float | None, state: str = RUNNING) -> dict[str, Any]:
    """Return what is known of a run: times in seconds since 1970, shares from 0 to 1.

    Parameters
    ----------
    left
        The seconds until the end; ``None`` if nobody knows.
    state
        ``running``, or how it has ended: ``done``, ``failed`` or ``stopped``.
    """
    return {
        "folder": Path.cwd().name,
        "state": state,
        "began": run.began,
        "left": None if left is None or state != RUNNING else 5 * round(left / 5),
        "left_told": "" if left is None or state != RUNNING else words.about(left),
        "finished": run.finished,
        "total": run.total,
        "stages": [_stage(stage) for stage in run.stages()],
        "jobs": [_job(job) for job in run.running.values() if not job.is_training],
        "datasets": _datasets(run),
        "colours": run.cells.colours,
        "failed": len(run.failures),
        "failures": [_failure(failure) for failure in run.failures[-MOST_FAILURES:]],
        "warnings": list(run.warnings),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    running = len(stage.running)
    return {
        "name": stage.name,
        "done": stage.done,
        "running": running,
        "waiting": max(stage.total - stage.done - running - stage.failed, 0),
        "failed": stage.failed,
    }


def _job(job: Job) -> dict[str, Any]:
    has_progress = job.log is not None and job.log.has_progress
    return {"name": job.name, "share": round(job.log.share(), 2) if has_progress else None}


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "job": failure.job,
        "reason": failure.reason or "its log does not say why",
        "log": failure.log,
        "lines": failure.told.lines[-5:],
    }


def _datasets(run: Run) -> list[dict[str, Any]]:
    """Return the trainings of each data set in tables: a row a model, a column a seed."""
    found: dict[str, dict[str, list[Cell]]] = {}
    for cell in run.cells:
        found.setdefault(cell.dataset, {}).setdefault(cell.kind, []).append(cell)
    return [
        {
            "title": run.cells.titles.get(name, name),
            "tables": [_table(kind, cells) for kind, cells in tables.items()],
        }
        for name, tables in found.items()
    ]


def _table(kind: str, cells: Iterable[Cell]) -> dict[str, Any]:
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for cell in cells:
        rows.setdefault(cell.row, {})[cell.column] = _cell(cell)
    columns = sorted({column for row in rows.values() for column in row}, key=_number)
    return {"kind": kind, "columns": columns, "rows": rows}


def _number(column: str) -> tuple[int, str]:
    return (int(column), "") if column.isdecimal() else (0, column)


def _cell(cell: Cell) -> dict[str, Any]:
    told: dict[str, Any] = {"state": cell.state}
    if cell.test is not None:
        told["test"] = cell.test
    log = cell.log
    if log is None or cell.state not in (RUNNING, DONE):
        return told
    if cell.state == RUNNING and log.has_progress:
        told |= {"epoch": log.epoch, "epochs": log.epochs, "share": round(log.share(), 2)}
        told["left"] = log.left_told()
    if log.accuracy is not None:
        told |= {"accuracy": log.accuracy, "images": log.measured_on}
        told["curve"] = sorted(log.curve.items())
    return told
