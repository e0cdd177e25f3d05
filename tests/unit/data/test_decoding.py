"""From files to arrays: every row leads back to its image, and nothing is skipped or changed."""

import hashlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from makers import png, random_images, raw_png, write_7z, write_idx, write_table
from paths import ROOT
from swatchbook.data import arrays, decoding
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError
from swatchbook.startup import configuration

CLASSES = ["cat", "dog", "7"]
COUNT = 50
IDS = [str(number) for number in range(1, COUNT + 1)]
PIXELS = random_images(COUNT)
LABELS = np.random.default_rng(3).integers(0, len(CLASSES), COUNT)
SPLIT = {"test_share": 0.2, "validation_share": 0.25, "random_state": 42}
ARCHIVE_SPEC: dict[str, Any] = {
    "format": "archive",
    "image": {"height": 4, "width": 5, "channels": 3},
    "classes": CLASSES,
    "archive": {"images": "some.7z", "labels": "labels.csv"},
    "split": SPLIT,
}
IDX_SPEC: dict[str, Any] = {
    "format": "idx",
    "image": {"height": 4, "width": 5, "channels": 1},
    "classes": CLASSES,
    "idx": {
        "train": {"images": "train-x.gz", "labels": "train-y.gz"},
        "test": {"images": "test-x", "labels": "test-y"},
    },
    "split": {"validation_first": 6},
}
GREY = random_images(40, channels=1)[..., 0]
GREY_LABELS = (np.arange(40) % 3).astype(np.uint8)


def shuffled(seed: int) -> list[int]:
    return np.random.default_rng(seed).permutation(COUNT).tolist()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive and a table, each in an order that is neither the other's nor that of the ids."""
    folder = tmp_path / "resources"
    folder.mkdir()
    members = {f"train/{IDS[number]}.png": png(PIXELS[number]) for number in shuffled(1)}
    write_7z(folder / "some.7z", members)
    write_table(
        folder / "labels.csv", {IDS[number]: CLASSES[LABELS[number]] for number in shuffled(2)}
    )
    return folder


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "resources"
    folder.mkdir()
    write_idx(folder / "train-x.gz", GREY[:30])
    write_idx(folder / "train-y.gz", GREY_LABELS[:30])
    write_idx(folder / "test-x", GREY[30:])
    write_idx(folder / "test-y", GREY_LABELS[30:])
    return folder


