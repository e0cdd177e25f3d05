"""A format of archives is one class and one line; what no archive may hold is refused in all."""

import io
import logging
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

import wanted
from makers import write_table
from swatchbook.data import archive_formats, arrays, decoding
from swatchbook.data.archives import Archive, Member, is_litter
from swatchbook.data.limits import Limits
from swatchbook.errors import DataError


class Tar(Archive):
    """A made-up entry: tar archives, not compressed."""

    def members(self) -> Iterator[Member]:
        self.tar = self.resources.enter_context(tarfile.TarFile(self.path))
        for member in self.tar:
            kind = None if member.isreg() or member.isdir() else "neither a file nor a folder"
            yield Member(member.name, member.size, member.isdir(), kind)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        for member in self.tar.getmembers():
            if member.isreg():
                yield member.name, self.tar.extractfile(member).read()


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(archive_formats.FORMATS, ".tar", Tar)


def write_tar(path: Path, contents: Mapping[str, bytes], *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for other in others:
            archive.addfile(other)
    return path


def of_type(kind: bytes, name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    return member


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DataError) as caught, archive_formats.opened(path, limits):
        pass
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", ["some.tar", "Some.TAR"])
def test_a_data_set_in_an_archive_of_a_new_format_is_decoded(tmp_path: Path, name: str) -> None:
    write_tar(tmp_path / name, wanted.PACKED, of_type(tarfile.DIRTYPE, "train"))
    write_table(tmp_path / "labels.csv", wanted.LABELS)
    spec = wanted.ARCHIVE | {"archive": {"images": name, "labels": "labels.csv"}}
    decoding.decode(spec, tmp_path, tmp_path / "arrays")
    wanted.write_archive(tmp_path)
    decoding.decode(wanted.ARCHIVE, tmp_path, tmp_path / "wanted")
    for split in ("train", "validation", "test"):
        for found, expected in zip(
            arrays.load(tmp_path / "arrays", split),
            arrays.load(tmp_path / "wanted", split),
            strict=True,
        ):
            np.testing.assert_array_equal(found, expected, strict=True)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["../7.png"], "members that no archive should have: '../7.png' (it leads out of its fol"),
        (["/7.png", "a\\b"], "members that no archive should have: '/7.png' (an absolute path), "),
        (["a.png", "A.PNG"], "members that stand twice, capital letters aside: A.PNG"),
        (["a/b.png", "a//b.png"], "members that stand twice, capital letters aside: a//b.png"),
    ],
)
def test_names_are_checked_whatever_the_format(tmp_path: Path, names: list[str], told: str) -> None:
    path = write_tar(tmp_path / "some.tar", dict.fromkeys(names, b"x"))
    assert refusal(path).startswith(told)


def test_members_that_are_no_files_are_named_with_what_the_format_says(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "some.tar", {}, of_type(tarfile.SYMTYPE, "link.png"))
    assert refusal(path) == (
        "members that no archive should have: 'link.png' (neither a file nor a folder)"
    )


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(members=2), "more than 2 members (a bomb? If you trust it, raise limits.members"),
        (Limits(member_bytes=9), "members of more than 9 bytes: 0 (10), 1 (10), 2 (10) (a bomb?"),
        (Limits(total_bytes=29), "would unpack to 30 bytes, and 29 are allowed (a bomb?"),
    ],
)
def test_limits_hold_whatever_the_format(tmp_path: Path, limits: Limits, told: str) -> None:
    path = write_tar(tmp_path / "some.tar", {str(number): bytes(10) for number in range(3)})
    assert refusal(path, limits).startswith(told)


def test_litter_is_passed_over_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_tar(tmp_path / "a.tar", {".DS_Store": b"", "1.png": b"one", "x/._1.png": b"2"})
    with (
        caplog.at_level(logging.INFO, "swatchbook"),
        archive_formats.opened(path) as archive,
    ):
        assert archive.ignored == [".DS_Store", "x/._1.png"]
        assert archive.names == ["1.png"]
        assert list(archive.stream()) == [("1.png", b"one")]
    (line,) = caplog.messages
    assert line.endswith(
        "2 files passed over that computers leave by themselves: .DS_Store, x/._1.png"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Thumbs.db", True),
        ("a/THUMBS.DB", True),
        ("a/.DS_Store", True),
        ("Desktop.ini", True),
        ("./__MACOSX/a/b.png", True),
        ("a/._b.png", True),
        ("a/b.png", False),
        ("._a/b.png", False),
        ("a/__MACOSX.png", False),
        ("a/.b.png", False),
        ("a/my Thumbs.db", False),
    ],
)
def test_what_litter_is(name: str, expected: bool) -> None:
    assert is_litter(name) is expected


def test_no_more_members_are_listed_than_are_allowed(tmp_path: Path) -> None:
    class Endless(Archive):
        def members(self) -> Iterator[Member]:
            number = 0
            while True:
                yield Member(str(number := number + 1), 0)

        def contents(self) -> Iterator[tuple[str, bytes]]:
            yield from ()

    (tmp_path / "some").touch()
    with pytest.raises(DataError, match="more than 500,000 members"), Endless(tmp_path / "some"):
        pass


def test_what_was_opened_is_closed_at_the_end_and_if_the_archive_is_refused(
    tmp_path: Path,
) -> None:
    for names in (["a"], ["../a"]):
        archive = archive_formats.opened(write_tar(tmp_path / "a.tar", dict.fromkeys(names, b"")))
        if names == ["a"]:
            with archive:
                assert not archive.tar.closed
        else:
            with pytest.raises(DataError), archive:
                pass
        assert archive.tar.closed


def test_an_archive_without_a_known_ending_is_taken_for_a_7z(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "some.data", {"a": b""})
    assert refusal(path).startswith("not a readable 7z archive: not a 7z file")
