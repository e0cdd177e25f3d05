"""Bring one file over HTTP: whole and verified under its final name, or not at all."""

import hashlib
import logging
import random
import re
import shutil
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3

from swatchbook import files
from swatchbook.errors import DownloadError, StorageError
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16  # what a broken connection may cost of the bytes that had already come
TIMEOUTS = (10.0, 60.0)  # seconds to connect, seconds without a byte
LONGEST_WAIT = 120.0  # seconds, whatever Retry-After asks for
MOST_REDIRECTS = 10
TRANSIENT = {408, 429, 500, 502, 503, 504}
REDIRECTS = {301, 302, 303, 307, 308}
HINTS = {
    401: "credentials are missing or wrong",
    403: "credentials are missing or wrong, or they do not permit this file",
    404: "the file is not at this address",
    410: "the file is not at this address any more",
}
WEB_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b", re.I | re.S
)


class StatusError(DownloadError):
    """The server answered with the HTTP status `status`, which asking again would not change."""

    def __init__(self, status: int, where: str):
        name = HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown status"
        super().__init__(
            f"the server answered {status} {name}",
            where=where,
            hint=HINTS.get(status, "check the address"),
        )
        self.status = status


class _BrokenTransfer(Exception):
    """Something went wrong that may go right the next time, after `wait` seconds if given."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait


def fetch(
    url: str,
    destination: Path,
    *,
    sha256: Sequence[str] = (),
    md5: str | None = None,
    headers: Mapping[str, str] | None = None,
    attempts: int = 5,
    timeouts: tuple[float, float] = TIMEOUTS,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Download `url` to `destination`, which afterwards is whole and verified or as it was before.

    A broken transfer goes on where it stopped, if the server can do that; content with a wrong
    digest is fetched once more from its beginning.

    Parameters
    ----------
    sha256
        The digests that the file may have, in hexadecimal; any, if empty.
    md5
        The digest that it must have, where a publisher gives nothing better.
    headers
        Headers with credentials, say; they stay with the host, scheme and port of `url`.
    attempts
        How often the server is asked before its connection errors, timeouts, short bodies and
        answers 408, 429, 500, 502, 503 and 504 count as a failure.
    wait
        What is called with the seconds to pass between two attempts.

    Raises
    ------
    StatusError
        If the server answers with any other error (it is a `DownloadError`).
    DownloadError
        If the file cannot be had, is not the pinned one or is a web page.
    StorageError
        If it cannot be stored.
    """
    address, credentials = _split_credentials(url, headers or {})
    shown = redacted(url)
    is_fresh_try = False
    failures = 0
    with files.replacing_file(destination) as file, requests.Session() as session:
        transfer = _Transfer(file, pinned=bool(sha256 or md5))
        while True:
            try:
                _receive(session, address, credentials, destination, transfer, timeouts)
            except _BrokenTransfer as broken:
                failures += 1
                if failures >= attempts:
                    raise DownloadError(
                        f"{broken} (attempt {failures} of {attempts})",
                        where=shown,
                        hint="check the network, or try again later",
                    ) from None
                seconds = broken.wait
                if seconds is None:
                    seconds = 2 ** (failures - 1) * random.uniform(0.5, 1.0)
                seconds = min(seconds, LONGEST_WAIT)
                logger.warning(
                    "%s: %s (attempt %d of %d); the next in %.0f s",
                    shown, broken, failures, attempts, seconds,
                )  # fmt: skip
                wait(seconds)
                continue
            mismatch = transfer.mismatch(sha256, md5)
            if mismatch is None:
                return
            if is_fresh_try:
                raise DownloadError(
                    mismatch,
                    where=shown,
                    hint="the server has another file, or something on the way changes it",
                )
            logger.warning("%s: %s; once more from the beginning", shown, mismatch)
            is_fresh_try = True
            transfer.start_over()


def verify(path: Path, sha256: Sequence[str], *, hint: str | None = None) -> str:
    """Return the SHA-256 digest of a file after comparing it with the ones in `sha256`, if any.

    Raises
    ------
    DownloadError
        With both digests and `hint`, if the file has none of them, or if it cannot be read.
    """
    try:
        digest = files.digest(path)
    except OSError as error:
        raise DownloadError(f"cannot be read: {error.strerror}", where=path) from error
    if sha256 and not _is_among(digest, sha256):
        raise DownloadError(_wrong("SHA-256", digest, sha256), where=path, hint=hint)
    return digest


