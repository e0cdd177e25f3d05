"""What a user names as the source of images: which files it is, and how they come here.

A folder of Parquet or IDX files is these files; any other folder is packed into an archive; a file,
an address and a place in a bucket are one file each.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from swatchbook import files
from swatchbook.data import idx, image_formats
from swatchbook.data.labels import is_parquet
from swatchbook.data.splits import WORDS
from swatchbook.errors import ConfigurationError, DataError, first_ten
from swatchbook.sources import acquisition
from swatchbook.sources.urls import redacted

PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # what the data set's file takes for a file
ENDINGS = re.compile(r"\.(zip|7z|tar|tgz|tbz2|txz|tzst|gz|bz2|xz|zst|npz|parquet|pq)$")
REMOTE = {"url", "bucket"}
RECORD = ".from.json"  # where files of an attempt that ended in an error had come from


@dataclass(frozen=True)
class Origin:
    """Where the files of a data set come from.

    Attributes
    ----------
    shown
        What the user called it.
    brings
        By the name of each file the source, as in a data set's file, that brings it.
    relative
        By the name of each file what it was called, from the folder that the user named.
    """

    shown: str
    brings: Mapping[str, Mapping[str, Any]]
    relative: Mapping[str, str]

    @property
    def sources(self) -> list[Mapping[str, Any]]:
        """The sources, each once."""
        found: list[Mapping[str, Any]] = []
        for source in self.brings.values():
            if source not in found:
                found.append(source)
        return found

    @property
    def is_remote(self) -> bool:
        return all(source["kind"] in REMOTE for source in self.brings.values())


def is_address(source: str | Path) -> bool:
    return "://" in str(source)


def name_of(source: str | Path) -> str:
    """Return a name for a data set from that of its folder, its file or its address."""
    last = unquote(urlsplit(str(source)).path) if is_address(source) else str(source)
    stem = ENDINGS.sub("", PurePosixPath(last).name.lower())
    stem = re.sub(r"\.tar$", "", stem)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "images"


def of(source: str | Path, name: str) -> Origin:
    """Return which files are meant.

    Parameters
    ----------
    source
        A folder or a file, or an address that begins with ``http://``, ``https://`` or ``s3://``.
    name
        The data set's name.

    Raises
    ------
    SwatchbookError
        If there is no such file or folder, if an address has no file or may hold a secret, or if a
        folder has several data sets in it.
    """
    if is_address(source):
        return _address(str(source), name)
    path = Path(source).expanduser().absolute()
    if not path.exists():
        raise DataError("there is no such file or folder", where=source)
    if path.is_dir():
        return _folder(path, name)
    file = f"{name}{_ending(path.name)}"
    source_of = {"kind": "file", "path": str(path), "name": file}
    return Origin(str(path), {file: source_of}, {file: path.name})


def _address(address: str, name: str) -> Origin:
    """Return the file at an address or in a bucket."""
    scheme, _, rest = address.partition("://")
    kind = {"http": "url", "https": "url", "s3": "bucket"}.get(scheme.lower())
    shown = redacted(address)
    if kind is None:
        raise ConfigurationError(
            f"{scheme}:// is not known", where=shown, hint="http://, https:// and s3:// are"
        )
    host, _, place = rest.partition("/")
    if "@" in host:
        raise ConfigurationError(
            "an address with a user or a password would stand in a file",
            where=shown,
            hint="download it yourself, and name the file",
        )
    if kind == "url" and set("?#") & set(rest):
        raise ConfigurationError(
            "what stands behind ? or # may be a secret, and would stand in a file",
            where=shown,
            hint="try the address without it; else download it yourself, and name the file",
        )
    base, _, last = address.rpartition("/")
    if not place or not last:
        raise ConfigurationError("the address names no file", where=shown)
    called = unquote(last) if kind == "url" else last
    is_plain = PLAIN.fullmatch(called) is not None
    file = called if is_plain else f"{name}{_ending(called)}"
    source = {"kind": kind, "base": base} | ({} if is_plain else {"called": called})
    return Origin(address, {file: source}, {file: called})


def _ending(name: str) -> str:
    """Return the ending of a file's name in lower case, of ``.tar.gz`` both."""
    suffixes = PurePosixPath(name).suffixes
    ending = "".join(suffixes[-2:]) if ".tar" in suffixes else "".join(suffixes[-1:])
    return ending.lower() if PLAIN.fullmatch(f"x{ending}") else ""


