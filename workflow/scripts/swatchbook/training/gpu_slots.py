"""One process a GPU: a slot that a process takes, and that nobody can leave behind.

A slot is a file that is locked. The kernel lets go of the lock when the process ends, however it
ends. The files are of one machine and one user; nothing stands in them, and they stay.
"""

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from swatchbook.errors import DeviceError

logger = logging.getLogger(__name__)

# Not the folder for temporary files, which can be another one for each process.
FOLDER = Path(f"/tmp/swatchbook-{os.getuid()}")
SECONDS_BETWEEN_LOOKS = 1.0

# What this process has taken: the locks are held as long as the files are open.
_held: dict[Path, IO[bytes]] = {}


def take(names: Sequence[str], count: int, folder: Path = FOLDER) -> list[str]:
    """Take the first free slots for the rest of this process; wait until there are enough.

    What this process has taken before, it gets again.

    Parameters
    ----------
    names
        What there is a slot of: names that are the same for every process.
    count
        How many to take, at most as many as there are names.
    folder
        Where the slots' files are.

    Returns
    -------
    list of str
        The names taken, in their order.

    Raises
    ------
    DeviceError
        If the files cannot be made or locked.
    """
    waits = False
    while len(taken := _attempt(names, count, folder)) < count:
        if not waits:
            logger.info("waiting until %d of %d GPUs are free", count, len(names))
            waits = True
        time.sleep(SECONDS_BETWEEN_LOOKS)
    logger.info("GPU slots taken: %s", ", ".join(taken))
    return taken


def free(names: Sequence[str], folder: Path = FOLDER) -> list[str]:
    """Return the names whose slots no other process has now, and take none.

    Raises
    ------
    DeviceError
        If the files cannot be made or locked.
    """
    with _choosing(folder):
        locked = _lock(names, folder)
        _let_go(locked)
    return list(locked)


def _attempt(names: Sequence[str], count: int, folder: Path) -> list[str]:
    """Take `count` slots if so many are free, else none."""
    # One process at a time: two that wait for two slots never end with one each.
    with _choosing(folder):
        held_first = sorted(names, key=lambda name: folder / name not in _held)
        locked = _lock(held_first, folder)
        taken = list(locked)[:count] if len(locked) >= count else []
        _held.update({folder / name: locked.pop(name) for name in taken})
        _let_go(locked)
    return sorted(taken, key=names.index)


@contextmanager
def _choosing(folder: Path) -> Iterator[None]:
    path = folder / "choosing"
    with _opened(path) as turn:
        with _telling(path):
            fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _lock(names: Sequence[str], folder: Path) -> dict[str, IO[bytes]]:
    """Return the files, locked, of the slots that no other process has."""
    locked = {}
    for name in names:
        file = _held.get(folder / name) or _opened(folder / name)
        try:
            with _telling(folder / name):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked[name] = file
        except BlockingIOError:
            file.close()
    return locked


def _let_go(locked: Mapping[str, IO[bytes]]) -> None:
    for file in locked.values():
        if file not in _held.values():
            file.close()


def _opened(path: Path) -> IO[bytes]:
    with _telling(path):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.parent.stat().st_uid != os.getuid():
            raise PermissionError(errno.EACCES, "its folder is another user's")
        return path.open("ab")


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Say which file it was about if a slot cannot be taken, unless another process has it."""
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as error:
        raise DeviceError(
            f"the slot of a GPU cannot be taken: {error.strerror}",
            where=path,
            hint="its folder must be yours, on a disk with room",
        ) from error
