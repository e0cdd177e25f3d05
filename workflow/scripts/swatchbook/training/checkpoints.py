"""Checkpoints: a training's state, kept so that it can go on after any interruption.

A checkpoint is a folder ``epoch-<number>-<fingerprint>``, or, in the middle of the next epoch,
``epoch-<number>-step-<number>-<fingerprint>``, that holds ``state.npz`` (arrays),
``facts.json`` (everything else) and ``SHA256SUMS``. It is written under a name of its own, put on
the disk and then renamed: under its final name it is whole unless something damaged it later.
"""

import errno
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.errors import StorageError, TrainingError
from swatchbook.files import digest, temporary_beside, write_json, write_text

logger = logging.getLogger(__name__)

KEPT = 2
STATE, FACTS, SUMS = "state.npz", "facts.json", "SHA256SUMS"
NAME = re.compile(r"epoch-(\d+)(?:-step-(\d+))?-([0-9a-f]{12})")


@dataclass(frozen=True)
class Checkpoint:
    """What a training was at a point.

    Attributes
    ----------
    epoch, step
        The number of whole epochs that had been trained, and of steps of the next one.
    arrays
        Arrays by name, as they were saved.
    facts
        What else was saved: anything that JSON can hold.
    """

    epoch: int
    step: int
    arrays: Mapping[str, np.ndarray]
    facts: Mapping[str, Any]


class Checkpoints:
    """The checkpoints of one training.

    Parameters
    ----------
    folder
        Where they are; nothing else may be kept there.
    fingerprint
        All that decides what a training computes: one that differs in any part of it cannot go on
        from the checkpoint. By the name of the part; the values are what JSON can hold.
    """

    def __init__(self, folder: str | Path, fingerprint: Mapping[str, Any]):
        self.folder = Path(folder)
        # As it will be read again: JSON knows no tuples.
        self.fingerprint = json.loads(json.dumps(fingerprint))
        canonical = json.dumps(self.fingerprint, sort_keys=True)
        self._key = hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def newest(self) -> Checkpoint | None:
        """Return the last whole checkpoint of this fingerprint, or ``None`` if there was none.

        Checkpoints of other fingerprints and damaged ones are passed over, which the log tells.

        Raises
        ------
        TrainingError
            If there are checkpoints of this fingerprint, but none is whole.
        """
        own = [path for path in self._all() if self._is_own(path)]
        for path in self._all():
            if path not in own:
                logger.warning("%s is not used: %s", path, self._difference(path))
        for path in own:
            try:
                return self._read(path)
            except _Damaged as damage:
                logger.warning("%s is damaged and not used: %s", path, damage)
        # Another process of the same training may have ended and removed them meanwhile.
        if any(path.exists() for path in own):
            raise TrainingError(
                f"damaged: none of {len(own)} checkpoint{'s' if len(own) > 1 else ''} can be used",
                where=self.folder,
                hint="to train from the beginning, delete this folder, or all checkpoints with "
                "make clean-checkpoints",
            )
        return None

    def save(
        self, epoch: int, step: int, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]
    ) -> None:
        """Keep a state, and of the older ones only the last.

        It is on the disk when this returns.

        Parameters
        ----------
        epoch, step
            The number of whole epochs that have been trained, and of steps of the next one.
        arrays
            Arrays by name, of any shape and of a type that NumPy itself has.
        facts
            What else belongs to the state: anything that JSON can hold.

        Raises
        ------
        StorageError
            If it cannot be written; what was there is left alone.
        """
        try:
            self._write(epoch, step, arrays, facts)
        except StorageError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            # Another process of the same training has ended and removed the folder.
            self._write(epoch, step, arrays, facts)
        own = [path for path in self._all() if self._is_own(path)]
        for path in self._all():
            if path not in own[:KEPT]:
                self._discard(path)

    def remove(self) -> None:
        """Remove the folder and everything in it."""
        # Another process of the same training may be writing there; what it leaves does no harm.
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(
        self, epoch: int, step: int, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]
    ) -> None:
        path = self.folder / f"{_point(epoch, step)}-{self._key}"
        with temporary_beside(path) as temporary:
            try:
                temporary.mkdir()
                np.savez(temporary / STATE, allow_pickle=False, **arrays)
                kept = {
                    "fingerprint": self.fingerprint,
                    "epoch": epoch,
                    "step": step,
                    "facts": facts,
                }
                write_json(temporary / FACTS, kept)
                sums = [f"{digest(temporary / name)}  {name}\n" for name in (STATE, FACTS)]
                write_text(temporary / SUMS, "".join(sums))
                for part in (STATE, FACTS, SUMS, "."):
                    _sync(temporary / part)
                self._discard(path)  # a damaged one
                _rename(temporary, path)
                _sync(self.folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)

    def _all(self) -> list[Path]:
        """Return the folders of whole or damaged checkpoints, the last one first."""
        if not self.folder.is_dir():
            return []
        found = {path: NAME.fullmatch(path.name) for path in self.folder.iterdir()}
        points = {path: (int(at[1]), int(at[2] or 0)) for path, at in found.items() if at}
        return sorted(points, key=lambda path: (points[path], path), reverse=True)

    def _is_own(self, path: Path) -> bool:
        return path.name.endswith(self._key)

    def _discard(self, path: Path) -> None:
        """Remove a checkpoint in a way that leaves no half of it under its name."""
        leaving = self.folder / f".leaving-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            path.rename(leaving)
        except FileNotFoundError:
            return
        shutil.rmtree(leaving, ignore_errors=True)

    def _read(self, path: Path) -> Checkpoint:
        kept = _verified_facts(path)
        point = _point(kept["epoch"], kept["step"])
        if kept["fingerprint"] != self.fingerprint or path.name != f"{point}-{self._key}":
            raise _Damaged("its name and its content do not belong together")
        with np.load(path / STATE, allow_pickle=False) as stored:
            return Checkpoint(kept["epoch"], kept["step"], dict(stored), kept["facts"])

    def _difference(self, path: Path) -> str:
        """Say in which parts the fingerprint of a checkpoint differs from this one."""
        try:
            other = _verified_facts(path)["fingerprint"]
        except _Damaged as damage:
            return f"it is of another training, and damaged: {damage}"
        return "it differs in " + "; ".join(_differences(other, self.fingerprint))


def _point(epoch: int, step: int) -> str:
    return f"epoch-{epoch:05d}" + (f"-step-{step:08d}" if step else "")


class _Damaged(Exception):
    """A checkpoint is not what was written."""


def _verified_facts(path: Path) -> dict[str, Any]:
    """Return the content of ``facts.json`` if it and the arrays are what was written."""
    try:
        sums = (path / SUMS).read_text(encoding="utf-8")
        for name in (STATE, FACTS):
            if f"{digest(path / name)}  {name}\n" not in sums:
                raise _Damaged(f"{name} has another SHA-256 than in {SUMS}")
        return json.loads((path / FACTS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _Damaged(str(error)) from error


def _differences(before: Any, now: Any, name: str = "") -> Iterator[str]:
    """Yield in words what differs, mappings key by key."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            if before.get(key) != now.get(key):
                within = f"{name}.{key}" if name else key
                yield from _differences(before.get(key), now.get(key), within)
    elif isinstance(before, list) or isinstance(now, list):
        yield name
    else:
        yield f"{name} ({before} then, {now} now)"


def _rename(temporary: Path, path: Path) -> None:
    try:
        temporary.rename(path)
    except OSError as error:
        # Another process of the same training was faster: what it has written is as good.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _sync(path: Path) -> None:
    """Wait until a file, or the list of a folder's files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
