"""A terminal that a program runs on, and what a person sees of it."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pyte

CTRL_C = b"\x03"


def _sit_down() -> None:
    """Make the terminal that of this process, whose Ctrl-C counts as it does for a person.

    Tests that were started in the background ignore it, and so would a program of theirs.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Terminal:
    """A terminal of a size, with everything that was written to it.

    Attributes
    ----------
    written
        Every byte, in order, and when it came: pairs of seconds and bytes.
    """

    columns: int = 100
    lines: int = 30
    written: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._screen = pyte.HistoryScreen(self.columns, self.lines, history=10_000, ratio=0.5)
        self._emulated = pyte.ByteStream(self._screen)

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        environment: dict[str, str],
        look: Callable[["Terminal"], bytes | None] = lambda _: None,
        seconds: float = 180,
    ) -> int:
        """Run a program on it and return its exit status.

        Parameters
        ----------
        look
            Called after each piece of output; what it returns is typed on the keyboard.
        """
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", self.lines, self.columns, 0, 0))
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "TERM": "xterm-256color"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_sit_down,
        )
        os.close(slave)
        begin = monotonic()
        try:
            while monotonic() - begin < seconds:
                ready, _, _ = select.select([master], [], [], 1)
                try:
                    read = os.read(master, 1 << 16) if ready else b""
                except OSError:  # nobody has it open any more
                    break
                if ready and not read:
                    break
                self.take(monotonic() - begin, read)
                typed = look(self)
                if typed:
                    os.write(master, typed)
            return process.wait(10)
        finally:
            process.kill()
            os.close(master)

    def take(self, seconds: float, read: bytes) -> None:
        """Show what a program has written."""
        if read:
            self.written.append((seconds, read))
            self._emulated.feed(read)

    @property
    def raw(self) -> str:
        """Everything that was written, with what steers the terminal."""
        return b"".join(read for _, read in self.written).decode(errors="replace")

    @property
    def shown(self) -> list[str]:
        """The lines that are on the screen now, without what is empty at its end."""
        lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def all(self) -> list[str]:
        """The lines on the screen and those that have gone out at its top."""
        gone = (
            "".join(line[column].data for column in range(self.columns)).rstrip()
            for line in self._screen.history.top
        )
        return [*gone, *self.shown]

    @property
    def has_cursor(self) -> bool:
        """Whether the cursor is to be seen."""
        return not self._screen.cursor.hidden

    @property
    def is_plain(self) -> bool:
        """Whether what is written next has no colour or style."""
        attributes = self._screen.cursor.attrs
        return attributes == self._screen.default_char._replace(data=attributes.data)
