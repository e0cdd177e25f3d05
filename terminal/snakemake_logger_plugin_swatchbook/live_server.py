"""A small server for one page: read-only, on this machine only, at an address that nobody guesses.

The page gets what it shows as server-sent events: one connection that the browser holds, and on
which the end of the run is sent at once. Nothing is looked up, and nothing leaves the machine.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

HERE = "127.0.0.1"
NAMES = {HERE, "localhost"}  # that a browser may ask for; another one was made to lead here
PORTS = 20  # that are tried, the first is the one that was asked for
MOST_AT_ONCE = 32  # connections; a browser holds one and opens some more
SECONDS_OF_SILENCE = 15.0  # after which a word is sent, so that a lost connection is noticed
SECONDS_OF_A_CLIENT = 30.0  # that does not read or write
SECONDS_OF_LEAVING = 5.0  # in which pages are to begin to fetch the report
MOST_SECONDS_OF_LEAVING = 60.0

PAGE = Path(__file__).with_name("page")
FILES = {
    "": ("index.html", "text/html"),
    "live.js": ("live.js", "text/javascript"),
    "plot.min.js": ("plot.min.js", "text/javascript"),
    "live.css": ("live.css", "text/css"),
    "base.css": ("base.css", "text/css"),
}
# Charts bring style of their own; no other script runs than the page's files. The report brings a
# stricter policy of its own, which these words would forbid its scripts.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
POLICY_OF_REPORT = "frame-ancestors 'self'"


class Server(ThreadingHTTPServer):
    """Serves the page until `finish` or `stop`.

    Parameters
    ----------
    port
        The port to take, or one of the next if it is in use; 0 for any that is free.

    Attributes
    ----------
    report
        The file of the finished report, as soon as there is one.

    Raises
    ------
    OSError
        If none of the ports is free.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, port: int):
        self.token = secrets.token_urlsafe(16)
        self.report: Path | None = None
        self.news = threading.Condition()
        self._text = ""
        self._version = 0
        self._is_last = False
        self._readers = 0  # pages that are connected
        self._unserved = 0  # of them, those that were told of a report and have not asked for it
        self._sending = 0  # of them, those that are getting it
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._bind(port)
        threading.Thread(target=self.serve_forever, args=(0.2,), daemon=True).start()

    @property
    def address(self) -> str:
        """The page's address."""
        return f"http://{HERE}:{self.server_port}/{self.token}/"

    @property
    def has_readers(self) -> bool:
        """Whether a page is connected."""
        return self._readers > 0

    def publish(self, text: str, is_last: bool = False) -> None:
        """Send text to all pages, if it is new; there is none after the last."""
        with self.news:
            if text != self._text or is_last:
                self._text, self._is_last = text, is_last
                self._version += 1
                self.news.notify_all()

    def finish(self) -> None:
        """Stop, when the last text is sent and the pages that it told of a report have it."""
        begin = time.monotonic()
        with self.news:
            while self._readers or self._sending or self._unserved:
                taken = time.monotonic() - begin
                if taken > (MOST_SECONDS_OF_LEAVING if self._sending else SECONDS_OF_LEAVING):
                    break
                self.news.wait(0.1)
        self.stop()

    def stop(self) -> None:
        """Stop at once; pages notice that nobody is there any more."""
        with self.news:
            self._is_last = True
            self.news.notify_all()
        self.shutdown()
        self.server_close()

    # What its connections do, each in a thread of its own.

    def send_news(self, send: Callable[[bytes], object]) -> None:
        """Send each text as an event, the last one included."""
        with self.news:
            self._readers += 1
        try:
            send(f"event: clock\ndata: {time.time()}\n\n".encode())
            seen, is_last = 0, False
            while not is_last:
                text, version, is_last = self._news_after(seen)
                send(b"event: beat\ndata:\n\n" if version == seen else f"data: {text}\n\n".encode())
                seen = version
            with self.news:
                self._unserved += self.report is not None
        finally:
            with self.news:
                self._readers -= 1
                self.news.notify_all()

    def _news_after(self, version: int) -> tuple[str, int, bool]:
        """Wait for a text after this one; return the last there is, which may be this one."""
        with self.news:
            self.news.wait_for(lambda: self._version > version or self._is_last, SECONDS_OF_SILENCE)
            return self._text, self._version, self._is_last

    def send_report(self, send: Callable[[bytes], object]) -> None:
        """Send the report."""
        with self.news:
            self._sending += 1
        try:
            send(self.report.read_bytes())
        finally:
            with self.news:
                self._sending -= 1
                self._unserved -= self._unserved > 0
                self.news.notify_all()

    # What the standard library's server asks for.

    def server_bind(self) -> None:
        """Bind without looking up the machine's name, which HTTPServer would do."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request, client_address) -> None:
        """Serve a connection, or close it if there are too many."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request, client_address) -> None:
        """Serve a connection, and let another one come."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request, client_address) -> None:
        """Say nothing: a browser that has gone is no error of the run."""

    def _bind(self, port: int) -> None:
        last = min(port + PORTS - 1, 65535) if port else 0
        for candidate in range(port, last + 1):
            try:
                return super().__init__((HERE, candidate), Answer)
            except OSError:
                if candidate == last:
                    raise


class Answer(BaseHTTPRequestHandler):
    """Answers one request: GET of a file of the page, of the news or of the report."""

    server: Server
    timeout = SECONDS_OF_A_CLIENT
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def do_GET(self) -> None:
        """Answer, if the request is for this server and knows its secret."""
        host = self.headers.get_all("Host") or []
        if len(host) != 1 or host[0].partition(":")[0].lower() not in NAMES:
            # A foreign page whose name was made to lead here could read what it asked for.
            return self.send_error(HTTPStatus.FORBIDDEN)
        _, _, path = self.path.partition("/")
        token, _, name = path.partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return self.send_error(HTTPStatus.NOT_FOUND)
        if name in FILES:
            file, kind = FILES[name]
            return self._send((PAGE / file).read_bytes(), kind)
        if name == "events":
            self._begin("text/event-stream", POLICY)
            return self.server.send_news(self._write)
        if name == "report.html" and self.server.report:
            self._begin("text/html", POLICY_OF_REPORT)
            return self.server.send_report(self._write)
        return self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add what holds for every answer."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        super().end_headers()

    def version_string(self) -> str:
        """Return what the server calls itself: nothing that tells of versions."""
        return "swatchbook"

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the terminal belongs to the run."""

    def _send(self, content: bytes, kind: str) -> None:
        self._begin(kind, POLICY)
        self._write(content)

    def _begin(self, kind: str, policy: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()

    def _write(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()
