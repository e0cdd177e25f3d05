"""A folder of files packed into one zip archive, which is the same whenever the files are."""

import errno
import logging
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from swatchbook import files
from swatchbook.errors import DownloadError
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

COPY_BYTES = 1 << 20
UNREADABLE = {errno.EIO, errno.ESTALE}  # what reading an opened file can end with
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip's calendar: when files were made is left out


def pack(folder: Path, path: Path) -> None:
    """Pack all files below a folder, but for hidden ones, in the order of their names.

    Files are stored as they are, since images are compressed already. Links are followed. The
    archive's bytes depend on the names and the contents of the files only.

    Parameters
    ----------
    folder
        What is packed; its own name is not in the archive.
    path
        The archive, which afterwards is whole or as it was.

    Raises
    ------
    DownloadError
        If there is no such folder, it holds no file, or one cannot be read.
    StorageError
        If the archive cannot be stored.
    """
    if not folder.is_dir():
        raise DownloadError(f"there is no folder {folder}")
    found = sorted(_files(folder, set()), key=lambda file: file.relative_to(folder).as_posix())
    if not found:
        raise DownloadError(f"there is no file in {folder}")
    with (
        files.replacing_file(path) as writing,
        zipfile.ZipFile(writing, "w", zipfile.ZIP_STORED) as archive,
        Progress(f"pack {folder.name}", len(found), "file") as progress,
    ):
        for file in found:
            _add(archive, file, file.relative_to(folder).as_posix())
            progress.update()


def _files(folder: Path, above: set[Path]) -> Iterator[Path]:
    """Yield the files below a folder; a link to a folder that it lies in leads nowhere."""
    real = folder.resolve()
    if real in above:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DownloadError(f"{folder} cannot be read: {error.strerror}") from error
    for entry in entries:
        if entry.name.startswith("."):
            logger.info("left out, hidden: %s", entry.path)
        elif entry.is_dir():
            yield from _files(Path(entry.path), above | {real})
        elif entry.is_file():
            yield Path(entry.path)
        else:
            raise DownloadError(f"{entry.path} is no file, and no link to one")


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    member = zipfile.ZipInfo(name, FIRST_DAY)
    member.external_attr = 0o100644 << 16
    try:
        member.file_size = file.stat().st_size
        with open(file, "rb") as reading, archive.open(member, "w") as writing:
            while chunk := reading.read(COPY_BYTES):
                writing.write(chunk)
    except OSError as error:
        if error.filename is None and error.errno not in UNREADABLE:
            raise  # the archive cannot be written
        raise DownloadError(f"{file} cannot be read: {error.strerror}") from error
