"""What is known of a run: its jobs and how many of them are done, running and waiting."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from logging import LogRecord

from snakemake_logger_plugin_swatchbook import rules
from snakemake_logger_plugin_swatchbook.cells import Cells
from snakemake_logger_plugin_swatchbook.job_logs import (
    JobLog,
    Told,
    answers,
    failure,
    local,
    named,
)


@dataclass
class Job:
    """A job that has been started.

    Attributes
    ----------
    name
        What it does, and of what.
    cell
        Of what only.
    wildcards
        The same as Snakemake has it.
    began
        In seconds since 1970.
    log
        Its first log file, followed while it runs; ``None`` where it has none.
    """

    id: int
    rule: str
    name: str
    cell: str
    threads: int
    outputs: list[str]
    began: float
    log: JobLog | None
    wildcards: dict[str, str] = field(default_factory=dict)

    @property
    def is_training(self) -> bool:
        """Whether a bar is drawn for it from its start."""
        return rules.known(self.rule) in rules.TRAININGS


@dataclass
class Stage:
    """The jobs of one or more rules.

    Attributes
    ----------
    seconds
        That its jobs took together, those that have ended.
    """

    name: str
    done: int
    running: list[Job]
    total: int
    failed: int
    seconds: float


@dataclass
class Failure:
    """A job that has failed, and what is known of why."""

    id: int
    rule: str
    job: str
    reason: str
    log: str
    told: Told


@dataclass
class Run:
    """A run, by what Snakemake says of it.

    Attributes
    ----------
    planned
        How many jobs there are of each rule, as far as that was said; in the order of the work.
    total
        How many jobs there are in all. A checkpoint may make them more, of rules not yet known.
    cores
        How many cores jobs share; ``None`` on a cluster.
    slots
        How many jobs a cluster is given at once.
    report, verdicts, accuracies
        The job that writes the report, what the report answers, and how accurate its models are.
    products
        The jobs that have made something to use: a model for others, a page to try it.
    cells
        The trainings.
    """

    planned: dict[str, int] = field(default_factory=dict)
    total: int = 0
    cores: int | None = None
    slots: int | None = None
    running: dict[int, Job] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    report: Job | None = None
    verdicts: list[str] = field(default_factory=list)
    accuracies: list[str] = field(default_factory=list)
    products: list[Job] = field(default_factory=list)
    cells: Cells = field(default_factory=Cells)
    began: float | None = None
    seconds: dict[str, list[float]] = field(default_factory=dict)
    _started: set[int] = field(default_factory=set)
    _of_rule: Counter[str] = field(default_factory=Counter)  # jobs that were started
    _finished: Counter[str] = field(default_factory=Counter)
    _failed: Counter[str] = field(default_factory=Counter)

    @property
    def has_begun(self) -> bool:
        """Whether there are jobs to run, and Snakemake has said how many."""
        return self.began is not None

    @property
    def finished(self) -> int:
        """How many jobs have ended well."""
        return sum(self._finished.values())

    def plan(self, record: LogRecord) -> None:
        """Take what jobs there are."""
        counts = dict(record.stats)
        self.total = counts.pop("total", sum(counts.values()))
        self.planned = counts
        self.began = self.began or record.created

    def resources(self, record: LogRecord) -> None:
        """Take what jobs share."""
        self.cores = getattr(record, "cores", self.cores)
        self.slots = getattr(record, "nodes", self.slots)

    def start(self, record: LogRecord) -> Job:
        """Take a job that starts, or is submitted to a cluster; return it."""
        logs = [local(log) for log in record.log or ()]
        job = Job(
            record.jobid,
            record.rule_name,
            rules.job_name(record.rule_name, record.wildcards or {}),
            rules.of_wildcards(record.wildcards or {}),
            record.threads or 1,
            [named(output) for output in record.output or ()],
            record.created,
            JobLog(logs[0], record.created) if logs else None,
            {key: str(value) for key, value in (record.wildcards or {}).items()},
        )
        self.cells.start(job.rule, job.wildcards, job.log)
        if job.id not in self._started:
            self._started.add(job.id)
            self._of_rule[job.rule] += 1
            self.planned[job.rule] = max(self.planned.get(job.rule, 0), self._of_rule[job.rule])
        self.running[job.id] = job
        if rules.known(job.rule) == rules.REPORT:
            self.report = job
        return job

    def finish(self, record: LogRecord) -> Job | None:
        """Take a job that has ended well; return it."""
        job = self.running.pop(record.job_id, None)
        if job:
            self.follow([job])
            self._finished[job.rule] += 1
            self.cells.finish(job.rule, job.wildcards, job.outputs)
            self.seconds.setdefault(job.rule, []).append(record.created - job.began)
            if job is self.report and job.log:
                self.verdicts = answers(job.log.path, "verdict")
                self.accuracies = answers(job.log.path, "accuracy")
            if rules.known(job.rule) in rules.PRODUCTS:
                self.products.append(job)
        return job

    def fail(self, record: LogRecord, reason: str, whole_logs: bool) -> Failure:
        """Take a job that has failed; return what is known of it.

        Parameters
        ----------
        reason
            What was said of it beside its log.
        whole_logs
            Keep all of its log.
        """
        job = self.running.pop(record.jobid, None)
        if job:
            self.follow([job])
            self.cells.fail(job.rule, job.wildcards)
        logs = [local(log) for log in record.log or ()]
        found = failure(logs[0], job.began if job else 0, whole_logs) if logs else Told()
        name = job.name if job else rules.job_name(record.rule_name, {})
        failed = Failure(
            record.jobid,
            record.rule_name,
            name,
            found.error or reason,
            logs[0] if logs else "",
            found,
        )
        self.failures.append(failed)
        self._failed[failed.rule] += 1
        return failed

    def retry(self, job: int) -> None:
        """Take that a job is tried again: it has not failed after all."""
        self.failures = [failed for failed in self.failures if failed.id != job]
        self._failed = Counter(failed.rule for failed in self.failures)

    def progress(self, record: LogRecord) -> None:
        """Take how many jobs there are; a checkpoint may have made them more."""
        self.total = record.total

    def follow(self, jobs: Iterable[Job] | None = None) -> None:
        """Read on in the logs of running jobs, or of these, and take their warnings."""
        for job in list(self.running.values()) if jobs is None else jobs:
            if job.log is None:
                continue
            before = set(job.log.warnings)
            job.log.read_on()
            self.warnings.update(job.log.warnings.keys() - before)

    def waiting(self, rule: str) -> int:
        """Return how many jobs of a rule have not been started."""
        there = sum(job.rule == rule for job in self.running.values())
        gone = self._finished[rule] + self._failed[rule]
        return max(self.planned.get(rule, 0) - gone - there, 0)

    def unknown(self) -> int:
        """Return how many jobs there are of which the rule is not known yet."""
        return max(self.total - sum(self.planned.values()), 0)

    def stages(self) -> list[Stage]:
        """Return the stages in the order of the work, without rules that only ask for files."""
        grouped: dict[str, list[str]] = {}
        for rule in self.planned:
            if not rules.is_target(rule, self.planned):
                grouped.setdefault(rules.stage(rule), []).append(rule)
        return [self._stage(name, of) for name, of in grouped.items()]

    def _stage(self, name: str, of: list[str]) -> Stage:
        running = [job for job in self.running.values() if job.rule in of]
        return Stage(
            name,
            sum(self._finished[rule] for rule in of),
            running,
            sum(self.planned[rule] for rule in of),
            sum(self._failed[rule] for rule in of),
            sum(sum(self.seconds.get(rule, ())) for rule in of),
        )
