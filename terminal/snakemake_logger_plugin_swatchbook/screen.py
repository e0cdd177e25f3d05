"""A run on a terminal: stages, a bar for each training, the time that is left."""

import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from snakemake_logger_plugin_swatchbook import drawing
from snakemake_logger_plugin_swatchbook.captured import ERROR_OF_A_JOB, Captured
from snakemake_logger_plugin_swatchbook.displays import Guarded
from snakemake_logger_plugin_swatchbook.endings import Line
from snakemake_logger_plugin_swatchbook.runs import Failure
from snakemake_logger_plugin_swatchbook.shown import Shown
from snakemake_logger_plugin_swatchbook.words import printable

STYLES = {"error": "red", "warning": "yellow", "good": "bold green", "bad": "bold red"}


class Screen(Shown):
    """Draws the run at the end of what the terminal shows, and again each half second.

    It is drawn in place, not on a page of its own: what was there stays, and so does what is drawn
    last. The cursor is not hidden, so that no end of the process can leave a terminal without one.
    """

    seconds_between_looks = 0.5

    def __init__(self, common: Any, again: str | None, guarded: Guarded):
        super().__init__(common, again, guarded)
        self._captured: Captured | None = None
        self._live: Live | None = None
        self._drawn = Text()
        self._untold: list[str] = []  # errors that jobs have printed
        self._console = self._new_console(os.dup(2))

    def say(self, text: str, kind: str = "message") -> None:
        """Write text above what is drawn."""
        self._console.print(Text(text, STYLES.get(kind, "")), soft_wrap=True)

    def begun(self) -> None:
        """Begin to draw."""
        self._captured = Captured()
        self._live = Live(
            get_renderable=lambda: self._drawn,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()
        self._console.show_cursor(True)
        self.tick()

    def failed(self, failure: Failure) -> None:
        """Say it at once; the end says it again, with the log's last lines."""
        self._take_of_jobs(self._captured.lines())
        told = failure.told.error
        if told:
            self._untold = [line for line in self._untold if told not in line]
        elif self._untold:
            failure.reason = self._untold.pop(0).removeprefix(ERROR_OF_A_JOB).strip()
        reason = failure.reason or "it does not say why"
        self.say(printable(f"failed: {failure.job}: {reason}"), "error")

    def tick(self) -> None:
        """Draw anew."""
        self.run.follow()
        self.warn()
        self._take_of_jobs(self._captured.lines())
        self._measure()
        drawn = self._draw()
        if drawn != self._drawn:
            self._drawn = drawn
            self._live.refresh()

    def close(self, told: list[Line]) -> None:
        """Draw for the last time, and say how the run has ended."""
        self._leave()
        if not self.run.has_begun:
            return
        self._measure()
        for text in drawing.stages(self.run, self._console.width, self._symbols):
            self._console.print(text)
        for line in told:
            if line.kind == "answer":  # a sentence; anything else may be copied, and stays whole
                self._console.print(Padding(line.text.strip(), (0, 0, 0, 2), expand=False))
            else:
                self._console.print(Text(line.text, STYLES.get(line.kind, "")), soft_wrap=True)
        self._console.file.flush()

    def abandon(self) -> None:
        """Leave the terminal as it was."""
        super().abandon()
        self._leave()

    @property
    def _symbols(self) -> drawing.Symbols:
        return drawing.ASCII if self._console.options.ascii_only else drawing.UNICODE

    def _new_console(self, descriptor: int) -> Console:
        # A stream of its own: the usual one leads into the pipe while a screen is drawn.
        terminal = os.fdopen(descriptor, "w", encoding=_encoding(), errors="replace")
        return Console(
            file=terminal,
            no_color=True if self.common.nocolor else None,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def _measure(self) -> None:
        """Look how large the terminal is; it may have changed, and a variable would not know."""
        size = os.get_terminal_size(self._console.file.fileno())
        self._console.size = (size.columns or 80, size.lines or 24)

    def _draw(self) -> Text:
        width, height = self._console.size
        return drawing.screen(
            self.run, self.estimate.seconds_left(), width, height - 1, self._symbols, time.time()
        )

    def _take_of_jobs(self, lines: list[str]) -> None:
        """Say what jobs have printed; the error of one comes with its failure."""
        for line in lines:
            if line.startswith(ERROR_OF_A_JOB):
                self._untold.append(line)
            else:
                self.say(printable(line))

    def _leave(self) -> None:
        live, self._live = self._live, None
        captured, self._captured = self._captured, None
        if live:
            live.stop()
        if captured:
            self._take_of_jobs(captured.release())
        for line in self._untold:
            self.say(printable(line), "error")
        self._untold.clear()


def _encoding() -> str:
    return getattr(sys.stderr, "encoding", None) or "utf-8"
