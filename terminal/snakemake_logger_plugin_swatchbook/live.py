"""The live page: what a browser shows of a run while it runs, if somebody asked for it."""

import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_swatchbook import live_server, live_state
from snakemake_logger_plugin_swatchbook.cells import RUNNING
from snakemake_logger_plugin_swatchbook.displays import Guarded
from snakemake_logger_plugin_swatchbook.endings import Line

SECONDS_BETWEEN_LOOKS = 1.0


class Live:
    """Shows a display's run on a page; its own errors end the page and nothing else.

    Parameters
    ----------
    port
        The port to take; 0 for any that is free.
    display
        The display whose run is shown.
    guarded
        Does something with the display, one thread at a time.
    """

    def __init__(self, port: int, display: Any, guarded: Guarded):
        self._port = port
        self._display = display
        self._guarded = guarded
        self._server: live_server.Server | None = None
        self._is_over = threading.Event()

    def begin(self) -> None:
        """Serve the page and say where; or say in a line that it cannot be served."""
        try:
            self._server = live_server.Server(self._port)
        except OSError as error:
            why = error.strerror or error
            self._say(f"swatchbook: no live page: port {self._port} and the next: {why}", "warning")
            return
        if self._port not in (0, self._server.server_port):
            self._say(f"swatchbook: port {self._port} is in use, so another one is taken")
        self._say(f"The live page is {self._server.address}{_from_elsewhere(self._server)}")
        threading.Thread(target=self._look_now_and_then, daemon=True).start()

    def end(self, state: str, told: list[Line]) -> None:
        """Tell the pages how the run has ended, give them the report, and stop."""
        if self._server:
            self._is_over.set()
            self._try(lambda: self._tell_the_end(state, told))

    def abandon(self) -> None:
        """Stop without a word; pages say themselves that the connection is lost."""
        self._is_over.set()
        server, self._server = self._server, None
        if server:
            server.stop()

    def _look_now_and_then(self) -> None:
        while not self._is_over.wait(SECONDS_BETWEEN_LOOKS):
            if self._server and self._server.has_readers:
                self._guarded(lambda _: self._try(self._publish))

    def _publish(self) -> None:
        if not self._is_over.is_set():
            self._display.run.follow()
            self._server.publish(self._text(RUNNING))

    def _tell_the_end(self, state: str, told: list[Line]) -> None:
        run = self._display.run
        report = run.report.outputs[0] if state == "done" and run.report else None
        if report and Path(report).is_file():
            self._server.report = Path(report).absolute()
        has_report = self._server.report is not None
        # What has failed stands there already, with its log's last lines.
        ending = [one.text for one in told if state != "failed" or not one.text.startswith("  ")]
        text = self._text(state, ending=ending, report=has_report)
        self._server.publish(text, is_last=True)
        self._server.finish()

    def _text(self, state: str, **beside: Any) -> str:
        left = self._display.estimate.seconds_left()
        return json.dumps(live_state.of_run(self._display.run, left, state) | beside)

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            self.abandon()
            told = f"{type(error).__name__}: {error}"
            self._say(f"swatchbook: the live page has failed ({told}); the run goes on", "warning")

    def _say(self, text: str, kind: str = "notice") -> None:
        self._display.say(text, kind)


def _from_elsewhere(server: live_server.Server) -> str:
    """Return how the page is reached by whoever has come by ssh."""
    if "SSH_CONNECTION" not in os.environ:
        return ""
    port = server.server_port
    return f" (from elsewhere: ssh -L {port}:{live_server.HERE}:{port} {socket.gethostname()})"
