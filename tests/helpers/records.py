"""Snakemake's records, as its logger hands them to a plugin."""

import logging
import time
from types import SimpleNamespace
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent


def record(event: LogEvent | None = None, message: str = "", **facts: Any) -> logging.LogRecord:
    """Make a record of an event, or of a message without one."""
    level = logging.ERROR if event in (LogEvent.ERROR, LogEvent.JOB_ERROR) else logging.INFO
    given = {"name": "snakemake.logging", "levelno": level, "msg": message, "event": event}
    given |= {"levelname": logging.getLevelName(given["levelno"])}
    made = logging.makeLogRecord(given | facts)
    if event is None:
        del made.event
    return made


def plan(**counts: int) -> logging.LogRecord:
    """What jobs there are, by rule."""
    stats = {**counts, "total": sum(counts.values())}
    return record(LogEvent.RUN_INFO, "Job stats: …", stats=stats)


def cores(count: int) -> logging.LogRecord:
    """How many cores there are."""
    return record(LogEvent.RESOURCES_INFO, f"Provided cores: {count}", cores=count)


def start(job: int, rule: str, log: object = None, **facts: Any) -> logging.LogRecord:
    """A job starts."""
    wildcards = facts.pop("wildcards", {})
    given = {
        "jobid": job,
        "rule_name": rule,
        "wildcards": wildcards,
        "log": [str(log)] if log else [],
        "output": facts.pop("output", ["some/output"]),
        "threads": 1,
        "reason": "Missing output files: some/output",
        "created": time.time(),
    }
    return record(LogEvent.JOB_INFO, f" Rule: {rule}, Jobid: {job}", **(given | facts))


def finish(job: int, **facts: Any) -> logging.LogRecord:
    """A job has ended well."""
    return record(LogEvent.JOB_FINISHED, f"Finished jobid: {job}", job_id=job, **facts)


def progress(done: int, total: int) -> logging.LogRecord:
    """How many jobs are done, out of how many."""
    return record(LogEvent.PROGRESS, "None", done=done, total=total)


def error(job: int, rule: str, log: object = None, message: str | None = None) -> logging.LogRecord:
    """A job has failed."""
    logs = [str(log)] if log else []
    facts = {"jobid": job, "rule_name": rule, "rule_msg": message, "log": logs}
    return record(LogEvent.JOB_ERROR, f"Error in rule {rule}", **facts)


def settings(**changes: Any) -> SimpleNamespace:
    """Snakemake's settings of output."""
    given = dict.fromkeys(("printshellcmds", "nocolor", "debug_dag", "verbose"), False)
    given |= dict.fromkeys(("show_failed_logs", "stdout", "dryrun"), False)
    return SimpleNamespace(**(given | {"quiet": None} | changes))
