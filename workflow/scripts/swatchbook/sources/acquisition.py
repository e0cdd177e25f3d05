"""Where the files of a data set come from: a mirror, then the sources that its file names."""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from swatchbook import files
from swatchbook.errors import ConfigurationError, DataError, DownloadError
from swatchbook.sources import buckets, kaggle, local_files
from swatchbook.sources.downloads import fetch, verify
from swatchbook.sources.urls import redacted

logger = logging.getLogger(__name__)

TARBALL = "cifar-10-binary.tar.gz"


class Unavailable(DownloadError):
    """A source is not there on this machine: nothing is wrong, the next one is tried."""


@dataclass(frozen=True)
class _Candidate:
    """One source: its name for the user, and what puts the file at a path."""

    name: str
    take: Callable[[Path], None]


def acquire(
    spec: Mapping,
    file: str,
    destination: Path,
    *,
    mirror: str | None = None,
    environment: Mapping[str, str] = os.environ,
    home: Path | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> dict[str, str | int]:
    """Bring one file of a data set to `destination`, from the first source that has it.

    A file that is already there is verified and used.

    Parameters
    ----------
    spec
        The content of the data set's configuration file.
    file
        One of the names under its key ``files``.
    mirror
        A folder, an http(s) address or ``s3://<bucket>/<prefix>`` that is tried before the sources;
        it has the file under ``<mirror>/<spec["mirror"]>/<file>``. By default the one in
        SWATCHBOOK_MIRROR, if any.
    environment, home
        Where Kaggle's credentials are looked for.
    wait
        What is called with the seconds to pass before a server is asked again.

    Returns
    -------
    dict
        The receipt: ``file``; ``source``, without credentials; ``sha256``; ``bytes``; and
        ``verified``, which says what proves the content.

    Raises
    ------
    DownloadError
        If no source has the file, with every source's reason; or if the file that is already there
        is not the pinned one.
    StorageError
        If the file cannot be stored: another source would not help.
    ConfigurationError
        If a source is of no known kind.
    """
    pins = _pins(spec, file)
    if destination.exists():
        digest = verify(
            destination, pins, hint="delete it, or put the right file in its place by hand"
        )
        logger.info("%s: already in place", destination)
        return _receipt(spec, file, "already in place", digest, destination)

    mirror = mirror or environment.get("SWATCHBOOK_MIRROR")
    home = home or Path(environment.get("HOME") or Path.home())
    reasons = []
    for source in _candidates(spec, file, pins, mirror, environment, home, wait):
        try:
            with files.temporary_beside(destination) as candidate:
                source.take(candidate)
                digest = verify(candidate, pins)
                os.replace(candidate, destination)
        except Unavailable as reason:
            logger.info("%s: skipped, %s", source.name, reason.what)
            reasons.append(f"{source.name}: skipped, {_in_words(reason)}")
        except (DownloadError, DataError) as reason:
            logger.warning("%s: %s", source.name, _in_words(reason))
            reasons.append(f"{source.name}: {_in_words(reason)}")
        else:
            logger.info("%s: from %s", destination, source.name)
            return _receipt(spec, file, source.name, digest, destination)
    raise DownloadError(_told(reasons, _advice(spec, destination)), where=destination)


def _candidates(
    spec: Mapping,
    file: str,
    pins: Sequence[str],
    mirror: str | None,
    environment: Mapping[str, str],
    home: Path,
    wait: Callable[[float], object],
) -> Iterator[_Candidate]:
    """The sources in the order in which they are tried."""

    def at_address(base: str) -> Callable[[Path], None]:
        return partial(fetch, f"{base.rstrip('/')}/{quote(file)}", sha256=pins, wait=wait)

    if mirror:
        subfolder = spec.get("mirror", "")
        if mirror.startswith(buckets.SCHEME):
            address = "/".join(part for part in (mirror.rstrip("/"), subfolder, file) if part)
            yield _Candidate(f"mirror {redacted(mirror)}", partial(buckets.fetch, address))
        elif "://" in mirror:
            base = f"{mirror.rstrip('/')}/{quote(subfolder)}"
            yield _Candidate(f"mirror {redacted(mirror)}", at_address(base))
        else:
            path = Path(mirror).expanduser() / subfolder / file
            yield _Candidate(f"mirror {mirror}", partial(local_files.copy, path))
    for source in spec.get("sources", ()):
        match source:
            case {"kind": "url", "base": base}:
                yield _Candidate(redacted(base), at_address(base))
            case {"kind": "folder", "path": path}:
                yield _Candidate(f"folder {path}", partial(_from_folder, Path(path), file))
            case {"kind": "kaggle", "competition": competition}:
                take = partial(_from_kaggle, competition, file, environment, home, wait)
                yield _Candidate(f"Kaggle competition {competition}", take)
            case {"kind": "cifar10-binary", "url": url, "md5": md5}:
                take = partial(_from_cifar10_binary, url, md5, file, spec["classes"], wait)
                yield _Candidate(redacted(url), take)
            case _:
                raise ConfigurationError(
                    f"{source.get('kind')!r} is no kind of source, or it lacks a key",
                    where="sources",
                    hint="the kinds are url, folder, kaggle and cifar10-binary",
                )


def _from_folder(folder: Path, file: str, path: Path) -> None:
    folder = folder.expanduser()
    if not folder.is_dir():
        raise Unavailable("there is no such folder here")
    local_files.copy(folder / file, path)


def _from_kaggle(
    competition: str,
    file: str,
    environment: Mapping[str, str],
    home: Path,
    wait: Callable[[float], object],
    path: Path,
) -> None:
    found = kaggle.credentials(environment, home)
    if found is None:
        raise Unavailable("there are no credentials for Kaggle")
    endpoint = environment.get("KAGGLE_API_ENDPOINT")
    kaggle.fetch(competition, file, found, path, endpoint=endpoint, wait=wait)


def _from_cifar10_binary(
    url: str,
    md5: str,
    file: str,
    classes: Sequence[str],
    wait: Callable[[float], object],
    path: Path,
) -> None:
    """Make Kaggle's file out of the authors' tarball, which is kept beside it for the other one."""
    # Only this source needs OpenCV and py7zr.
    from swatchbook.sources import cifar10

    tarball = path.parent / TARBALL
    with _locked(path.parent / f".{TARBALL}.lock"):
        if not tarball.exists():
            fetch(url, tarball, md5=md5, wait=wait)
        elif (digest := files.digest(tarball, "md5")) != md5.lower():
            raise DownloadError(
                f"has the MD5 digest {digest}, not {md5}", where=tarball, hint=f"delete {tarball}"
            )
    if file == "trainLabels.csv":
        cifar10.write_label_table(tarball, path, classes)
    elif file == "train.7z":
        cifar10.write_archive(tarball, path)
    else:
        raise DownloadError(f"only train.7z and trainLabels.csv can be made of it, not {file}")


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """Let one process at a time in. The lock's file stays: to remove it would open a gap."""
    with open(lock, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("%s: waiting for another process", lock)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            # Some cluster file systems have no locks. Without one, the worst is a second download.
            logger.warning("%s: cannot be locked: %s", lock, error.strerror)
        yield


def _pins(spec: Mapping, file: str) -> list[str]:
    if file not in spec["files"]:
        raise DownloadError(
            "is not a file of this data set", where=file, hint=f"it has {', '.join(spec['files'])}"
        )
    pins = (spec["files"][file] or {}).get("sha256", [])
    return [pins] if isinstance(pins, str) else list(pins)


def _receipt(
    spec: Mapping, file: str, source: str, digest: str, destination: Path
) -> dict[str, str | int]:
    if _pins(spec, file):
        verified = "sha256"
    else:
        verified = "content digest after decoding" if spec.get("content") else "nothing pinned"
    return {
        "file": file,
        "source": source,
        "sha256": digest,
        "bytes": destination.stat().st_size,
        "verified": verified,
    }


def _in_words(error: DownloadError | DataError) -> str:
    """What went wrong, without the place: a temporary name or what the source's name says."""
    return f"{error.what} ({error.hint})" if error.hint else error.what


def _advice(spec: Mapping, destination: Path) -> Iterator[str]:
    for source in spec.get("sources", ()):
        if source.get("kind") == "kaggle":
            yield (
                f"from Kaggle: create a token at {kaggle.SETTINGS} (API, create token), save it as "
                "~/.kaggle/access_token or set KAGGLE_API_TOKEN, and accept the rules at "
                f"{kaggle.rules(source['competition'])}"
            )
    yield "from a mirror: --config mirror=<folder, URL or s3://bucket>, or set SWATCHBOOK_MIRROR"
    yield f"by hand: place the file at {destination}"
    yield "to see the workflow without any download: make demo"


def _told(reasons: Sequence[str], advice: Iterator[str]) -> str:
    tried = "".join(f"\n  - {reason}" for reason in reasons)
    ways = "".join(f"\n  - {way}" for way in advice)
    return f"could not be had from any source:{tried}\nways to get it:{ways}"
