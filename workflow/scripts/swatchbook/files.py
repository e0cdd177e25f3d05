"""Writing results so that a file under its final name is whole."""

import errno
import hashlib
import json
import os
import re
import secrets
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from swatchbook.errors import StorageError

# What `ndarray.tofile` says without an error number when an array does not fit.
NUMPY_LACKS_ROOM = ("Not enough free space to write", " requested and ")

ABANDONED = 24 * 60 * 60  # seconds without a byte: nothing here is written for that long
TEMPORARY_NAME = re.compile(r"\.\d+-[0-9a-f]{8}\..")  # of `temporary_beside`


@contextmanager
def temporary_beside(path: str | Path) -> Iterator[Path]:
    """Yield a hidden name beside `path` that no other process uses; what has it then is removed.

    The name keeps the suffix, since some libraries choose a format by it.

    Raises
    ------
    StorageError
        In place of any `OSError` on the way: no space left, no permission …
    """
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.{path.name}")
    try:
        with _unwinding_on_sigterm():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                yield temporary
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        lacks_room = error.errno is None and any(part in str(error) for part in NUMPY_LACKS_ROOM)
        is_full = lacks_room or error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = os.strerror(errno.ENOSPC) if lacks_room else error.strerror
        raise StorageError(
            f"cannot be written: {reason or type(error).__name__}",
            where=path,
            hint="make room on this disk" if is_full else None,
        ) from error


def remove_temporaries(folder: str | Path, idle: float = ABANDONED) -> None:
    """Remove what processes that were killed have left below `folder` under temporary names.

    Parameters
    ----------
    idle
        Seconds since somebody wrote to it, at least. There may be living processes, on other
        machines too, that still write to theirs.
    """
    latest = time.time() - idle
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names if TEMPORARY_NAME.match(name)):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime <= latest:
                    path.unlink()


def unwritable_folders(paths: Iterable[str | Path]) -> set[Path]:
    """Return where files of these paths cannot be made: their folders, or what is to hold those."""
    folders = {next(filter(Path.exists, Path(path).absolute().parents)) for path in paths}
    return {folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which takes its place if the block ends well.

    An older file under the final name is left alone until then.

    Raises
    ------
    StorageError
        In place of any `OSError` on the way.
    """
    with temporary_beside(path) as temporary:
        yield temporary
        os.replace(temporary, path)


@contextmanager
def replacing_file(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a file to write that is on the disk and takes the place of `path` at the end.

    Raises
    ------
    StorageError
        In place of any `OSError` on the way.
    """
    with replacing(path) as temporary, temporary.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _unwinding_on_sigterm() -> Iterator[None]:
    """Let SIGTERM, which batch systems send, end the process in a way that `finally` sees."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with line feeds, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, whole or not at all.

    Raises
    ------
    ValueError
        If there is a NaN or an infinity in it, which JSON does not have.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def digest(path: str | Path, algorithm: str = "sha256") -> str:
    """Return the digest of a file's bytes in hexadecimal."""
    with Path(path).open("rb") as file:
        # FIPS builds refuse MD5 otherwise, which some publishers give and nothing better.
        return hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        ).hexdigest()
