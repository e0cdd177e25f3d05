"""What was packed comes out of a zip archive, and nothing but a DataError if it cannot."""

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from backports import zstd

import crafted_zip
from crafted_zip import Zipped
from makers import write_zip
from swatchbook.data.limits import Limits
from swatchbook.data.zip_archive import Archive
from swatchbook.errors import DataError

METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
}


def noise(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


FILES = {f"train/{number}.png": noise(150 + number) for number in (3, 10, 1, 2)} | {
    "empty.png": b"",
    "large": noise(3 << 20),
}


def contents(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    with Archive(path, limits) as archive:
        streamed = list(archive.stream())
        assert [name for name, _ in streamed] == archive.names
    assert len(streamed) == len(dict(streamed))
    return dict(streamed)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_stream_is_what_was_packed_in_its_order(tmp_path: Path, method: int) -> None:
    path = write_zip(tmp_path / "some.zip", FILES, method)
    assert list(contents(path).items()) == list(FILES.items())


def test_members_by_zstandard_are_unpacked(tmp_path: Path) -> None:
    members = [
        Zipped(name, content, crafted_zip.ZSTD, stream=zstd.compress(content))
        for name, content in FILES.items()
    ]
    (tmp_path / "some.zip").write_bytes(crafted_zip.archive(members))
    assert contents(tmp_path / "some.zip") == FILES


class Pipe:
    """A file that cannot be gone back in, for which packers write sizes after the contents."""

    def __init__(self, path: Path):
        self.path = path
        self.path.touch()

    def write(self, content: bytes) -> int:
        with self.path.open("ab") as file:
            return file.write(content)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("is_wide", [False, True], ids=["small", "zip64"])
def test_sizes_may_stand_after_the_contents(tmp_path: Path, is_wide: bool) -> None:
    with zipfile.ZipFile(Pipe(tmp_path / "some.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in FILES.items():
            with archive.open(name, "w", force_zip64=is_wide) as member:
                member.write(content)
    assert contents(tmp_path / "some.zip") == FILES


def test_members_with_wide_headers_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for name, content in FILES.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(content)
    assert contents(tmp_path / "some.zip") == FILES


def test_more_members_than_sixteen_bits_count_are_read(tmp_path: Path) -> None:
    files = {str(number): b"" for number in range(70_000)}
    path = write_zip(tmp_path / "some.zip", files)
    assert list(contents(path)) == list(files)
    written = path.read_bytes()  # without the end of zip64, as macOS writes them
    start = int.from_bytes(written[-22 - 20 - 8 : -22 - 20], "little")
    size = len(written) - 22 - 20 - 56 - start
    short = crafted_zip.end(70_000 % 65_536, size, start)
    path.write_bytes(written[: start + size] + short)
    assert list(contents(path)) == list(files)


@pytest.mark.parametrize(
    ("written", "flags", "expected"),
    [
        ("é.png".encode("cp437"), 0, "é.png"),
        ("größe.png".encode("cp437"), 0, "größe.png"),
        ("größe.png".encode(), crafted_zip.UTF_8, "größe.png"),
        ("größe/日本.png".encode(), 0, "größe/日本.png"),  # as macOS writes it
        (b"plain.png", 0, "plain.png"),
    ],
)
def test_names_are_utf_8_or_of_code_page_437(
    tmp_path: Path, written: bytes, flags: int, expected: str
) -> None:
    member = Zipped(written, b"x", stated={"flags": flags})
    (tmp_path / "some.zip").write_bytes(crafted_zip.archive([member]))
    assert contents(tmp_path / "some.zip") == {expected: b"x"}


def test_folders_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "in" / "empty").mkdir(parents=True)
    (tmp_path / "in" / "1.png").write_bytes(b"one")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for path in sorted((tmp_path / "in").rglob("*")):
            archive.write(path, path.relative_to(tmp_path))
    assert contents(tmp_path / "some.zip") == {"in/1.png": b"one"}


def test_a_comment_may_be_as_long_as_the_format_allows(tmp_path: Path) -> None:
    for is_wide in (False, True):
        written = crafted_zip.archive(
            [Zipped("1.png", b"one")], comment=b"x" * 65_535, is_wide=is_wide
        )
        (tmp_path / "some.zip").write_bytes(written)
        assert contents(tmp_path / "some.zip") == {"1.png": b"one"}


def test_what_comes_before_the_damage_was_yielded(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "some.zip", FILES, zipfile.ZIP_STORED)
    written = bytearray(path.read_bytes())
    written[written.index(FILES["train/10.png"]) + 5] ^= 1
    path.write_bytes(written)
    with Archive(path) as archive:
        stream = archive.stream()
        assert next(stream) == ("train/3.png", FILES["train/3.png"])
        with pytest.raises(DataError, match=r"train/10\.png does not have the checksum"):
            next(stream)


def test_an_error_of_the_consumer_stays_its_own(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "some.zip", FILES)
    with pytest.raises(OSError, match="mine"), Archive(path) as archive:
        for _ in archive.stream():
            raise OSError("mine")


def damaged(content: bytes) -> Iterator[bytes]:
    """Yield cut and changed archives; half of the changes are in the directory."""
    draw = random.Random(0)
    directory = content.index(b"PK\1\2")
    for _ in range(60):
        yield content[: draw.randrange(len(content))]
        for start in (0, directory):
            flipped = bytearray(content)
            flipped[draw.randrange(start, len(content))] ^= 1 << draw.randrange(8)
            yield bytes(flipped)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_random_damage_ends_in_a_data_error_or_in_the_right_content(
    tmp_path: Path, method: int
) -> None:
    small = {name: content for name, content in FILES.items() if len(content) < 1000}
    path = write_zip(tmp_path / "some.zip", small, method)
    refused = 0
    for content in damaged(path.read_bytes()):
        path.write_bytes(content)
        try:
            streamed = contents(path)
        except DataError as error:
            assert str(error).startswith(f"{path}: ")
            refused += 1
        else:  # times, owners and the names of folders have no checksums
            assert list(streamed.values()) == list(small.values())
    assert refused > 120
