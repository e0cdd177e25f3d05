"""Ending at a good moment when the system asks a process to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Request:
    """Whether SIGTERM has come, which batch systems send some seconds before they kill."""

    def __init__(self) -> None:
        self.came = False

    def note(self, number: int, frame: object) -> None:
        """Remember the signal; the handler of ``signal.signal``."""
        self.came = True


@contextmanager
def noticing_sigterm() -> Iterator[Request]:
    """Yield what tells whether SIGTERM has come; within the block it does not end the process.

    Outside the main thread, where Python lets nobody handle signals, none is noticed.
    """
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = signal.signal(signal.SIGTERM, request.note)
    try:
        yield request
    finally:
        # None: the handler was not Python's own, and cannot be put back.
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
