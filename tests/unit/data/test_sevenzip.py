"""What was packed comes out of a 7z archive, and nothing but a DataError if it cannot."""

import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import py7zr
import pytest

from makers import write_7z
from swatchbook.data.sevenzip import BLOCK_BYTES, Archive
from swatchbook.errors import DataError

METHODS: dict[str, list[dict[str, Any]]] = {
    "LZMA2": [{"id": py7zr.FILTER_LZMA2, "preset": 1}],
    "LZMA": [{"id": py7zr.FILTER_LZMA}],
    "copy": [{"id": py7zr.FILTER_COPY}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "zstd": [{"id": py7zr.FILTER_ZSTD}],
}


def noise(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


SMALL = {f"train/{number}.png": noise(150 + number) for number in (3, 10, 1, 2)}
LARGE = {
    "a/noise": noise(2 * BLOCK_BYTES + 7),
    "a/one byte": b"x",
    "a/zeros": bytes(3 * BLOCK_BYTES),
    "a/a block": noise(BLOCK_BYTES),
    "a/last": b"end",
}


def contents(path: Path) -> dict[str, bytes]:
    with Archive(path) as archive:
        streamed = list(archive.stream())
        assert [name for name, _ in streamed] == archive.names
    assert len(streamed) == len(dict(streamed))
    return dict(streamed)


@pytest.mark.parametrize("members", [SMALL, LARGE], ids=["small", "larger than a block"])
@pytest.mark.parametrize("filters", METHODS.values(), ids=METHODS)
def test_the_stream_is_what_was_packed_in_its_order(
    tmp_path: Path, filters: list[dict[str, Any]], members: dict[str, bytes]
) -> None:
    path = write_7z(tmp_path / "some.7z", members, filters=filters)
    assert list(contents(path).items()) == list(members.items())


def test_several_blocks_with_methods_of_their_own_follow_each_other(tmp_path: Path) -> None:
    path, packed = tmp_path / "some.7z", dict[str, bytes]()
    for number, filters in enumerate(METHODS.values()):
        block = {f"{number}/{name}": content for name, content in SMALL.items()}
        mode = "a" if number else "w"
        with py7zr.SevenZipFile(path, mode, filters=filters) as archive:
            for name, content in block.items():
                archive.writestr(content, name)
        packed |= block
    assert list(contents(path).items()) == list(packed.items())


def test_one_block_a_member_as_in_a_non_solid_archive(tmp_path: Path) -> None:
    blocks = [{name: content} for name, content in LARGE.items()]
    assert list(contents(write_7z(tmp_path / "some.7z", *blocks)).items()) == list(LARGE.items())


def test_directories_are_left_out_and_empty_files_are_kept(tmp_path: Path) -> None:
    (tmp_path / "in" / "folder" / "no files").mkdir(parents=True)
    (tmp_path / "in" / "folder" / "empty.png").touch()
    (tmp_path / "in" / "folder" / "full.png").write_bytes(b"full")
    with py7zr.SevenZipFile(tmp_path / "some.7z", "w") as archive:
        archive.writeall(tmp_path / "in", "in")
        archive.writestr(b"", "in/written empty.png")
    assert contents(tmp_path / "some.7z") == {
        "in/folder/empty.png": b"",
        "in/folder/full.png": b"full",
        "in/written empty.png": b"",
    }


def test_only_empty_files_and_no_files_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with py7zr.SevenZipFile(tmp_path / "empties.7z", "w") as archive:
        archive.write(tmp_path / "empty.png", "empty.png")
    with py7zr.SevenZipFile(tmp_path / "nothing.7z", "w"):
        pass
    assert contents(tmp_path / "empties.7z") == {"empty.png": b""}
    assert contents(tmp_path / "nothing.7z") == {}


PACKED_START = 32  # the signature header's size


def with_right_checksums(archive: bytearray) -> bytes:
    """Make a changed header pass its checksums, so that it is parsed."""
    start, size, _ = struct.unpack_from("<QQI", archive, 12)
    header = archive[PACKED_START + start : PACKED_START + start + size]
    struct.pack_into("<I", archive, 28, zlib.crc32(header))
    struct.pack_into("<I", archive, 8, zlib.crc32(archive[12:32]))
    return bytes(archive)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_7z(tmp_path_factory.mktemp("good") / "good.7z", SMALL).read_bytes()


@pytest.mark.parametrize(
    ("kept", "reason"),
    [
        (0, "an empty file"),
        (20, "the archive is cut off"),
        (0.5, "the archive is cut off"),
        (-1, "the archive is cut off"),
    ],
)
def test_a_truncated_archive_is_refused(
    tmp_path: Path, good: bytes, kept: float, reason: str
) -> None:
    path = tmp_path / "cut.7z"
    path.write_bytes(good[: int(kept * len(good)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(DataError, match=rf"cut\.7z: {reason}.*download it anew"):
        contents(path)


@pytest.mark.parametrize("content", [b"PK\3\4" + bytes(100), b"id,label\n1,cat\n" * 9])
def test_what_is_no_7z_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "train.7z").write_bytes(content)
    with pytest.raises(DataError, match=r"train\.7z: not a readable 7z archive: not a 7z file"):
        contents(tmp_path / "train.7z")


def test_a_damaged_byte_is_found_by_the_checksum_of_its_member(tmp_path: Path) -> None:
    path = write_7z(tmp_path / "some.7z", SMALL, filters=METHODS["copy"])
    content = bytearray(path.read_bytes())
    content[PACKED_START + len(SMALL["train/3.png"]) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"some\.7z: train/10\.png does not have the checksum"):
        contents(path)


def test_what_comes_before_the_damage_was_yielded(tmp_path: Path) -> None:
    path = write_7z(tmp_path / "some.7z", SMALL, filters=METHODS["copy"])
    content = bytearray(path.read_bytes())
    content[PACKED_START + len(SMALL["train/3.png"]) + 5] ^= 1
    path.write_bytes(content)
    with Archive(path) as archive:
        stream = archive.stream()
        assert next(stream) == ("train/3.png", SMALL["train/3.png"])
        with pytest.raises(DataError):
            next(stream)


@pytest.mark.parametrize("header", [False, True], ids=["content", "header too"])
def test_an_encrypted_archive_says_so(tmp_path: Path, header: bool) -> None:
    path = tmp_path / "secret.7z"
    with py7zr.SevenZipFile(path, "w", password="x", header_encryption=header) as archive:
        archive.writestr(b"content", "1.png")
    with pytest.raises(DataError, match=r"secret\.7z: the archive is encrypted"):
        contents(path)


def test_a_method_that_is_not_supported_says_so(tmp_path: Path) -> None:
    path = tmp_path / "odd.7z"
    with py7zr.SevenZipFile(path, "w", filters=METHODS["LZMA2"]) as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(b"content", "1.png")
    content = bytearray(path.read_bytes())
    coder = content.index(b"\x21\x21\x01")  # a method of one byte, LZMA2, one byte of settings
    content[coder + 1] = 0x7E
    path.write_bytes(with_right_checksums(content))
    with pytest.raises(DataError, match=r"odd\.7z: packed by a method that is not supported"):
        contents(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.7z: cannot be read: No such file"):
        contents(tmp_path / "none.7z")


def test_an_error_of_the_consumer_stays_its_own(tmp_path: Path) -> None:
    path = write_7z(tmp_path / "some.7z", SMALL)
    with pytest.raises(KeyError, match="mine"), Archive(path) as archive:
        for _ in archive.stream():
            raise KeyError("mine")


def damaged(content: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield damaged archives, and whether the header's checksums were made to hide it."""
    draw = random.Random(0)
    for _ in range(30):
        yield content[: draw.randrange(len(content))], False
        flipped = bytearray(content)
        flipped[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        yield bytes(flipped), False
        overwritten = bytearray(content)
        start = struct.unpack_from("<Q", content, 12)[0] + PACKED_START
        for _ in range(3):
            overwritten[draw.randrange(start, len(content))] = draw.randrange(256)
        yield with_right_checksums(overwritten), True


@pytest.mark.parametrize("packed_header", [True, False])
@pytest.mark.parametrize("filters", METHODS.values(), ids=METHODS)
def test_random_damage_ends_in_a_data_error_or_in_the_right_content(
    tmp_path: Path, filters: list[dict[str, Any]], packed_header: bool
) -> None:
    path = tmp_path / "some.7z"
    with py7zr.SevenZipFile(path, "w", filters=filters) as archive:
        archive.set_encoded_header_mode(packed_header)
        for name, content in SMALL.items():
            archive.writestr(content, name)
    refused = 0
    for content, is_hidden in damaged(path.read_bytes()):
        path.write_bytes(content)
        try:
            streamed = contents(path)
        except DataError as error:
            assert str(error).startswith(f"{path}: ")
            refused += 1
        else:
            assert is_hidden or streamed == SMALL
    assert refused > 45