def redacted(url: str) -> str:
    """The URL without what may be secret in it: user, password and query."""
    try:
        parts = urlsplit(url)
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "", fragment=""
        ).geturl()
    except ValueError:
        return "an address that is not a URL"


def redirect_target(url: str, location: str, *, is_private: bool) -> str:
    """Where a redirect of `url` to `location` leads.

    Parameters
    ----------
    is_private
        Whether the request began with credentials. What it is redirected to may then be as good as
        a password (a signed URL, for one), even if the credentials themselves do not go there.

    Raises
    ------
    DownloadError
        If it leads away from HTTP, or takes a private request from https to http.
    """
    try:
        target = _without_userinfo(urljoin(url, location))
        scheme, host, _ = _origin(target)
    except ValueError:
        scheme, host = "", None
    if scheme not in ("http", "https") or not host:
        raise DownloadError("the server redirects to no http(s) address", where=redacted(url))
    if is_private and urlsplit(url).scheme == "https" and scheme == "http":
        raise DownloadError(
            "the server redirects a request with credentials from https to http",
            where=redacted(url),
            hint=f"it would have gone to {redacted(target)}",
        )
    return target


class _Transfer:
    """What has arrived so far, and what a response must match to be appended to it."""

    def __init__(self, file: BinaryIO, pinned: bool):
        self.file = file
        self.pinned = pinned
        self.start_over()

    def start_over(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.received = 0
        self.total: int | None = None
        self.tag: str | None = None
        self.validator: str | None = None
        self.sha256 = hashlib.sha256()
        self.md5 = hashlib.md5(usedforsecurity=False)

    def next_headers(self) -> dict[str, str]:
        """Ask for the rest, where something can prove that it is the rest of the same file."""
        # Compressed on the way, neither the length nor an offset would be those of the file.
        headers = {"Accept-Encoding": "identity"}
        resumable = self.total is not None and 0 < self.received < self.total
        if not (resumable and (self.validator or self.pinned)):
            self.start_over()
            return headers
        headers["Range"] = f"bytes={self.received}-"
        if self.validator:
            headers["If-Range"] = self.validator
        return headers

    def begin(self, response: requests.Response) -> None:
        """Take over what a complete response says about itself."""
        self.start_over()
        length = response.headers.get("Content-Length", "")
        self.total = int(length) if length.isdecimal() else None
        self.tag = response.headers.get("ETag")
        is_strong = self.tag is not None and not self.tag.startswith("W/")
        self.validator = self.tag if is_strong else response.headers.get("Last-Modified")

    def is_continued_by(self, response: requests.Response) -> bool:
        """Whether a partial response begins where this ends, in the same file by length and tag."""
        said = response.headers.get("Content-Range", "")
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", said.strip())
        return (
            found is not None
            and int(found[1]) == self.received
            and int(found[2]) == self.total
            and response.headers.get("ETag", self.tag) == self.tag
        )

    def append(self, chunk: bytes) -> None:
        self.file.write(chunk)
        self.sha256.update(chunk)
        self.md5.update(chunk)
        self.received += len(chunk)

    def mismatch(self, sha256: Sequence[str], md5: str | None) -> str | None:
        """Say how the content differs from the pinned one, if it does."""
        if sha256 and not _is_among(self.sha256.hexdigest(), sha256):
            return _wrong("SHA-256", self.sha256.hexdigest(), sha256)
        if md5 and not _is_among(self.md5.hexdigest(), [md5]):
            return _wrong("MD5", self.md5.hexdigest(), [md5])
        return None


def _receive(
    session: requests.Session,
    url: str,
    credentials: Mapping[str, str],
    destination: Path,
    transfer: _Transfer,
    timeouts: tuple[float, float],
) -> None:
    """Ask once for the file, or its rest, and append what comes to `transfer`."""
    with _get(session, url, credentials, transfer.next_headers(), timeouts) as response:
        shown = redacted(response.url)
        status = response.status_code
        if status == 206 and transfer.received and transfer.is_continued_by(response):
            logger.info("%s: goes on at byte %d", shown, transfer.received)
        elif status in (206, 416):
            transfer.start_over()
            raise _BrokenTransfer("the server did not go on where it was asked to")
        elif status in TRANSIENT:
            raise _BrokenTransfer(
                f"the server answered {status} {HTTPStatus(status).phrase}",
                _retry_after(response.headers.get("Retry-After", "")),
            )
        elif status != 200:
            raise StatusError(status, shown)
        else:
            transfer.begin(response)
        _check_before_writing(response, transfer, destination)

        name = unquote(PurePosixPath(urlsplit(url).path).name)
        may_be_page = {destination.suffix, PurePosixPath(name).suffix} & {".html", ".htm"}
        with Progress(f"download {name}", transfer.total, "B") as progress:
            progress.restart(transfer.received)
            while chunk := _read(response):
                if transfer.received == 0 and not may_be_page and WEB_PAGE.match(chunk):
                    raise DownloadError(
                        "the server sent a web page in place of the file: a login?", where=shown
                    )
                transfer.append(chunk)
                progress.update(len(chunk))
    if transfer.total is not None and transfer.received != transfer.total:
        raise _BrokenTransfer(f"only {transfer.received} of {transfer.total} bytes came")


def _check_before_writing(
    response: requests.Response, transfer: _Transfer, destination: Path
) -> None:
    shown = redacted(response.url)
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    # Some servers call a .gz file itself "encoded"; its bytes as they come are the file.
    is_gzip_file = encoding in ("gzip", "x-gzip") and urlsplit(response.url).path.endswith(".gz")
    if encoding != "identity" and not is_gzip_file:
        raise DownloadError(
            f"the server sent it encoded ({encoding}), although asked not to", where=shown
        )
    is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    if transfer.total is None and not is_chunked and not transfer.pinned:
        raise DownloadError(
            "nothing says whether the file is whole: the server gives no length, and no digest "
            "is pinned",
            where=shown,
            hint="add the file's sha256 to the data set's configuration",
        )
    needed = (transfer.total or 0) - transfer.received
    free = shutil.disk_usage(destination.parent).free
    if needed > free:
        raise StorageError(
            f"needs {needed:,} bytes, and the disk has {free:,} free",
            where=destination,
            hint="make room on this disk",
        )


def _get(
    session: requests.Session,
    url: str,
    credentials: Mapping[str, str],
    headers: Mapping[str, str],
    timeouts: tuple[float, float],
) -> requests.Response:
    """Send a GET request and follow redirects; `credentials` stay with the first origin."""
    held = credentials
    for _ in range(MOST_REDIRECTS + 1):
        try:
            response = session.get(
                url,
                headers={**headers, **held},
                auth=_leave_alone,
                timeout=timeouts,
                stream=True,
                allow_redirects=False,
            )
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            raise _broken(error, redacted(url)) from None
        except (requests.RequestException, ValueError):
            # Its text may hold the whole URL or a header.
            raise DownloadError(
                "this address or its headers are not valid", where=redacted(url)
            ) from None
        location = response.headers.get("Location")
        if response.status_code not in REDIRECTS or location is None:
            return response
        response.close()
        target = redirect_target(url, location, is_private=bool(credentials))
        held = held if _origin(target) == _origin(url) else {}
        url = target
    raise DownloadError(f"more than {MOST_REDIRECTS} redirects", where=redacted(url))


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An "authentication" that keeps requests from putting ~/.netrc in place of our headers."""
    return request


def _read(response: requests.Response) -> bytes:
    try:
        return response.raw.read(CHUNK_BYTES, decode_content=False)
    except (urllib3.exceptions.HTTPError, requests.RequestException) as error:
        raise _broken(error, redacted(response.url)) from None


def _broken(error: Exception, shown: str) -> _BrokenTransfer | DownloadError:
    """Say why a connection failed, never in the words of requests: these hold the whole URL."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return DownloadError(
            "the server's certificate cannot be verified",
            where=shown,
            hint="behind a proxy with its own certificate, set REQUESTS_CA_BUNDLE",
        )
    words = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    if words:
        return _BrokenTransfer(words[-1])
    timeouts = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    is_timeout = any(isinstance(cause, timeouts) for cause in causes)
    return _BrokenTransfer("no answer in time" if is_timeout else "the connection broke off")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made of, as requests and urllib3 wrap their errors."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__]
            waiting += [cause.__context__]


def _split_credentials(url: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Move user and password from the URL, where they would be shown, into a header."""
    try:
        parts = urlsplit(url)
        credentials = dict(headers)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            credentials["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        return _without_userinfo(url), credentials
    except ValueError:
        raise DownloadError("is not an http(s) address", where=redacted(url)) from None


def _without_userinfo(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _retry_after(value: str) -> float | None:
    """The seconds that a Retry-After header asks for, given as such or as a date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    # A date without a zone is in UTC, says the HTTP standard.
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _is_among(digest: str, pins: Sequence[str]) -> bool:
    return digest in {pin.lower() for pin in pins}


def _wrong(algorithm: str, digest: str, pins: Sequence[str]) -> str:
    return f"has the {algorithm} digest {digest}, not {' or '.join(pins)}"
