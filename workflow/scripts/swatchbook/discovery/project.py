"""A working directory for one's own images, made from a folder or an archive of them."""

import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from swatchbook.data import archive_formats, dataset_formats, layout
from swatchbook.data.content_digests import digests
from swatchbook.data.dataset_formats import Images
from swatchbook.data.limits import Limits, NoLimits
from swatchbook.discovery import (
    arrangement,
    arrays_file,
    decisions,
    idx_files,
    inventory,
    origins,
    parquet_files,
    writing,
)
from swatchbook.discovery.arrangement import Arrangement
from swatchbook.discovery.decisions import Decided
from swatchbook.discovery.inventory import Inventory
from swatchbook.discovery.origins import Origin
from swatchbook.errors import ConfigurationError, DataError, first_ten
from swatchbook.files import write_text
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
    image
        The column of images in Parquet files.
    """

    label: str | None = None
    size: tuple[int, int] | None = None
    resize: str | None = None
    image: str | None = None


AS_FOUND = Asked()


class Described(NamedTuple):
    """What was found, and what is to be written of it.

    Attributes
    ----------
    spec
        What the data set's file says of the format, the images, the classes and the split.
    arranged
        How the images are arranged.
    found
        What they are; ``None`` where they are no image files.
    lines
        What else the user is told.
    content
        The digests that prove them, where these are not those of all images and labels.
    """

    spec: dict[str, Any]
    arranged: Arrangement
    found: Inventory | None = None
    lines: Sequence[str] = ()
    content: Mapping[str, str] | None = None


def make(
    source: str | Path,
    folder: Path,
    name: str | None = None,
    asked: Asked = AS_FOUND,
    wait: Callable[[float], object] = time.sleep,
) -> list[str]:
    """Look at images and write what the workflow needs for them.

    Parameters
    ----------
    source
        A folder of images, an archive of them, Parquet files or IDX files (a folder of them, or one
        Parquet file), or a NumPy file (``.npz``); of these the single files also by their address
        (``http://``, ``https://``) or their place in a bucket (``s3://bucket/key``).
    folder
        The working directory to be, which must not have a ``config/`` yet.
    name
        The data set's name; by default that of the source.
    asked
        What the user asked for.
    wait
        What is called with the seconds to pass before a server is asked again.

    Returns
    -------
    list of str
        What was found, and the command that goes on, in lines for the user.

    Raises
    ------
    SwatchbookError
        If images cannot be had or read, or nothing says what is on them; what has been written
        until then are at most files in ``<folder>/resources/``.
    """
    name = name or origins.name_of(source)
    origin = origins.of(source, name)
    if (folder / "config").exists():
        raise ConfigurationError(
            "there is a configuration already", where=folder / "config", hint="name another folder"
        )
    place = Path(origin.shown)
    if not origin.is_remote and place.is_dir() and folder.resolve().is_relative_to(place.resolve()):
        raise ConfigurationError(
            "would lie among the images", where=folder, hint="name a folder elsewhere"
        )
    resources = folder / "resources" / name
    pins = origins.bring(origin, resources, wait)
    described = _described(origin, resources, name, asked)
    if len(described.arranged.classes) < 2:
        raise DataError(
            f"one class, {first_ten(described.arranged.classes)}: there is nothing to tell apart",
            where=origin.shown,
        )
    spec = {
        "files": {file: _pinned(pins.get(file)) for file in origin.brings},
        "sources": origin.sources,
        **described.spec,
    }
    plain = writing.plain(spec)
    images = _images(plain, resources, described.found)
    parts = dataset_formats.split(plain, images)
    if "shards" not in plain:
        content = described.content or digests(images.pixels, images.labels, len(plain["classes"]))
        spec["content"] = {key: Decided(value, "") for key, value in content.items()}
    config = _config(name, len(parts["train"]), len(parts["validation"]))
    written = writing.dataset_text(spec, origin.shown)
    write_text(folder / "config" / "datasets" / f"{name}.yaml", written)
    write_text(folder / "config" / "config.yaml", writing.config_text(config))
    _check(folder, name)
    origins.forget(resources)
    return _told(described, parts, folder, origin.shown, _forecast(plain, config, parts))


def _images(spec: Mapping[str, Any], resources: Path, found: Inventory | None) -> Images:
    """Read the images, or, where they are too many, what is said of those that can be read."""
    if "shards" not in spec or found is None:
        return dataset_formats.read(spec, resources)
    listing = dataset_formats.source(spec, resources).listing()
    images = listing.images
    is_broken = images["name"].isin(found.broken) | images.index.isin(found.broken)
    return listing.without((~is_broken).to_numpy(), found.broken).unseen()


def _pinned(digest: str | None) -> dict[str, Any]:
    return {} if digest is None else {"sha256": Decided([digest], "as it was downloaded")}


def _described(origin: Origin, resources: Path, name: str, asked: Asked) -> Described:
    """Look at the files that were brought, whatever they are."""
    paths = [resources / file for file in origin.brings]
    # What is the user's own may be as much as it is; what was downloaded may be a bomb.
    most = Limits() if origin.is_remote else NoLimits()
    if origins.is_of_parquet(paths):
        spec, arranged, found, lines = parquet_files.describe(
            paths, origin.relative, name, origin.shown, asked.image, asked.label, most
        )
        _check_readable(found, origin.shown)
        spec["image"] = decisions.image(found, asked.size, asked.resize)
        return Described(_of_any_size(spec, found, most), arranged, found, lines)
    if origins.is_of_idx(paths):
        spec, arranged, content = idx_files.describe(paths, name, origin.shown)
        return Described(spec, arranged, content=content)
    (path,) = paths
    if path.suffix.lower() == ".npz":
        return Described(*arrays_file.describe(path, name, origin.shown))
    return _of_archive(path, name, asked, origin.shown, most)


def _of_any_size(spec: dict[str, Any], found: Inventory, most: Limits) -> dict[str, Any]:
    """Add what is said of a data set that is larger than usual."""
    checked = most.checked if isinstance(most, NoLimits) else {}
    image = writing.plain(spec["image"])
    return spec | decisions.large(found.sizes.total(), image, checked)


def _check_readable(found: Inventory, source: str) -> None:
    if not found.sizes:
        raise DataError("not one image can be read", where=source)


def _of_archive(path: Path, name: str, asked: Asked, source: str, most: Limits) -> Described:
    """Look at an archive's images and tables."""
    documents = {}
    with archive_formats.opened(path, most) as archive:
        images, beside, others = layout.sorted_out(archive.names)
        if not images:
            raise DataError("there is no image in it", where=source)
        wanted = set(beside)
        for member, content in archive.stream():
            if member in wanted and len(content) <= MOST_TABLE_BYTES:
                documents[member] = content
    arranged = arrangement.find(images, documents, asked.label, source)
    with archive_formats.opened(path, most) as archive:
        there = set(images)
        wanted_images = (file for file in archive.stream() if file[0] in there)
        found = inventory.take(wanted_images, len(images))
    _check_readable(found, source)
    lines = []
    table = arranged.table
    if table is not None and table.reading["label"]:
        lines.append(f"labels: the column {table.reading['label']!r} of {table.name}")
    if arranged.groups:
        told = f" by the column {table.reading['group']!r}" if table is not None else ""
        lines.append(f"groups: {arranged.groups:,}{told}; each is in one set only")
    if others:
        lines.append(f"left out, no images: {first_ten(others)}")
    spec = _archive_spec(name, found, arranged, len(others), asked, path.name)
    return Described(_of_any_size(spec, found, most), arranged, found, lines)


def _archive_spec(
    name: str, found: Inventory, arranged: Arrangement, others: int, asked: Asked, file: str
) -> dict[str, Any]:
    """Return what the data set's file says of an archive, its decisions with their reasons."""
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
    out = decisions.left_out(found, arranged, others)
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


def _config(name: str, images: int, validation: int) -> dict[str, Any]:
    return {
        "datasets": Decided([name], ""),
        "training": decisions.training(images, validation),
    }


def _check(folder: Path, name: str) -> None:
    """Check what was written as a run will."""
    schema = WORKFLOW / "schemas" / "dataset.schema.json"
    configuration.load_dataset(name, [folder / "config" / "datasets"], schema)


def _forecast(spec: Mapping[str, Any], config: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    size = (spec["image"]["height"], spec["image"]["width"])
    epochs = config["training"]["epochs"].value
    return decisions.forecast(len(parts["train"]), epochs, size, len(os.sched_getaffinity(0)))


def _told(
    described: Described, parts: Mapping[str, Any], folder: Path, source: str, forecast: str
) -> list[str]:
    arranged, found = described.arranged, described.found
    counts = sorted(arranged.classes.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {count:,}" for name, count in counts[:5])
    lines = [
        f"{source}: {_images_told(found, parts)}",
        f"{len(counts)} classes: {shown}{', …' if len(counts) > 5 else ''}",
        "split: " + ", ".join(f"{name} {len(rows):,}" for name, rows in parts.items()),
        *described.lines,
    ]
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
    written = [
        *sorted((folder / "config" / "datasets").glob("*.yaml")),
        folder / "config" / "config.yaml",
    ]
    lines += [
        f"Written: {' and '.join(map(str, written))}.",
        forecast,
        "Read both files, then:",
        f"    snakemake --cores all --directory {shlex.quote(str(folder))}",
    ]
    return lines


def _images_told(found: Inventory | None, parts: Mapping[str, Any]) -> str:
    if found is None:
        return f"{sum(map(len, parts.values())):,} images in arrays"
    formats = ", ".join(f"{count:,} {kind}" for kind, count in found.formats.most_common())
    sizes = decisions.range_of(found.sizes)
    return f"{found.sizes.total():,} images ({formats}) of {sizes} pixels"
