"""The kinds of sources that a data set's file can name.

A kind is a function: its keyword-only parameters are the keys beside ``kind``, and what it returns
says how the source is called and puts the wanted file at a path. A new kind is one more function
and its line in `KINDS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import quote

from swatchbook.errors import DownloadError
from swatchbook.sources.urls import redacted

# Every job reads the configuration, and this table with it: what brings a file is imported when a
# source is made.

Address = Annotated[
    str,
    {
        "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@]+([/?#].*)?$",
        "x-allowed": (
            "an http(s) address without user and password (SWATCHBOOK_MIRROR may have them)"
        ),
    },
]
Bucket = Annotated[
    str,
    {
        "pattern": "^s3://[^/?#@]+(/.*)?$",
        "x-allowed": "an address like s3://bucket/prefix, without user and password",
    },
]
MD5 = Annotated[str, {"pattern": "^[0-9a-f]{32}$"}]


class Unavailable(DownloadError):
    """A source is not there on this machine: nothing is wrong, the next one is tried."""


@dataclass(frozen=True)
class Wanted:
    """One file of a data set, and what bringing it may depend on.

    Attributes
    ----------
    file
        Its name.
    sha256
        The digests that it may have, in hexadecimal; any, if empty.
    classes
        The data set's class names.
    environment, home
        Where credentials are looked for.
    wait
        What is called with the seconds to pass before a server is asked again.
    """

    file: str
    sha256: Sequence[str]
    classes: Sequence[str]
    environment: Mapping[str, str]
    home: Path
    wait: Callable[[float], object]


class Source(NamedTuple):
    """Where one file may come from.

    Attributes
    ----------
    name
        What the user is told, without credentials.
    take
        Puts the file at a path; raises `Unavailable`, another `DownloadError` or a `DataError` if
        it cannot. What it puts there is verified by others.
    advice
        How the user can make the source work, if no source has the file.
    """

    name: str
    take: Callable[[Path], None]
    advice: str | None = None


def url(wanted: Wanted, *, base: Address, called: str | None = None) -> Source:
    """An HTTP or HTTPS address with the files beneath it; `called`: the name that the one has."""
    from swatchbook.sources import downloads

    address = f"{base.rstrip('/')}/{quote(called or wanted.file)}"
    take = partial(downloads.fetch, address, sha256=wanted.sha256, wait=wanted.wait)
    return Source(redacted(base), take)


def bucket(wanted: Wanted, *, base: Bucket, called: str | None = None) -> Source:
    """A place in an S3 bucket with the files beneath it; `called`: the name that the one has."""
    from swatchbook.sources import buckets

    address = f"{base.rstrip('/')}/{called or wanted.file}"
    return Source(base, partial(buckets.fetch, address))


def folder(wanted: Wanted, *, path: str) -> Source:
    """A folder on this machine; left out where it does not exist."""
    from swatchbook.sources import local_files

    def take(destination: Path) -> None:
        place = Path(path).expanduser()
        if not place.is_dir():
            raise Unavailable("there is no such folder here")
        local_files.copy(place / wanted.file, destination)

    return Source(f"folder {path}", take)


def file(wanted: Wanted, *, path: str, name: str) -> Source:
    """One file on this machine, which is called `name` among the data set's files."""
    from swatchbook.sources import local_files

    def take(destination: Path) -> None:
        _check_wanted(wanted, name)
        local_files.copy(Path(path).expanduser(), destination)

    return Source(f"file {path}", take)


def packed(wanted: Wanted, *, folder: str, name: str) -> Source:
    """A folder of images on this machine, packed into the zip archive `name`."""
    from swatchbook.sources import packing

    def take(destination: Path) -> None:
        _check_wanted(wanted, name)
        packing.pack(Path(folder).expanduser(), destination)

    return Source(f"folder {folder}, packed", take)


def _check_wanted(wanted: Wanted, name: str) -> None:
    if wanted.file != name:
        raise Unavailable(f"it is for {name}")


def kaggle(wanted: Wanted, *, competition: str) -> Source:
    """A Kaggle competition; left out where there are no credentials."""
    from swatchbook.sources import kaggle

    def take(destination: Path) -> None:
        found = kaggle.credentials(wanted.environment, wanted.home)
        if found is None:
            raise Unavailable("there are no credentials for Kaggle")
        endpoint = wanted.environment.get("KAGGLE_API_ENDPOINT")
        kaggle.fetch(
            competition, wanted.file, found, destination, endpoint=endpoint, wait=wanted.wait
        )

    return Source(f"Kaggle competition {competition}", take, kaggle.advice(competition))


def cifar10_binary(wanted: Wanted, *, url: Address, md5: MD5) -> Source:
    """The tarball of CIFAR-10's authors, packed into train.7z, test.7z and their labels' tables."""
    from swatchbook.sources import cifar10

    take = partial(cifar10.make, wanted.file, wanted.classes, url=url, md5=md5, wait=wanted.wait)
    return Source(redacted(url), take)


KINDS: dict[str, Callable[..., Source]] = {
    "url": url,
    "bucket": bucket,
    "folder": folder,
    "file": file,
    "packed": packed,
    "kaggle": kaggle,
    "cifar10-binary": cifar10_binary,
}
