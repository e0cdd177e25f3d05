"""A folder becomes one archive of all that is not hidden, with the same bytes each time."""

import os
import zipfile
from pathlib import Path

import pytest

from acquiring import Acquire
from swatchbook.errors import DownloadError
from swatchbook.sources import packing

FILES = {"b/2.txt": b"two", "a/1.txt": b"one", "a/deep/er/3.txt": b"", "c.txt": b"c" * 3_000_000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "photos"


def packed(folder: Path) -> dict[str, bytes]:
    path = folder.parent / "photos.zip"
    packing.pack(folder, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_files_are_packed_in_the_order_of_their_names(folder: Path) -> None:
    found = packed(folder)
    assert found == FILES and list(found) == sorted(FILES)


def test_the_same_files_make_the_same_bytes_whenever_they_were_made(folder: Path) -> None:
    packed(folder)
    first = (folder.parent / "photos.zip").read_bytes()
    for name in FILES:
        os.utime(folder / name, (1, 1))
    packed(folder)
    assert (folder.parent / "photos.zip").read_bytes() == first


def test_hidden_files_stay_out(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "a" / ".DS_Store").write_text("x")
    assert set(packed(folder)) == set(FILES)


def test_links_are_followed_but_not_in_circles(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "4.txt").write_text("four")
    (folder / "more").symlink_to(elsewhere)
    (folder / "a" / "around").symlink_to(folder)
    (folder / "z.txt").symlink_to(elsewhere / "4.txt")
    found = packed(folder)
    assert found.keys() - FILES.keys() == {"more/4.txt", "z.txt"}


def test_what_cannot_be_packed_is_named_and_leaves_nothing(folder: Path) -> None:
    (folder / "broken").symlink_to(folder / "nowhere")
    with pytest.raises(DownloadError, match="broken is no file, and no link to one"):
        packed(folder)
    with pytest.raises(DownloadError, match="there is no folder"):
        packing.pack(folder / "none", folder.parent / "photos.zip")
    (folder / "empty").mkdir()
    with pytest.raises(DownloadError, match="there is no file in"):
        packing.pack(folder / "empty", folder.parent / "photos.zip")
    assert not (folder.parent / "photos.zip").exists()


def test_a_data_set_is_brought_from_a_folder(take: Acquire, folder: Path, tmp_path: Path) -> None:
    source = {"kind": "packed", "folder": str(folder), "name": "own.zip"}
    spec = {"files": {"own.zip": {}, "other.csv": {}}, "sources": [source]}
    receipt = take(spec, "own.zip", tmp_path / "own.zip")
    assert receipt["source"] == f"folder {folder}, packed"
    with pytest.raises(DownloadError, match=r"skipped, it is for own\.zip"):
        take(spec, "other.csv", tmp_path / "other.csv")


def test_a_data_set_is_brought_from_a_file_of_another_name(
    take: Acquire, folder: Path, tmp_path: Path
) -> None:
    source = {"kind": "file", "path": str(folder / "c.txt"), "name": "own.txt"}
    take({"files": {"own.txt": {}}, "sources": [source]}, "own.txt", tmp_path / "own.txt")
    assert (tmp_path / "own.txt").read_bytes() == FILES["c.txt"]
