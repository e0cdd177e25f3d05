"""Images from wherever somebody names them, one after the other as bytes."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from swatchbook.data.limits import Limits
from swatchbook.errors import DataError, SwatchbookError

STANDARD_INPUT = "-"


class Found(NamedTuple):
    """An image that was found, or why there is none.

    Attributes
    ----------
    name
        Its path, of a member of an archive ``<archive>/<member>``; ``-`` for standard input.
    content
        The bytes of the file; ``None`` if they cannot be read.
    problem
        Why not, with the name, in one line.
    """

    name: str
    content: bytes | None
    problem: str = ""


def found(places: Sequence[str], limits: Limits | None = None) -> Iterator[Found]:
    """Yield the images of files, folders and archives, in the order of the arguments.

    Of a folder these are the files below it that have the name of an image, in the order of their
    names; of an archive its members likewise, in their own order. One image is in memory at a time.

    Parameters
    ----------
    places
        Paths, or ``-``.
    limits
        How large a file may be, and what an archive may unpack to.
    """
    limits = limits or Limits()
    for place in places:
        try:
            if place == STANDARD_INPUT:
                yield Found(place, _bounded(sys.stdin.buffer.read(limits.member_bytes + 1), limits))
            elif os.path.isdir(place):
                yield from _in_folder(Path(place), limits)
            elif _is_archive(place) and os.path.isfile(place):
                yield from _in_archive(place, limits)
            else:
                yield _file(Path(place), limits)
        except SwatchbookError as error:
            yield _problem(place, error)


def _in_folder(folder: Path, limits: Limits) -> Iterator[Found]:
    endings, some = _endings(), False
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(endings):
                some = True
                yield _file(Path(parent, name), limits)
    if not some:
        raise DataError(f"no file whose name ends in {' or '.join(endings)}", where=folder)


def _file(path: Path, limits: Limits) -> Found:
    """Read one file."""
    try:
        if not path.is_file():  # a pipe would wait for somebody to write into it
            raise DataError("no file" if path.exists() else "there is no such file")
        with path.open("rb") as file:
            return Found(str(path), _bounded(file.read(limits.member_bytes + 1), limits))
    except OSError as error:
        return _problem(str(path), DataError(f"cannot be read: {error.strerror}"))
    except DataError as error:
        return _problem(str(path), error)


def _in_archive(place: str, limits: Limits) -> Iterator[Found]:
    """Yield the members of an archive; damage in its middle is told after those before it."""
    from swatchbook.data import archive_formats

    endings = _endings()
    with archive_formats.opened(place, limits) as archive:
        if not any(name.lower().endswith(endings) for name in archive.names):
            raise DataError(f"no file in it whose name ends in {' or '.join(endings)}", where=place)
        for name, content in archive.stream():
            if name.lower().endswith(endings):
                yield Found(f"{place}/{name}", content)


def _endings() -> tuple[str, ...]:
    """Return how the names of images end, in lower case."""
    from swatchbook.data import image_formats

    return tuple(ending for kind in image_formats.FORMATS.values() for ending in kind.suffixes)


def _is_archive(place: str) -> bool:
    from swatchbook.data import archive_formats

    return place.lower().endswith(tuple(archive_formats.endings()))


def _bounded(content: bytes, limits: Limits) -> bytes:
    """Refuse what is larger than an image may be, and was not read to its end."""
    if len(content) > limits.member_bytes:
        raise DataError(f"more than {limits.member_bytes:,} bytes")
    return content


def _problem(name: str, error: SwatchbookError) -> Found:
    """Say in one line what cannot be read, without the hint, which is for data sets' files."""
    told = DataError(error.what, where=name if error.where is None else error.where)
    return Found(name, None, " ".join(str(told).split()))
