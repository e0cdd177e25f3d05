"""A format of images is one function and one line, and may stand beside others in an archive."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wanted
from makers import write_7z, write_table
from swatchbook.data import dataset_formats, image_formats
from swatchbook.data.image_formats import ImageFormat
from swatchbook.errors import DataError


def ppm(pixels: np.ndarray) -> bytes:
    height, width, _ = pixels.shape
    return b"P6 %d %d 255\n" % (width, height) + pixels.tobytes()


def decode_ppm(content: bytes, height: int, width: int, channels: int) -> np.ndarray:
    """A made-up entry: portable pixmaps."""
    header, _, values = content.partition(b"\n")
    if header != b"P6 %d %d 255" % (width, height):
        raise ValueError("not a PPM file of this size")
    return np.frombuffer(values, np.uint8).reshape(height, width, channels)


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(image_formats.FORMATS, "PPM", ImageFormat(decode_ppm, (".ppm", ".pnm")))


def read(folder: Path, members: dict[str, bytes]) -> Any:
    write_7z(folder / "some.7z", members)
    write_table(folder / "labels.csv", wanted.LABELS)
    return dataset_formats.read(wanted.ARCHIVE, folder)


def mixed() -> dict[str, bytes]:
    """Every second image is in the new format; the first one's suffix is in capital letters."""
    members = dict(wanted.PACKED)
    for number, suffix in ((0, "PPM"), (2, "pnm"), (4, "ppm")):
        del members[f"train/{wanted.IDS[number]}.png"]
        members[f"train/{wanted.IDS[number]}.{suffix}"] = ppm(wanted.PIXELS[number])
    return members


def test_images_of_a_new_format_are_decoded_beside_others(tmp_path: Path) -> None:
    images = read(tmp_path, mixed())
    assert images.ids == wanted.IDS
    np.testing.assert_array_equal(images.pixels, wanted.PIXELS, strict=True)


def test_what_a_new_format_refuses_is_told_by_id(tmp_path: Path) -> None:
    members = mixed()
    del members["train/3.pnm"]
    members["train/3.ppm"] = b"P6 1 1 255\nabc"
    members["train/5.ppm"] = members["train/2.png"]
    with pytest.raises(DataError) as caught:
        read(tmp_path, members)
    assert "cannot be used: 5 (not a PPM file of this size), 3 (not a PPM" in str(caught.value)


def test_files_of_no_format_are_told_with_the_formats(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, mixed() | {"setup.exe": b"", "a.gif": b""})
    assert "members that are no PNG or PPM files: setup.exe, a.gif" in str(caught.value)
