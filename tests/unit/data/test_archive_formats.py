"""A format of archives is one class and one line; what no archive may hold is refused in all."""

import logging
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import wanted
from makers import write_archive, write_table, write_tar
from swatchbook.data import archive_formats, arrays, decoding, file_kinds
from swatchbook.data.archive_formats import FORMATS, ArchiveFormat
from swatchbook.data.archives import Archive, Member, is_litter
from swatchbook.data.limits import Limits
from swatchbook.errors import DataError

NAMES = ["a.7z", "a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz", "a.tar.zst"]
SHORT = {"tgz": "tar.gz", "tbz2": "tar.bz2", "txz": "tar.xz", "tzst": "tar.zst"}
FILES = {
    "train/10.png": b"ten" * 500,
    "train/9.png": b"",
    "größe/日本.png": b"x",
    "a.png": bytes(1 << 21),
    "/".join(["a long folder's name"] * 9 + ["1.png"]): b"last",
}
LITTER = {".DS_Store": b"1", "__MACOSX/._a.png": b"22", "x/._b.png": b"3", "x/Thumbs.db": b"4"}


class MadeUp(Archive):
    """A made-up entry: tar archives, read by Python's own library."""

    def members(self) -> Iterator[Member]:
        self.tar = self.resources.enter_context(tarfile.TarFile(self.path))
        for member in self.tar:
            kind = None if member.isreg() or member.isdir() else "neither a file nor a folder"
            yield Member(member.name, member.size, member.isdir(), kind)

    def contents(self, wanted: object = None) -> Iterator[tuple[str, bytes]]:
        for member in self.tar.getmembers():
            if member.isreg():
                yield member.name, self.tar.extractfile(member).read()


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ArchiveFormat(file_kinds.TAR, MadeUp, (".made-up",))
    others = [one for one in FORMATS if one.kind != file_kinds.TAR]
    monkeypatch.setattr(archive_formats, "FORMATS", (entry, *others))


def contents(path: Path, limits: Limits | None = None) -> list[tuple[str, bytes]]:
    with archive_formats.opened(path, limits) as archive:
        streamed = list(archive.stream())
        assert [name for name, _ in streamed] == archive.names
    return streamed


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DataError) as caught:
        contents(path, limits)
    return str(caught.value).removeprefix(f"{path}: ")


def check_decoded(folder: Path, name: str) -> None:
    """Check that an archive with the wanted images is decoded to the arrays that a 7z gives."""
    write_table(folder / "labels.csv", wanted.LABELS)
    spec = wanted.ARCHIVE | {"archive": {"images": name, "labels": "labels.csv"}}
    decoding.decode(spec, folder, folder / "arrays")
    wanted.write_archive(folder)
    decoding.decode(wanted.ARCHIVE, folder, folder / "wanted")
    for split in ("train", "validation", "test"):
        for found, expected in zip(
            arrays.load(folder / "arrays", split),
            arrays.load(folder / "wanted", split),
            strict=True,
        ):
            np.testing.assert_array_equal(found, expected, strict=True)


def test_every_ending_is_tested_here() -> None:
    tested = {name.removeprefix("a") for name in NAMES} | {f".{ending}" for ending in SHORT}
    assert {ending for one in FORMATS for ending in one.endings} == tested


@pytest.mark.parametrize("name", NAMES)
def test_all_formats_give_the_same_contents_in_the_order_in_which_they_were_packed(
    tmp_path: Path, name: str
) -> None:
    limits = Limits(ratio=10**6)  # zeros are among them
    assert contents(write_archive(tmp_path / name, FILES), limits) == list(FILES.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_in_an_archive_of_any_format_is_decoded(tmp_path: Path, name: str) -> None:
    write_archive(tmp_path / name, wanted.PACKED)
    check_decoded(tmp_path, name)


@pytest.mark.parametrize("short", SHORT)
def test_short_endings_stand_for_the_long_ones(tmp_path: Path, short: str) -> None:
    packed = write_archive(tmp_path / f"a.{SHORT[short]}", {"1.png": b"one"})
    assert contents(packed.rename(tmp_path / f"A.{short.upper()}")) == [("1.png", b"one")]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_bytes_tell_the_format_where_the_name_does_not(tmp_path: Path, name: str) -> None:
    packed = write_archive(tmp_path / name, {"1.png": b"one"})
    assert contents(packed.rename(tmp_path / "images.data")) == [("1.png", b"one")]


@pytest.mark.parametrize("wrong", NAMES)
@pytest.mark.parametrize("right", NAMES)
def test_an_archive_under_another_formats_name_is_called_what_it_is(
    tmp_path: Path, right: str, wrong: str
) -> None:
    packed = write_archive(tmp_path / right, {"1.png": b"one"}).rename(tmp_path / wrong)
    if right == wrong:
        assert contents(packed) == [("1.png", b"one")]
        return
    told = refusal(packed)
    (kind,) = (one.kind for one in FORMATS if right.endswith(one.endings))
    assert told.startswith(f"it is {kind.name}, and its name says ")
    assert f"(end its name in {right.removeprefix('a')}" in told
    assert "download" not in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbf\n <!doctype HTML>", "it is a web page, and no archive (the address gave"),
        (
            b"\x89PNG\r\n\x1a\n",
            "it is a PNG image, and no archive (pack the images into one of .7z",
        ),
        (b"Rar!\x1a\7\1\0", "it is a RAR archive, and no archive (pack the images into one of .7z"),
    ],
)
def test_what_is_no_archive_is_called_what_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    for name in [*NAMES, "some.data"]:
        (tmp_path / name).write_bytes(content)
        assert refusal(tmp_path / name).startswith(told)


