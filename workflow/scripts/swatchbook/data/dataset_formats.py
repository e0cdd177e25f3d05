"""The formats in which a data set can come: from its files to images with labels.

A format is a function. Its keyword-only parameters are the keys of the block that has the format's
name in a data set's file, of which those of the type `File` name files; it is given what the data
set's file says, the folder of the files and these keys. It returns the images, or a `Source` of
them, of which some can be decoded alone. A new format is one more function and its line in
`FORMATS`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

from swatchbook import signatures
from swatchbook.data import splits

if TYPE_CHECKING:
    import numpy as np

    from swatchbook.data.folds import Folds
    from swatchbook.data.listing import Source
    from swatchbook.data.originals import Original

# Every process reads the configuration, and this table with it: what reads files, and NumPy, is
# imported when files are read.

File = Annotated[str, {"x-file": True}]
FileOrNone = Annotated[str | None, {"x-file": True}]


# Defaults below that could be changed in place (B006) are not: nobody changes what a configuration
# says, and a schema is made of them.


class ImagesAndLabels(TypedDict):
    images: File
    labels: File


class Arrays(TypedDict):
    """The names of arrays in a file."""

    images: NotRequired[str]
    labels: NotRequired[str]


class Table(TypedDict):
    """How a table of labels is read; see `labels.read_table`."""

    id: NotRequired[str]
    label: NotRequired[str | None]
    split: NotRequired[str | None]
    group: NotRequired[str | None]
    delimiter: NotRequired[Annotated[str | None, {"minLength": 1, "maxLength": 1}]]
    encoding: NotRequired[str]


@dataclass(frozen=True)
class Images:
    """A data set's images before they are split.

    Attributes
    ----------
    ids
        The id of each image.
    pixels
        uint8, shape (N, height, width, channels), RGB or grey.
    labels
        Class indices, int64, shape (N,).
    parts
        Which of `SPLITS` the data set itself puts each image into, text, shape (N,); or ``None``.
    groups
        The group of each image, of which none is to be on two sides of a split, text, shape (N,);
        or ``None``.
    notes
        What was seen on the way, for ``arrays/decoding.json``.
    originals
        Some images as they came, where they were resized, for ``arrays/originals.npz``.
    """

    ids: list[str]
    pixels: "np.ndarray"
    labels: "np.ndarray"
    parts: "np.ndarray | None" = None
    groups: "np.ndarray | None" = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    originals: "Sequence[Original]" = ()


def idx(
    spec: Mapping[str, Any], folder: Path, *, train: ImagesAndLabels, test: ImagesAndLabels
) -> Images:
    """Four IDX files, as MNIST comes: images and labels, for training and for the test."""
    from swatchbook.data import idx_dataset

    return idx_dataset.read(spec, folder, {"train": train, "test": test})


def archive(
    spec: Mapping[str, Any],
    folder: Path,
    *,
    images: File,
    labels: FileOrNone = None,
    table: Table = {},  # noqa: B006
    table_in_archive: str | None = None,
    root: str = "",
    folders: list[Literal["class", "split", "group", "any"]] = [],  # noqa: B006
    ids: Literal["stem", "name", "path"] = "stem",
    leave_out: list[Literal["broken", "unlabelled", "without_image", "others"]] = [],  # noqa: B006
) -> "Source":
    """An archive of image files, whose labels are in a table or are the names of their folders.

    Parameters
    ----------
    images, labels
        The archive and the table.
    table, table_in_archive
        How the table is read (`labels.read_table`), and its name if it is in the archive.
    root, folders, ids
        Where images lie, what their folders say, and what their ids are (`layout.places`).
    leave_out
        What is left out and counted instead of refused: images that cannot be read, images without
        a label, rows of the table without an image, other files than images and documents.
    """
    from swatchbook.data import archive_dataset

    how = archive_dataset.Layout(table, table_in_archive, root, folders, ids, leave_out)
    return archive_dataset.Source(spec, folder / images, labels and folder / labels, how)


def archives(
    spec: Mapping[str, Any], folder: Path, *, train: ImagesAndLabels, test: ImagesAndLabels
) -> Images:
    """Two archives of image files and two tables, for training and for a test that is given."""
    from swatchbook.data import archive_dataset

    return archive_dataset.read_both(spec, folder, {"train": train, "test": test})


def npz(
    spec: Mapping[str, Any],
    folder: Path,
    *,
    file: File,
    train: Arrays = {"images": "x_train", "labels": "y_train"},  # noqa: B006
    validation: Arrays = {},  # noqa: B006
    test: Arrays = {},  # noqa: B006
) -> Images:
    """Arrays of images and labels in one NumPy file, also of sets that the data come with."""
    from swatchbook.data import npz_dataset

    names = {"train": train, "validation": validation, "test": test}
    return npz_dataset.read(spec, folder / file, names)


def parquet(
    spec: Mapping[str, Any],
    folder: Path,
    *,
    train: Annotated[list[File], {"minItems": 1, "uniqueItems": True}],
    validation: list[File] = [],  # noqa: B006
    test: list[File] = [],  # noqa: B006
    image: str = "image",
    label: str = "label",
    labels: Literal["index", "name"] = "index",
    split: str | None = None,
    group: str | None = None,
    leave_out: list[Literal["broken", "unlabelled"]] = [],  # noqa: B006
) -> "Source":
    """Parquet files with a column of image files and one of labels, as Hugging Face has them.

    Parameters
    ----------
    train, validation, test
        The files of each set, in order; of the last two as far as the data come with them.
    image, label, split, group
        The names of the columns.
    labels
        Whether a label is the index of its class, counted from 0, or the name of it.
    leave_out
        What is left out and counted instead of refused: images that cannot be read, images without
        a label.
    """
    from swatchbook.data import parquet_dataset

    files = {"train": train, "validation": validation, "test": test}
    columns = parquet_dataset.Columns(image, label, labels == "index", split, group)
    return parquet_dataset.Source(spec, folder, files, columns, leave_out)


def cifar10(spec: Mapping[str, Any], folder: Path, *, tarball: File) -> Images:
    """The tarball of CIFAR-10's authors, with the test images that they give."""
    from swatchbook.data import cifar10_batches

    return cifar10_batches.read(spec, folder / tarball)


