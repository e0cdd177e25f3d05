"""From a folder or an archive to a working directory: what is found is written, and it decodes."""

import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from makers import write_7z, write_zip
from paths import ROOT
from swatchbook.__main__ import main
from swatchbook.data import arrays, decoding, limits, parquet_table, sharding
from swatchbook.data.limits import Limits
from swatchbook.data.splits import SPLITS
from swatchbook.discovery import decisions, origins, project
from swatchbook.discovery.project import AS_FOUND, Asked
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


def made(tmp_path: Path, files: Mapping[str, bytes], asked: Asked = AS_FOUND) -> tuple[dict, str]:
    """Make a working directory of an archive; return the data set's file and what was told."""
    write_7z(tmp_path / "My Pets.7z", files)
    told = project.make(tmp_path / "My Pets.7z", tmp_path / "work", asked=asked)
    folder = tmp_path / "work" / "config"
    config = configuration.checked_config(
        config_files.read(folder / "config.yaml"), SCHEMAS / "config.schema.json", "config.yaml"
    )
    assert config["datasets"] == ["my-pets"] and config["training"]["keep"] == "best"
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
    spec, told = made(tmp_path, files | {"liste.csv": write})
    assert "labels: the column 'label' of liste.csv" in told
    assert "groups: 20 by the column 'patient'; each is in one set only" in told
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
    with pytest.raises(DataError, match=r"there is no column 'form'; there are 'colour', 'shape'"):
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


@pytest.mark.parametrize(
    ("classes", "each", "stratified"), [(2, 5, False), (2, 12, True), (3, 4, False), (8, 12, True)]
)
def test_few_images_of_a_class_are_drawn_by_shares_where_each_set_can_have_one(
    tmp_path: Path, classes: int, each: int, stratified: bool
) -> None:
    files = {f"class{n % classes}/{n}.png": encoded(kind="PNG") for n in range(classes * each)}
    spec, _ = made(tmp_path, files)
    assert spec["split"]["stratified"] is stratified
    labels = [np.argmax(arrays.load(tmp_path / "work/arrays", part)[1], 1) for part in SPLITS]
    if stratified:
        assert {len(set(of)) for of in labels[::2]} == {classes}


def test_seeds_are_added_until_the_verdict_is_decided(tmp_path: Path) -> None:
    _, told = made(tmp_path, by_class())
    config = config_files.read(tmp_path / "work/config/config.yaml")
    assert config["seeds"] == {"from": 3, "to": 8, "until": "decided"}
    assert len(config["models"]) == decisions.MODELS
    assert "A rough guess: 6 trainings take" in told and "16, if the verdict needs them" in told


def test_the_forecast_says_what_it_rests_on() -> None:
    """(60 × 3,000 × 4 / 1,500 + 15) s a training, so 6 in 3 turns and 16 in 8 on two cores."""
    assert decisions.forecast(3000, 60, (64, 64), cores=2) == (
        "A rough guess: 6 trainings take 25 min on 2 cores, 16, if the verdict needs them, 66 min "
        "(at 1,500 images of 32 × 32 pixels a second and core; half and double as much were "
        "measured, and a GPU is faster)."
    )
    assert "6 trainings take 1 min on 64 cores" in decisions.forecast(500, 20, (28, 28), cores=64)
    assert "16, if the verdict needs them, 18 h" in decisions.forecast(10**6, 6, (32, 32), cores=1)


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
    assert origins.name_of(Path(name)) == expected


def test_another_attempt_looks_at_the_images_as_they_are_now(tmp_path: Path) -> None:
    source = in_folder(tmp_path / "pets", {"1.jpg": encoded(), "2.jpg": encoded()})
    with pytest.raises(DataError, match="nothing says what is on them"):
        project.make(source, tmp_path / "work")
    for file in source.iterdir():
        file.unlink()
    in_folder(source, by_class(30))
    told = project.make(source, tmp_path / "work")
    assert told[0] == f"{source}: 30 images (30 JPEG) of 16 × 12 pixels"


def test_an_archive_that_is_in_place_is_left_there(tmp_path: Path) -> None:
    place = tmp_path / "work" / "resources" / "pets" / "pets.7z"
    place.parent.mkdir(parents=True)
    write_7z(place, by_class(30))
    before = place.read_bytes()
    project.make(place, tmp_path / "work")
    assert place.read_bytes() == before


def test_nothing_is_written_among_the_images(tmp_path: Path) -> None:
    source = in_folder(tmp_path / "pets", by_class(30))
    for folder in (source, source / "deep" / "er"):
        with pytest.raises(ConfigurationError, match="would lie among the images"):
            project.make(source, folder)
    assert {path.name for path in source.iterdir()} == {"cat", "big dog"}


