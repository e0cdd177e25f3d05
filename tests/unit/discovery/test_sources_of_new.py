"""From Parquet and IDX files, addresses and buckets to a working directory that decodes."""

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bucket_server import BucketServer
from crafted_parquet import hugging_face, write_parquet
from loopback import Loopback, Reply
from makers import png, random_images, write_idx, write_zip
from paths import ROOT
from swatchbook.__main__ import main
from swatchbook.data import arrays, decoding
from swatchbook.discovery import origins, project
from swatchbook.discovery.project import AS_FOUND, Asked
from swatchbook.errors import ConfigurationError, DataError, DownloadError, SwatchbookError
from swatchbook.files import digest
from swatchbook.sources import acquire
from swatchbook.startup import configuration

SCHEMA = ROOT / "workflow" / "schemas" / "dataset.schema.json"
X = random_images(60, 6, 5)
Y = [number % 3 for number in range(60)]
FILES = [(png(pixels),) for pixels in X]
CLASSES = ["T-shirt, blue", "cat", "Käfer"]
BY_CLASS = {
    f"{CLASSES[y]}/{n}.png": file for n, (y, (file,)) in enumerate(zip(Y, FILES, strict=True))
}


def made(
    source: str | Path, work: Path, name: str, asked: Asked = AS_FOUND
) -> tuple[dict[str, Any], str]:
    """Make a working directory; return the data set's file as a run reads it, and what was told.

    Then the files are brought by what is written, to where there are none, and decoded.
    """
    told = project.make(source, work, asked=asked, wait=lambda seconds: None)
    spec = configuration.load_dataset(name, [work / "config" / "datasets"], SCHEMA)
    assert {path.name for path in (work / "resources" / name).iterdir()} == set(spec["files"])
    for file in spec["files"]:
        acquire(spec, file, work / "elsewhere" / file, environment={})
    decoding.decode(spec, work / "elsewhere", work / "arrays")
    return spec, "\n".join(told)


def counts(work: Path) -> dict[str, int]:
    parts = ("train", "validation", "test")
    return {part: len(arrays.load(work / "arrays", part)[0]) for part in parts}


def shards(folder: Path, names: Mapping[str, slice], **options: Any) -> Path:
    for name, rows in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        columns = {"image": FILES[rows], "label": Y[rows]}
        write_parquet(folder / name, columns, **{"metadata": hugging_face(CLASSES), **options})
    return folder


SPLIT = {
    "train-00000-of-00002.parquet": slice(20),
    "train-00001-of-00002.parquet": slice(20, 40),
    "test-00000-of-00001.parquet": slice(40, 60),
}


def test_a_folder_as_hugging_face_has_it(tmp_path: Path) -> None:
    source = shards(tmp_path / "My Pets" / "data", SPLIT).parent
    (source / "README.md").write_text("---\n---\n")
    spec, told = made(source, tmp_path / "work", "my-pets")
    assert spec["sources"] == [{"kind": "folder", "path": str(source / "data")}]
    train = ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert spec["parquet"]["train"] == train
    assert spec["parquet"]["test"] == ["test-00000-of-00001.parquet"]
    assert (spec["parquet"]["label"], spec["parquet"]["labels"]) == ("label", "index")
    assert spec["classes"] == CLASSES
    assert spec["image"]["height"] == 6 and spec["image"]["resize"] == "error"
    assert counts(tmp_path / "work") == {"train": 36, "validation": 4, "test": 20}
    np.testing.assert_array_equal(
        np.rint(arrays.load(tmp_path / "work/arrays", "test")[0] * 255), X[40:]
    )
    assert "60 images (60 PNG) of 5 × 6 pixels" in told
    assert "3 classes: T-shirt, blue 20, cat 20, Käfer 20" in told
    assert "labels: the column 'label'" in told


def test_folders_may_say_the_split(tmp_path: Path) -> None:
    names = {"train/0000.parquet": slice(40), "validation/0000.parquet": slice(40, 50)}
    source = shards(tmp_path / "pets", names | {"test/0000.parquet": slice(50, 60)})
    spec, told = made(source, tmp_path / "work", "pets")
    assert spec["parquet"]["train"] == ["train-0000.parquet"]
    assert counts(tmp_path / "work") == {"train": 40, "validation": 10, "test": 10}
    assert "split: train 40, validation 10, test 10" in told


