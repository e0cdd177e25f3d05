"""CIFAR-10 from its authors' binary batches, in the form in which Kaggle publishes it."""

import fcntl
import io
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import py7zr
from py7zr.helpers import ArchiveTimestamp

from swatchbook import files
from swatchbook.data.cifar10_batches import BATCHES, IMAGES_PER_BATCH, TEST_BATCHES, read_batches
from swatchbook.errors import DataError, DownloadError
from swatchbook.files import replacing_file
from swatchbook.progress import Progress
from swatchbook.sources import downloads

logger = logging.getLogger(__name__)

TARBALL = "cifar-10-binary.tar.gz"
# Any one will do: with the time of packing, the same images would give other bytes each time.
PACKED_AT = ArchiveTimestamp.from_datetime(1_234_567_890.0)


def make(
    file: str,
    classes: Sequence[str],
    destination: Path,
    *,
    url: str,
    md5: str,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Make one of Kaggle's files out of the authors' tarball, which stays beside it for the other.

    Parameters
    ----------
    file
        ``train.7z`` or ``trainLabels.csv``, or ``test.7z`` or ``testLabels.csv`` of the 10,000 test
        images, for which Kaggle publishes no labels.
    classes
        The class names, in the order of the class indices.
    url, md5
        Where the tarball is, and its digest.
    wait
        What is called with the seconds to pass before the server is asked again.

    Raises
    ------
    DownloadError
        If the tarball cannot be had or another one is in place; or for any other `file`.
    DataError
        If the tarball is not what CIFAR-10's is.
    StorageError
        If a file cannot be stored.
    """
    tarball = destination.parent / TARBALL
    with _locked(destination.parent / f".{TARBALL}.lock"):
        if not tarball.exists():
            downloads.fetch(url, tarball, md5=md5, wait=wait)
        elif (digest := files.digest(tarball, "md5")) != md5.lower():
            raise DownloadError(
                f"has the MD5 digest {digest}, not {md5}", where=tarball, hint=f"delete {tarball}"
            )
    if file not in ("train.7z", "trainLabels.csv", "test.7z", "testLabels.csv"):
        raise DownloadError(
            "only train.7z, trainLabels.csv, test.7z and testLabels.csv can be made of it, not "
            f"{file}"
        )
    batches = TEST_BATCHES if file.startswith("test") else BATCHES
    if file.endswith(".csv"):
        write_label_table(tarball, destination, classes, batches=batches)
    else:
        write_archive(tarball, destination, batches=batches)


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """Let one process at a time in. The lock's file stays: to remove it would open a gap."""
    with open(lock, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("%s: waiting for another process", lock)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            # Some cluster file systems have no locks. Without one, the worst is a second download.
            logger.warning("%s: cannot be locked: %s", lock, error.strerror)
        yield


def write_label_table(
    tarball: Path,
    destination: Path,
    classes: Sequence[str],
    *,
    batches: Sequence[str] = BATCHES,
    images_per_batch: int = IMAGES_PER_BATCH,
) -> None:
    """Write Kaggle's ``trainLabels.csv``: the columns id (from 1) and label, in id order.

    Or ``testLabels.csv``, of `TEST_BATCHES`.

    Raises
    ------
    DataError
        If the tarball is not what CIFAR-10's is.
    StorageError
        If `destination` cannot be written.
    """
    with replacing_file(destination) as file:
        file.write(b"id,label\n")
        next_id = 1
        for labels, _ in read_batches(tarball, batches, images_per_batch=images_per_batch):
            if labels.max() >= len(classes):
                raise DataError(
                    f"has the label {labels.max()}, and there are {len(classes)} classes",
                    where=tarball,
                )
            rows = (f"{id},{classes[label]}\n" for id, label in enumerate(labels, next_id))
            file.write("".join(rows).encode())
            next_id += len(labels)


def write_archive(
    tarball: Path,
    destination: Path,
    *,
    batches: Sequence[str] = BATCHES,
    images_per_batch: int = IMAGES_PER_BATCH,
) -> None:
    """Write Kaggle's ``train.7z``: the images as ``train/<id>.png``, in id order.

    Or ``test.7z``, of `TEST_BATCHES`. The same images give the same bytes (with the same OpenCV and
    py7zr). PNG files do not compress any further, so the archive stores them.

    Raises
    ------
    DataError
        If the tarball is not what CIFAR-10's is.
    StorageError
        If `destination` cannot be written.
    """
    folder = "test" if batches == TEST_BATCHES else "train"
    total = images_per_batch * len(batches)
    with (
        replacing_file(destination) as file,
        py7zr.SevenZipFile(file, "w", filters=[{"id": py7zr.FILTER_COPY}]) as archive,
        Progress(f"pack {destination.name}", total, "image") as progress,
    ):
        for _, images in read_batches(tarball, batches, images_per_batch=images_per_batch):
            for image in images:
                encoded, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
                if not encoded:
                    raise DataError(f"image {progress.done + 1} cannot be encoded", where=tarball)
                # py7zr keeps every file object until the end; a closed one holds no memory.
                with io.BytesIO(png) as content:
                    archive.writef(content, f"{folder}/{progress.done + 1}.png")
                progress.update()
        for member in archive.header.files_info.files:
            member.update(creationtime=PACKED_AT, lastwritetime=PACKED_AT, lastaccesstime=PACKED_AT)
