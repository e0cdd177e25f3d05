"""What was packed comes out of a tar archive, and nothing but a DataError if it cannot."""

import io
import random
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from backports import zstd

import crafted_tar
from makers import TARS, write_tar
from swatchbook.data import unpacked_stream
from swatchbook.data.limits import Limits
from swatchbook.data.tar_archive import Archive
from swatchbook.errors import DataError

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "GNU": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def noise(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


FILES = {f"train/{number}.png": noise(150 + number) for number in (3, 10, 1, 2)} | {
    "empty.png": b"",
    "a block": noise(512),
    "large": noise(3 << 20),
    "a" * 60 + "/" + "b" * 90: b"as long as ustar has room for",
}


def contents(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    with Archive(path, limits) as archive:
        streamed = list(archive.stream())
        assert [name for name, _ in streamed] == archive.names
    assert len(streamed) == len(dict(streamed))
    return dict(streamed)


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("ending", TARS)
def test_the_stream_is_what_was_packed_in_its_order(
    tmp_path: Path, ending: str, format: int
) -> None:
    path = write_tar(tmp_path / f"some.{ending}", FILES, format)
    assert list(contents(path).items()) == list(FILES.items())


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["GNU", "pax"])
def test_long_and_foreign_names_are_read(tmp_path: Path, format: int) -> None:
    files = {"日本" * 100 + ".png": b"x", "ä" * 99: b"y", "z" * 100: b"z"}
    assert contents(write_tar(tmp_path / "some.tar", files, format)) == files


def test_attributes_hold_for_the_member_after_them_only(tmp_path: Path) -> None:
    written = crafted_tar.attributes({"path": "long.png", "size": "3", "mtime": "1.5"})
    written += crafted_tar.header("short") + crafted_tar.padded(b"one")
    written += crafted_tar.member("2.png", b"two") + crafted_tar.END
    (tmp_path / "some.tar").write_bytes(written)
    assert contents(tmp_path / "some.tar") == {"long.png": b"one", "2.png": b"two"}


def test_tars_of_the_oldest_kind_are_read(tmp_path: Path) -> None:
    block = bytearray(crafted_tar.header("1.png", 3, b"\0"))
    block[257:265] = bytes(8)  # no "ustar"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (tmp_path / "some.tar").write_bytes(bytes(block) + crafted_tar.padded(b"one") + bytes(512))
    assert contents(tmp_path / "some.tar") == {"1.png": b"one"}


def test_a_folder_that_was_added_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "in" / "empty").mkdir(parents=True)
    (tmp_path / "in" / "1.png").write_bytes(b"one")
    with tarfile.open(tmp_path / "some.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "in", ".")
    assert contents(tmp_path / "some.tar.gz") == {"./1.png": b"one"}


def test_frames_of_zstandard_that_are_skipped_are_no_garbage(tmp_path: Path) -> None:
    plain = write_tar(tmp_path / "some.tar", FILES).read_bytes()
    skipped = struct.pack("<II", 0x184D2A50, 4) + b"size"  # as pzstd writes it
    half = len(plain) // 2
    written = skipped + zstd.compress(plain[:half]) + skipped + zstd.compress(plain[half:])
    (tmp_path / "some.tar.zst").write_bytes(written)
    assert contents(tmp_path / "some.tar.zst") == FILES


@pytest.mark.parametrize("ending", list(TARS)[1:])
def test_headers_and_what_stands_between_count_against_the_ratio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    free = 1 << 22
    monkeypatch.setattr(unpacked_stream, "FREE_BYTES", free)
    plain = write_tar(tmp_path / "some.tar", {"1.png": b"one"}).read_bytes()
    path = tmp_path / f"some.{ending}"
    path.write_bytes(TARS[ending](plain + bytes(free - len(plain))))
    assert contents(path) == {"1.png": b"one"}
    path.write_bytes(TARS[ending](plain + bytes(free)))
    with pytest.raises(DataError, match=r"more than 200 times that \(a bomb\?"):
        contents(path)


def test_a_file_with_a_hole_that_has_no_end_is_not_read_through(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "some.tar", {"1.png": b"one"})
    with path.open("r+b") as file:
        file.truncate(1 << 42)
    with pytest.raises(DataError, match=r"would unpack to 4,398,046,511,104 bytes"):
        contents(path)


@pytest.mark.parametrize("ending", TARS)
def test_an_archive_that_is_cut_anywhere_is_refused(tmp_path: Path, ending: str) -> None:
    small = {"train/1.png": noise(600), "train/2.png": noise(512)}
    whole = write_tar(tmp_path / f"some.{ending}", small).read_bytes()
    # Of the zeros at the end of a tar archive some may be missing.
    end = len(whole) if ending != "tar" else 512 + 1024 + 512 + 512 + 512
    for kept in range(1, end, 41):
        (tmp_path / "cut").write_bytes(whole[:kept])
        with pytest.raises(DataError, match="cut"):
            contents(tmp_path / "cut")


@pytest.mark.parametrize("ending", TARS)
def test_an_error_of_the_consumer_stays_its_own(tmp_path: Path, ending: str) -> None:
    path = write_tar(tmp_path / f"some.{ending}", {"1.png": b"one"})
    with pytest.raises(OSError, match="mine"), Archive(path) as archive:
        for _ in archive.stream():
            raise OSError("mine")


def damaged(content: bytes) -> Iterator[bytes]:
    draw = random.Random(0)
    for _ in range(100):
        flipped = bytearray(content)
        flipped[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        yield bytes(flipped)


@pytest.mark.parametrize("ending", list(TARS)[1:])
def test_random_damage_of_what_is_compressed_is_found(tmp_path: Path, ending: str) -> None:
    small = {name: content for name, content in FILES.items() if len(content) < 1000}
    path = write_tar(tmp_path / f"some.{ending}", small)
    refused = 0
    for content in damaged(path.read_bytes()):
        path.write_bytes(content)
        try:
            streamed = contents(path)
        except DataError as error:
            assert str(error).startswith(f"{path}: ")
            refused += 1
        else:  # such as the time in the header of gzip
            assert streamed == small
    assert refused > 90


def test_random_damage_of_headers_ends_in_a_data_error_or_changes_no_name(tmp_path: Path) -> None:
    small = {name: content for name, content in FILES.items() if len(content) < 1000}
    path = write_tar(tmp_path / "some.tar", small)
    for content in damaged(path.read_bytes()):
        path.write_bytes(content)
        try:
            streamed = contents(path)
        except DataError as error:
            assert str(error).startswith(f"{path}: ")
        else:  # contents have no checksum of their own: the images' have to find it
            assert streamed.keys() == small.keys()


def test_the_archive_is_read_again_from_its_beginning(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "some.tar.gz", FILES)
    with Archive(path) as archive:
        assert dict(archive.stream()) == dict(archive.stream()) == FILES


def test_python_reads_what_the_tests_write_by_hand() -> None:
    written = crafted_tar.members(FILES) + crafted_tar.attributes({"path": "9" * 200})
    written += crafted_tar.member("short", b"nine") + crafted_tar.END
    with tarfile.open(fileobj=io.BytesIO(written)) as archive:
        names = archive.getnames()
        assert names[:-1] == [name[:100] for name in FILES]
        assert names[-1] == "9" * 200
