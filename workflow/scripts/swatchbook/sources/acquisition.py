"""Where the files of a data set come from: a mirror, then the sources that its file names."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

from swatchbook import files, signatures
from swatchbook.errors import ConfigurationError, DataError, DownloadError
from swatchbook.sources import buckets, kinds, local_files
from swatchbook.sources.downloads import verify
from swatchbook.sources.kinds import KINDS, Source, Unavailable, Wanted
from swatchbook.sources.urls import redacted

logger = logging.getLogger(__name__)


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

    home = home or Path(environment.get("HOME") or Path.home())
    wanted = Wanted(file, pins, spec.get("classes", ()), environment, home, wait)
    reasons, ways = [], []
    for source in _sources(spec, wanted, mirror or environment.get("SWATCHBOOK_MIRROR")):
        try:
            digest = _take(source, destination, pins)
        except (DownloadError, DataError) as error:
            reasons.append(_noted(source, error))
            ways.append(source.advice)
        else:
            logger.info("%s: from %s", destination, source.name)
            return _receipt(spec, file, source.name, digest, destination)
    raise DownloadError(_told(reasons, ways, destination), where=destination)


def bring(
    source: Mapping, file: str, destination: Path, wait: Callable[[float], object] = time.sleep
) -> str:
    """Bring one file from one source of a data set's file, and return its SHA-256 digest.

    Parameters
    ----------
    source
        A kind, and its keys.
    file
        The file's name.
    destination
        Where it is whole afterwards; one that is there is left alone until then.
    wait
        As in `acquire`.

    Raises
    ------
    DownloadError
        If the source does not have the file.
    StorageError
        If it cannot be stored.
    ConfigurationError
        If the source is of no known kind.
    """
    wanted = Wanted(file, (), (), os.environ, Path.home(), wait)
    return _take(_of_its_kind(source, wanted), destination, ())


def _sources(spec: Mapping, wanted: Wanted, mirror: str | None) -> Iterator[Source]:
    """The sources in the order in which they are tried."""
    if mirror:
        yield _mirror(mirror, spec.get("mirror") or "", wanted)
    for source in spec.get("sources", ()):
        yield _of_its_kind(source, wanted)


def _mirror(mirror: str, subfolder: str, wanted: Wanted) -> Source:
    """A mirror is a bucket, an address or a folder, in which each data set has a folder."""
    if mirror.startswith(buckets.SCHEME):
        address = "/".join(part for part in (mirror.rstrip("/"), subfolder, wanted.file) if part)
        return Source(f"mirror {redacted(mirror)}", partial(buckets.fetch, address))
    if "://" in mirror:
        base = f"{mirror.rstrip('/')}/{quote(subfolder)}"
        return kinds.url(wanted, base=base)._replace(name=f"mirror {redacted(mirror)}")
    path = Path(mirror).expanduser() / subfolder / wanted.file
    return Source(f"mirror {mirror}", partial(local_files.copy, path))


def _of_its_kind(source: Mapping, wanted: Wanted) -> Source:
    """Make a source of the kind and with the keys that a data set's file gives."""
    kind = KINDS.get(source.get("kind"))
    keys = signatures.schema(kind) if kind else {}
    if kind is None or not set(keys.get("required", ())) <= set(source):
        *most, last = KINDS
        raise ConfigurationError(
            f"{source.get('kind')!r} is no kind of source, or it lacks a key",
            where="sources",
            hint=f"the kinds are {', '.join(most)} and {last}",
        )
    return kind(wanted, **{key: source[key] for key in keys["properties"] if key in source})


def _take(source: Source, destination: Path, pins: Sequence[str]) -> str:
    """Bring a file from one source and return its SHA-256 digest, or leave nothing behind."""
    with files.temporary_beside(destination) as candidate:
        source.take(candidate)
        digest = verify(candidate, pins)
        os.replace(candidate, destination)
    return digest


def _noted(source: Source, error: DownloadError | DataError) -> str:
    """Log why a source has not brought the file, and return it for whoever asks in the end."""
    # Without the place: it is a temporary name, or what the source's name says.
    reason = f"{error.what} ({error.hint})" if error.hint else error.what
    if isinstance(error, Unavailable):
        logger.info("%s: skipped, %s", source.name, reason)
        return f"{source.name}: skipped, {reason}"
    logger.warning("%s: %s", source.name, reason)
    return f"{source.name}: {reason}"


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


def _told(reasons: Sequence[str], ways: Sequence[str | None], destination: Path) -> str:
    ways = [
        *filter(None, ways),
        "from a mirror: --config mirror=<folder, URL or s3://bucket>, or set SWATCHBOOK_MIRROR",
        f"by hand: place the file at {destination}",
        "to see the workflow without any download: make demo",
    ]
    tried = "".join(f"\n  - {reason}" for reason in reasons)
    listed = "".join(f"\n  - {way}" for way in ways)
    return f"could not be had from any source:{tried}\nways to get it:{listed}"
