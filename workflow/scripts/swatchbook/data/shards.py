"""Images that stay in files: shards of bytes, read row by row as they are asked for.

A shard is a ``.npy`` file of uint8, shape (n, height, width, channels): images in the order in
which their archive has them. Which shards there are, how many images each has and what its SHA-256
is stands in ``shards.json``; where in them the image of a row is, in the index. So it does not
matter to any row how many shards there are.

Rows are read by ``pread``, not through a memory map: what is read through a map counts as a
process's own memory, and a cluster would end the job for it.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from swatchbook.data.normalisation import normalised
from swatchbook.errors import DataError, StorageError
from swatchbook.files import read_json

BLOCK = 16 << 20  # bytes that are hashed at a time
AT_A_TIME = 4096  # images, where all of them are looked at

HINT = "delete it and run again: this shard alone is decoded anew"


class Shards:
    """The shards of a data set, one behind the other; a place is an image's number in them.

    Parameters
    ----------
    folder
        Where they are.
    listed
        Of each shard, in their order, ``file``, ``images`` and ``sha256``.
    image_shape
        (height, width, channels).
    classes
        How many the data set has.

    Raises
    ------
    DataError
        If one is missing, or is not as large as it should be.
    """

    def __init__(
        self,
        folder: str | Path,
        listed: Sequence[Mapping[str, Any]],
        image_shape: Sequence[int],
        classes: int,
    ):
        self.folder = Path(folder)
        self.listed = listed
        self.classes = classes
        self.image_shape = tuple(image_shape)
        self.image_bytes = int(np.prod(self.image_shape))
        self._ends = np.cumsum([shard["images"] for shard in listed])
        self._files: dict[int, tuple[int, int]] = {}  # by number: descriptor, where images begin
        for number in range(len(listed)):
            self._open(number)

    @classmethod
    def read(cls, path: str | Path) -> "Shards":
        """Open the shards that a ``shards.json`` lists."""
        found = read_json(path)
        return cls(Path(path).parent, found["shards"], found["image_shape"], found["classes"])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        for descriptor, _ in self._files.values():
            close(descriptor)  # at the interpreter's end there is no `os` any more

    def path(self, number: int) -> Path:
        """Return the file of a shard."""
        return self.folder / self.listed[number]["file"]

    def take(self, places: np.ndarray) -> np.ndarray:
        """Return the images at these places, uint8, shape (len(places), height, width, channels).

        Raises
        ------
        DataError
            If they cannot be read.
        """
        result = np.empty((len(places), *self.image_shape), np.uint8)
        if not len(result):
            return result
        into = memoryview(result).cast("B")
        size = self.image_bytes
        # Images that lie behind each other and are asked for in that order are read at once.
        breaks = np.flatnonzero(np.diff(places) != 1) + 1
        numbers = np.searchsorted(self._ends, places, side="right")
        breaks = np.union1d(breaks, np.flatnonzero(np.diff(numbers)) + 1)
        starts = [0, *breaks.tolist()]
        runs = []
        for start, end in zip(starts, [*starts[1:], len(places)], strict=True):
            number = int(numbers[start])
            first = int(self._ends[number]) - self.listed[number]["images"]
            runs.append((number, int(places[start]) - first, into[start * size : end * size]))
        if len(runs) > 1:
            # So that a disk, or a network, has all of them to do at once, not one after the other.
            for number, image, part in runs:
                self._announce(number, image, len(part))
        for run in runs:
            self._read(*run)
        return result

    def verify(self, threads: int = 2) -> None:
        """Check every shard against its SHA-256.

        Raises
        ------
        DataError
            That names the shard that is damaged.
        """
        with ThreadPoolExecutor(threads) as pool:
            digests = pool.map(digest_of_file, map(self.path, range(len(self.listed))))
            for number, found in enumerate(digests):
                self._check_digest(number, found)

    def bring_to(self, folder: str | Path) -> int:
        """Copy every shard into a folder, check it on the way, and read it there from then on.

        The copies have no names: the disk has its room back when the process ends, however it does.

        Returns
        -------
        int
            How many bytes were copied.

        Raises
        ------
        DataError
            That names the shard that is damaged.
        StorageError
            If there is no such folder, or no room in it.
        """
        copied = 0
        for number in range(len(self.listed)):
            try:
                with tempfile.TemporaryFile(dir=folder, buffering=0) as copy:
                    self._check_digest(number, digest_of_file(self.path(number), copy))
                    copied += copy.tell()
                    os.dup2(copy.fileno(), self._files[number][0], inheritable=False)
            except OSError as error:
                raise StorageError(
                    f"shards cannot be copied there: {error.strerror}",
                    where=folder,
                    hint=f"they are {self.file_bytes:,} bytes: take a larger disk or another "
                    "folder, or `local_disk: null` to read them where they are",
                ) from error
        return copied

    @property
    def file_bytes(self) -> int:
        """Bytes of all files."""
        return sum(self.path(number).stat().st_size for number in range(len(self.listed)))

    def _check_digest(self, number: int, found: str) -> None:
        wanted = self.listed[number]["sha256"]
        if found != wanted:
            raise DataError(
                f"is damaged: its SHA-256 is {found}, not {wanted}",
                where=self.path(number),
                hint=HINT,
            )

    def _open(self, number: int) -> None:
        path = self.path(number)
        images = self.listed[number]["images"]
        try:
            with path.open("rb") as file:
                version = np.lib.format.read_magic(file)
                if version != (1, 0):
                    raise ValueError(f"version {version}")
                shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
                begins = file.tell()
                size = os.fstat(file.fileno()).st_size
                descriptor = os.dup(file.fileno())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DataError(f"cannot be read: {reason}", where=path, hint=HINT) from error
        self._files[number] = descriptor, begins
        wanted = (images, *self.image_shape)
        if shape != wanted or is_fortran or dtype != np.uint8:
            raise DataError(f"has {shape} of {dtype}, not {wanted} of uint8", where=path, hint=HINT)
        if size != begins + images * self.image_bytes:
            raise DataError("is cut short or has too many bytes", where=path, hint=HINT)

    def _announce(self, number: int, image: int, size: int) -> None:
        descriptor, begins = self._files[number]
        at = begins + image * self.image_bytes
        os.posix_fadvise(descriptor, at, size, os.POSIX_FADV_WILLNEED)

    def _read(self, number: int, image: int, into: memoryview) -> None:
        descriptor, begins = self._files[number]
        at = begins + image * self.image_bytes
        while into:
            try:
                count = os.preadv(descriptor, [into], at)
            except OSError as error:
                raise DataError(
                    f"cannot be read: {error.strerror}", where=self.path(number)
                ) from error
            if not count:
                raise DataError("ends too soon", where=self.path(number), hint=HINT)
            into, at = into[count:], at + count


class StoredImages:
    """Images of one split that stay in shards: an array to read from, of as many dimensions.

    ``images[key]`` reads what a number, a slice, numbers or booleans name.

    Parameters
    ----------
    shards
        Where they are.
    places
        The place of each row, integers, shape (n,).
    compact
        Whether they come as uint8, not as float32 in [0, 1].

    Attributes
    ----------
    shape, dtype, ndim, nbytes
        As of an array of them.
    """

    ndim = 4

    def __init__(self, shards: Shards, places: np.ndarray, *, compact: bool):
        self.shards = shards
        self.places = places
        self.shape = (len(places), *shards.image_shape)
        self.dtype = np.dtype(np.uint8 if compact else np.float32)
        self.nbytes = int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[row] for row in range(len(self)))

    def digest(self) -> str:
        """Return a SHA-256 over which images they are, by the digests of the shards."""
        found = hashlib.sha256(json.dumps([self.shards.listed, str(self.dtype)]).encode())
        found.update(np.ascontiguousarray(self.places))
        return found.hexdigest()

    def __getitem__(self, key: Any) -> np.ndarray:
        places = self.places[key]
        if np.ndim(places) == 0:
            return self._as_asked(self.shards.take(places[None]))[0]
        return self._as_asked(self.shards.take(places))

    def min(self) -> np.generic:
        """Return the least value."""
        return min(block.min() for block in self._blocks())

    def max(self) -> np.generic:
        """Return the greatest value."""
        return max(block.max() for block in self._blocks())

    def mean(self, dtype: Any = np.float64) -> float:
        """Return the mean, in float64: of every byte how often it stands there, times its value."""
        counts = np.zeros(256, np.int64)
        for block in self._blocks(compact=True):
            counts += np.bincount(block.ravel(), minlength=256)
        values = np.arange(256, dtype=np.uint8)
        values = values if self.dtype == np.uint8 else normalised(values)
        return float(counts @ values.astype(np.float64) / counts.sum())

    def _blocks(self, *, compact: bool = False) -> Iterator[np.ndarray]:
        """Yield all images, a few at a time, in the order in which they are stored."""
        compact = compact or self.dtype == np.uint8
        stored = StoredImages(self.shards, np.sort(self.places), compact=compact)
        return (stored[at : at + AT_A_TIME] for at in range(0, len(self), AT_A_TIME))

    def _as_asked(self, images: np.ndarray) -> np.ndarray:
        return images if self.dtype == np.uint8 else normalised(images)


class OneHot:
    """Labels of as many images as there are, one-hot where they are asked for.

    A million images of a thousand classes would be 4 GB; as numbers they are 4 MB.

    Parameters
    ----------
    labels
        Class indices, int32, shape (n,).
    classes
        How many there are.

    Attributes
    ----------
    shape, dtype, ndim, nbytes
        As of an array of them; `nbytes` is what they take as numbers.
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(self, labels: np.ndarray, classes: int):
        self.labels = labels
        self.shape = (len(labels), classes)
        self.nbytes = labels.nbytes

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.eye(self.shape[1], dtype=np.float32)[self.labels[key]]

    def argmax(self, axis: int = 1) -> np.ndarray:
        """Return the class indices, int64, shape (n,)."""
        return self.labels.astype(np.int64)

    def sum(self, axis: int = 0, dtype: Any = np.float32) -> np.ndarray:
        """Return how many images each class has, shape (classes,)."""
        return np.bincount(self.labels, minlength=self.shape[1]).astype(dtype)

    def mean(self, axis: int = 0, dtype: Any = np.float32) -> np.ndarray:
        """Return the share of each class, shape (classes,)."""
        return self.sum(axis, dtype) / np.dtype(dtype).type(len(self))


def digest_of_file(path: str | Path, copy: BinaryIO | None = None) -> str:
    """Return the SHA-256 of a file, read a block at a time, and write it into another on the way.

    Raises
    ------
    DataError
        If it cannot be read.
    OSError
        If it cannot be written.
    """
    digest = hashlib.sha256()
    for block in _read_by_blocks(path):
        digest.update(block)
        while copy and block:
            block = block[copy.write(block) :]
    return digest.hexdigest()


def _read_by_blocks(path: str | Path) -> Iterator[bytes]:
    try:
        with Path(path).open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path, hint=HINT) from error
