"""What jobs write to the terminal themselves, taken line by line, so that it spoils no screen.

A job inherits the terminal. While a screen is drawn on it, the descriptors that jobs inherit lead
into a pipe instead; the screen writes to the terminal by a descriptor that they do not inherit.
"""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

ERROR_OF_A_JOB = "swatchbook: error:"  # what a job's last line begins with when it fails

READS_AT_ONCE = 16  # a job may write faster than anybody reads


class Captured:
    """Takes what is written to the terminal from now on, until `release`.

    A thread reads on and on, whatever becomes of the lines, since jobs wait when a pipe is full.
    """

    def __init__(self):
        _flush()
        self._taken: deque[str] = deque()
        self._lock = threading.Lock()
        # Standard output only if it is a terminal, too: it may be a file that results go to.
        self._saved = {number: os.dup(number) for number in (1, 2) if os.isatty(number)}
        self._pipe, write = os.pipe()
        for number in self._saved:
            os.dup2(write, number)
        os.close(write)
        os.set_blocking(self._pipe, False)
        self._rest = b""
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._read_on, daemon=True)
        self._thread.start()

    def lines(self) -> list[str]:
        """Return the lines since the last time, with all that has been written until now."""
        self._read()
        return [self._taken.popleft() for _ in range(len(self._taken))]

    def release(self) -> list[str]:
        """Give the terminal back; return the lines since the last time."""
        _flush()
        for number, saved in self._saved.items():
            os.dup2(saved, number)
        self._is_over.set()
        self._thread.join()
        lines = self.lines()
        rest = _text(self._rest)
        for descriptor in (self._pipe, *self._saved.values()):
            os.close(descriptor)
        return [*lines, rest] if rest else lines

    def _read_on(self) -> None:
        while not self._is_over.is_set():
            ready, _, _ = select.select([self._pipe], [], [], 0.1)
            if ready:
                self._read()

    def _read(self) -> None:
        with self._lock, suppress(BlockingIOError):
            for _ in range(READS_AT_ONCE):
                read = os.read(self._pipe, 1 << 16)
                *lines, self._rest = (self._rest + read).split(b"\n")
                self._keep(lines)

    def _keep(self, lines: Iterable[bytes]) -> None:
        self._taken.extend(text for line in lines if (text := _text(line)))


def _text(line: bytes) -> str:
    """Return a line as it would stand at the end: what was written over in it is gone."""
    return line.decode(errors="replace").rstrip().rpartition("\r")[2]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
