"""Files on this machine: copied, or unwrapped from a zip archive, with a progress bar."""

import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from swatchbook import files
from swatchbook.errors import DownloadError
from swatchbook.progress import Progress

ZIP_START = b"PK\x03\x04"
COPY_BYTES = 1 << 20
# Deflate can shrink zeros a thousandfold; no data set's file comes near this.
MOST_EXPANSION = 200


def copy(source: Path, path: Path) -> None:
    """Copy a file to `path`, which afterwards is whole or as it was.

    Raises
    ------
    DownloadError
        If there is no such file, or it cannot be read.
    StorageError
        If it cannot be stored.
    """
    if not source.exists():
        raise DownloadError(f"there is no {source}")
    with _opened(source) as reading, files.replacing_file(path) as writing:
        total = source.stat().st_size
        _pour(reading, writing, Progress(f"copy {source.name}", total, "B"), source)


def _opened(source: Path) -> BinaryIO:
    try:
        return open(source, "rb")
    except OSError as error:
        raise DownloadError(f"{source} cannot be read: {error.strerror}") from error


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive with members does."""
    with open(path, "rb") as file:
        return file.read(len(ZIP_START)) == ZIP_START


def unzip_in_place(path: Path, file: str) -> None:
    """Put the only member called `file` of the zip archive at `path` in the archive's place.

    Raises
    ------
    DownloadError
        If there is no such member or more than one; if it would unpack to far more than the
        archive; if it cannot be read.
    StorageError
        If it cannot be stored.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [
                member
                for member in archive.infolist()
                if PurePosixPath(member.filename).name == file and not member.is_dir()
            ]
            if len(members) != 1:
                raise DownloadError(
                    f"came as a zip archive with {len(members)} members called {file}, not one"
                )
            size, packed = members[0].file_size, path.stat().st_size
            if size > MOST_EXPANSION * packed:
                raise DownloadError(
                    f"came as a zip archive of {packed:,} bytes that would unpack to {size:,}"
                )
            # A member is never read beyond the size that was just checked, and its CRC is checked.
            with archive.open(members[0]) as reading, files.replacing_file(path) as writing:
                _pour(reading, writing, Progress(f"unzip {file}", size, "B"), path)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError) as error:
        raise DownloadError(f"came as a zip archive that cannot be read: {error}") from error


def _pour(reading: BinaryIO, writing: BinaryIO, progress: Progress, source: Path) -> None:
    with progress:
        while True:
            try:
                chunk = reading.read(COPY_BYTES)
            except OSError as error:
                reason = error.strerror or error
                raise DownloadError(f"{source} cannot be read: {reason}") from error
            if not chunk:
                return
            writing.write(chunk)
            progress.update(len(chunk))
