"""From a folder or an archive to a working directory: what is found is written, and it decodes."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from makers import write_7z
from paths import ROOT
from swatchbook.data import arrays, decoding
from swatchbook.discovery import project
from swatchbook.discovery.project import Asked
from swatchbook.errors import ConfigurationError, DataError, SwatchbookError
from swatchbook.startup import config_files, configuration

SCHEMAS = ROOT / "workflow" / "schemas"
RNG = np.random.default_rng(3)


def encoded(height: int = 12, width: int = 16, kind: str = "JPEG", channels: int = 3) -> bytes:
    shape = (height, width, channels) if channels > 1 else (height, width)
    file = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, shape, np.uint8)).save(file, kind)
    return file.getvalue()


def by_class(count: int = 40, **options: Any) -> dict[str, bytes]:
    """Make images in turn of a cat and of a dog, each in its class's folder."""
    return {
        f"{'cat' if number % 2 else 'big dog'}/{number:03}.jpg": encoded(**options)
        for number in range(count)
    }


def in_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def made(tmp_path: Path, files: Mapping[str, bytes], asked: Asked = Asked()) -> tuple[dict, str]:  # noqa: B008
    """Make a working directory of an archive; return the data set's file and what was told."""
    write_7z(tmp_path / "My Pets.7z", files)
    told = project.make(tmp_path / "My Pets.7z", tmp_path / "work", asked=asked)
    folder = tmp_path / "work" / "config"
    config = configuration.checked_config(
        config_files.read(folder / "config.yaml"), SCHEMAS / "config.schema.json", "config.yaml"
    )
    assert config["datasets"] == ["my-pets"]
    spec = configuration.load_dataset(
        "my-pets", [folder / "datasets"], SCHEMAS / "dataset.schema.json"
    )
    decoding.decode(spec, tmp_path / "work/resources/my-pets", tmp_path / "work/arrays")
    return spec, "\n".join(told)


def counts(tmp_path: Path) -> dict[str, int]:
    return {
        split: len(arrays.load(tmp_path / "work/arrays", split)[0])
        for split in ("train", "validation", "test")
    }


def test_a_folder_a_class(tmp_path: Path) -> None:
    spec, told = made(tmp_path, {f"x/{name}": of for name, of in by_class(100).items()})
    assert spec["classes"] == ["big dog", "cat"]
    assert spec["archive"]["folders"] == ["class"] and spec["archive"]["root"] == "x"
    assert spec["image"] == {
        "height": 12,
        "width": 16,
        "channels": 3,
        "resize": "error",
        "colour": "error",
        "background": None,
    }
    assert spec["split"]["stratified"] is True
    assert counts(tmp_path) == {"train": 72, "validation": 8, "test": 20}
    assert "100 images (100 JPEG) of 16 × 12 pixels" in told
    assert "2 classes: big dog 50, cat 50" in told
    assert told.endswith(f"snakemake --cores all --directory {tmp_path / 'work'}")


def test_the_users_own_split_is_kept(tmp_path: Path) -> None:
    files = {}
    for split, count in (("train", 40), ("Val", 20), ("test", 20)):
        files |= {f"{split}/{name}": content for name, content in by_class(count).items()}
    spec, told = made(tmp_path, files)
    assert spec["archive"]["folders"] == ["split", "class"]
    assert spec["split"]["test_share"] is None
    assert counts(tmp_path) == {"train": 40, "validation": 20, "test": 20}
    assert "split: train 40, validation 20, test 20" in told


def table(rows: int, delimiter: str = ";") -> str:
    lines = [delimiter.join(["Datei", "Größe", "Kategorie", "patient", "split"])]
    for number in range(rows):
        part = "test" if number % 4 == 3 else "train"
        patient = number // 4 * 10 + (number % 4 == 3)
        kind = ("Hund", "Käfer")[number // 2 % 2]
        lines.append(delimiter.join([f"img/{number:03}.jpg", "3", kind, str(patient), part]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "cp1252"), ("\t", "utf-16"), (",", "utf-8-sig")]
)
def test_a_table_beside_the_images(tmp_path: Path, delimiter: str, encoding: str) -> None:
    files = {f"img/{number:03}.jpg": encoded() for number in range(40)}
    write = table(40, delimiter).replace("Kategorie", "label").encode(encoding)
    spec, _ = made(tmp_path, files | {"liste.csv": write})
    assert spec["classes"] == ["Hund", "Käfer"]
    read = spec["archive"]["table"]
    assert read["delimiter"] == delimiter and read["id"] == "Datei" and read["label"] == "label"
    assert (read["split"], read["group"]) == ("split", "patient")
    assert counts(tmp_path)["test"] == 10
    index = arrays.read_index(tmp_path / "work/arrays", "train")
    assert set(index["label"]) == {"Hund", "Käfer"}


def test_the_column_of_labels_is_asked_for_where_several_can_be_it(tmp_path: Path) -> None:
    files = {f"{number}.jpg": encoded() for number in range(20)}
    rows = "".join(f"{number},{number % 2},{number % 3}\n" for number in range(20))
    files["list.csv"] = f"image,colour,shape\n{rows}".encode()
    with pytest.raises(DataError, match=r"which column is the label: 'colour', 'shape'\? \(say so"):
        made(tmp_path, files)
    spec, _ = made(tmp_path, files, Asked(label="shape"))
    assert spec["classes"] == ["0", "1", "2"] and spec["archive"]["ids"] == "stem"
    with pytest.raises(DataError, match=r"there is no column 'form'; there are 'image', 'colour'"):
        project.make(tmp_path / "My Pets.7z", tmp_path / "other", asked=Asked(label="form"))


