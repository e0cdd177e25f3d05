"""The lines of the screen, for a width and a height."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    names = min(max((len(_name(job)) for job in shown), default=0), WIDEST_NAME, width // 2)
    room = width - len("   ") - names - len("  ")
    rows, widths = _laid_out([_cells(job, run) for job in shown], room)
    bar = max(min(room - _beside(rows, widths), WIDEST_BAR), 1)
    lines = []
    for job, cells in zip(shown, rows, strict=True):
        text = Text(f"   {words.cropped(_name(job), names):{names}}  ")
        full = round(bar * (job.log.share() if job.log else 0.0))
        text.append(symbols.full * full, "cyan")
        text.append(symbols.empty * (bar - full), "dim")
        text.append_text(_told(cells, widths))
        text.truncate(width, overflow="ellipsis")
        lines.append(text)
    if len(shown) < len(jobs):
        lines.append(Text(f"   … and {len(jobs) - len(shown)} more", "dim"))
    return lines


def _name(job: Job) -> str:
    """Return what stands before a bar; most of them are of trainings."""
    return (job.is_training and job.cell) or job.name


def _cells(job: Job, run: Run) -> dict[str, Any]:
    """Return what is to be said beside a bar: texts, or what stands in them."""
    log = job.log
    if log is None or not (log.has_progress or log.epoch):
        is_queued = run.cores is None and not (log and log.is_there)
        return {"state": "queued or starting" if is_queued else "starting"}
    return {
        "epoch": (log.epoch, log.epochs) if log.epochs else (),
        "accuracy": () if log.accuracy is None else (log.measured_on, log.accuracy),
        "speed": (log.images_per_second,) if log.images_per_second else (),
        "left": log.left_told(),
    }


# What is said beside bars, before the time that is left, from much room to little. What is short is
# short in every line, so that columns stay columns.
LAYOUTS = (
    {"epoch": "epoch {} of {}", "accuracy": "{} accuracy {:.3f}", "speed": "{:,.0f} images/s"},
    {"epoch": "epoch {}/{}", "accuracy": "{} {:.3f}", "speed": "{:,.0f} images/s"},
    {"epoch": "epoch {}/{}", "accuracy": "{} {:.3f}"},
    {"epoch": "{}/{}", "accuracy": "{} {:.3f}"},
    {"accuracy": "{} {:.3f}"},
    {},
)


def _laid_out(
    rows: Sequence[dict[str, Any]], width: int
) -> tuple[list[dict[str, str]], dict[str, int]]:
    """Write what is said beside bars in the longest way that fits, and how wide each column is."""
    for layout in LAYOUTS:
        written = [_written(row, layout) for row in rows]
        widths = {
            key: needed
            for key in (*layout, "left")
            if (needed := max((len(row.get(key, "")) for row in written), default=0))
        }
        if _beside(written, widths) + NARROWEST_BAR <= width:
            break
    return written, widths


def _written(row: dict[str, Any], layout: dict[str, str]) -> dict[str, str]:
    told = {key: form.format(*row[key]) for key, form in layout.items() if row.get(key)}
    return told | {key: row[key] for key in ("left", "state") if key in row}


def _beside(rows: Sequence[dict[str, str]], widths: dict[str, int]) -> int:
    """Return how much room columns need beside a bar, or a state in their place."""
    states = (len("  ") + len(row["state"]) for row in rows if "state" in row)
    return max(sum(len("  ") + wide for wide in widths.values()), *states, 0)


def _told(cells: dict[str, str], widths: dict[str, int]) -> Text:
    if "state" in cells:
        return Text(f"  {cells['state']}", "dim")
    sides = {key: "<" if key == "epoch" else ">" for key in widths}
    return Text(
        "".join(f"  {cells.get(key, ''):{sides[key]}{wide}}" for key, wide in widths.items())
    )
