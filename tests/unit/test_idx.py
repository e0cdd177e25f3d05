"""IDX files are read as they are, and refused with the reason if they are not."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from makers import idx_bytes, write_idx
from swatchbook import idx
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


HOSTILE = {
    "empty": (b"", "has 0 bytes"),
    "shorter than the magic number": (GOOD[:3], "has 3 bytes"),
    "ends inside the header": (GOOD[:11], "ends inside its header"),
    "not IDX": (b"\x89PNG" + GOOD[4:], "not an IDX file: it begins with 89504e47"),
    "signed bytes": (b"\0\0\x09\x03" + GOOD[4:], "0x09"),
    "floats": (b"\0\0\x0d\x03" + GOOD[4:], "0x0d"),
    "labels for images": (idx_bytes(LABELS), "1 dimensions instead of 3"),
    "one value too few": (GOOD[:-1], "23 values, but the header states 2 × 3 × 4 = 24"),
    "one value too many": (GOOD + b"\0", "more values than the header states: 2 × 3 × 4 = 24"),
    "a petabyte by its header": (
        struct.pack(">I3I", 0x803, *[100_000] * 3),
        "would unpack to 1,000,000,000,000,016",
    ),
    "gzip truncated": (ZIPPED[: len(ZIPPED) // 2], "gzip stream is damaged"),
    "gzip header only": (ZIPPED[:4], "gzip stream is damaged"),
    "gzip wrong checksum": (ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], "gzip stream is damaged"),
    "gzip wrong content": (ZIPPED[:12] + b"\xff\xff" + ZIPPED[14:], "gzip stream is damaged"),
    "gzip with a tail": (ZIPPED + b"tail", "gzip stream is damaged"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_bad_file_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "train-images"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        idx.read(path, 3)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


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
