"""IDX files are read as they are, and refused with the reason if they are not."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from makers import idx_bytes, write_idx
from swatchbook.data import idx
from swatchbook.errors import DataError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([9, 0, 255], np.uint8)
GOOD = idx_bytes(IMAGES)
ZIPPED = gzip.compress(GOOD)


@pytest.mark.parametrize("values", [IMAGES, LABELS, LABELS[:0]], ids=["images", "labels", "none"])
@pytest.mark.parametrize("name", ["some.gz", "some-ubyte"])
def test_values_and_shape_come_back(tmp_path: Path, name: str, values: np.ndarray) -> None:
    read = idx.read(write_idx(tmp_path / name, values), values.ndim)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, values, strict=True)


def test_compression_is_told_by_the_content_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "plain.gz").write_bytes(GOOD)
    (tmp_path / "zipped").write_bytes(ZIPPED)
    for name in ("plain.gz", "zipped"):
        np.testing.assert_array_equal(idx.read(tmp_path / name, 3), IMAGES)


def test_the_pin_is_that_of_the_uncompressed_content(tmp_path: Path) -> None:
    path = write_idx(tmp_path / "some.gz", IMAGES)
    pinned = hashlib.sha256(GOOD).hexdigest()
    np.testing.assert_array_equal(idx.read(path, 3, pinned), IMAGES)


def test_another_content_is_refused_with_both_digests(tmp_path: Path) -> None:
    path = write_idx(tmp_path / "some.gz", IMAGES)
    with pytest.raises(DataError) as caught:
        idx.read(path, 3, "0" * 64)
    assert hashlib.sha256(GOOD).hexdigest() in str(caught.value)
    assert "0" * 64 in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.gz: cannot be read: No such file"):
        idx.read(tmp_path / "none.gz", 3)