def decoded(spec: Mapping[str, Any], folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    output = folder.parent / "arrays"
    decoding.decode(spec, folder, output)
    return {split: arrays.load(output, split) for split in SPLITS}


def with_split(**changes: Any) -> dict[str, Any]:
    return ARCHIVE_SPEC | {"split": SPLIT | changes}


def test_arrays_are_float32_in_0_to_1_and_one_hot(folder: Path) -> None:
    data = decoded(ARCHIVE_SPEC, folder)
    assert {split: len(x) for split, (x, _) in data.items()} == {
        "train": 30,
        "validation": 10,
        "test": 10,
    }
    for x, y in data.values():
        assert (x.dtype, y.dtype) == (np.float32, np.float32)
        assert x.shape == (len(x), 4, 5, 3)
        assert y.shape == (len(x), len(CLASSES))
        assert 0 <= x.min() < 0.1
        assert 0.9 < x.max() <= 1
        assert set(np.unique(y)) == {0, 1}
        assert (y.sum(axis=1) == 1).all()


def test_every_row_leads_back_to_its_image_and_label(folder: Path) -> None:
    data = decoded(ARCHIVE_SPEC, folder)
    seen = []
    for split, (x, y) in data.items():
        index = arrays.read_index(folder.parent / "arrays", split)
        assert index["row"].tolist() == list(range(len(x)))
        for row, id_, label in index.itertuples(index=False):
            source = IDS.index(id_)
            np.testing.assert_array_equal(x[row], PIXELS[source].astype(np.float32) / 255)
            assert CLASSES[y[row].argmax()] == label == CLASSES[LABELS[source]]
            seen.append(id_)
    assert sorted(seen) == sorted(IDS)


def test_the_index_is_one_table_of_all_splits(folder: Path) -> None:
    decoded(ARCHIVE_SPEC, folder)
    index = pd.read_csv(folder.parent / "arrays" / "index.csv")
    assert list(index.columns) == ["split", "row", "id", "label"]
    assert index["split"].unique().tolist() == list(SPLITS)


@pytest.mark.parametrize("share", [0, 0.1, 0.25])
def test_the_split_is_scikit_learns_over_images_in_id_order(folder: Path, share: float) -> None:
    data = decoded(with_split(validation_share=share), folder)
    x = PIXELS.astype(np.float32) / 255
    train, test = train_test_split(x, test_size=0.2, random_state=42)
    np.testing.assert_array_equal(data["test"][0], test, strict=True)
    validation = train[:0]
    if share:
        train, validation = train_test_split(train, test_size=share, random_state=42)
    np.testing.assert_array_equal(data["train"][0], train, strict=True)
    np.testing.assert_array_equal(data["validation"][0], validation, strict=True)


def test_another_random_state_is_another_split(folder: Path) -> None:
    one, other = (decoded(with_split(random_state=state), folder)["test"][0] for state in (1, 2))
    assert (one != other).any()


@pytest.mark.parametrize("changes", [{"test_share": 0.999}, {"validation_share": 0.999}])
def test_a_split_that_leaves_nothing_to_train_with_is_refused(
    folder: Path, changes: dict[str, float]
) -> None:
    with pytest.raises(DataError, match=r"split: 50 images cannot be split"):
        decoded(with_split(**changes), folder)


def digests() -> dict[str, str]:
    return {
        "images": hashlib.sha256(PIXELS).hexdigest(),
        "labels": hashlib.sha256(LABELS.astype(np.uint8)).hexdigest(),
    }


def test_the_pins_are_of_the_content_in_id_order(folder: Path) -> None:
    decoded(ARCHIVE_SPEC | {"content": digests()}, folder)


@pytest.mark.parametrize(("what", "file"), [("images", "some.7z"), ("labels", "labels.csv")])
def test_another_content_stops_before_anything_is_written(
    folder: Path, what: str, file: str
) -> None:
    with pytest.raises(DataError) as caught:
        decoded(spec_with_pins(digests() | {what: "0" * 64}), folder)
    text = str(caught.value)
    assert text.startswith(f"{folder / file}: ")
    assert digests()[what] in text
    assert "0" * 64 in text
    assert not (folder.parent / "arrays").exists()


def spec_with_pins(content: dict[str, str]) -> dict[str, Any]:
    return ARCHIVE_SPEC | {"content": content}


opened_to_write: list[str] | None = None


@pytest.fixture
def written_files() -> Iterator[list[str]]:
    """Every path that this process opens for writing from Python, temporary files too."""
    global opened_to_write

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and opened_to_write is not None:
            path, mode, _ = arguments
            if isinstance(path, str) and mode is not None and set(mode) & set("wxa+"):
                opened_to_write.append(path)

    sys.addaudithook(watch)  # for good: there is no way to remove one
    opened_to_write = []
    yield opened_to_write
    opened_to_write = None


def test_images_never_touch_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, written_files: list[str]
) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    decoded(ARCHIVE_SPEC, folder)
    expected = {f"{array}_{split}.npy" for array in "xy" for split in SPLITS} | {
        "index.csv",
        "decoding.json",
        "originals.npz",
    }
    assert {path.name for path in (folder.parent / "arrays").iterdir()} == expected
    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in folder.iterdir()} == {"some.7z", "labels.csv"}
    endings = {".".join(Path(path).name.rsplit(".", 2)[-2:]) for path in written_files}
    assert endings == expected


def test_extracted_files_are_the_images(folder: Path) -> None:
    output = folder.parent / "images"
    decoded(ARCHIVE_SPEC, folder)
    decoding.extract(folder.parent / "arrays", output)
    assert {path.name for path in output.iterdir()} == {f"{id_}.png" for id_ in IDS}
    for id_, pixels in zip(IDS, PIXELS, strict=True):
        assert (output / f"{id_}.png").read_bytes() == png(pixels)