@pytest.mark.parametrize("name", NAMES)
def test_litter_is_passed_over_and_said_once(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_archive(tmp_path / name, LITTER | {"1.png": b"one"} | {"z/desktop.ini": b""})
    with (
        caplog.at_level(logging.INFO, "swatchbook"),
        archive_formats.opened(path) as archive,
    ):
        assert archive.ignored == [*LITTER, "z/desktop.ini"]
        assert archive.names == ["1.png"]
        assert list(archive.stream()) == [("1.png", b"one")]
    (line,) = caplog.messages
    assert line == (
        f"{path}: 5 files passed over that computers leave by themselves: "
        f"{', '.join([*LITTER, 'z/desktop.ini'])}"
    )


@pytest.mark.parametrize("name", NAMES)
def test_litter_counts_against_the_limits_and_its_names_are_checked(
    tmp_path: Path, name: str
) -> None:
    large = write_archive(tmp_path / name, {"1.png": b"one", ".DS_Store": bytes(20)})
    assert refusal(large, Limits(member_bytes=19)).startswith("members of more than 19 bytes: .DS")
    twice = write_archive(tmp_path / name, {"a/.DS_Store": b"", "A/.DS_STORE": b""})
    assert refusal(twice) == "members that stand twice, capital letters aside: A/.DS_STORE"


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


@pytest.mark.parametrize("name", ["some.made-up", "Some.MADE-UP"])
@pytest.mark.usefixtures("made_up")
def test_a_data_set_in_an_archive_of_a_new_format_is_decoded(tmp_path: Path, name: str) -> None:
    write_tar(tmp_path / "a.tar", wanted.PACKED | {"train/.DS_Store": b""}).rename(tmp_path / name)
    check_decoded(tmp_path, name)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["../7.png"], "members that no archive should have: '../7.png' (it leads out of its fol"),
        (["/7.png", "a\\b"], "members that no archive should have: '/7.png' (an absolute path)"),
        (["a.png", "A.PNG"], "members that stand twice, capital letters aside: A.PNG"),
        (["a/b.png", "a//b.png"], "members that stand twice, capital letters aside: a//b.png"),
    ],
)
@pytest.mark.parametrize("archive", NAMES[1:])  # no packer of 7z writes them: see tests/faults
def test_names_are_checked_whatever_the_format(
    tmp_path: Path, archive: str, names: list[str], told: str
) -> None:
    assert refusal(write_archive(tmp_path / archive, dict.fromkeys(names, b"x"))).startswith(told)


@pytest.mark.parametrize("wanted", [[], ["3"], ["0", "2", "6"], ["5", "6"]])
@pytest.mark.parametrize("archive", NAMES)
def test_only_what_is_wanted_comes_and_the_rest_is_passed_over(
    tmp_path: Path, archive: str, wanted: list[str]
) -> None:
    members = {str(number): bytes([number]) * 700 * number for number in range(7)}
    with archive_formats.opened(write_archive(tmp_path / archive, members)) as opened:
        assert list(opened.stream(set(wanted))) == [(name, members[name]) for name in wanted]


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(members=2), "more than 2 members (a bomb? If you trust it, raise limits.members"),
        (Limits(member_bytes=9), "members of more than 9 bytes: 0"),
        (Limits(total_bytes=29), "would unpack to 30 bytes, and 29 are allowed (a bomb?"),
    ],
)
@pytest.mark.parametrize("archive", NAMES[1:])
def test_limits_hold_whatever_the_format(
    tmp_path: Path, archive: str, limits: Limits, told: str
) -> None:
    path = write_archive(tmp_path / archive, {str(number): bytes(10) for number in range(3)})
    assert refusal(path, limits).startswith(told)


def test_no_more_members_are_listed_than_are_allowed(tmp_path: Path) -> None:
    class Endless(Archive):
        def members(self) -> Iterator[Member]:
            number = 0
            while True:
                yield Member(str(number := number + 1), 0)

        def contents(self, wanted: object = None) -> Iterator[tuple[str, bytes]]:
            yield from ()

    (tmp_path / "some").touch()
    with pytest.raises(DataError, match="more than 500,000 members"), Endless(tmp_path / "some"):
        pass


@pytest.mark.usefixtures("made_up")
def test_what_was_opened_is_closed_at_the_end_and_if_the_archive_is_refused(
    tmp_path: Path,
) -> None:
    for names in (["a"], ["../a"]):
        packed = write_tar(tmp_path / "a.tar", dict.fromkeys(names, b""))
        archive = archive_formats.opened(packed.rename(tmp_path / "a.made-up"))
        if names == ["a"]:
            with archive:
                assert not archive.tar.closed
        else:
            with pytest.raises(DataError), archive:
                pass
        assert archive.tar.closed


def test_what_begins_like_nothing_known_is_left_to_the_format_that_its_name_says(
    tmp_path: Path,
) -> None:
    (tmp_path / "some.7z").write_bytes(b"id,label\n")
    assert refusal(tmp_path / "some.7z").startswith("not a readable 7z archive: not a 7z file")
    (tmp_path / "some.data").write_bytes(b"id,label\n")
    assert refusal(tmp_path / "some.data") == (
        "it is of no kind that is known, and no archive (pack the images into one of .7z, .zip, "
        ".tar, .tar.gz, .tgz, .tar.bz2, .tbz2, .tar.xz, .txz, .tar.zst, .tzst)"
    )