class DatasetFormat(NamedTuple):
    """One format.

    Attributes
    ----------
    read
        From what a data set's file says, the folder of its files and the keys to its images, or to
        their source.
    split
        How they are split: a function of `splits`, which says what stands under ``split``.
    content
        The names of the digests that can be pinned under ``content``.
    channels
        How many channels its images can have.
    by_shards
        Whether it can be decoded by shards: `read` returns a source.
    """

    read: "Callable[..., Images] | Callable[..., Source]"
    split: Callable[..., dict[str, "np.ndarray"]]
    content: tuple[str, ...]
    channels: tuple[int, ...] = (1, 3)
    by_shards: bool = False


FORMATS = {
    "idx": DatasetFormat(
        idx,
        splits.given,
        content=("train_images", "train_labels", "test_images", "test_labels"),
        channels=(1,),
    ),
    "archive": DatasetFormat(archive, splits.drawn, content=("images", "labels"), by_shards=True),
    "npz": DatasetFormat(npz, splits.drawn, content=("images", "labels")),
    "archives": DatasetFormat(
        archives,
        splits.given,
        content=("train_images", "train_labels", "test_images", "test_labels"),
    ),
    "cifar10": DatasetFormat(
        cifar10,
        splits.given,
        content=("train_images", "train_labels", "test_images", "test_labels"),
        channels=(3,),
    ),
    "parquet": DatasetFormat(parquet, splits.drawn, content=("images", "labels"), by_shards=True),
}


def read(spec: Mapping[str, Any], folder: str | Path) -> Images:
    """Read every image of a data set, with its label, and check the pinned content.

    Parameters
    ----------
    spec
        The content of the data set's file, ``config/datasets/<name>.yaml``.
    folder
        Where its downloaded files are.

    Raises
    ------
    DataError
        If anything in the files is not what `spec` says; nothing is skipped.
    """
    found = _read(spec, folder)
    return found.read() if FORMATS[spec["format"]].by_shards else found


def source(spec: Mapping[str, Any], folder: str | Path) -> "Source":
    """Return the source of a data set's images; its format must be one that has shards."""
    assert FORMATS[spec["format"]].by_shards  # others are refused when the configuration is read
    return _read(spec, folder)


def _read(spec: Mapping[str, Any], folder: str | Path) -> Any:
    name = spec["format"]
    return FORMATS[name].read(spec, Path(folder), **spec[name])


def why_not_by_shards(spec: Mapping[str, Any]) -> str | None:
    """Say why a data set cannot be decoded by shards; ``None`` if it can."""
    if not FORMATS[spec["format"]].by_shards:
        can = [name for name, its in FORMATS.items() if its.by_shards]
        return f"format is {' or '.join(can)}, not {spec['format']}"
    if spec["split"].get("folds") is not None:
        return "split.folds is null: only small data sets are cross-validated"
    if spec["split"].get("keep_together") is not None:
        return "split.keep_together is null: copies are looked for among all images at once"
    return None


def split(spec: Mapping[str, Any], images: Images) -> dict[str, "np.ndarray"]:
    """Split images as the data set's file says; see `splits`."""
    return FORMATS[spec["format"]].split(images, **spec["split"])


def folds(spec: Mapping[str, Any], images: Images) -> "Folds | None":
    """Draw the folds that the data set's file asks for; ``None`` where it has one split for all."""
    if spec["split"].get("folds") is None:
        return None
    from swatchbook.data import folds as drawing

    keys = {key: value for key, value in spec["split"].items() if key != "test_share"}
    return drawing.draw(images, **keys)


def named_files(spec: Mapping[str, Any]) -> list[str]:
    """Return the files that the block of a data set's format names."""
    name = spec["format"]
    return list(_files(signatures.schema(FORMATS[name].read), spec[name]))


def _files(rules: Mapping[str, Any], value: Any) -> Iterator[str]:
    if rules.get("x-file") and value is not None:
        yield value
    for item in value if "items" in rules else ():
        yield from _files(rules["items"], item)
    for key, rules_of_key in rules.get("properties", {}).items():
        if key in value:
            yield from _files(rules_of_key, value[key])
