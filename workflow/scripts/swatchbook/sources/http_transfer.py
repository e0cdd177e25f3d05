"""One HTTP answer: what is asked for, what may be taken from it, and why it broke off.

Asking again is the business of `downloads`.
"""

import hashlib
import logging
import re
import shutil
import ssl
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from swatchbook.errors import DownloadError, StorageError
from swatchbook.progress import Progress
from swatchbook.sources.urls import origin, redacted, redirect_target

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16  # what a broken connection may cost of the bytes that had already come
MOST_REDIRECTS = 10
TRANSIENT = {408, 429, 500, 502, 503, 504}
REDIRECTS = {301, 302, 303, 307, 308}
HINTS = {
    401: "credentials are missing or wrong",
    403: "credentials are missing or wrong, or they do not permit this file",
    404: "the file is not at this address",
    410: "the file is not at this address any more",
}
# Atomic: else a page of many comments could be parted into them in more ways than can be tried.
WEB_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(?>(<!--.*?-->\s*)*)"
    rb"<(!doctype\s+html|html|head|title|meta|script|body)\b",
    re.I | re.S,
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


class BrokenTransfer(Exception):
    """Something went wrong that may go right the next time, after `wait` seconds if given."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait


class Transfer:
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
        if sha256 and not is_among(self.sha256.hexdigest(), sha256):
            return wrong_digest("SHA-256", self.sha256.hexdigest(), sha256)
        if md5 and not is_among(self.md5.hexdigest(), [md5]):
            return wrong_digest("MD5", self.md5.hexdigest(), [md5])
        return None


def receive(
    session: requests.Session,
    url: str,
    credentials: Mapping[str, str],
    destination: Path,
    transfer: Transfer,
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
            raise BrokenTransfer("the server did not go on where it was asked to")
        elif status in TRANSIENT:
            raise BrokenTransfer(
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
        raise BrokenTransfer(f"only {transfer.received} of {transfer.total} bytes came")


def _check_before_writing(
    response: requests.Response, transfer: Transfer, destination: Path
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
    check_room(destination, (transfer.total or 0) - transfer.received)


def check_room(destination: Path, needed: int) -> None:
    """See to it that `needed` bytes fit on the disk of `destination`, whose folder exists.

    Raises
    ------
    StorageError
        If they do not; it says how many do.
    """
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
        if origin(target) != origin(url):
            held = {}
            session.cookies.clear()  # by their standard they would go to every port of the host
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


def _broken(error: Exception, shown: str) -> BrokenTransfer | DownloadError:
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
        return BrokenTransfer(words[-1])
    timeouts = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    is_timeout = any(isinstance(cause, timeouts) for cause in causes)
    return BrokenTransfer("no answer in time" if is_timeout else "the connection broke off")


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


def _retry_after(value: str) -> float | None:
    """The seconds that a Retry-After header asks for, given as such or as a date."""
    try:
        return urllib3.Retry().parse_retry_after(value)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def is_among(digest: str, pins: Sequence[str]) -> bool:
    return digest in {pin.lower() for pin in pins}


def wrong_digest(algorithm: str, digest: str, pins: Sequence[str]) -> str:
    return f"has the {algorithm} digest {digest}, not {' or '.join(pins)}"
