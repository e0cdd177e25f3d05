"""A data set of Parquet files with images and labels in their rows, as Hugging Face has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from swatchbook.data import limits, splits
from swatchbook.data.content_digests import check_contents
from swatchbook.data.dataset_formats import Images
from swatchbook.data.image_stream import Seen, decode_all
from swatchbook.data.labels import class_indices, composed
from swatchbook.data.limits import Limits
from swatchbook.data.listing import Listing, images_of, without_broken
from swatchbook.data.parquet_file import LONGEST_TEXT, ParquetFile
from swatchbook.data.shards import StoredImages
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError, first_ten
from swatchbook.progress import Progress

UNLABELLED = -1  # as Hugging Face writes it
NO_IMAGE = "there is no image in its row"


class Columns(NamedTuple):
    """Which columns say what; see `dataset_formats.parquet`."""

    image: str
    label: str
    is_index: bool
    split: str | None = None
    group: str | None = None


@dataclass
class Rows:
    """What the rows of all files say of their images, but for the images themselves.

    Attributes
    ----------
    ids
        ``train/0``, ``train/1`` …: the places in the files of a set, one after the other.
    indices
        Class indices; `UNLABELLED` where there is none.
    parts, groups
        The set and the group of each, as far as something says them.
    files
        The file of each.
    sizes
        Bytes of the image of each; ``None`` in rows without one.
    """

    ids: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    sizes: list[int | None] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """Parquet files whose rows are images.

    Attributes
    ----------
    spec
        The content of the data set's file.
    folder
        Where the files are.
    files
        For each of `SPLITS` the names of its files.
    columns, leave_out
        See `dataset_formats.parquet`.
    """

    spec: Mapping[str, Any]
    folder: Path
    files: Mapping[str, Sequence[str]]
    columns: Columns
    leave_out: Sequence[str] = ()

    @property
    def paths(self) -> list[tuple[str, Path]]:
        """The set and the path of each file."""
        return [(part, self.folder / name) for part in SPLITS for name in self.files.get(part, ())]

    @property
    def where(self) -> str:
        """What a message calls all files."""
        return _named([path for _, path in self.paths])

    @property
    def limits(self) -> Limits:
        """How much the files may hold."""
        return limits.of(self.spec)

    def read(self) -> Images:
        """Read the images and labels of all files, one group of rows after the other.

        Each file is read twice: for what stands beside the images and for their sizes, which are
        held to the limits; then for the images.

        Returns
        -------
        Images
            With ids like ``train/0``.

        Raises
        ------
        DataError
            If a file is not what `spec` says.
        """
        listing = self.listing()
        self.limits.check_arrays(len(listing.images), self.spec["image"], self.where)
        return images_of(self, listing, *self.decoded(listing.images))

    def listing(self) -> Listing:
        """Return what stands beside the images, and their sizes, which are held to the limits.

        A row of it has also the ``row`` in the file that is its ``name``, and the ``size`` of the
        image there, -1 if there is none.

        Raises
        ------
        DataError
            If a file is not what `spec` says.
        """
        _check_files(self.paths, self.columns)
        rows = rows_of(self.spec, self.paths, self.columns, self.limits)
        found = table_of(rows)
        left_out = {}
        kept = (found["class"] != UNLABELLED).to_numpy()
        if not kept.all():
            unlabelled = list(found.index[~kept])
            if "unlabelled" not in self.leave_out:
                raise DataError(
                    f"images without a label: {first_ten(unlabelled)}",
                    where=rows.files[int(np.argmin(kept))],
                    hint="`leave_out: [unlabelled]` in the data set's file does without them",
                )
            left_out["unlabelled"] = unlabelled
        has_parts = len({part for part, _ in self.paths}) > 1 or self.columns.split is not None
        if not has_parts:
            del found["split"]
        if self.columns.group is None:
            del found["group"]
        return Listing(found[kept], left_out, [])

    def decoded(self, images: pd.DataFrame) -> tuple[np.ndarray, Seen]:
        """Decode some of the images of a listing, in the order of its rows; see `listing.Source`.

        What was seen names rows without an image too.
        """
        image = self.spec["image"]
        row_of = {id_: row for row, id_ in enumerate(images.index)}
        pixels = np.empty((len(images), image["height"], image["width"], image["channels"]), "u1")
        with Progress("decode Parquet files", len(images), "image") as progress:
            files = contents(self.folder, images, self.columns.image, self.limits)
            encoded = ((id_, content) for id_, content in files if content is not None)
            seen = decode_all(encoded, row_of, image, pixels, progress)
        problems = seen.problems | dict.fromkeys(images.index[images["size"] < 0], NO_IMAGE)
        seen.problems = {id_: problems[id_] for id_ in images.index if id_ in problems}
        return pixels, seen

    def without_broken(self, images: pd.DataFrame, problems: Mapping[str, str]) -> np.ndarray:
        """Return which images of a listing are kept, bool, shape (n,); see `without_broken`."""
        first = self.folder / images.loc[next(iter(problems)), "name"]
        return without_broken(list(images.index), problems, first, self.leave_out)

    def check_contents(self, pixels: np.ndarray | StoredImages, indices: np.ndarray) -> None:
        """Check the pinned digests of all images and labels; see `check_contents`."""
        check_contents(self.spec, "", self.where, self.where, pixels, indices)


def _named(paths: Sequence[Path]) -> str:
    rest = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{rest}"


def table_of(rows: Rows) -> pd.DataFrame:
    """Return a row an image, as `Source.listing` has them."""
    names = [path.name for path in rows.files]
    found = pd.DataFrame(
        {
            "name": pd.Series(names, rows.ids, "str"),
            "place": np.arange(len(names)),
            "class": np.array(rows.indices, np.int64),
            "split": rows.parts,
            "group": rows.groups or "",
            "size": np.array([-1 if size is None else size for size in rows.sizes], np.int64),
        },
        index=rows.ids,
    )
    return found.assign(row=found.groupby("name", sort=False).cumcount())


def _check_files(paths: Sequence[tuple[str, Path]], columns: Columns) -> None:
    names = [path.name for _, path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"files that stand twice in the data set's file: {first_ten(twice)}")
    if columns.split is not None and len({part for part, _ in paths}) > 1:
        raise DataError(
            "both a file and a column say the split",
            where=paths[0][1],
            hint="name all files under `train`, or leave `split` out of the data set's file",
        )


def rows_of(
    spec: Mapping[str, Any], paths: Sequence[tuple[str, Path]], columns: Columns, most: Limits
) -> Rows:
    """Read what stands beside the images, and hold their sizes to the limits."""
    rows = Rows()
    names: list[str] | None = None
    count = dict.fromkeys(SPLITS, 0)
    for part, path in paths:
        with ParquetFile(path, most) as file:
            names = _check_names(file, columns, spec["classes"], names)
            ids = [f"{part}/{count[part] + number}" for number in range(file.rows)]
            count[part] += file.rows
            most.check_count(sum(count.values()), path, "rows")
            sizes, labels, said_parts, groups = _beside(file, columns, most)
        rows.ids += ids
        rows.sizes += sizes
        rows.files += [path] * len(ids)
        if columns.is_index:
            rows.indices += _numbered(labels, ids, spec["classes"], path)
        else:
            rows.indices += _called(labels, ids, spec["classes"], path)
        rows.groups += groups
        rows.parts += (
            [part] * len(ids)
            if columns.split is None
            else splits.named([word.strip() for word in said_parts], path).tolist()
        )
    if not rows.ids:
        raise DataError("there is no row in it", where=_named([path for _, path in paths]))
    return rows


def _check_names(
    file: ParquetFile, columns: Columns, classes: Sequence[str], others: list[str] | None
) -> list[str] | None:
    """Check the classes' names that a file itself has for its indices, and return them.

    They are the same in all files. Those in the data set's file may be other ones, but not the same
    in another order.
    """
    names = file.class_names.get(columns.label) if columns.is_index else None
    if names is None:
        return others
    if others is not None and names != others:
        _refuse_names(file, names, others, "the files before")
    if names != classes and sorted(names) == sorted(classes):
        _refuse_names(file, names, classes, "the data set's file, in another order")
    return names


def _refuse_names(
    file: ParquetFile, names: Sequence[str], expected: Sequence[str], where: str
) -> NoReturn:
    raise DataError(
        f"its classes are {first_ten(names)}, and {first_ten(expected)} in {where}",
        where=file.path,
        hint="an index must mean the same class everywhere",
    )


def _beside(
    file: ParquetFile, columns: Columns, most: Limits
) -> tuple[list[int | None], list[Any], list[str], list[str]]:
    """Return each row's image's size, label, split and group.

    Raises
    ------
    DataError
        If images or texts are beyond the limits.
    """
    image = f"octet_length({file.image(columns.image)})"
    number = file.whole_number if columns.is_index else file.text
    said = [file.text(name) if name is not None else "''" for name in columns[3:]]
    packed = file.path.stat().st_size
    found: tuple[list, ...] = ([], [], [], [])
    total = 0
    for place, (size, label, *texts) in enumerate(
        file.values([image, number(columns.label), *said])
    ):
        lengths = [len(text) for text in (label, *texts) if isinstance(text, str)]
        if max(lengths, default=0) > LONGEST_TEXT:
            raise DataError(
                f"a text of more than {LONGEST_TEXT:,} characters in row {place}", where=file.path
            )
        if (size or 0) > most.member_bytes:
            most.check_sizes({f"the image in row {place}": size}, packed, file.path)
        total += (size or 0) + sum(lengths)
        most.check_total(total, packed, file.path)
        for values, value in zip(
            found, (size, label, *[text or "" for text in texts]), strict=True
        ):
            values.append(value)
    return found


def _numbered(
    labels: Sequence[int | None], ids: Sequence[str], classes: Sequence[str], path: Path
) -> list[int]:
    """Return class indices as they stand in a column, missing ones as `UNLABELLED`."""
    indices = [UNLABELLED if label is None else int(label) for label in labels]
    wrong = [
        f"{index} of {id_}"
        for index, id_ in zip(indices, ids, strict=True)
        if index != UNLABELLED and not 0 <= index < len(classes)
    ]
    if wrong:
        raise DataError(
            f"labels that are no class: {first_ten(wrong)}",
            where=path,
            hint=f"there are {len(classes)} classes, counted from 0",
        )
    return indices


def _called(
    labels: Sequence[str | None], ids: Sequence[str], classes: Sequence[str], path: Path
) -> list[int]:
    """Return the class indices of names, missing ones as `UNLABELLED`."""
    names = composed(pd.Series(["" if label is None else label for label in labels], ids, "str"))
    indices = np.full(len(ids), UNLABELLED)
    is_there = (names != "").to_numpy()
    indices[is_there] = class_indices(names[is_there], classes, path)
    return indices.tolist()


def contents(
    folder: Path, images: pd.DataFrame, column: str, most: Limits
) -> Iterator[tuple[str, bytes | None]]:
    """Yield the id and the file of each image of a table, one file after the other.

    Of a row without one ``None``.
    """
    for name, of_file in images.groupby("name", sort=False):
        of_file = of_file.sort_values("row")
        with ParquetFile(folder / name, most) as file:
            sizes = of_file["size"].clip(lower=0).to_numpy()
            there = file.images(column, sizes, of_file["row"].to_numpy())
            yield from zip(of_file.index, there, strict=True)
