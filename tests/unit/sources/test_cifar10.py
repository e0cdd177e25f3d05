"""CIFAR-10's binary batches become the files that Kaggle publishes, pixel for pixel."""

import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import py7zr
import pytest
from py7zr.io import BytesIOFactory

from swatchbook.data import cifar10_batches
from swatchbook.data.cifar10_batches import BATCHES, TEST_BATCHES, read_batches
from swatchbook.errors import DataError
from swatchbook.sources.cifar10 import write_archive, write_label_table

CLASSES = ["airplane", "automobile", "bird", "cat"]
PER_BATCH = 3
LABELS = [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3, 0, 0, 1]


def sample_images() -> np.ndarray:
    """Fifteen random images, uint8, shape (15, 32, 32, 3); the first is pure red."""
    images = np.random.default_rng(7).integers(0, 256, (15, 32, 32, 3), np.uint8)
    images[0] = (255, 0, 0)
    return images


def pack(
    path: Path,
    images: np.ndarray,
    labels: Sequence[int] = LABELS,
    order: Sequence[int] = (0, 2, 3, 4, 1),  # the published tarball is not in order either
    cut: int = 0,
) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for batch in order:
            rows = range(batch * PER_BATCH, (batch + 1) * PER_BATCH)
            records = [
                bytes([labels[row]]) + images[row].transpose(2, 0, 1).tobytes() for row in rows
            ]
            content = b"".join(records)
            member = tarfile.TarInfo((*BATCHES, *TEST_BATCHES)[batch])
            member.size = len(content) - cut
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    return pack(tmp_path / "cifar-10-binary.tar.gz", sample_images())


def test_labels_follow_the_batches_not_the_order_in_the_tarball(tarball: Path) -> None:
    table = tarball.with_name("trainLabels.csv")
    write_label_table(tarball, table, CLASSES, images_per_batch=PER_BATCH)
    rows = [f"{id},{CLASSES[label]}\n" for id, label in enumerate(LABELS, 1)]
    assert table.read_bytes() == ("id,label\n" + "".join(rows)).encode()


def test_packed_images_decode_to_the_same_pixels(tarball: Path) -> None:
    packed = tarball.with_name("train.7z")
    write_archive(tarball, packed, images_per_batch=PER_BATCH)
    factory = BytesIOFactory(1 << 20)
    with py7zr.SevenZipFile(packed) as archive:
        names = archive.getnames()
        archive.extractall(factory=factory)
    assert names == [f"train/{id}.png" for id in range(1, 16)]
    for name, expected in zip(names, sample_images(), strict=True):
        factory.products[name].seek(0)
        png = np.frombuffer(factory.products[name].read(), np.uint8)
        bgr = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
        assert np.array_equal(bgr[..., ::-1], expected)


def test_the_test_images_are_packed_by_themselves(tmp_path: Path) -> None:
    images = np.concatenate([sample_images(), sample_images()[:3] // 2])
    tarball = pack(tmp_path / "t.tar.gz", images, [*LABELS, 3, 1, 2], order=(5, 0, 1, 2, 3, 4))
    of_test = {"batches": TEST_BATCHES, "images_per_batch": PER_BATCH}
    write_label_table(tarball, tmp_path / "testLabels.csv", CLASSES, **of_test)
    assert (tmp_path / "testLabels.csv").read_text() == "id,label\n1,cat\n2,automobile\n3,bird\n"
    write_archive(tarball, tmp_path / "test.7z", **of_test)
    with py7zr.SevenZipFile(tmp_path / "test.7z") as archive:
        assert archive.getnames() == ["test/1.png", "test/2.png", "test/3.png"]
    _, read = next(read_batches(tarball, TEST_BATCHES, images_per_batch=PER_BATCH))
    np.testing.assert_array_equal(read, images[15:])


def test_the_tarball_is_a_data_set_itself(tmp_path: Path) -> None:
    images = np.concatenate([sample_images(), sample_images()[:3] // 2])
    tarball = pack(tmp_path / "t.tar.gz", images, [*LABELS, 3, 1, 2], order=(5, 0, 1, 2, 3, 4))
    spec = {"image": {"height": 32, "width": 32, "channels": 3}, "classes": CLASSES}
    found = cifar10_batches.read(spec, tarball, images_per_batch=PER_BATCH)
    np.testing.assert_array_equal(found.pixels, images)
    assert found.labels.tolist() == [*LABELS, 3, 1, 2]
    assert found.parts.tolist() == ["train"] * 15 + ["test"] * 3
    assert found.ids[:2] == ["train/1", "train/2"] and found.ids[-1] == "test/3"
    with pytest.raises(DataError, match="labels in id order have SHA-256"):
        pinned = {"content": {"test_labels": "0" * 64}}
        cifar10_batches.read(spec | pinned, tarball, images_per_batch=PER_BATCH)
    with pytest.raises(DataError, match="the label 3, and there are 3 classes"):
        few = spec | {"classes": CLASSES[:3]}
        cifar10_batches.read(few, tarball, images_per_batch=PER_BATCH)
    with pytest.raises(DataError, match="images are 32 × 32 RGB, not"):
        other = spec | {"image": {"height": 28, "width": 32, "channels": 3}}
        cifar10_batches.read(other, tarball, images_per_batch=PER_BATCH)


def test_a_red_image_is_red(tarball: Path) -> None:
    _, images = next(read_batches(tarball, images_per_batch=PER_BATCH))
    assert (images[0] == [255, 0, 0]).all()


def test_the_same_images_give_the_same_bytes(tarball: Path) -> None:
    first, second = tarball.with_name("1.7z"), tarball.with_name("2.7z")
    for packed in (first, second):
        write_archive(tarball, packed, images_per_batch=PER_BATCH)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"order": (0, 1, 2, 4)}, "no member cifar-10-batches-bin/data_batch_4.bin"),
        ({"cut": 1}, "9,218 bytes, not 9,219"),
        ({"labels": [9] * 15}, "label 9, and there are 4 classes"),
    ],
    ids=["missing batch", "short batch", "unknown label"],
)
def test_a_tarball_that_is_not_cifar10_leaves_nothing(
    tmp_path: Path, faults: dict, words: str
) -> None:
    tarball = pack(tmp_path / "t.tar.gz", sample_images(), **faults)
    with pytest.raises(DataError, match=words):
        write_label_table(tarball, tmp_path / "l.csv", CLASSES, images_per_batch=PER_BATCH)
    assert os.listdir(tmp_path) == ["t.tar.gz"]


def test_a_cut_tarball_leaves_no_archive(tarball: Path) -> None:
    tarball.write_bytes(tarball.read_bytes()[:-20_000])
    with pytest.raises(DataError, match="cannot be read"):
        write_archive(tarball, tarball.with_name("train.7z"), images_per_batch=PER_BATCH)
    assert os.listdir(tarball.parent) == [tarball.name]