def repack(folder: Path, *changes: dict[str, bytes]) -> None:
    """Pack the archive again with some more or other members."""
    members = {f"train/{id_}.png": png(image) for id_, image in zip(IDS, PIXELS, strict=True)}
    for change in changes:
        members |= change
    write_7z(folder / "some.7z", members)


def test_all_images_that_cannot_be_decoded_are_named_and_none_is_skipped(folder: Path) -> None:
    grey = raw_png(5, 4, 8, 0, bytes(5))
    repack(folder, {"train/7.png": b"", "train/9.png": grey})
    with pytest.raises(DataError, match=r"cannot be used: 7 \(an empty file\), 9 \(grey"):
        decoded(ARCHIVE_SPEC, folder)
    assert not (folder.parent / "arrays").exists()


def test_idx_keeps_its_test_set_and_holds_out_the_first_training_images(idx_folder: Path) -> None:
    data = decoded(IDX_SPEC, idx_folder)
    parts = {"train": slice(6, 30), "validation": slice(6), "test": slice(30, 40)}
    for split, part in parts.items():
        x, y = data[split]
        expected = GREY[part][..., np.newaxis].astype(np.float32) / 255
        np.testing.assert_array_equal(x, expected, strict=True)
        assert y.argmax(axis=1).tolist() == GREY_LABELS[part].tolist()
    output = idx_folder.parent / "arrays"
    assert arrays.read_index(output, "train").loc[0].tolist() == [0, "train/6", "cat"]
    assert arrays.read_index(output, "validation")["id"].iloc[-1] == "train/5"
    assert arrays.read_index(output, "test").loc[2].tolist() == [2, "test/2", "7"]


def archives_folder(folder: Path) -> Path:
    folder.mkdir()
    for part, numbers in (("train", range(30)), ("test", range(30, 40))):
        ids = [str(number) for number, _ in enumerate(numbers, 1)]  # the same ids in both
        members = {f"{id_}.png": png(PIXELS[n]) for id_, n in zip(ids, numbers, strict=True)}
        write_7z(folder / f"{part}.7z", members)
        labels = {id_: CLASSES[LABELS[n]] for id_, n in zip(ids, numbers, strict=True)}
        write_table(folder / f"{part}.csv", labels)
    return folder


ARCHIVES_SPEC: dict[str, Any] = ARCHIVE_SPEC | {
    "format": "archives",
    "archives": {
        "train": {"images": "train.7z", "labels": "train.csv"},
        "test": {"images": "test.7z", "labels": "test.csv"},
    },
    "split": {"validation_first": 6},
}


def test_two_archives_keep_the_test_set_that_is_given(tmp_path: Path) -> None:
    folder = archives_folder(tmp_path / "resources")
    for split, rows in (("train", slice(6, 30)), ("validation", slice(6)), ("test", slice(30, 40))):
        x, y = decoded(ARCHIVES_SPEC, folder)[split]
        np.testing.assert_array_equal(np.rint(x * 255), PIXELS[rows])
        np.testing.assert_array_equal(y.argmax(1), LABELS[rows])
    index = arrays.read_index(folder.parent / "arrays", "test")
    assert index["id"].tolist() == [f"test/{number}" for number in range(1, 11)]


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("what", ["images", "labels"])
def test_another_content_of_one_of_two_archives_is_refused(
    tmp_path: Path, part: str, what: str
) -> None:
    folder = archives_folder(tmp_path / "resources")
    rows = {"train": slice(30), "test": slice(30, 40)}
    content = {
        f"{name}_{kind}": hashlib.sha256(np.ascontiguousarray(values[place])).hexdigest()
        for name, place in rows.items()
        for kind, values in (("images", PIXELS), ("labels", LABELS.astype(np.uint8)))
    }
    decoded(ARCHIVES_SPEC | {"content": content}, folder)
    wrong = content | {f"{part}_{what}": "0" * 64}
    with pytest.raises(DataError, match=rf"{part}\.\w+: its .* not the pinned 0000"):
        decoded(ARCHIVES_SPEC | {"content": wrong}, folder)