def test_the_command_makes_a_folder_beside_images_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_folder(tmp_path / "pets", by_class(30))
    monkeypatch.chdir(tmp_path)
    assert main(["new", "pets", "--size", "8x10", "--resize", "crop"]) == 0
    assert "--directory pets-swatchbook" in capsys.readouterr().out
    spec = yaml.safe_load((tmp_path / "pets-swatchbook/config/datasets/pets.yaml").read_text())
    assert (spec["image"]["height"], spec["image"]["width"]) == (8, 10)
    assert main(["new", "pets", "--name", "mine"]) == 0
    assert (tmp_path / "mine/config/datasets/mine.yaml").exists()
    assert main(["new", "pets", "mine"]) == 1
    assert "swatchbook: error: mine/config: there is a configuration" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "96x0", "x", "1.5", "-3", "96x96x3"])
def test_what_is_no_size_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["new", "pets", "--size", text])
    assert "is no size: write 96, or 96x128" in capsys.readouterr().err


def test_a_table_without_labels_beside_class_folders_says_the_group(tmp_path: Path) -> None:
    files = by_class(40)
    rows = "".join(f"{name},{number // 4}\n" for number, name in enumerate(files))
    spec, _ = made(tmp_path, files | {"who.csv": f"file,patient\n{rows}".encode()})
    assert spec["archive"]["folders"] == ["class"]
    assert spec["archive"]["table"]["label"] is None
    assert spec["archive"]["table"]["group"] == "patient"


def test_a_numpy_file_of_sets(tmp_path: Path) -> None:
    x = RNG.integers(0, 256, (60, 9, 8), np.uint8)
    y = (np.arange(60) % 3)[:, np.newaxis]
    named = {"train_images": x[:40], "train_labels": y[:40], "val_images": x[40:50]}
    named |= {"val_labels": y[40:50], "test_images": x[50:], "test_labels": y[50:]}
    np.savez_compressed(tmp_path / "med.npz", **named)
    told = project.make(tmp_path / "med.npz", tmp_path / "work")
    assert told[0].endswith("med.npz: 60 images in arrays")
    assert told[2] == "split: train 40, validation 10, test 10"
    folders = [tmp_path / "work/config/datasets"]
    spec = configuration.load_dataset("med", folders, SCHEMAS / "dataset.schema.json")
    assert spec["classes"] == ["0", "1", "2"] and spec["image"]["channels"] == 1
    decoding.decode(spec, tmp_path / "work/resources/med", tmp_path / "work/arrays")
    assert counts(tmp_path) == {"train": 40, "validation": 10, "test": 10}


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"a": np.zeros(3), "b": np.zeros(3)}, "no two of its arrays are images and labels by"),
        (
            {"x": np.zeros((3, 4)), "y": np.arange(3)},
            r"x has the shape \(3, 4\), which are no images",
        ),
        (
            {"x": np.zeros((3, 4, 4), np.uint8), "y": np.ones(3)},
            "its labels are no classes counted",
        ),
        ({"x": np.zeros((3, 4, 4)), "y": np.arange(3)}, "x is float64 of 3 × 4 × 4 × 1, not uint8"),
    ],
)
def test_arrays_that_are_no_images_are_refused(
    tmp_path: Path, named: dict[str, np.ndarray], told: str
) -> None:
    np.savez(tmp_path / "some.npz", **named)
    with pytest.raises(DataError, match=told):
        project.make(tmp_path / "some.npz", tmp_path / "work")


def test_more_images_than_fit_into_arrays_are_to_be_decoded_by_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        decisions, "Limits", partial(Limits, members=30, total_bytes=90_000, array_bytes=90_000)
    )
    monkeypatch.setattr(limits, "SHARD_BYTES", 10_000)
    source = tmp_path / "photos.zip"
    beside = {"cat/": b"", "README.txt": b"x" * 90_000, "cat/017.jpg": b"broken"}
    write_zip(source, by_class(41) | beside)
    told = project.make(source, tmp_path / "work")
    text = (tmp_path / "work/config/datasets/photos.yaml").read_text()
    assert "shards: 4  # as one array they would take 0.0 GB" in text
    assert "  members: 43  # as much as there is" in text
    assert "  total_bytes: 1" in text
    assert "content:" not in text
    assert any(line.startswith("split: train 28, validation 4, test 8") for line in told)
    spec = configuration.load_dataset(
        "photos", [tmp_path / "work/config/datasets"], SCHEMAS / "dataset.schema.json"
    )
    assert (spec["shards"], spec["limits"]["members"]) == (4, 43)
    # What a run is held to.
    sharding.plan(spec, tmp_path / "work/resources/photos", tmp_path)
    assert len(parquet_table.read(tmp_path / "plan.parquet")) == 41


def test_what_is_ones_own_may_be_more_than_usual_and_what_is_downloaded_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = in_folder(tmp_path / "photos", by_class(40))
    monkeypatch.setattr(project, "Limits", partial(Limits, members=39))
    project.make(source, tmp_path / "work")
    monkeypatch.setattr(origins.Origin, "is_remote", True)
    with pytest.raises(DataError, match="more than 39 members"):
        project.make(source, tmp_path / "again")
