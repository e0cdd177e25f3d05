"""Where the images of a data set lie in their archive, and what their places say of them."""

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from swatchbook.data import image_formats
from swatchbook.errors import DataError, first_ten

# What lies beside images, and is none.
DOCUMENTS = {
    *(".txt", ".md", ".rst", ".rtf", ".pdf", ".doc", ".docx", ".odt", ".html", ".htm"),
    *(".csv", ".tsv", ".parquet", ".xls", ".xlsx", ".ods", ".json", ".jsonl", ".xml", ".names"),
    *(".yaml", ".yml", ".toml", ".ini", ".cfg", ".log", ".md5", ".sha1", ".sha256"),
    *(".py", ".ipynb", ".m", ".r", ".sh", ".bib"),
}
DOCUMENT_NAMES = {"readme", "license", "licence", "copying", "changelog", "authors", "checksums"}


def is_document(name: str) -> bool:
    """Say whether a file is, by its name, a table or a text as they lie beside images."""
    path = PurePosixPath(name)
    return path.suffix.lower() in DOCUMENTS or path.name.lower() in DOCUMENT_NAMES


def sorted_out(names: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Divide files, by their names, into images, documents and others."""
    images = [name for name in names if image_formats.is_image(name)]
    beside = [name for name in names if not image_formats.is_image(name) and is_document(name)]
    known = {*images, *beside}
    return images, beside, [name for name in names if name not in known]


def images_of(
    names: Sequence[str], leave_out: Sequence[str], where: object
) -> tuple[list[str], list[str]]:
    """Return an archive's images, and what lies beside them.

    Raises
    ------
    DataError
        If there is no image, or a file that is neither an image nor a document, unless `leave_out`
        has ``others``.
    """
    images, beside, others = sorted_out(names)
    if others and "others" not in leave_out:
        image_formats.refuse(others, where)
    if not images:
        raise DataError("there is no image in the archive", where=where)
    return images, [*beside, *others]


def places(
    names: Sequence[str], root: str, folders: Sequence[str], ids: str, where: object
) -> pd.DataFrame:
    """Return what the place of each image says of it.

    Parameters
    ----------
    names
        The images' names in the archive.
    root
        The folder in the archive that all of them lie in; empty for the whole archive.
    folders
        What the names of the folders below it say, from the outermost: ``class``, ``split``,
        ``group`` or ``any`` for nothing. There may be more folders below those.
    ids
        What an image's id is: its file's name without the ending (``stem``), with it (``name``), or
        its path below `root` (``path``).
    where
        The archive, for the message.

    Returns
    -------
    pandas.DataFrame
        Column ``name`` and, of `folders`, ``class``, ``split`` and ``group``; its index holds the
        ids, Unicode composed (NFC), each once.

    Raises
    ------
    DataError
        If an image lies elsewhere, or if two have the same id, capital letters aside.
    """
    top = PurePosixPath(root)
    outside, shallow = [], []
    said: dict[str, list[str]] = {what: [] for what in folders if what != "any"}
    found = []
    for name in names:
        path = PurePosixPath(name)
        if not path.is_relative_to(top):
            outside.append(name)
            continue
        below = path.relative_to(top)
        if len(below.parts) <= len(folders):
            shallow.append(name)
            continue
        for what, part in zip(folders, below.parts, strict=False):
            if what != "any":
                said[what].append(unicodedata.normalize("NFC", part))
        id_ = {"stem": path.stem, "name": path.name, "path": below.as_posix()}[ids]
        found.append(unicodedata.normalize("NFC", id_))
    if outside:
        raise DataError(f"images outside of {root}/: {first_ten(outside)}", where=where)
    if shallow:
        levels = "/".join(f"<{what}>" for what in folders)
        raise DataError(
            f"images that do not lie in folders {levels}/: {first_ten(shallow)}",
            where=where,
            hint="move them, or correct `folders` and `root` in the data set's file",
        )
    ids_found = pd.Index(found, name="id")
    folded = ids_found.str.casefold()
    if folded.has_duplicates:
        twice = ids_found[folded.duplicated()]
        raise DataError(
            f"ids that stand twice in the archive: {first_ten(twice)}",
            where=where,
            hint="`ids: path` in the data set's file takes the folders into them"
            if ids != "path"
            else None,
        )
    return pd.DataFrame({"name": list(names), **said}, index=ids_found)


def of_archive(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a data set's archive with what counts by default."""
    return {"root": "", "folders": [], "ids": "stem"} | dict(settings)
