"""The formats in which a data set can come: from its files to images with labels.

A format is a function. Its keyword-only parameters are the keys of the block that has the format's
name in a data set's file, of which those of the type `File` name files; it is given what the data
set's file says, the folder of the files and these keys. A new format is one more function and its
line in `FORMATS`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypedDict

from swatchbook import signatures
from swatchbook.data import splits

if TYPE_CHECKING:
    import numpy as np

# Every process reads the configuration, and this table with it: what reads files, and NumPy, is
# imported when files are read.

File = Annotated[str, {"x-file": True}]


class ImagesAndLabels(TypedDict):
    images: File
    labels: File


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
    given_test
        How many images at the end are a test set that the data set came with; 0 for none.
    """

    ids: list[str]
    pixels: "np.ndarray"
    labels: "np.ndarray"
    given_test: int = 0


def idx(
    spec: Mapping[str, Any], folder: Path, *, train: ImagesAndLabels, test: ImagesAndLabels
) -> Images:
    """Four IDX files, as MNIST comes: images and labels, for training and for the test."""
    from swatchbook.data import idx_dataset

    return idx_dataset.read(spec, folder, {"train": train, "test": test})


def archive(spec: Mapping[str, Any], folder: Path, *, images: File, labels: File) -> Images:
    """An archive of image files, whose names are their ids, and a table of their labels."""
    from swatchbook.data import archive_dataset

    return archive_dataset.read(spec, folder / images, folder / labels)


def archives(
    spec: Mapping[str, Any], folder: Path, *, train: ImagesAndLabels, test: ImagesAndLabels
) -> Images:
    """Two archives of image files and two tables, for training and for a test that is given."""
    from swatchbook.data import archive_dataset

    return archive_dataset.read_both(spec, folder, {"train": train, "test": test})


class DatasetFormat(NamedTuple):
    """One format.

    Attributes
    ----------
    read
        From what a data set's file says, the folder of its files and the keys to its images.
    split
        How they are split: a function of `splits`, which says what stands under ``split``.
    content
        The names of the digests that can be pinned under ``content``.
    channels
        How many channels its images can have.
    """

    read: Callable[..., Images]
    split: Callable[..., dict[str, "np.ndarray"]]
    content: tuple[str, ...]
    channels: tuple[int, ...] = (1, 3)


FORMATS = {
    "idx": DatasetFormat(
        idx,
        splits.given,
        content=("train_images", "train_labels", "test_images", "test_labels"),
        channels=(1,),
    ),
    "archive": DatasetFormat(archive, splits.drawn, content=("images", "labels")),
    "archives": DatasetFormat(
        archives,
        splits.given,
        content=("train_images", "train_labels", "test_images", "test_labels"),
    ),
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
    name = spec["format"]
    return FORMATS[name].read(spec, Path(folder), **spec[name])


def split(spec: Mapping[str, Any], images: Images) -> dict[str, "np.ndarray"]:
    """Split images as the data set's file says; see `splits`."""
    count = len(images.ids)
    by_format = FORMATS[spec["format"]].split
    return by_format(count - images.given_test, images.given_test, **spec["split"])


def named_files(spec: Mapping[str, Any]) -> list[str]:
    """Return the files that the block of a data set's format names."""
    name = spec["format"]
    return list(_files(signatures.schema(FORMATS[name].read), spec[name]))


def _files(rules: Mapping[str, Any], value: Any) -> Iterator[str]:
    if rules.get("x-file"):
        yield value
    for key, rules_of_key in rules.get("properties", {}).items():
        if key in value:
            yield from _files(rules_of_key, value[key])
