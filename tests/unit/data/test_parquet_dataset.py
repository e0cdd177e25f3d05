"""Parquet files with images and labels in their rows are a data set, the same as in other formats.

What is wrong with such a file is said in tests/faults/test_hostile_inputs.py.
"""

import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from crafted_parquet import ZSTD, hugging_face, write_parquet
from makers import png, random_images, write_idx, write_zip
from paths import ROOT
from swatchbook.data import arrays, dataset_formats, decoding, labels
from swatchbook.data.content_digests import digests
from swatchbook.data.dataset_formats import Images
from swatchbook.data.parquet_file import ParquetFile, table
from swatchbook.errors import ConfigurationError, DataError
from swatchbook.files import digest, read_json
from swatchbook.startup import configuration

CLASSES = ["a", "b", "c"]
X = random_images(30, 6, 5)
Y = [number % 3 for number in range(30)]
FILES = [(png(pixels),) for pixels in X]
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def spec(channels: int = 3, **parquet: Any) -> dict[str, Any]:
    return {
        "format": "parquet",
        "image": {"height": 6, "width": 5, "channels": channels},
        "classes": CLASSES,
        "parquet": {"train": ["some.parquet"], **parquet},
        "split": {"test_share": 0.2},
    }


def read(folder: Path, said: dict[str, Any], **columns: Any) -> Images:
    columns = {"image": FILES, "label": Y} | columns
    write_parquet(folder / "some.parquet", columns, rows_a_group=7, codec=ZSTD)
    return dataset_formats.read(said, folder)


def test_two_columns_are_a_data_set(tmp_path: Path) -> None:
    images = read(tmp_path, spec())
    np.testing.assert_array_equal(images.pixels, X)
    assert images.labels.tolist() == Y and images.labels.dtype == np.int64
    assert images.parts is None and images.groups is None
    assert (images.ids[0], images.ids[-1]) == ("train/0", "train/29")
    assert images.notes["formats"] == {"PNG": 30}


@pytest.mark.parametrize("rows_a_group", [1, 4, 100])
def test_the_files_of_each_set_follow_one_another(tmp_path: Path, rows_a_group: int) -> None:
    said = spec(train=["b.parquet", "a.parquet"], validation=["v.parquet"], test=["t.parquet"])
    for name, rows in (("b", slice(10)), ("a", slice(10, 17)), ("v", slice(17, 21))):
        write_parquet(
            tmp_path / f"{name}.parquet",
            {"image": FILES[rows], "label": Y[rows]},
            rows_a_group=rows_a_group,
            metadata=hugging_face(CLASSES),
        )
    write_parquet(tmp_path / "t.parquet", {"image": FILES[21:], "label": Y[21:]})
    images = dataset_formats.read(said, tmp_path)
    np.testing.assert_array_equal(images.pixels, X)
    assert images.ids[16:18] == ["train/16", "validation/0"]
    decoding.decode(said | {"split": {}}, tmp_path, tmp_path / "arrays")
    for part, rows in (
        ("train", slice(17)),
        ("validation", slice(17, 21)),
        ("test", slice(21, 30)),
    ):
        x, y = arrays.load(tmp_path / "arrays", part)
        np.testing.assert_array_equal(np.rint(x * 255), X[rows])
        assert y.argmax(axis=1).tolist() == Y[rows]


