"""CIFAR-10's binary batches, as its authors pack them into a tarball."""

import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data.content_digests import check_content
from swatchbook.data.dataset_formats import Images
from swatchbook.errors import DataError

BATCHES = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
TEST_BATCHES = ("cifar-10-batches-bin/test_batch.bin",)
IMAGES_PER_BATCH = 10_000
SIDE = 32
PIXEL_BYTES = 3 * SIDE * SIDE


def read(
    spec: Mapping[str, Any], tarball: Path, *, images_per_batch: int = IMAGES_PER_BATCH
) -> Images:
    """Read all images, those for training first; the ids are ``train/1``, ``train/2`` …

    Parameters
    ----------
    spec
        The content of the data set's file.
    tarball
        ``cifar-10-binary.tar.gz``.

    Raises
    ------
    DataError
        If it is not what `spec` says.
    """
    size = tuple(spec["image"][key] for key in ("height", "width", "channels"))
    if size != (SIDE, SIDE, 3):
        raise DataError(f"images are 32 × 32 RGB, not {size}", where="image")
    pinned = spec.get("content", {})
    ids, pixels, labels = [], [], []
    for part, batches in (("train", BATCHES), ("test", TEST_BATCHES)):
        read = list(read_batches(tarball, batches, images_per_batch=images_per_batch))
        of_part = [np.concatenate([batch[place] for batch in read]) for place in (0, 1)]
        check_content(tarball, "labels in id order", of_part[0], pinned.get(f"{part}_labels"))
        check_content(tarball, "pixels in id order", of_part[1], pinned.get(f"{part}_images"))
        if of_part[0].max() >= len(spec["classes"]):
            raise DataError(
                f"has the label {of_part[0].max()}, and there are {len(spec['classes'])} classes",
                where=tarball,
            )
        ids += [f"{part}/{number}" for number in range(1, len(of_part[0]) + 1)]
        labels.append(of_part[0].astype(np.int64))
        pixels.append(of_part[1])
    return Images(
        ids,
        np.concatenate(pixels),
        np.concatenate(labels),
        parts=np.repeat(["train", "test"], [len(part) for part in labels]),
    )


def read_batches(
    tarball: Path, batches: Sequence[str] = BATCHES, *, images_per_batch: int = IMAGES_PER_BATCH
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read batches, the five training ones in id order, without unpacking the tarball.

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
    try:
        with tarfile.open(tarball, "r:gz") as archive:
            for name in batches:
                yield _batch(archive, name, images_per_batch, tarball)
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise DataError(f"cannot be read: {error}", where=tarball) from error


def _batch(
    archive: tarfile.TarFile, name: str, images: int, tarball: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Read one batch: for each image a byte for the label, then its red, green and blue plane."""
    size = images * (1 + PIXEL_BYTES)
    try:
        member = archive.getmember(name)
    except KeyError:
        raise DataError(f"has no member {name}", where=tarball) from None
    # A link, too, could be followed to a file.
    if not member.isreg():
        raise DataError(f"{name} is no file in it", where=tarball)
    if member.size != size:
        raise DataError(f"{name} has {member.size:,} bytes, not {size:,}", where=tarball)
    content = archive.extractfile(member).read()
    records = np.frombuffer(content, np.uint8).reshape(images, -1)
    planes = records[:, 1:].reshape(images, 3, SIDE, SIDE)
    return records[:, 0], np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
