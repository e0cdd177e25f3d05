"""CIFAR-10 from its authors' binary batches, in the form in which Kaggle publishes it."""

import io
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import py7zr
from py7zr.helpers import ArchiveTimestamp

from swatchbook.errors import DataError
from swatchbook.files import replacing_file
from swatchbook.progress import Progress

BATCHES = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
IMAGES_PER_BATCH = 10_000
SIDE = 32
PIXEL_BYTES = 3 * SIDE * SIDE
# Any one will do: with the time of packing, the same images would give other bytes each time.
PACKED_AT = ArchiveTimestamp.from_datetime(1_234_567_890.0)


def write_label_table(
    tarball: Path,
    destination: Path,
    classes: Sequence[str],
    *,
    images_per_batch: int = IMAGES_PER_BATCH,
) -> None:
    """Write Kaggle's ``trainLabels.csv``: the columns id (from 1) and label, in id order.

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
        for labels, _ in read_batches(tarball, images_per_batch=images_per_batch):
            if labels.max() >= len(classes):
                raise DataError(
                    f"has the label {labels.max()}, and there are {len(classes)} classes",
                    where=tarball,
                )
            rows = (f"{id},{classes[label]}\n" for id, label in enumerate(labels, next_id))
            file.write("".join(rows).encode())
            next_id += len(labels)


def write_archive(
    tarball: Path, destination: Path, *, images_per_batch: int = IMAGES_PER_BATCH
) -> None:
    """Write Kaggle's ``train.7z``: the images as ``train/<id>.png``, in id order.

    The same images give the same bytes (with the same OpenCV and py7zr). PNG files do not
    compress any further, so the archive stores them.

    Raises
    ------
    DataError
        If the tarball is not what CIFAR-10's is.
    StorageError
        If `destination` cannot be written.
    """
    total = images_per_batch * len(BATCHES)
    with (
        replacing_file(destination) as file,
        py7zr.SevenZipFile(file, "w", filters=[{"id": py7zr.FILTER_COPY}]) as archive,
        Progress(f"pack {destination.name}", total, "image") as progress,
    ):
        for _, images in read_batches(tarball, images_per_batch=images_per_batch):
            for image in images:
                encoded, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
                if not encoded:
                    raise DataError(f"image {progress.done + 1} cannot be encoded", where=tarball)
                # py7zr keeps every file object until the end; a closed one holds no memory.
                with io.BytesIO(png) as content:
                    archive.writef(content, f"train/{progress.done + 1}.png")
                progress.update()
        for member in archive.header.files_info.files:
            member.update(creationtime=PACKED_AT, lastwritetime=PACKED_AT, lastaccesstime=PACKED_AT)


def read_batches(
    tarball: Path, *, images_per_batch: int = IMAGES_PER_BATCH
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read the five training batches in id order, without unpacking the tarball.

    Yields
    ------
    labels
        Class indices, uint8, shape (images,).
    images
        RGB, uint8, shape (images, 32, 32, 3).

    Raises
    ------
    DataError
        If a batch is missing or has another size, or the tarball cannot be read.
    """
    size = images_per_batch * (1 + PIXEL_BYTES)
    try:
        with tarfile.open(tarball, "r:gz") as archive:
            for name in BATCHES:
                member = archive.getmember(name)
                # A link, too, could be followed to a file.
                if not member.isreg():
                    raise DataError(f"{name} is no file in it", where=tarball)
                if member.size != size:
                    raise DataError(
                        f"{name} has {member.size:,} bytes, not {size:,}", where=tarball
                    )
                content = archive.extractfile(member).read()
                records = np.frombuffer(content, np.uint8).reshape(images_per_batch, -1)
                planes = records[:, 1:].reshape(images_per_batch, 3, SIDE, SIDE)
                yield records[:, 0], np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    except KeyError:
        raise DataError(f"has no member {name}", where=tarball) from None
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise DataError(f"cannot be read: {error}", where=tarball) from error
