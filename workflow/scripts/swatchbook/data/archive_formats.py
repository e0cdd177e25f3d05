"""The formats of archives, told by the endings of their names, or else by their first bytes.

A new format is a class like `sevenzip.Archive`, and its line in `FORMATS`.
"""

from pathlib import Path
from typing import NamedTuple

from swatchbook.data import file_kinds, sevenzip, tar_archive, zip_archive
from swatchbook.data.archives import DAMAGED_HINT, Archive
from swatchbook.data.file_kinds import FileKind
from swatchbook.data.limits import Limits
from swatchbook.errors import DataError


class ArchiveFormat(NamedTuple):
    """One format.

    Attributes
    ----------
    kind
        What its first bytes say that a file is.
    archive
        What opens it.
    endings
        The endings of names that stand for it, in lower case.
    """

    kind: FileKind
    archive: type[Archive]
    endings: tuple[str, ...]


FORMATS: tuple[ArchiveFormat, ...] = (
    ArchiveFormat(file_kinds.SEVENZIP, sevenzip.Archive, (".7z",)),
    ArchiveFormat(file_kinds.ZIP, zip_archive.Archive, (".zip",)),
    ArchiveFormat(file_kinds.TAR, tar_archive.Archive, (".tar",)),
    ArchiveFormat(file_kinds.GZIP, tar_archive.Archive, (".tar.gz", ".tgz")),
    ArchiveFormat(file_kinds.BZIP2, tar_archive.Archive, (".tar.bz2", ".tbz2")),
    ArchiveFormat(file_kinds.XZ, tar_archive.Archive, (".tar.xz", ".txz")),
    ArchiveFormat(file_kinds.ZSTD, tar_archive.Archive, (".tar.zst", ".tzst")),
)
HINTS = {
    **file_kinds.HINTS,
    file_kinds.PARQUET: "`format: parquet` in the data set's file reads it",
}


def opened(path: str | Path, limits: Limits | None = None) -> Archive:
    """Return an archive to be opened by ``with``.

    Raises
    ------
    DataError
        If its first bytes say that it is of another kind than its name says, or if neither says
        that it is an archive.
    """
    start = file_kinds.start_of(path)
    found = file_kinds.told(start)
    lower_name = Path(path).name.lower()
    by_name = next((one for one in FORMATS if lower_name.endswith(one.endings)), None)
    by_content = next((one for one in FORMATS if one.kind == found), None)
    if not start:
        what = by_name.kind.name.removeprefix("a ") if by_name else "archive"
        raise DataError(f"an empty file, no {what}", where=path, hint=DAMAGED_HINT)
    # What begins like nothing known may still be damaged, or a tar archive of the oldest kind.
    chosen = by_content or (by_name if found is None else None)
    if chosen is None:
        raise DataError(
            f"it is {found.name if found else 'of no kind that is known'}, and no archive",
            where=path,
            hint=HINTS.get(found) or f"pack the images into one of {', '.join(endings())}",
        )
    if by_name not in (None, chosen):
        raise DataError(
            f"it is {chosen.kind.name}, and its name says {by_name.kind.name}",
            where=path,
            hint=f"end its name in {' or '.join(chosen.endings)}, in the data set's file too",
        )
    return chosen.archive(path, limits)


def endings() -> list[str]:
    """Return the endings of all formats, in lower case."""
    return [ending for one in FORMATS for ending in one.endings]