def test_what_is_of_no_split_is_left_out_and_told(tmp_path: Path) -> None:
    source = shards(tmp_path / "pets", SPLIT | {"unlabeled-00000.parquet": slice(3)})
    spec, told = made(source, tmp_path / "work", "pets")
    assert "left out, no files of a split by their names: unlabeled-00000.parquet" in told
    assert spec["parquet"]["train"] == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]


def test_one_file_with_columns_for_everything(tmp_path: Path) -> None:
    columns = {
        "picture": [content for (content,) in FILES],
        "species": [CLASSES[y] if n else None for n, y in enumerate(Y)],
        "patient": [n // 3 for n in range(60)],
        "split": ["test" if n >= 45 else "train" for n in range(60)],
        "caption": [f"{n} " * 600 for n in range(60)],
    }
    columns["picture"][7] = columns["picture"][7][:30]
    path = write_parquet(tmp_path / "pets.parquet", columns)
    spec, told = made(path, tmp_path / "work", "pets")
    found = spec["parquet"]
    assert (found["image"], found["label"], found["labels"]) == ("picture", "species", "name")
    assert (found["group"], found["split"]) == ("patient", "split")
    assert found["leave_out"] == ["broken", "unlabelled"]
    assert spec["classes"] == sorted(CLASSES)
    assert sum(counts(tmp_path / "work").values()) == 58
    assert "left out, broken: train/7 (" in told
    assert "left out, without a label: 1 images" in told
    assert "groups: by the column 'patient'; each is in one set only" in told


@pytest.mark.parametrize(
    ("labels", "classes", "kind"),
    [
        (Y, ["0", "1", "2"], "index"),
        ([y + 1 for y in Y], ["1", "2", "3"], "name"),
        ([y * 10 for y in Y], ["0", "10", "20"], "name"),
    ],
)
def test_numbers_without_names_are_indices_where_they_count_from_0(
    tmp_path: Path, labels: list[int], classes: list[str], kind: str
) -> None:
    path = write_parquet(tmp_path / "pets.parquet", {"image": FILES, "label": labels})
    spec, _ = made(path, tmp_path / "work", "pets")
    assert spec["classes"] == classes and spec["parquet"]["labels"] == kind


def test_columns_are_asked_for_where_several_can_be_it(tmp_path: Path) -> None:
    columns = {"a": FILES, "b": FILES[::-1], "fine": Y, "rough": [y // 2 for y in Y]}
    path = write_parquet(tmp_path / "pets.parquet", columns)
    with pytest.raises(
        DataError, match=r"which column holds the images: 'a', 'b'\? \(say so: --im"
    ):
        project.make(path, tmp_path / "work")
    with pytest.raises(DataError, match=r"which column is the label: 'fine', 'rough'\? \(say so"):
        project.make(path, tmp_path / "work", asked=Asked(image="b"))
    with pytest.raises(DataError, match=r"'fine' has no image files; those that have: 'a', 'b'"):
        project.make(path, tmp_path / "work", asked=Asked(image="fine"))
    with pytest.raises(DataError, match=r"there is no column 'c'; there are 'fine', 'rough'"):
        project.make(path, tmp_path / "work", asked=Asked(image="b", label="c"))
    spec, _ = made(path, tmp_path / "work", "pets", Asked(image="b", label="rough"))
    assert spec["classes"] == ["0", "1"]
    assert spec["parquet"]["image"] == "b"


def test_a_parquet_table_beside_the_images_is_read_as_others(tmp_path: Path) -> None:
    source = tmp_path / "pets"
    source.mkdir()
    for number, (content,) in enumerate(FILES):
        (source / f"{number:02}.png").write_bytes(content)
    rows = {"file": [f"{n:02}.png" for n in range(60)], "label": [CLASSES[y] for y in Y]}
    write_parquet(source / "list.parquet", rows)
    spec, told = made(source, tmp_path / "work", "pets")
    assert spec["archive"]["table_in_archive"] == "list.parquet"
    assert "labels: the column 'label' of list.parquet" in told
    assert sum(counts(tmp_path / "work").values()) == 60


NO_PARQUET: dict[str, tuple[Callable[[Path], object], str]] = {
    "two data sets": (
        lambda folder: shards(folder, {"a/train.parquet": slice(30), "b/train.parquet": slice(30)}),
        "Parquet files in several folders, as of several data sets: a, b (name one of these",
    ),
    "nothing for training": (
        lambda folder: shards(
            folder, {"test-0.parquet": slice(30), "val-0.parquet": slice(30, 60)}
        ),
        "no file is for training by its name: test-0.parquet, val-0.parquet",
    ),
    "a table only": (
        lambda folder: write_parquet(folder / "a.parquet", {"id": [1], "label": ["a"]}),
        "no column holds image files; there are 'id', 'label' (a table goes beside its images",
    ),
    "no labels": (
        lambda folder: write_parquet(folder / "a.parquet", {"image": FILES}),
        "no column can be the labels by its name: 'image' (say which one is: --label COLUMN)",
    ),
    "one class": (
        lambda folder: write_parquet(folder / "a.parquet", {"image": FILES, "label": [0] * 60}),
        "one class, 0: there is nothing to tell apart",
    ),
    "broken images only": (
        lambda folder: write_parquet(
            folder / "a.parquet", {"image": [(b"x",)] * 6, "label": Y[:6]}
        ),
        "not one image can be read",
    ),
    "two sets of classes": (
        lambda folder: [
            shards(folder, SPLIT),
            shards(folder, {"train-1.parquet": slice(3)}, metadata=hugging_face(["a", "b", "c"])),
        ],
        "an index must mean the same class everywhere",
    ),
    "no Parquet": (
        lambda folder: (folder / "a.parquet").write_bytes(b"hello"),
        "no Parquet file: it is of no known kind",
    ),
}


@pytest.mark.parametrize(("make", "told"), NO_PARQUET.values(), ids=NO_PARQUET)
def test_what_cannot_be_a_data_set_is_refused_in_a_line(
    tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    (tmp_path / "pets").mkdir()
    make(tmp_path / "pets")
    with pytest.raises(SwatchbookError) as caught:
        project.make(tmp_path / "pets", tmp_path / "work")
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "work" / "config").exists()


GREY = random_images(80, 6, 5, channels=1)[..., 0]
MNIST = {
    "train-images-idx3-ubyte": GREY[:60],
    "train-labels-idx1-ubyte": np.arange(60, dtype=np.uint8) % 3,
    "t10k-images-idx3-ubyte": GREY[60:],
    "t10k-labels-idx1-ubyte": np.arange(20, dtype=np.uint8) % 3,
}


def mnist(folder: Path, ending: str = "", **changes: np.ndarray | None) -> Path:
    folder.mkdir(exist_ok=True)
    for name, values in (MNIST | changes).items():
        if values is not None:
            write_idx(folder / f"{name}{ending}", values)
    return folder


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_four_idx_files(tmp_path: Path, ending: str) -> None:
    source = mnist(tmp_path / "Kuzushiji", ending)
    spec, told = made(source, tmp_path / "work", "kuzushiji")
    assert spec["idx"]["test"]["images"] == f"t10k-images-idx3-ubyte{ending}"
    assert set(spec["content"]) == {
        f"{a}_{b}" for a in ("train", "test") for b in ("images", "labels")
    }
    assert spec["classes"] == ["0", "1", "2"] and spec["image"]["channels"] == 1
    assert spec["split"] == {"validation_first": 6}
    assert counts(tmp_path / "work") == {"train": 54, "validation": 6, "test": 20}
    assert "80 images in arrays" in told and "split: train 54, validation 6, test 20" in told
    written = (tmp_path / "work/config/datasets/kuzushiji.yaml").read_text()
    assert "# SHA-256 of the uncompressed files. It proves the data." in written


def test_files_that_lie_there_compressed_and_not_are_taken_once(tmp_path: Path) -> None:
    source = mnist(mnist(tmp_path / "raw"), ".gz")
    spec, _ = made(source, tmp_path / "work", "raw")
    assert set(spec["files"]) == set(MNIST)


def test_where_the_first_images_are_of_one_class_none_are_held_out(tmp_path: Path) -> None:
    in_order = {"train-labels-idx1-ubyte": np.repeat(np.arange(3, dtype=np.uint8), 20)}
    spec, _ = made(mnist(tmp_path / "raw", **in_order), tmp_path / "work", "raw")
    assert spec["split"] == {"validation_first": 0}
    config = yaml.safe_load((tmp_path / "work/config/config.yaml").read_text())
    assert config["training"]["keep"] == "last"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"t10k-labels-idx1-ubyte": None}, "no IDX files can be the labels for the test: "),
        (
            {"test-labels": MNIST["t10k-labels-idx1-ubyte"]},
            "several IDX files can be the labels for",
        ),
        ({"train-images-idx3-ubyte": GREY[:50]}, "60 labels for 50 images"),
        ({"t10k-images-idx3-ubyte": GREY[60:, :5]}, "images of (5, 5) pixels instead of (6, 5)"),
        (
            {"t10k-labels-idx1-ubyte": np.zeros(0, np.uint8)},
            "there is no label in one of its files",
        ),
    ],
)
def test_idx_files_that_are_no_data_set_are_refused_in_a_line(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SwatchbookError) as caught:
        project.make(mnist(tmp_path / "raw", **changes), tmp_path / "work")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def content_of(tmp_path: Path, name: str) -> bytes:
    """Return an archive, or a Parquet file, of the images."""
    path = tmp_path / name
    if path.suffix == ".parquet":
        shards(tmp_path, {name: slice(60)})
    else:
        write_zip(path, BY_CLASS)
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize(
    ("place", "file", "called"),
    [
        ("pets.zip", "pets.zip", None),
        ("pets.parquet", "pets.parquet", None),
        ("My%20Pets%20%282%29.zip", "my-pets-2.zip", "My Pets (2).zip"),
    ],
)
def test_the_file_at_an_address(
    tmp_path: Path, server: Loopback, place: str, file: str, called: str | None
) -> None:
    content = content_of(tmp_path, file)
    address = server.serve(f"/a/b/{place}", content)
    name = file.partition(".")[0]
    spec, told = made(address, tmp_path / "work", name)
    assert told.startswith(f"{address}: 60 images (60 PNG)")
    (source,) = spec["sources"]
    assert source == {"kind": "url", "base": server.url("/a/b"), "called": called}
    pinned = {"sha256": [digest(tmp_path / "work" / "resources" / name / file)]}
    assert spec["files"] == {file: pinned}
    # Once by the command and once by this test, where the file was not: what is there is used.
    assert len(server.requests) == 2
    acquire(spec, file, tmp_path / "work" / "resources" / name / file, environment={})
    assert len(server.requests) == 2


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    tmp_path: Path, server: Loopback
) -> None:
    content = content_of(tmp_path, "pets.zip")
    tag = {"ETag": '"1"'}
    broken = Reply(content, headers=tag, ranges=True, stop_after=len(content) // 2)
    address = server.serve("/pets.zip", broken, Reply(content, headers=tag, ranges=True))
    project.make(address, tmp_path / "work", wait=lambda seconds: None)
    assert (tmp_path / "work/resources/pets/pets.zip").read_bytes() == content
    assert [request.headers.get("Range") for request in server.requests] == [
        None,
        f"bytes={len(content) // 2}-",
    ]


PAGE = b"<!DOCTYPE html>\n<html><body>Please log in</body></html>"
AT_AN_ADDRESS: dict[str, tuple[Reply, str]] = {
    "not there": (Reply(b"", 404), "the server answered 404 Not Found (the file is not at this"),
    "not allowed": (Reply(b"", 403), "the server answered 403 Forbidden (credentials are missing"),
    "a page": (Reply(PAGE), "the server sent a web page in place of the file: a login?"),
    "cut off": (Reply(b"PK\3\4" * 99, stop_after=50), "the connection broke off (attempt 5 of 5)"),
    "reset": (Reply(b"PK\3\4" * 99, stop_after=9, reset=True), "(attempt 5 of 5)"),
    "busy": (Reply(b"", 503), "the server answered 503 Service Unavailable (attempt 5 of 5)"),
    "of no length": (Reply(b"PK\3\4", length=False), "nothing says whether the file is whole"),
    "no archive": (
        Reply(b"hello" * 99),
        "the archive is cut off: there is no directory at its end",
    ),
    "another kind": (Reply(gzip.compress(b"hello")), "it is a file compressed by gzip, and its"),
}


@pytest.mark.parametrize(("reply", "told"), AT_AN_ADDRESS.values(), ids=AT_AN_ADDRESS)
def test_what_goes_wrong_at_an_address_is_one_line(
    tmp_path: Path, server: Loopback, reply: Reply, told: str
) -> None:
    address = server.serve("/pets.zip", reply)
    with pytest.raises(SwatchbookError) as caught:
        project.make(address, tmp_path / "work", wait=lambda seconds: None)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "work" / "config").exists()
    if isinstance(caught.value, DownloadError):
        assert address in str(caught.value)
        assert os.listdir(tmp_path / "work/resources/pets") == []


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://host/", "https://host/: the address names no file"),
        ("https://host", "https://host: the address names no file"),
        ("s3://bucket", "s3://bucket: the address names no file"),
        ("ftp://host/pets.zip", "ftp:// is not known (http://, https:// and s3:// are)"),
        ("https://me:hush@host/a.zip", "https://host/a.zip: an address with a user or a password"),
        ("https://host/a.zip?key=hush", "https://host/a.zip?…: what stands behind ? or # may be a"),
        ("s3://me:hush@bucket/a.zip", "an address with a user or a password"),
    ],
)
def test_an_address_that_cannot_stand_in_a_file_is_refused(
    tmp_path: Path, address: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        project.make(address, tmp_path / "work")
    assert told in str(caught.value) and "hush" not in str(caught.value)
    assert not (tmp_path / "work").exists()


def test_another_attempt_does_not_download_again(tmp_path: Path, server: Loopback) -> None:
    columns = {"image": FILES, "fine": Y, "rough": [y // 2 for y in Y]}
    content = write_parquet(tmp_path / "a.parquet", columns).read_bytes()
    address = server.serve("/pets.parquet", content)
    other = server.serve("/other/pets.parquet", content)
    for _ in range(2):
        with pytest.raises(DataError, match="which column is the label"):
            project.make(address, tmp_path / "work")
    assert len(server.requests) == 1
    with pytest.raises(DataError, match="which column is the label"):
        project.make(other, tmp_path / "work")
    assert len(server.requests) == 2
    (tmp_path / "work/resources/pets/pets.parquet").write_bytes(b"changed")
    project.make(other, tmp_path / "work", asked=Asked(label="fine"))
    assert len(server.requests) == 3
    assert os.listdir(tmp_path / "work/resources/pets") == ["pets.parquet"]


def test_a_mirror_has_no_say_in_what_is_named(
    tmp_path: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "pets.zip").write_bytes(b"something else")
    monkeypatch.setenv("SWATCHBOOK_MIRROR", str(mirror))
    address = server.serve("/pets.zip", content_of(tmp_path, "pets.zip"))
    assert "60 images" in project.make(address, tmp_path / "work")[0]


@pytest.fixture(scope="module")
def buckets() -> Iterator[BucketServer]:
    with BucketServer() as server:
        yield server


@pytest.fixture
def bucket(buckets: BucketServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The address of a bucket with an archive and a Parquet file in it, of one attempt each."""
    buckets.put_in_place(monkeypatch)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    folder = tmp_path / "bucket"
    folder.mkdir()
    (folder / "pets.zip").write_bytes(content_of(tmp_path, "pets.zip"))
    (folder / "my pets.parquet").write_bytes(content_of(tmp_path, "x.parquet"))
    (folder / "page.zip").write_bytes(PAGE)
    buckets.fill("some", folder, "a/b")
    return "s3://some/a/b"


@pytest.mark.parametrize(
    ("key", "file", "called"),
    [("pets.zip", "pets.zip", None), ("my pets.parquet", "my-pets.parquet", "my pets.parquet")],
)
def test_the_file_in_a_bucket(
    tmp_path: Path, bucket: str, key: str, file: str, called: str | None
) -> None:
    spec, told = made(f"{bucket}/{key}", tmp_path / "work", file.partition(".")[0])
    assert told.startswith(f"{bucket}/{key}: 60 images (60 PNG)")
    assert spec["sources"] == [{"kind": "bucket", "base": bucket, "called": called}]
    assert len(spec["files"][file]["sha256"]) == 1


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("s3://some/a/b/none.zip", "there is no object a/b/none.zip in the bucket some"),
        ("s3://none/pets.zip", "there is no bucket none"),
        ("s3://some/a/b/page.zip", "it is a web page, and no archive"),
    ],
)
def test_what_goes_wrong_with_a_bucket_is_one_line(
    tmp_path: Path, bucket: str, address: str, told: str
) -> None:
    with pytest.raises(SwatchbookError) as caught:
        project.make(address, tmp_path / "work")
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "work" / "config").exists()


def test_the_command_takes_an_address_and_tells_what_is_wrong(
    tmp_path: Path,
    server: Loopback,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    address = server.serve("/My%20Pets.zip", content_of(tmp_path, "pets.zip"))
    assert main(["new", address]) == 0
    assert (tmp_path / "my-pets/config/datasets/my-pets.yaml").exists()
    assert "snakemake --cores all --directory my-pets" in capsys.readouterr().out
    missing = server.url("/nothing.zip")
    assert main(["new", missing]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{missing}: the server answered 404 Not Found" in said


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://host/a/Meine%20K%C3%A4fer.tar.gz", "meine-kafer"),
        ("s3://bucket/x/train-0.parquet", "train-0"),
        ("https://host/download/", "download"),
    ],
)
def test_names_of_addresses_are_made_plain(address: str, name: str) -> None:
    assert origins.name_of(address) == name
