"""The lines of the screen, for a width and a height."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from snakemake_logger_plugin_swatchbook import words
from snakemake_logger_plugin_swatchbook.runs import Job, Run, Stage

NARROWEST_BAR = 8
WIDEST_BAR = 40
WIDEST_NAME = 36


@dataclass(frozen=True)
class Symbols:
    """What lines begin with, and what bars are made of."""

    done: str
    running: str
    waiting: str
    failed: str
    full: str
    empty: str
    between: str


UNICODE = Symbols("✓", "▶", "·", "✗", "━", "─", " · ")
ASCII = Symbols("+", ">", ".", "x", "#", "-", ", ")


def screen(
    run: Run, left: float | None, width: int, height: int, symbols: Symbols, now: float
) -> Text:
    """Return everything: the head, the stages, the jobs whose progress is known.

    Parameters
    ----------
    left
        The seconds until the end; ``None`` if nobody knows.
    now
        In seconds since 1970.
    """
    lines = [_head(run, left, width, symbols, now), *stages(run, width, symbols)]
    bars = bars_of(run, width, symbols, height - len(lines) - 1)
    if bars:
        lines += [Text(), *bars]
    return Text("\n").join(lines[:height])


def _head(run: Run, left: float | None, width: int, symbols: Symbols, now: float) -> Text:
    taken = words.duration(now - (run.began or now))
    told = f"about {words.about(left)} left" if left is not None else "measuring how long it takes"
    parts = [f"{run.finished} of {words.jobs(run.total)} done", taken, told]
    return Text(words.cropped(symbols.between.join(parts), width), "bold")


def stages(run: Run, width: int, symbols: Symbols) -> list[Text]:
    """Return a line a stage: what of it is done, running and waiting."""
    found = run.stages()
    name = max((len(stage.name) for stage in found), default=0)
    count = max((len(_count(stage)) for stage in found), default=0)
    return [_stage(stage, name, count, width, symbols) for stage in found]


def _stage(stage: Stage, name: int, count: int, width: int, symbols: Symbols) -> Text:
    if stage.failed:
        symbol, style = symbols.failed, "red"
    elif stage.running:
        symbol, style = symbols.running, "cyan"
    elif stage.done >= stage.total:
        symbol, style = symbols.done, "green"
    else:
        symbol, style = symbols.waiting, "dim"
    said = _said(stage, symbols)
    text = Text(" ")
    text.append(f"{symbol} ", style)
    text.append(f"{stage.name:{name}}  {_count(stage):{count}}", "dim" if style == "dim" else "")
    text.append(f"  {said}" if said else "", "dim")
    text.rstrip()
    text.truncate(width, overflow="ellipsis")
    return text


def _count(stage: Stage) -> str:
    return str(stage.total) if stage.done >= stage.total else f"{stage.done} of {stage.total}"


def _said(stage: Stage, symbols: Symbols) -> str:
    """Say what runs and what waits, or how long the jobs of a stage have taken together."""
    waiting = max(stage.total - stage.done - len(stage.running) - stage.failed, 0)
    said = []
    if stage.failed:
        said.append(f"{stage.failed} failed")
    if stage.running:
        said.append(f"{len(stage.running)} running")
    if waiting and (stage.running or stage.done):
        said.append(f"{waiting} waiting")
    # Trainings have bars.
    named = [
        job.name.removeprefix(f"{stage.name} ") for job in stage.running if not job.is_training
    ]
    if named:
        said.append(", ".join(named[:3]))
    if not said and stage.done:
        said.append(words.duration(stage.seconds))
    return symbols.between.join(said)


def bars_of(run: Run, width: int, symbols: Symbols, most: int) -> list[Text]:
    """Return a line for each training and each other job that says how far it is."""
    jobs = [
        job
        for job in run.running.values()
        if job.is_training or (job.log is not None and job.log.has_progress)
    ]
    if not jobs or most < 1:
        return []
    shown = jobs if len(jobs) <= most else jobs[: most - 1]
    rows = [_cells(job, run) for job in shown]
    names = min(max((len(_name(job)) for job in shown), default=0), WIDEST_NAME, width // 2)
    columns = _columns(rows, width - 3 - names)
    lines = [
        _bar(job, cells, names, columns, width, symbols)
        for job, cells in zip(shown, rows, strict=True)
    ]
    if len(shown) < len(jobs):
        lines.append(Text(f"   … and {len(jobs) - len(shown)} more", "dim"))
    return lines


def _name(job: Job) -> str:
    """Return what stands before a bar; most of them are of trainings."""
    return (job.is_training and job.cell) or job.name


def _cells(job: Job, run: Run) -> dict[str, str]:
    """Return what is said beside a bar."""
    log = job.log
    if log is None or not (log.has_progress or log.epoch):
        is_queued = run.cores is None and not (log and log.is_there)
        return {"state": "queued or starting" if is_queued else "starting"}
    return log.told()


def _columns(rows: Sequence[dict[str, str]], width: int) -> dict[str, int]:
    """Return the columns that fit beside a bar, with their widths, in the order they are shown."""
    widths: dict[str, int] = {}
    for key in ("left", "epoch", "accuracy", "speed"):
        needed = max((len(row.get(key, "")) for row in rows), default=0)
        if needed and sum(widths.values()) + 2 * len(widths) + needed + 2 + NARROWEST_BAR < width:
            widths[key] = needed
    return {key: widths[key] for key in ("epoch", "accuracy", "speed", "left") if key in widths}


def _bar(
    job: Job,
    cells: dict[str, str],
    names: int,
    columns: dict[str, int],
    width: int,
    symbols: Symbols,
) -> Text:
    beside = sum(columns.values()) + 2 * len(columns)
    length = max(min(width - 3 - names - 2 - beside, WIDEST_BAR), NARROWEST_BAR)
    full = round(length * (job.log.share() if job.log else 0.0))
    text = Text(f"   {words.cropped(_name(job), names):{names}}  ")
    text.append(symbols.full * full, "cyan")
    text.append(symbols.empty * (length - full), "dim")
    if "state" in cells:
        text.append(f"  {cells['state']}", "dim")
    else:
        for key, wide in columns.items():
            text.append(f"  {cells[key]:>{wide}}" if key != "epoch" else f"  {cells[key]:{wide}}")
    text.truncate(width, overflow="ellipsis")
    return text
