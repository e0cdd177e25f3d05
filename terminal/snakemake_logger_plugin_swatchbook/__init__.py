"""What a run looks like on a terminal: a logger plugin of Snakemake, chosen by the default profile.

On a terminal `screen` draws stages, bars and the time that is left; in a pipe `lines` writes a line
an event; `plans` tells of a dry run; beside any of them `live` shows the run as a page. All that
Snakemake says goes through `emit`; what of it is shown the display decides that `displays` has
chosen.

Knows Snakemake's events and reads the logs of jobs, by which it follows jobs of a cluster as well.
It does not import the library, since it may show a run of another version of the workflow.

Snakemake imports this module in each of its processes, so it imports as little as possible itself.
"""

import threading
from argparse import ArgumentTypeError
from contextlib import suppress
from dataclasses import dataclass, field
from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

STYLES = ("auto", "screen", "lines", "snakemake")


def _port(given: str | int) -> int:
    """Read the number of a port, 0 for any that is free; Snakemake lets it be read twice."""
    if not str(given).isdecimal() or int(given) > 65535:
        raise ArgumentTypeError(f"{given!r} is no port: write 8642, or 0 for any that is free")
    return int(given)


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """What can be chosen: ``--logger-swatchbook-style`` and so on."""

    style: str = field(
        default="auto",
        metadata={
            "help": "What a run looks like: a screen or lines, by whether there is a terminal "
            "(auto), one of both anyway, or what Snakemake says in its own words (snakemake).",
            "choices": STYLES,
            "env_var": True,
        },
    )
    live: int | None = field(
        default=None,
        metadata={
            "help": "Show the run as a page at this port of 127.0.0.1, or the next that is free, "
            "while it runs: 8642, or 0 for any. The address is said when the run begins.",
            "type": _port,
            "metavar": "PORT",
            "env_var": True,
        },
    )
    again: str | None = field(
        default=None,
        metadata={
            "help": "The command that a failed run says to go on with, if not Snakemake's own.",
            "type": str,
            "env_var": True,
        },
    )


class LogHandler(LogHandlerBase):
    """Takes Snakemake's records to the display, and never fails.

    A display that raises is replaced by Snakemake's own words, after one line that says so.
    """

    def __post_init__(self) -> None:
        from snakemake_logger_plugin_swatchbook import displays

        self._lock_of_display = threading.RLock()
        self._display = None
        self._is_over = False
        try:
            self._display = displays.chosen(self.common_settings, self.settings, self._guarded)
        except Exception as error:
            self._give_up(error)

    def emit(self, record: LogRecord) -> None:
        """Show a record."""
        self._guarded(lambda display: display.take(record), record)

    def close(self) -> None:
        """Show how the run has ended; Snakemake calls it once or more."""
        is_over, self._is_over = self._is_over, True
        if not is_over:
            self._guarded(lambda display: display.end())
        super().close()

    def _guarded(self, action, record: LogRecord | None = None) -> None:
        with self._lock_of_display:
            try:
                action(self._display)
            except Exception as error:
                with suppress(Exception):  # nobody may be there to read it: a broken pipe
                    self._give_up(error)
                    if record:
                        self._display.take(record)

    def _give_up(self, error: Exception) -> None:
        """Go on in Snakemake's own words."""
        from snakemake_logger_plugin_swatchbook import displays

        failed, self._display = self._display, displays.Snakemakes(self.common_settings)
        if failed:
            with suppress(Exception):
                failed.abandon()
        self._display.note(
            f"swatchbook: what shows this run has failed ({type(error).__name__}: {error}); "
            "Snakemake's own words follow"
        )

    @property
    def writes_to_stream(self) -> bool:
        """It does, instead of Snakemake's own handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It does not; Snakemake's own log file has everything."""
        return False

    @property
    def has_filter(self) -> bool:
        """What is quiet is decided here."""
        return True

    @property
    def has_formatter(self) -> bool:
        """Records are not formatted by Snakemake."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """The order of rules in `run_info` is enough."""
        return False