def _folder(folder: Path, name: str) -> Origin:
    """Return the Parquet or IDX files of a folder, or the archive that it will be packed into."""
    below = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not any(image_formats.is_image(path.name) for path in below):
        parquet = [path for path in below if path.suffix.lower() in (".parquet", ".pq")]
        if parquet:
            _check_one(folder, parquet)
            return _files(folder, parquet)
        of_idx = [path for path in below if idx.dimensions(path) is not None]
        if of_idx:
            unzipped = {str(path) for path in of_idx}
            return _files(
                folder,
                [
                    path
                    for path in of_idx
                    if str(path).removesuffix(".gz") not in unzipped
                    or not path.name.endswith(".gz")
                ],
            )
    file = f"{name}.zip"
    source = {"kind": "packed", "folder": str(folder), "name": file}
    return Origin(str(folder), {file: source}, {file: folder.name})


def _check_one(folder: Path, paths: Sequence[Path]) -> None:
    """Check that Parquet files are one data set: where folders part them, these are splits."""
    parents = {
        tuple(part for part in path.relative_to(folder).parts[:-1] if part.casefold() not in WORDS)
        for path in paths
    }
    if len(parents) > 1:
        names = sorted("/".join(parts) or "." for parts in parents)
        raise DataError(
            f"Parquet files in several folders, as of several data sets: {first_ten(names)}",
            where=folder,
            hint="name one of these folders",
        )


def _files(folder: Path, paths: Sequence[Path]) -> Origin:
    """Return files as they are, if they lie in one folder; others get plain names."""
    relative = [path.relative_to(folder).as_posix() for path in paths]
    names = [path.name for path in paths]
    (parent, *others) = {path.parent for path in paths}
    if not others and all(map(PLAIN.fullmatch, names)):
        source = {"kind": "folder", "path": str(parent)}
        called = dict(zip(names, relative, strict=True))
        return Origin(str(folder), dict.fromkeys(names, source), called)
    brings, called = {}, {}
    for path, name in zip(paths, relative, strict=True):
        plain = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")
        if not PLAIN.fullmatch(plain) or plain in brings:
            plain = f"{len(brings)}-{plain}"
        brings[plain] = {"kind": "file", "path": str(path), "name": plain}
        called[plain] = name
    return Origin(str(folder), brings, called)


def bring(
    origin: Origin, resources: Path, wait: Callable[[float], object] | None = None
) -> dict[str, str]:
    """Bring all files here, and return the SHA-256 of each that came from elsewhere.

    What is in place because the user named it is left there, and what an earlier attempt brought
    from the same address is used again. Anything else is brought anew.

    Raises
    ------
    SwatchbookError
        If a file cannot be had or stored.
    """
    resources.mkdir(parents=True, exist_ok=True)
    record = resources / RECORD
    earlier = files.read_json(record) if record.exists() else {}
    digests = {}
    for file, source in origin.brings.items():
        target = resources / file
        if target.exists() and _is_named(source, file, target):
            continue
        if source["kind"] in REMOTE and target.exists():
            digest = files.digest(target)
            if earlier.get(file) == {"source": source, "sha256": digest}:
                digests[file] = digest
                continue
        target.unlink(missing_ok=True)
        digest = acquisition.bring(source, file, target, **({"wait": wait} if wait else {}))
        if source["kind"] in REMOTE:
            digests[file] = digest
            files.write_json(record, {file: {"source": source, "sha256": digest}})
    return digests


def forget(resources: Path) -> None:
    """Remove what an attempt has written down for the next one."""
    (resources / RECORD).unlink(missing_ok=True)


def _is_named(source: Mapping[str, Any], file: str, target: Path) -> bool:
    """Say whether a file in its place is the one that the user named."""
    if source["kind"] == "file":
        return os.path.samefile(source["path"], target)
    return source["kind"] == "folder" and os.path.samefile(Path(source["path"], file), target)


def is_of_parquet(paths: Sequence[Path]) -> bool:
    """Say whether files that were brought are Parquet."""
    return all(is_parquet(path) for path in paths)


def is_of_idx(paths: Sequence[Path]) -> bool:
    """Say whether files that were brought are IDX files."""
    return all(idx.dimensions(path) is not None for path in paths)
