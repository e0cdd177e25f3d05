"""An HTTP server on this machine that answers as a test scripts it, faults included."""

import contextlib
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from types import TracebackType


@dataclass(frozen=True)
class Reply:
    """One answer, and what goes wrong with it."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ranges: bool = False  # answer range requests with a part
    range_shift: int = 0  # a part as long as asked, but from this much off
    careless: bool = False  # whatever If-Range says
    range_most: int | None = None  # the most bytes in a part
    stop_after: int | None = None  # break off after so many bytes
    reset: bool = False  # break off with a TCP reset in place of an orderly end
    length: bool = True  # say Content-Length
    silent: bool = False  # then send nothing more, and keep the connection open
    waits_for: Event | None = None  # before anything is sent
    sets: Event | None = None


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]


class Loopback:
    """Serve scripted replies, each path's in turn and its last one for ever; a context manager.

    With the file of a certificate and its key it speaks https.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[Request] = []
        self.scheme = "https" if certificate else "http"
        self._replies: dict[str, list[Reply]] = defaultdict(lambda: [Reply(status=404)])
        self._stopped = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def serve(self, path: str, *replies: Reply | bytes) -> str:
        """Script the replies for a path (bytes: the whole file) and return its URL."""
        self._replies[path] = [
            Reply(reply) if isinstance(reply, bytes) else reply for reply in replies
        ]
        return self.url(path)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def __enter__(self) -> "Loopback":
        # Polled often, so that stopping it does not cost half a second a test.
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.requests.append(Request(self.path, dict(self.headers)))
                replies = owner._replies[self.path.partition("?")[0]]
                reply = replies.pop(0) if len(replies) > 1 else replies[0]
                if reply.sets:
                    reply.sets.set()
                if reply.waits_for:
                    reply.waits_for.wait(60)
                status, body, headers = reply.status, reply.body, dict(reply.headers)
                asked = self.headers.get("Range")
                condition = self.headers.get("If-Range", headers.get("ETag"))
                if asked and reply.ranges and (reply.careless or condition == headers.get("ETag")):
                    start = int(asked.removeprefix("bytes=").removesuffix("-")) + reply.range_shift
                    end = len(body) + reply.range_shift
                    end = min(end, start + (reply.range_most or end))
                    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
                    status, body = 206, body[start:end]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if reply.length:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: reply.stop_after])
                if reply.reset:
                    lingering = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
                    self.rfile.close()
                    self.wfile.close()
                    self.connection.close()
                if reply.silent:
                    owner._stopped.wait(60)
                self.close_connection = reply.stop_after is not None or not reply.length

            do_HEAD = do_GET

            def handle(self) -> None:
                # A client that has read enough breaks off: no traceback about that.
                with contextlib.suppress(ConnectionError, ValueError):
                    super().handle()

            def finish(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    super().finish()

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
