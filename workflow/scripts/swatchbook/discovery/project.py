"""A working directory for one's own images, made from a folder or an archive of them."""

import re
import shlex
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from swatchbook.data import archive_formats, dataset_formats, layout
from swatchbook.data.archive_dataset import digests
from swatchbook.discovery import arrangement, arrays_file, decisions, inventory, writing
from swatchbook.discovery.arrangement import Arrangement
from swatchbook.discovery.decisions import Decided
from swatchbook.discovery.inventory import Inventory
from swatchbook.errors import ConfigurationError, DataError, first_ten
from swatchbook.files import write_text
from swatchbook.sources.acquisition import acquire
from swatchbook.startup import configuration

WORKFLOW = Path(__file__).resolve().parents[3]
MOST_TABLE_BYTES = 64 * 1024**2


class Asked(NamedTuple):
    """What the user may ask for; `None` for what images say.

    Attributes
    ----------
    label
        The column of a table with the labels.
    size
        Height and width of the images to train on.
    resize
        How they come to it; see `pictures.read`.
    """

    label: str | None = None
    size: tuple[int, int] | None = None
    resize: str | None = None


AS_FOUND = Asked()


def make(source: Path, folder: Path, name: str | None = None, asked: Asked = AS_FOUND) -> list[str]:
    """Look at images and write what the workflow needs for them.

    Parameters
    ----------
    source
        A folder of images, an archive of them, or a NumPy file (``.npz``).
    folder
        The working directory to be, which must not have a ``config/`` yet.
    name
        The data set's name; by default that of the source.
    asked
        What the user asked for.

    Returns
    -------
    list of str
        What was found, and the command that goes on, in lines for the user.

    Raises
    ------
    SwatchbookError
        If images cannot be read, or nothing says what is on them; what has been written until then
        are at most files in ``<folder>/resources/``.
    """
    source = source.expanduser()
    if not source.exists():
        raise DataError("there is no such file or folder", where=source)
    name = name or name_of(source)
    if (folder / "config").exists():
        raise ConfigurationError(
            "there is a configuration already", where=folder / "config", hint="name another folder"
        )
    if source.is_dir() and folder.resolve().is_relative_to(source.resolve()):
        raise ConfigurationError(
            "would lie among the images", where=folder, hint="name a folder elsewhere"
        )
    file, spec = _sources(source.absolute(), name)
    resources = folder / "resources" / name
    resources.mkdir(parents=True, exist_ok=True)
    archive = resources / file
    # One of an earlier attempt, which ended in an error: the images may have been moved since.
    if archive.exists() and not archive.samefile(source):
        archive.unlink()
    acquire(spec, file, archive)
    found, others = None, []
    if source.suffix.lower() == ".npz":
        described, arranged = arrays_file.describe(archive, name, source)
    else:
        found, arranged, others = _looked_at(archive, asked, source)
        described = _described(name, found, arranged, others, asked, file)
    spec |= described
    plain = writing.plain(spec)
    images = dataset_formats.read(plain, resources)
    parts = dataset_formats.split(plain, images)
    spec["content"] = {
        key: Decided(value, "")
        for key, value in digests(images.pixels, images.labels, len(arranged.classes)).items()
    }
    config = _config(name, len(parts["train"]))
    write_text(folder / "config" / "datasets" / f"{name}.yaml", writing.dataset_text(spec, source))
    write_text(folder / "config" / "config.yaml", writing.config_text(config))
    _check(folder, name)
    return _told(found, arranged, others, parts, folder, source)


def name_of(source: Path) -> str:
    """Return a name for a data set from that of its folder or archive."""
    stem = re.sub(r"\.(zip|7z|tar|tgz|tbz2|txz|tzst|gz|bz2|xz|zst|npz)$", "", source.name.lower())
    stem = re.sub(r"\.tar$", "", stem)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "images"


def _sources(source: Path, name: str) -> tuple[str, dict[str, Any]]:
    """Return the name of the archive, and where it comes from."""
    if source.is_dir():
        file = f"{name}.zip"
        origin = {"kind": "packed", "folder": str(source), "name": file}
    else:
        endings = "".join(source.suffixes[-2:]) if ".tar" in source.suffixes else source.suffix
        file = f"{name}{endings.lower()}"
        origin = {"kind": "file", "path": str(source), "name": file}
    return file, {"files": {file: {}}, "sources": [origin]}


