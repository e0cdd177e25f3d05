"""Images in a quarter of the memory: nothing is lost, or they stay what they are."""

from pathlib import Path

import numpy as np
import pytest

from swatchbook.data import arrays
from swatchbook.data.normalisation import normalised
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError
from training_inputs import IMAGES, make_arrays

COUNT = arrays.ROWS_AT_A_TIME + 5  # two pieces


def write(folder: Path, x: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    np.save(folder / "x_train.npy", x)
    np.save(folder / "y_train.npy", np.eye(2, dtype=np.float32)[np.arange(len(x)) % 2])


def all_bytes() -> np.ndarray:
    """Return images in which each of the 256 values stands."""
    return np.arange(COUNT * 4, dtype=np.int64).astype(np.uint8).reshape(COUNT, 2, 2, 1)


def test_bytes_come_back_as_they_were_and_are_normalised_to_the_same_bits(tmp_path: Path) -> None:
    pixels = all_bytes()
    write(tmp_path, normalised(pixels))
    found, labels = arrays.load_compact(tmp_path, "train")
    assert found.dtype == np.uint8
    assert np.array_equal(found, pixels)
    whole, expected = arrays.load(tmp_path, "train")
    assert normalised(found).tobytes() == whole.tobytes()
    assert labels.tobytes() == expected.tobytes()


@pytest.mark.parametrize("value", [0.5, -1 / 255, 256 / 255, np.nan, np.inf])
@pytest.mark.parametrize("row", [0, -1])
def test_what_is_no_byte_stays_a_float(tmp_path: Path, row: int, value: float) -> None:
    x = normalised(all_bytes())
    x[row, 0, 0, 0] = value
    write(tmp_path, x)
    found, _ = arrays.load_compact(tmp_path, "train")
    assert found.dtype == np.float32
    assert found.tobytes() == x.tobytes()


@pytest.mark.parametrize("of", [np.asfortranarray, np.float64])
def test_another_layout_or_type_is_left_as_it_is(tmp_path: Path, of: type) -> None:
    x = of(normalised(np.arange(240, dtype=np.uint8).reshape(5, 4, 4, 3)))
    write(tmp_path, x)
    found, _ = arrays.load_compact(tmp_path, "train")
    assert found.dtype == x.dtype
    assert np.array_equal(found, x)


def test_no_images_are_none(tmp_path: Path) -> None:
    write(tmp_path, np.empty((0, 3, 3, 1), np.float32))
    found, labels = arrays.load_compact(tmp_path, "train")
    assert found.shape == (0, 3, 3, 1)
    assert labels.shape == (0, 2)


def test_a_cut_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, normalised(all_bytes()))
    whole = (tmp_path / "x_train.npy").read_bytes()
    (tmp_path / "x_train.npy").write_bytes(whole[:-7])
    with pytest.raises(DataError, match=r"x_train.npy: cannot be read: .* \(delete it"):
        arrays.load_compact(tmp_path, "train")


def test_each_split_is_its_own(tmp_path: Path) -> None:
    make_arrays(tmp_path)
    for split in SPLITS:
        found, labels = arrays.load_compact(tmp_path, split, 0)
        whole, expected = arrays.load(tmp_path, split, 0)
        assert len(found) == IMAGES[split]
        assert np.array_equal(normalised(found), whole)
        assert np.array_equal(labels, expected)
