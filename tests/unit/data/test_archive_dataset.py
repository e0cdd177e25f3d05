"""Images are labelled by folders or a table; what does not fit is named or left out."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from makers import png, random_images, write_7z
from swatchbook.data import arrays, dataset_formats, decoding, originals
from swatchbook.data.dataset_formats import Images
from swatchbook.errors import DataError

PIXELS = random_images(12, 4, 5)
CLASSES = ["cat", "große Käfer"]


def spec(classes: list[str] = CLASSES, **archive: Any) -> dict[str, Any]:
    return {
        "format": "archive",
        "image": {"height": 4, "width": 5, "channels": 3},
        "classes": classes,
        "archive": {"images": "some.7z", **archive},
        "split": {"test_share": 0.25, "validation_share": 0},
    }


def read(folder: Path, members: dict[str, bytes], said: dict[str, Any], table: str = "") -> Images:
    write_7z(folder / "some.7z", members)
    if table:
        (folder / "labels.csv").write_text(table, encoding="utf-8")
    return dataset_formats.read(said, folder)


def in_folders(*folders: str) -> dict[str, bytes]:
    """Put an image into each folder, in turn."""
    return {f"{where}/{n:02}.png": png(PIXELS[n]) for n, where in enumerate(folders)}


TWELVE = ["pets/cat", "pets/große Käfer"] * 6


def test_folders_are_classes(tmp_path: Path) -> None:
    images = read(tmp_path, in_folders(*TWELVE), spec(root="pets", folders=["class"], ids="path"))
    cats = [f"cat/{n:02}.png" for n in range(0, 12, 2)]
    assert images.ids == cats + [f"große Käfer/{n:02}.png" for n in range(1, 12, 2)]
    np.testing.assert_array_equal(images.pixels, np.concatenate([PIXELS[::2], PIXELS[1::2]]))
    assert images.labels.tolist() == [0] * 6 + [1] * 6
    assert images.parts is None and images.groups is None


def test_letters_and_marks_that_stand_apart_are_the_same_class(tmp_path: Path) -> None:
    apart = [where.replace("ä", "a\u0308") for where in TWELVE]
    images = read(tmp_path, in_folders(*apart), spec(root="pets", folders=["class"]))
    assert images.labels.sum() == 6


def test_folders_say_the_split_and_the_group(tmp_path: Path) -> None:
    where = [
        f"{split}/p{n}/cat" for n, split in enumerate(["train"] * 8 + ["val"] * 2 + ["test"] * 2)
    ]
    said = spec(folders=["split", "group", "class"])
    said["split"] = {}
    images = read(tmp_path, in_folders(*where), said)
    assert images.parts.tolist() == ["train"] * 8 + ["validation"] * 2 + ["test"] * 2
    assert images.groups.tolist() == [f"p{n}" for n in range(12)]
    decoding.decode(said, tmp_path, tmp_path / "arrays")
    assert [len(arrays.load(tmp_path / "arrays", part)[0]) for part in ("train", "test")] == [8, 2]


def test_deeper_folders_say_nothing(tmp_path: Path) -> None:
    images = read(
        tmp_path,
        in_folders("x/cat/2019/may", "y/cat", "x/große Käfer"),
        spec(folders=["any", "class"]),
    )
    assert images.labels.tolist() == [0, 0, 1]


TABLE = "file;art;who\n" + "".join(f"{n:02}.png;{CLASSES[n % 2]};{n // 4}\n" for n in range(12))
COLUMNS = {"id": "file", "label": "art", "delimiter": ";"}


def test_a_table_may_have_the_endings_and_other_columns(tmp_path: Path) -> None:
    said = spec(labels="labels.csv", ids="name", table=COLUMNS | {"group": "who"})
    images = read(tmp_path, in_folders(*["flat"] * 12), said, TABLE)
    assert images.labels.tolist() == [0, 1] * 6
    assert images.groups.tolist() == [str(n // 4) for n in range(12)]


def test_a_table_may_be_in_the_archive(tmp_path: Path) -> None:
    members = {"data/table.csv": TABLE.encode()} | in_folders(*["data/images"] * 12)
    said = spec(table_in_archive="data/table.csv", ids="name", table=COLUMNS)
    images = read(tmp_path, members, said)
    assert images.labels.tolist() == [0, 1] * 6
    assert images.notes["passed_over"] == ["data/table.csv"]
    with pytest.raises(DataError, match=r"there is no table\.csv in the archive"):
        read(tmp_path, members, spec(table_in_archive="table.csv", ids="name", table=COLUMNS))


def test_texts_and_tables_beside_images_are_passed_over_and_counted(tmp_path: Path) -> None:
    members = in_folders(*TWELVE) | {"README": b"", "pets/notes.TXT": b"", "LICENSE.md": b""}
    images = read(tmp_path, members, spec(root="pets", folders=["class"]))
    assert len(images.ids) == 12
    assert sorted(images.notes["passed_over"]) == ["LICENSE.md", "README", "pets/notes.TXT"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    members = in_folders(*["flat"] * 12) | {"flat/broken.png": b"GIF89a?", "flat/more.png": b""}
    table = TABLE.replace("02.png", "99.png") + "broken.png;cat;1\n03b.png;;\n"
    said = spec(
        labels="labels.csv",
        ids="name",
        table=COLUMNS,
        leave_out=["broken", "unlabelled", "without_image"],
    )
    images = read(tmp_path, members, said, table)
    assert images.ids == [f"{n:02}.png" for n in range(12) if n != 2]
    np.testing.assert_array_equal(images.pixels, np.delete(PIXELS, 2, axis=0))
    left_out = images.notes["left_out"]
    assert left_out["unlabelled"] == ["02.png", "more.png"]
    assert left_out["without_image"] == ["03b.png", "99.png"]
    (broken,) = left_out["broken"]
    assert broken.startswith("broken.png (the file is damaged")


def test_what_was_seen_stands_beside_the_arrays(tmp_path: Path) -> None:
    said = spec(root="pets", folders=["class"], leave_out=["broken"])
    said["image"] |= {"height": 2, "resize": "crop", "colour": "convert"}
    members = in_folders(*TWELVE) | {"pets/cat/x.png": b"", "pets/cat/y.png": png(PIXELS[0][:3])}
    write_7z(tmp_path / "some.7z", members)
    decoding.decode(said, tmp_path, tmp_path / "arrays")
    assert json.loads((tmp_path / "arrays/decoding.json").read_text()) == {
        "formats": {"PNG": 13},
        "sizes": [
            {"height": 4, "width": 5, "images": 12},
            {"height": 3, "width": 5, "images": 1},
        ],
        "smallest": {"height": 3, "width": 5},
        "largest": {"height": 4, "width": 5},
        "changes": {"resized": 13},
        "left_out": {"broken": ["x (an empty file)"]},
        "passed_over": [],
    }
    shown = originals.read(tmp_path / "arrays" / "originals.npz")
    assert {one.size for one in shown} == {(4, 5), (3, 5)}


REFUSED: dict[str, tuple[dict[str, Any], list[str], str, str]] = {
    "an image outside of the folders": (
        {"folders": ["class"]},
        ["cat", "."],
        "",
        "images that do not lie in folders <class>/: 01.png (move them, or correct `folders`",
    ),
    "an image outside of the root": (
        {"folders": ["class"], "root": "pets"},
        ["pets/cat", "cat"],
        "",
        "images outside of pets/: cat/01.png",
    ),
    "a folder that is no class": (
        {"folders": ["class"]},
        ["cat", "cow"],
        "",
        "labels that are no class: 'cow' of 01 (the classes are cat, große Käfer)",
    ),
    "a folder that is no split": (
        {"folders": ["split", "class"]},
        ["train/cat", "more/cat"],
        "",
        "no name of a split: 'more'",
    ),
    "no label at all": ({}, ["cat"], "", "nothing says what class an image has (name a table"),
    "endings in the table": (
        {"labels": "labels.csv", "table": COLUMNS, "leave_out": ["unlabelled"]},
        ["flat"] * 12,
        TABLE,
        "the table has the files' endings: `ids: name` in the data set's file",
    ),
    "folders in the table": (
        {"labels": "labels.csv", "table": COLUMNS, "leave_out": ["unlabelled"]},
        ["flat"],
        "file;art\nflat/00.png;cat\n",
        "the table has the files' folders: `ids: path` in the data set's file",
    ),
    "a split twice": (
        {"labels": "labels.csv", "table": COLUMNS | {"split": "who"}, "ids": "name",
         "folders": ["split"]},
        ["train"] * 12,
        TABLE,
        "both a folder and a column say the split",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("archive", "where", "table", "told"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_in_words(
    tmp_path: Path, archive: dict[str, Any], where: list[str], table: str, told: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, in_folders(*where), spec(**archive), table)
    assert told in str(caught.value)


def test_two_images_of_one_id_are_refused_with_a_way_out(tmp_path: Path) -> None:
    members = {"a/1.png": png(PIXELS[0]), "b/1.PNG": png(PIXELS[1])}
    with pytest.raises(DataError, match=r"stand twice in the archive: 1 \(`ids: path` in"):
        read(tmp_path, members, spec(folders=["any"]))


def test_not_one_usable_image_is_an_error_whatever_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not one image can be used"):
        read(tmp_path, {"cat/1.png": b""}, spec(folders=["class"], leave_out=["broken"]))


def test_the_digest_of_many_classes_is_of_two_bytes_each(tmp_path: Path) -> None:
    classes = [f"c{n:03}" for n in range(300)]
    said = spec(classes, folders=["class"])
    said["content"] = {"labels": "0" * 64}
    members = in_folders("c299", "c000")
    with pytest.raises(DataError, match="not the pinned 0000") as caught:
        read(tmp_path, members, said)
    assert hashlib.sha256(np.array([299, 0], np.uint16)).hexdigest() in str(caught.value)


def test_of_many_sizes_the_range_is_that_of_all(tmp_path: Path) -> None:
    said = spec(folders=["class"])
    said["image"] |= {"resize": "stretch"}
    pixels = np.zeros((130, 4, 3), np.uint8)
    members = {f"cat/{n}.png": png(pixels[:n]) for n in range(1, 131)}
    notes = read(tmp_path, members, said).notes
    assert len(notes["sizes"]) == 100
    assert (notes["smallest"]["height"], notes["largest"]["height"]) == (1, 130)