def _looked_at(path: Path, asked: Asked, source: Path) -> tuple[Inventory, Arrangement, list[str]]:
    """Look at an archive's images and tables."""
    documents = {}
    with archive_formats.opened(path) as archive:
        images, beside, others = layout.sorted_out(archive.names)
        if not images:
            raise DataError("there is no image in it", where=source)
        wanted = set(beside)
        for name, content in archive.stream():
            if name in wanted and len(content) <= MOST_TABLE_BYTES:
                documents[name] = content
    arranged = arrangement.find(images, documents, asked.label, source)
    if len(arranged.classes) < 2:
        raise DataError(
            f"one class, {first_ten(arranged.classes)}: there is nothing to tell apart",
            where=source,
        )
    with archive_formats.opened(path) as archive:
        found = inventory.take(archive, images)
    if not found.sizes:
        raise DataError("not one image can be read", where=source)
    return found, arranged, others


def _described(
    name: str,
    found: Inventory,
    arranged: Arrangement,
    others: list[str],
    asked: Asked,
    file: str,
) -> dict[str, Any]:
    """Return what the data set's file says, its decisions with their reasons."""
    archive: dict[str, Any] = {"images": Decided(file, "")}
    table = arranged.table
    if table is not None:
        archive["table_in_archive"] = Decided(table.name, f"names {table.matched:,} of the images")
        archive["table"] = {
            key: Decided(value, "" if value is None else TABLE_SAID.get(key, ""))
            for key, value in table.reading.items()
        }
    if arranged.root:
        archive["root"] = Decided(arranged.root, "where all images lie")
    if arranged.folders:
        archive["folders"] = Decided(arranged.folders, "what the folders below say")
    archive["ids"] = Decided(arranged.ids, IDS_SAID[arranged.ids])
    out = decisions.left_out(found, arranged, len(others))
    if out:
        because = "; ".join(f"{one.because}" for one in out.values())
        archive["leave_out"] = Decided(list(out), because)
    return {
        "title": Decided(name, "for the report: say what it is"),
        "format": Decided("archive", ""),
        "image": decisions.image(found, asked.size, asked.resize),
        "classes": Decided(list(arranged.classes), ""),
        "archive": archive,
        "split": decisions.split(arranged),
    }


TABLE_SAID = {
    "id": "the column that names the images",
    "label": "the column of their classes",
    "split": "the column that says which set an image is in",
    "group": "images of one are in one set only",
}
IDS_SAID = {
    "stem": "images go by their files' names without the ending",
    "name": "images go by their files' names",
    "path": "images go by their paths",
}


def _config(name: str, images: int) -> dict[str, Any]:
    return {
        "datasets": Decided([name], ""),
        "training": decisions.training(images),
    }


def _check(folder: Path, name: str) -> None:
    """Check what was written as a run will."""
    schema = WORKFLOW / "schemas" / "dataset.schema.json"
    configuration.load_dataset(name, [folder / "config" / "datasets"], schema)


def _told(
    found: Inventory | None,
    arranged: Arrangement,
    others: list[str],
    parts: Mapping[str, Any],
    folder: Path,
    source: Path,
) -> list[str]:
    counts = sorted(arranged.classes.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {count:,}" for name, count in counts[:5])
    lines = [
        f"{source}: {_images_told(found, parts)}",
        f"{len(counts)} classes: {shown}{', …' if len(counts) > 5 else ''}",
        "split: " + ", ".join(f"{name} {len(rows):,}" for name, rows in parts.items()),
    ]
    table = arranged.table
    if table is not None and table.reading["label"]:
        lines.append(f"labels: the column {table.reading['label']!r} of {table.name}")
    if arranged.groups:
        told = f" by the column {table.reading['group']!r}" if table is not None else ""
        lines.append(f"groups: {arranged.groups:,}{told}; each is in one set only")
    if counts[0][1] > 5 * counts[-1][1]:
        lines.append(
            f"unbalanced: {counts[0][1]:,} of {counts[0][0]}, {counts[-1][1]:,} of {counts[-1][0]}"
        )
    if found and found.copies:
        lines.append(f"exact copies of other files: {first_ten(found.copies)}")
    if found and found.broken:
        broken = [f"{name} ({why})" for name, why in found.broken.items()]
        lines.append(f"left out, broken: {first_ten(broken)}")
    if arranged.unlabelled:
        lines.append(f"left out, without a label: {arranged.unlabelled:,} images")
    if arranged.without_image:
        lines.append(f"left out, without an image: {arranged.without_image:,} rows")
    if others:
        lines.append(f"left out, no images: {first_ten(others)}")
    written = folder / "config" / "datasets"
    lines += [
        f"Written: {written}/*.yaml and {folder / 'config' / 'config.yaml'}. Read them, then:",
        f"    snakemake --cores all --directory {shlex.quote(str(folder))}",
    ]
    return lines


def _images_told(found: Inventory | None, parts: Mapping[str, Any]) -> str:
    if found is None:
        return f"{sum(map(len, parts.values())):,} images in arrays"
    formats = ", ".join(f"{count:,} {kind}" for kind, count in found.formats.most_common())
    sizes = decisions.range_of(found.sizes)
    return f"{found.sizes.total():,} images ({formats}) of {sizes} pixels"
