"""Arrays in a NumPy file are a data set; what is no image or no label is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swatchbook.data import arrays, dataset_formats, decoding
from swatchbook.data.content_digests import digests
from swatchbook.data.dataset_formats import Images
from swatchbook.errors import DataError

RNG = np.random.default_rng(5)
X = RNG.integers(0, 256, (20, 6, 5, 3), np.uint8)
Y = np.arange(20) % 3
OWN = {
    "train": {"images": "train_images", "labels": "train_labels"},
    "validation": {"images": "val_images", "labels": "val_labels"},
    "test": {"images": "test_images", "labels": "test_labels"},
}


def spec(channels: int = 3, **npz: Any) -> dict[str, Any]:
    return {
        "format": "npz",
        "image": {"height": 6, "width": 5, "channels": channels},
        "classes": ["a", "b", "c"],
        "npz": {"file": "some.npz", **npz},
        "split": {"test_share": 0.2},
    }


def read(folder: Path, said: dict[str, Any], **named: np.ndarray) -> Images:
    np.savez_compressed(folder / "some.npz", **named)
    return dataset_formats.read(said, folder)


def test_two_arrays_are_a_data_set(tmp_path: Path) -> None:
    images = read(tmp_path, spec(), x_train=X, y_train=Y[:, np.newaxis].astype(np.uint8))
    np.testing.assert_array_equal(images.pixels, X)
    np.testing.assert_array_equal(images.labels, Y)
    assert images.labels.dtype == np.int64 and images.parts is None
    assert (images.ids[0], images.ids[-1]) == ("train/0", "train/19")


def test_sets_that_the_file_has_are_kept(tmp_path: Path) -> None:
    named = {}
    for part, rows in (("train", slice(12)), ("val", slice(12, 15)), ("test", slice(15, 20))):
        named |= {f"{part}_images": X[rows, ..., 0], f"{part}_labels": Y[rows]}
    said = spec(1, **OWN) | {"split": {}}
    images = read(tmp_path, said, **named, other=np.zeros(3))
    np.testing.assert_array_equal(images.pixels, X[..., :1])
    decoding.decode(said, tmp_path, tmp_path / "arrays")
    for part, rows in (
        ("train", slice(12)),
        ("validation", slice(12, 15)),
        ("test", slice(15, 20)),
    ):
        x, y = arrays.load(tmp_path / "arrays", part)
        np.testing.assert_array_equal(np.rint(x * 255), X[rows, ..., :1])
        np.testing.assert_array_equal(y.argmax(axis=1), Y[rows])


def test_the_content_can_be_pinned(tmp_path: Path) -> None:
    pins = digests(X, Y, 3)
    assert len(read(tmp_path, spec() | {"content": pins}, x_train=X, y_train=Y).ids) == 20
    with pytest.raises(DataError, match="its labels have SHA-256"):
        read(tmp_path, spec() | {"content": pins | {"labels": "0" * 64}}, x_train=X, y_train=Y)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an array is missing": ({"x_train": X}, "there is no array y_train; there are x_train"),
    "real numbers": ({"x_train": X / 255, "y_train": Y}, "x_train is float64 of 20 × 6 × 5 × 3,"),
    "another size": ({"x_train": X[:, :5], "y_train": Y}, "not uint8 of images of 6 × 5 × 3"),
    "one-hot labels": ({"x_train": X, "y_train": np.eye(3)[Y]}, "not a whole number for each"),
    "too few labels": ({"x_train": X, "y_train": Y[:19]}, "19 labels for 20 train images"),
    "a label of no class": ({"x_train": X, "y_train": Y + 1}, "that are no class: 3 (there are 3"),
    "Python objects": (
        {"x_train": X, "y_train": np.array([print] * 20, object)},
        "y_train cannot be read: it holds no plain numbers",
    ),
}


@pytest.mark.parametrize(("named", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_data_set_is_refused_in_words(
    tmp_path: Path, named: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, spec(), **named)
    assert told in str(caught.value)


def test_an_array_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "some.npz", x_train=np.zeros((9000, 60, 50, 3), np.uint8))
    with pytest.raises(DataError, match=r"times that \(a bomb\?"):
        dataset_formats.read(spec(), tmp_path)
