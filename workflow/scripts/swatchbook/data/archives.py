"""What archives of all formats have in common, and what no archive may have in it."""

import logging
import os
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, Self

from swatchbook.data.limits import Limits
from swatchbook.errors import DataError, first_ten

logger = logging.getLogger(__name__)

DAMAGED_HINT = "delete the file and run again to download it anew"
# What computers leave in folders by themselves, in lower case.
LITTER = {".ds_store", "thumbs.db", "desktop.ini"}


class Member(NamedTuple):
    """What an archive states of one member, before anything is unpacked.

    Attributes
    ----------
    name
        Its name as it stands in the archive.
    size
        Its bytes, unpacked.
    is_folder
        Whether it is a folder.
    why_not_a_file
        What it is, if neither a file nor a folder: "a link".
    """

    name: str
    size: int
    is_folder: bool = False
    why_not_a_file: str | None = None


class Archive(ABC):
    """An open archive; a context manager. A format says what `members` and `contents` do.

    Attributes
    ----------
    path
        The archive.
    limits
        How much it may unpack to.
    resources
        Closes what is entered into it, in the end or if opening fails.
    names
        The names of all files in it, in archive order, directories and litter left out.
    ignored
        The names of its litter, see `is_litter`.

    Raises
    ------
    DataError
        On opening, before anything is unpacked, if it is not an archive of this format, is beyond
        the limits, or has a member whose name leads out of a folder or that is no file; on opening
        or reading, if it is truncated or damaged.
    """

    def __init__(self, path: str | Path, limits: Limits | None = None):
        self.path = path
        self.limits = limits or Limits()
        self.resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.push(self.resources)
            # One more than allowed is enough to be refused.
            members = list(islice(self.members(), self.limits.members + 1))
            self.limits.check_count(len(members), self.path)
            check_members(members, self.path)
            files = [member for member in members if not member.is_folder]
            packed = Path(self.path).stat().st_size
            self.limits.check_sizes({file.name: file.size for file in files}, packed, self.path)
            on_failure.pop_all()
        self.names = [file.name for file in files if not is_litter(file.name)]
        self.ignored = [file.name for file in files if is_litter(file.name)]
        if self.ignored:
            logger.info(
                "%s: %d files passed over that computers leave by themselves: %s",
                self.path,
                len(self.ignored),
                first_ten(self.ignored),
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.resources.close()

    def open_file(self) -> tuple[BinaryIO, int]:
        """Open the archive's file until the archive is closed; return it and its size."""
        with reading(self.path):
            file = open(self.path, "rb")  # noqa: SIM115  (`resources` closes it)
            self.resources.enter_context(file)
            return file, os.fstat(file.fileno()).st_size

    @abstractmethod
    def members(self) -> Iterable[Member]:
        """Open the archive and tell of every member, files and others, in archive order.

        What is opened is entered into `resources`. A `DataError` says why it cannot be read.
        """

    def stream(self, wanted: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of every file in `names`, in this order, in one pass.

        Parameters
        ----------
        wanted
            The names of those that are to come; ``None`` for all.
        """
        ignored = set(self.ignored)
        return (
            (name, content)
            for name, content in self.contents(wanted)
            if name not in ignored and (wanted is None or name in wanted)
        )

    @abstractmethod
    def contents(self, wanted: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of every file, litter too, as `members` orders them.

        What is not `wanted` may be passed over. Whatever the archive has to check contents by is
        checked.
        """

    def places(self) -> dict[str, list[int]] | None:
        """Return where each file of `names` stands: some numbers of each, by what they are called.

        ``None`` where a file can only be had by unpacking what comes before it.
        """
        return None

    def stream_at(
        self, files: Iterable[tuple[str, Mapping[str, int]]]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of files whose `places` are known.

        The archive must not have been opened: it was when its places were noted, and everything in
        it was checked then. A million members take longer to list than their parts to decode.
        """
        with self.resources:
            yield from self.contents_at(files)

    def contents_at(
        self, files: Iterable[tuple[str, Mapping[str, int]]]
    ) -> Iterator[tuple[str, bytes]]:
        """Do the work of `stream_at`; only formats that tell `places` have it."""
        raise NotImplementedError


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn what the system says of a file that it cannot read into a DataError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"cannot be read: {reason}", where=path) from error


def check_members(members: Sequence[Member], where: object) -> None:
    """Check what an archive's members call themselves and what they are, all before any is read.

    Raises
    ------
    DataError
        If a name leads out of a folder or cannot be one everywhere, if two are the same but for
        capital letters, or if a member is a link or a device.
    """
    problems = [
        f"{member.name!r} ({reason})"
        for member in members
        if (reason := why_not_a_name(member.name) or member.why_not_a_file)
    ]
    if problems:
        raise DataError(f"members that no archive should have: {first_ten(problems)}", where=where)
    seen: set[str] = set()
    twice = []
    for member in members:
        if not member.is_folder:
            name = PurePosixPath(member.name).as_posix().casefold()
            if name in seen:
                twice.append(member.name)
            seen.add(name)
    if twice:
        raise DataError(
            f"members that stand twice, capital letters aside: {first_ten(twice)}", where=where
        )


def is_litter(name: str) -> bool:
    """Say whether a file is one that computers leave in folders and archives by themselves.

    Folder settings and previews of macOS and Windows, and what macOS keeps beside each file.
    """
    *folders, last = name.split("/")
    return "__MACOSX" in folders or last.lower() in LITTER or last.startswith("._")


def why_not_a_name(name: str) -> str | None:
    """Say why a member's name is not one that is safe everywhere; ``None`` if it is."""
    if not name:
        return "no name"
    if "\0" in name:
        return "a NUL in it"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        return "a control character in it"
    if "\\" in name:
        return "a backslash in it"
    if name.startswith("/"):
        return "an absolute path"
    if re.match(r"[A-Za-z]:", name):
        return "a drive letter"
    if ".." in name.split("/"):
        return "it leads out of its folder"
    return None