def test_idx_without_a_validation_set(idx_folder: Path) -> None:
    data = decoded(IDX_SPEC | {"split": {"validation_first": 0}}, idx_folder)
    assert [len(x) for x, _ in data.values()] == [30, 0, 10]


BAD_IDX: dict[str, tuple[str, np.ndarray, str]] = {
    "other size": ("train-x.gz", GREY[:30, :, :4], "images of (4, 4) pixels instead of (4, 5)"),
    "a label too few": ("train-y.gz", GREY_LABELS[:29], "29 labels for 30 images"),
    "an image too many": ("test-x", GREY[29:], "10 labels for 11 images"),
    "labels out of range": (
        "test-y",
        np.array([0, 3, 1, 255, 0, 0, 0, 0, 0, 0], np.uint8),
        "no class: 3 at image 1, 255 at image 3 (there are 3 classes, counted from 0)",
    ),
    "labels for images": ("test-x", GREY_LABELS[30:], "1 dimensions instead of 3"),
}


@pytest.mark.parametrize(("file", "values", "reason"), BAD_IDX.values(), ids=BAD_IDX)
def test_idx_files_that_do_not_fit_are_refused(
    idx_folder: Path, file: str, values: np.ndarray, reason: str
) -> None:
    write_idx(idx_folder / file, np.ascontiguousarray(values))
    with pytest.raises(DataError) as caught:
        decoded(IDX_SPEC, idx_folder)
    assert reason in str(caught.value)
    assert not (idx_folder.parent / "arrays").exists()


def test_another_idx_content_is_refused(idx_folder: Path) -> None:
    with pytest.raises(DataError, match=r"train-y\.gz: .* not the pinned 0{64}"):
        decoded(IDX_SPEC | {"content": {"train_labels": "0" * 64}}, idx_folder)


def test_a_missing_idx_file_is_named(idx_folder: Path) -> None:
    (idx_folder / "test-y").unlink()
    with pytest.raises(DataError, match="test-y: cannot be read"):
        decoded(IDX_SPEC, idx_folder)


def test_classes_and_ids_that_look_like_numbers_stay_texts(tmp_path: Path) -> None:
    rows = {split: np.array([number]) for number, split in enumerate(SPLITS)}
    arrays.write(tmp_path, PIXELS[:3], np.array([0, 1, 0]), ["01", "2", "NA"], rows, ["0", "1.0"])
    found = [arrays.read_index(tmp_path, split).loc[0].tolist() for split in SPLITS]
    assert found == [[0, "01", "0"], [0, "2", "1.0"], [0, "NA", "0"]]


def test_arrays_that_do_not_belong_together_are_refused(folder: Path) -> None:
    decoded(ARCHIVE_SPEC, folder)
    output = folder.parent / "arrays"
    shutil.copy(output / "y_test.npy", output / "y_train.npy")
    with pytest.raises(DataError, match="30 images but 10 labels in the train set"):
        arrays.load(output, "train")


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied at once: half a gigabyte should not wait for the next runs."""
    yield tmp_path / "arrays"
    shutil.rmtree(tmp_path / "arrays", ignore_errors=True)


def test_fashion_mnist_as_the_tutorial_split_it(scratch: Path) -> None:
    files = ROOT.parent / "shared" / "data" / "fashion-mnist"
    if not files.is_dir():
        pytest.skip("no ../shared/data/fashion-mnist beside the repository")
    spec = configuration.load_dataset(
        "fashion-mnist", [ROOT / "config/datasets"], ROOT / "workflow/schemas/dataset.schema.json"
    )
    decoding.decode(spec, files, scratch)
    rows = {"train": 55_000, "validation": 5_000, "test": 10_000}
    for split, count in rows.items():
        x, y = arrays.load(scratch, split, mapped=True)
        assert (x.shape, y.shape) == ((count, 28, 28, 1), (count, 10))
    first = {split: arrays.read_index(scratch, split).loc[0].tolist() for split in rows}
    assert first == {
        "train": [0, "train/5000", "Coat"],
        "validation": [0, "train/0", "Ankle boot"],
        "test": [0, "test/0", "Ankle boot"],
    }
