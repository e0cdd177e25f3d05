"""Bring one file over HTTP: whole and verified under its final name, or not at all."""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import requests

from swatchbook import files
from swatchbook.errors import DownloadError
from swatchbook.sources.http_transfer import (
    BrokenTransfer,
    Transfer,
    is_among,
    receive,
    wrong_digest,
)
from swatchbook.sources.urls import redacted, split_credentials

logger = logging.getLogger(__name__)

TIMEOUTS = (10.0, 60.0)  # seconds to connect, seconds without a byte
LONGEST_WAIT = 120.0  # seconds, whatever Retry-After asks for


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
    address, credentials = split_credentials(url, headers or {})
    shown = redacted(url)
    failures = 0
    is_fresh_try = False
    with files.replacing_file(destination) as file, requests.Session() as session:
        transfer = Transfer(file, pinned=bool(sha256 or md5))
        while True:
            try:
                receive(session, address, credentials, destination, transfer, timeouts)
            except BrokenTransfer as broken:
                failures += 1
                wait(_pause(broken, failures, attempts, shown))
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


def _pause(broken: BrokenTransfer, failures: int, attempts: int, shown: str) -> float:
    """Return the seconds to wait before the next attempt, if there is to be one."""
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
        "%s: %s (attempt %d of %d); the next in %.0f s", shown, broken, failures, attempts, seconds
    )
    return seconds


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
    if sha256 and not is_among(digest, sha256):
        raise DownloadError(wrong_digest("SHA-256", digest, sha256), where=path, hint=hint)
    return digest