def test_images_of_all_kinds_become_alike(tmp_path: Path) -> None:
    files = by_class(40, height=80, width=100)
    files["cat/grey.png"] = encoded(70, 70, "PNG", channels=1)
    alpha = np.full((75, 75, 4), 128, np.uint8)
    file = io.BytesIO()
    Image.fromarray(alpha).save(file, "PNG")
    files["cat/alpha.png"] = file.getvalue()
    spec, told = made(tmp_path, files)
    assert spec["image"] == {
        "height": 64,
        "width": 64,
        "channels": 3,
        "resize": "fit",
        "colour": "convert",
        "background": "#ffffff",
    }
    written = (tmp_path / "work/config/datasets/my-pets.yaml").read_text()
    assert "# 1 images are grey; 1 images are RGB with alpha" in written
    assert "of 70 × 70 to 100 × 80 pixels" in told


@pytest.mark.parametrize(
    ("asked", "image"),
    [
        (Asked(size=(20, 24)), {"height": 20, "width": 24, "resize": "fit"}),
        (Asked(size=(12, 16)), {"height": 12, "width": 16, "resize": "error"}),
        (Asked(size=(8, 8), resize="crop"), {"height": 8, "width": 8, "resize": "crop"}),
    ],
)
def test_the_user_may_ask_for_a_size(tmp_path: Path, asked: Asked, image: dict[str, Any]) -> None:
    spec, _ = made(tmp_path, by_class(), asked)
    assert image.items() <= spec["image"].items()


def test_what_is_broken_or_lacks_something_is_left_out_and_told(tmp_path: Path) -> None:
    files = {f"{number:02}.jpg": encoded() for number in range(40)}
    files["03.jpg"] = files["03.jpg"][:200]
    files["05.jpg"] = files["04.jpg"]
    files |= {"film.mp4": b"", "notes.txt": b"hello", "more.jpg": encoded()}
    rows = "".join(f"{number:02},{'ab'[number % 2]}\n" for number in range(41))
    files["list.csv"] = f"id,label\n{rows}".encode()
    spec, told = made(tmp_path, files)
    assert spec["archive"]["leave_out"] == ["broken", "unlabelled", "without_image", "others"]
    for line in (
        "exact copies of other files: 05.jpg",
        "left out, broken: 03.jpg (the file is damaged",
        "left out, without a label: 1 images",
        "left out, without an image: 1 rows",
        "left out, no images: film.mp4",
    ):
        assert line in told
    assert sum(counts(tmp_path).values()) == 39


def test_a_class_with_few_images_cannot_be_drawn_by_shares(tmp_path: Path) -> None:
    files = by_class(60) | {"mouse/1.jpg": encoded(), "mouse/2.jpg": encoded()}
    spec, told = made(tmp_path, files)
    assert spec["split"]["stratified"] is False
    assert "unbalanced: 30 of big dog, 2 of mouse" in told


def test_a_word_that_yaml_takes_for_something_else_stays_a_class(tmp_path: Path) -> None:
    names = ["yes", "no", "1", "null", "ab: c", "# c"]
    files = {f"{names[n % 6]}/{n}.jpg": encoded() for n in range(30)}
    spec, _ = made(tmp_path, files)
    assert sorted(spec["classes"]) == sorted(names)


def test_the_written_file_says_why(tmp_path: Path) -> None:
    made(tmp_path, by_class())
    text = (tmp_path / "work/config/datasets/my-pets.yaml").read_text()
    assert f"# Made from {tmp_path / 'My Pets.7z'}." in text
    assert "height: 12  # the size of all images" in text
    assert set(yaml.safe_load(text)["content"]) == {"images", "labels"}


REFUSED: dict[str, tuple[dict[str, bytes], str]] = {
    "no image": ({"a.txt": b"hello"}, "there is no image in it"),
    "nothing says what is on them": (
        {"1.jpg": encoded(), "2.jpg": encoded()},
        "2 images, and nothing says what is on them (put the images of each class into a folder",
    ),
    "one class": ({"x/cat/1.jpg": encoded(), "list.csv": b"id,label\n1,cat\n"}, "one class, cat:"),
    "nothing can be read": ({"a/1.jpg": b"", "b/2.jpg": b"?"}, "not one image can be read"),
}


@pytest.mark.parametrize(("files", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_data_set_is_refused_in_a_line(
    tmp_path: Path, files: dict[str, bytes], told: str
) -> None:
    with pytest.raises(SwatchbookError) as caught:
        made(tmp_path, files)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "work" / "config").exists()


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    made(tmp_path, by_class())
    with pytest.raises(ConfigurationError, match="there is a configuration already"):
        project.make(tmp_path / "My Pets.7z", tmp_path / "work")
    with pytest.raises(DataError, match="there is no such file or folder"):
        project.make(tmp_path / "nothing", tmp_path / "other")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Meine Käfer 2024.tar.gz", "meine-kafer-2024"),
        ("photos", "photos"),
        ("日本.zip", "images"),
        ("a.b.7z", "a-b"),
    ],
)
def test_names_are_made_plain(name: str, expected: str) -> None:
    assert project.name_of(Path(name)) == expected
