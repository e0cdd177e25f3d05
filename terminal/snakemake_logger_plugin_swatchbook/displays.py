"""Which display a run has, and the two that show nothing of their own."""

import os
import sys
from collections.abc import Callable
from logging import LogRecord
from typing import Any, TextIO

Guarded = Callable[[Callable[[Any], None]], None]


def chosen(common: Any, settings: Any, guarded: Guarded) -> Any:
    """Return the display of a run.

    Parameters
    ----------
    common
        Snakemake's settings of output.
    settings
        The plugin's own, or ``None``.
    guarded
        Does something with the display that is chosen now, one thread at a time, and catches what
        it raises.
    """
    display = _display(common, settings, guarded)
    port = settings.live if settings else None
    if port is None or common.dryrun:
        return display
    from snakemake_logger_plugin_swatchbook.live import Live
    from snakemake_logger_plugin_swatchbook.shown import Followed, Shown

    if not isinstance(display, Shown):
        display = Followed(common, display, guarded)
    display.live = Live(port, display, guarded)
    return display


def _display(common: Any, settings: Any, guarded: Guarded) -> Any:
    style = settings.style if settings else "auto"
    quiet = quiet_about(common)
    if style == "snakemake" or common.verbose or common.debug_dag:
        return Snakemakes(common)
    if "all" in quiet and not common.dryrun:
        return Nothing()
    if common.dryrun:
        from snakemake_logger_plugin_swatchbook.plans import Plan

        return Plan(stream_of(common), with_reasons="reason" not in quiet)
    again = settings.again if settings else None
    is_quiet = bool(quiet & {"rules", "progress"})
    if not is_quiet and (style == "screen" or (style == "auto" and is_drawn())):
        from snakemake_logger_plugin_swatchbook.screen import Screen

        return Screen(common, again, guarded)
    from snakemake_logger_plugin_swatchbook.lines import Lines

    return Lines(common, again, guarded, is_quiet=is_quiet)


def quiet_about(common: Any) -> set[str]:
    """Return what nothing is to be said of: ``rules``, ``progress``, ``all`` …"""
    return {getattr(one, "name", str(one)).lower() for one in common.quiet or ()}


def stream_of(common: Any) -> TextIO:
    """Return where Snakemake would write: plans to standard output, all else to standard error."""
    return sys.stdout if common.stdout else sys.stderr


def is_drawn() -> bool:
    """Whether there is somebody at a terminal that lines can be drawn on again."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return is_terminal and os.environ.get("TERM", "dumb") != "dumb" and "CI" not in os.environ


class Nothing:
    """Says nothing at all: ``--quiet all``."""

    def take(self, record: LogRecord) -> None:
        """Take a record."""

    def tick(self) -> None:
        """Look at what has become of jobs."""

    def end(self) -> None:
        """Take the end of the run."""

    def abandon(self) -> None:
        """Leave the terminal as it was."""


class Snakemakes(Nothing):
    """Says what Snakemake would say without this plugin, as it would."""

    def __init__(self, common: Any):
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        quiet = common.quiet
        self._stream = stream_of(common)
        self._handler = ColorizingTextHandler(
            nocolor=common.nocolor,
            stream=self._stream,
            formatter=DefaultFormatter(quiet, common.show_failed_logs),
        )
        self._handler.addFilter(
            DefaultFilter(
                quiet, common.debug_dag, common.verbose, common.dryrun, common.printshellcmds
            )
        )

    def take(self, record: LogRecord) -> None:
        """Write a record."""
        self._handler.handle(record)

    def note(self, text: str) -> None:
        """Write a line that is not Snakemake's."""
        print(text, file=self._stream, flush=True)