def test_columns_have_any_names_and_say_the_split_and_the_group(tmp_path: Path) -> None:
    parts = ["Train", "train", "val", "test", "test"] * 6
    said = spec(image='a "b".c', label="label", labels="name", split="set", group="who")
    images = read(
        tmp_path,
        said,
        **{'a "b".c': [content for (content,) in FILES], "label": [CLASSES[y] for y in Y]},
        set=parts,
        who=[number // 2 for number in range(30)],
    )
    np.testing.assert_array_equal(images.pixels, X)
    assert images.labels.tolist() == Y
    assert images.parts.tolist()[:5] == ["train", "train", "validation", "test", "test"]
    assert images.groups.tolist()[:4] == ["0", "0", "1", "1"]


def test_names_of_classes_are_compared_composed(tmp_path: Path) -> None:
    said = spec(labels="name") | {"classes": ["K\u00e4fer", "7"]}
    images = read(tmp_path, said, label=["Ka\u0308fer ", "7"] * 15)
    assert images.labels.tolist() == [0, 1] * 15


@pytest.mark.parametrize("label", [None, -1])
def test_what_is_broken_or_without_a_label_is_left_out_and_counted(
    tmp_path: Path, label: int | None
) -> None:
    files = [*FILES[:3], None, (FILES[4][0][:40],), *FILES[5:]]
    numbers = [*Y[:7], label, *Y[8:]]
    said = spec(leave_out=["broken", "unlabelled"])
    images = read(tmp_path, said, image=files, label=numbers)
    kept = [row for row in range(30) if row not in (3, 4, 7)]
    np.testing.assert_array_equal(images.pixels, X[kept])
    assert images.labels.tolist() == [Y[row] for row in kept]
    assert images.ids == [f"train/{row}" for row in kept]
    out = images.notes["left_out"]
    assert out["unlabelled"] == ["train/7"]
    assert sorted(out["broken"])[0] == "train/3 (there is no image in its row)"
    assert sorted(out["broken"])[1].startswith("train/4 (")


def test_images_come_to_their_size_and_colours_as_everywhere(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(X[0]).resize((50, 60)).save(file, "JPEG")
    image = {"height": 6, "width": 5, "channels": 1, "resize": "fit", "colour": "convert"}
    said = spec() | {"image": image}
    images = read(tmp_path, said, image=[(file.getvalue(),), *FILES[1:]])
    write_zip(tmp_path / "some.zip", {"a/1.jpg": file.getvalue(), "b/2.png": FILES[1][0]})
    archive = {"images": "some.zip", "folders": ["class"], "ids": "path"}
    same = dataset_formats.read(said | {"format": "archive", "archive": archive}, tmp_path)
    np.testing.assert_array_equal(images.pixels[:2], same.pixels)
    assert images.notes["changes"] == {"colours converted": 30, "resized": 1}


def test_the_content_can_be_pinned(tmp_path: Path) -> None:
    pins = digests(X, np.array(Y), 3)
    assert len(read(tmp_path, spec() | {"content": pins}).ids) == 30
    with pytest.raises(DataError, match="its labels in id order have SHA-256"):
        read(tmp_path, spec() | {"content": pins | {"labels": "0" * 64}})


def test_an_index_means_the_same_class_everywhere(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "some.parquet",
        {"image": FILES, "label": Y},
        metadata=hugging_face(["c", "b", "a"]),
    )
    with pytest.raises(DataError, match=r"its classes are c, b, a, and a, b, c in the data set's"):
        dataset_formats.read(spec(), tmp_path)
    renamed = spec() | {"classes": ["cat", "bee", "ape"]}
    assert dataset_formats.read(renamed, tmp_path).labels.tolist() == Y


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"train": ["some.parquet", "some.parquet"]}, "files that stand twice in"),
        ({"test": ["some.parquet"]}, "files that stand twice in"),
        ({"test": ["other.parquet"], "split": "set"}, "both a file and a column say the split"),
    ],
)
def test_a_file_stands_in_one_set_only(tmp_path: Path, how: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(tmp_path, spec(**how))


def test_files_without_a_row_are_refused(tmp_path: Path) -> None:
    import duckdb

    query = "SELECT 'a'::BLOB AS image, 1 AS label WHERE false"
    duckdb.sql(f"COPY ({query}) TO '{tmp_path / 'some.parquet'}' (FORMAT parquet)")
    with pytest.raises(DataError, match="there is no row in it"):
        dataset_formats.read(spec(), tmp_path)


def test_a_folder_of_the_path_is_neither_a_pattern_nor_a_column(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]*?" / "label=5"
    folder.mkdir(parents=True)
    decoy = tmp_path / "abc1" / "label=5"
    decoy.mkdir(parents=True)
    write_parquet(decoy / "some.parquet", {"image": FILES[:1], "label": [2]})
    assert read(folder, spec()).labels.tolist() == Y


def test_few_large_images_are_taken_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swatchbook.data.parquet_file.IMAGES_AT_A_TIME", 200)
    files = [*FILES[:5], None, *FILES[6:]]
    said = spec(leave_out=["broken"])
    images = read(tmp_path, said, image=files)
    np.testing.assert_array_equal(images.pixels, np.delete(X, 5, axis=0))


def test_every_file_of_a_block_must_stand_under_files(tmp_path: Path) -> None:
    text = (
        "title: Some\nformat: parquet\nimage: {height: 6, width: 5, channels: 3}\n"
        "classes: [a, b, c]\nfiles: {a.parquet: {}}\nsplit: {test_share: 0.2}\n"
        "parquet: {train: [a.parquet, b.parquet]}\n"
    )
    (tmp_path / "some.yaml").write_text(text)
    schema = ROOT / "workflow/schemas/dataset.schema.json"
    with pytest.raises(ConfigurationError, match=r"b\.parquet does not stand under 'files'"):
        configuration.load_dataset("some", [tmp_path], schema)
    (tmp_path / "some.yaml").write_text(text.replace(", b.parquet", ""))
    read_back = configuration.load_dataset("some", [tmp_path], schema)["parquet"]
    assert read_back["image"] == "image" and read_back["labels"] == "index"


def both_ways(folder: Path, train: tuple, test: tuple, classes: list[str]) -> None:
    """Decode images from IDX files and from Parquet, and compare every file of the arrays."""
    height, width = train[0].shape[1:]
    held = len(train[0]) // 10
    common = {
        "image": {"height": height, "width": width, "channels": 1},
        "classes": classes,
    }
    files = {}
    for part, (x, y) in (("train", train), ("test", test)):
        write_idx(folder / f"{part}-x", x)
        write_idx(folder / f"{part}-y", y)
        files[part] = {"images": f"{part}-x", "labels": f"{part}-y"}
    idx = common | {"format": "idx", "idx": files, "split": {"validation_first": held}}
    decoding.decode(idx, folder, folder / "idx")
    x, y = train
    half = held + (len(x) - held) // 2
    shards = {
        "validation-00000-of-00001": (x[:held], y[:held]),
        "train-00000-of-00002": (x[held:half], y[held:half]),
        "train-00001-of-00002": (x[half:], y[half:]),
        "test-00000-of-00001": test,
    }
    named: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for name, (pixels, indices) in shards.items():
        columns = {
            "image": [(png(one[..., np.newaxis]),) for one in pixels],
            "label": indices.tolist(),
        }
        write_parquet(folder / f"{name}.parquet", columns, metadata=hugging_face(classes))
        named[name.partition("-")[0]].append(f"{name}.parquet")
    parquet = common | {"format": "parquet", "parquet": named, "split": {}}
    decoding.decode(parquet, folder, folder / "parquet")
    for name in (f"{array}_{part}.npy" for array in "xy" for part in named):
        assert digest(folder / "idx" / name) == digest(folder / "parquet" / name)
    assert read_json(folder / "parquet" / "decoding.json")["left_out"] == {}


def test_arrays_from_hugging_faces_parquet_are_those_from_idx_digest_by_digest(
    tmp_path: Path,
) -> None:
    if not DEBIAN.is_dir():
        pytest.skip(f"there is no {DEBIAN}: apt install dataset-fashion-mnist")

    def values(name: str, offset: int) -> np.ndarray:
        with gzip.open(DEBIAN / name) as file:
            return np.frombuffer(file.read(offset + 400 * 784)[offset:], np.uint8)

    x = values("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    y = values("t10k-labels-idx1-ubyte.gz", 8)[: len(x)]
    classes = [f"class {number}" for number in range(10)]
    both_ways(tmp_path, (x[:300], y[:300]), (x[300:], y[300:]), classes)


def test_a_table_is_read_as_text(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "labels.parquet",
        {
            "id": ["1", "01", " é"],
            "n": [7, None, -2],
            "text": ["x", None, ""],
            "raw": [b"", b"", b""],
        },
    )
    assert table(path).to_dict("list") == {
        "id": ["1", "01", " é"],
        "n": ["7", "", "-2"],
        "text": ["x", "", ""],
    }
    assert set(table(path).dtypes) == {pd.StringDtype(na_value=np.nan)}
    found = labels.read_table(path, {"label": "n", "group": "text"})
    assert found.index.tolist() == ["1", "01", "é"]
    assert found["label"].tolist() == ["7", "", "-2"] and found["group"].tolist() == ["x", "", ""]
    in_archive = labels.read_table("some.zip: x.csv", {"label": "n"}, io.BytesIO(path.read_bytes()))
    assert in_archive["label"].tolist() == ["7", "", "-2"]


def test_whole_numbers_that_missing_ones_made_real_are_written_as_whole(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "labels.parquet"
    query = "SELECT * FROM (VALUES ('a', 1.0::DOUBLE), ('b', 'nan'::DOUBLE), ('c', 2.5::DOUBLE))"
    duckdb.sql(f"COPY ({query} AS t(id, label)) TO '{path}' (FORMAT parquet)")
    assert table(path)["label"].tolist() == ["1", "", "2.5"]


def test_what_others_have_written_is_read(tmp_path: Path) -> None:
    """DuckDB's own writer takes other encodings than the one of these tests."""
    import duckdb

    path = tmp_path / "some.parquet"
    query = "SELECT {'bytes': 'a'::BLOB, 'path': i::VARCHAR} AS image, i % 3 AS label"
    copy = f"COPY ({query} FROM range(5000) AS t(i)) TO '{path}' (FORMAT parquet, CODEC zstd)"
    duckdb.sql(copy)
    with ParquetFile(path) as file:
        assert file.rows == 5000
        sizes = [size for (size,) in file.values([f"octet_length({file.image('image')})"])]
        assert list(file.images("image", sizes, range(5000))) == [b"a"] * 5000
        numbers = [number for (number,) in file.values([file.whole_number("label")])]
    assert numbers == [number % 3 for number in range(5000)]
