"""The arrays that training reads: normalised, one-hot, split, each row with its image's id."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from swatchbook.data import folds as folding
from swatchbook.data import parquet_table
from swatchbook.data.folds import Folds
from swatchbook.data.normalisation import normalised
from swatchbook.data.shards import OneHot, Shards, StoredImages
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError
from swatchbook.files import replacing

ROWS_AT_A_TIME = 512  # 6 MB of float32 for 32 x 32 RGB, of which a few copies are made


def write(
    folder: str | Path,
    pixels: np.ndarray,
    labels: np.ndarray,
    ids: Sequence[str],
    splits: Mapping[str, np.ndarray],
    classes: Sequence[str],
    folds: Folds | None = None,
) -> None:
    """Write ``x_<split>.npy`` and ``y_<split>.npy`` for each split, and ``index.csv``.

    ``x`` is float32 in [0, 1], shape (n, height, width, channels); ``y`` is one-hot float32, shape
    (n, classes); ``index.csv`` has the columns split, row, id, label. Of a cross-validated data set
    all images are in the test arrays, and ``index.csv`` has a column more for each seed, which says
    what the image is to it.

    Parameters
    ----------
    pixels
        uint8, shape (N, height, width, channels), RGB.
    labels
        Class indices, integers, shape (N,).
    ids
        N ids.
    splits
        For each split the numbers of its images, in the order of its rows.
    classes
        The class names.
    folds
        Of a cross-validated data set; else ``None``.
    """
    folder = Path(folder)
    one_hot = np.eye(len(classes), dtype=np.float32)
    index = []
    for split in SPLITS:
        rows = splits[split]
        with replacing(folder / f"x_{split}.npy") as path, path.open("wb") as file:
            header = {
                "descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)),
                "fortran_order": False,
                "shape": (len(rows), *pixels.shape[1:]),
            }
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(rows), ROWS_AT_A_TIME):
                chunk = pixels[rows[start : start + ROWS_AT_A_TIME]]
                normalised(chunk).tofile(file)
        with replacing(folder / f"y_{split}.npy") as path:
            np.save(path, one_hot[labels[rows]])
        index.append(
            pd.DataFrame(
                {
                    "split": split,
                    "row": np.arange(len(rows)),
                    "id": [ids[row] for row in rows],
                    "label": [classes[labels[row]] for row in rows],
                    **(folds.columns(rows) if folds else {}),
                }
            )
        )
    with replacing(folder / "index.csv") as path:
        pd.concat(index).to_csv(path, index=False, lineterminator="\n")


def load(
    folder: str | Path, split: str, seed: int | None = None, *, mapped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Read one split.

    Parameters
    ----------
    folder
        Where `write` wrote.
    split
        One of ``train``, ``validation`` and ``test``.
    seed
        Of a training. It matters where a data set is cross-validated: then the images are those
        that this seed trains on, watches or tests. Without one they are all test images.
    mapped
        Whether to leave the images on disk and read the parts that are used (a memory map).

    Returns
    -------
    tuple
        ``x``: float32, shape (n, height, width, channels), in [0, 1]; ``y``: float32 one-hot, shape
        (n, classes).

    Raises
    ------
    DataError
        If one cannot be read, or the two do not belong together.
    """
    folder = Path(folder)
    if _is_sharded(folder):
        return _stored(folder, split, compact=False)
    folds = None if seed is None else folding.read(folder)
    if folds:
        x, y = load(folder, "test", mapped=True)
        _check_count(folder, folds, len(x))
        rows = folds.rows(split, seed)
        return x[rows], y[rows]
    x = _read(folder / f"x_{split}.npy", mapped)
    y = _read(folder / f"y_{split}.npy")
    if len(x) != len(y):
        raise DataError(f"{len(x)} images but {len(y)} labels in the {split} set", where=folder)
    return x, y


def load_compact(
    folder: str | Path, split: str, seed: int | None = None, shards: Shards | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read one split into a quarter of the memory: images as uint8, which `normalised` undoes.

    Bit for bit. Images that are not what `normalised` makes of bytes stay float32.

    Parameters
    ----------
    folder, split, seed
        As for `load`.
    shards
        Those that `open_shards` opened, to read from; by default they are opened anew.

    Returns
    -------
    tuple
        ``x``: uint8 or float32, shape (n, height, width, channels); ``y``: float32 one-hot, shape
        (n, classes).

    Raises
    ------
    DataError
        As `load`.
    """
    folder = Path(folder)
    if _is_sharded(folder):
        return _stored(folder, split, compact=True, shards=shards)
    folds = None if seed is None else folding.read(folder)
    if folds:
        x, y = load_compact(folder, "test")
        _check_count(folder, folds, len(x))
        rows = folds.rows(split, seed)
        return x[rows], y[rows]
    # Opens the file and checks it against its labels, but reads no image.
    x, y = load(folder, split, mapped=True)
    found = _as_bytes(folder / f"x_{split}.npy", x)
    return np.array(x) if found is None else found, y


def labels(folder: str | Path, split: str) -> np.ndarray:
    """Read the class indices of one split, int64, shape (n,); no image is touched.

    Raises
    ------
    DataError
        If they cannot be read.
    """
    folder = Path(folder)
    if _is_sharded(folder):
        return _stored_labels(folder, split)["class"].to_numpy(np.int64)
    return _read(folder / f"y_{split}.npy", mapped=True).argmax(axis=1)


def files_of_images(folder: str | Path) -> list[Path]:
    """Return the files that together decide which images each split has, and what they show."""
    folder = Path(folder)
    if _is_sharded(folder):  # with the digest of each shard
        return [folder / "shards.json", folder / "index.parquet"]
    # It says which images are in which split where a data set is cross-validated.
    return [*(folder / f"x_{split}.npy" for split in SPLITS), folder / "index.csv"]


def _is_sharded(folder: Path) -> bool:
    return (folder / "shards.json").exists()


def open_shards(folder: str | Path) -> Shards | None:
    """Open the shards of a data set; ``None`` if it has none.

    Raises
    ------
    DataError
        If one is missing, or is not as large as it should be.
    """
    return Shards.read(Path(folder) / "shards.json") if _is_sharded(Path(folder)) else None


def _stored(
    folder: Path, split: str, *, compact: bool, shards: Shards | None = None
) -> tuple[StoredImages, OneHot]:
    index = _stored_labels(folder, split)
    shards = shards or Shards.read(folder / "shards.json")
    x = StoredImages(shards, index["place"].to_numpy(np.int64), compact=compact)
    return x, OneHot(index["class"].to_numpy(np.int32), shards.classes)


def _stored_labels(folder: Path, split: str) -> pd.DataFrame:
    columns = ["class", "place"]
    return parquet_table.read(folder / "index.parquet", columns, where=f"split = '{split}'")


def _as_bytes(path: Path, x: np.ndarray) -> np.ndarray | None:
    """Return the images in a file as bytes, or ``None`` if that would lose something.

    They are read piece by piece: what is read through a memory map counts as the process's own.

    Parameters
    ----------
    x
        The memory map of the file.
    """
    if x.dtype != np.float32 or not x.flags.c_contiguous:
        return None
    result = np.empty(x.shape, np.uint8)
    size = int(np.prod(x.shape[1:]))
    with path.open("rb") as file:
        file.seek(x.offset)
        for start in range(0, len(x), ROWS_AT_A_TIME):
            part = result[start : start + ROWS_AT_A_TIME]
            values = np.fromfile(file, np.float32, len(part) * size).reshape(part.shape)
            if not (values >= 0).all() or not (values <= 1).all():
                return None
            np.rint(values * 255, out=part, casting="unsafe")
            if not np.array_equal(normalised(part), values):
                return None
    return result


def _check_count(folder: Path, folds: Folds, images: int) -> None:
    if folds.images != images:
        raise DataError(
            f"{images} images but folds of {folds.images}",
            where=folder,
            hint="delete it and run again to decode it anew",
        )


def _read(path: Path, mapped: bool = False) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if "pickle" in reason or "Python objects" in reason:  # NumPy says how to run them
            reason = "it holds Python objects, not numbers"
        raise DataError(
            f"cannot be read: {reason}",
            where=path,
            hint="delete it and run again to decode it anew",
        ) from error


def read_index(folder: str | Path, split: str, seed: int | None = None) -> pd.DataFrame:
    """Read the rows of ``index.csv`` for one split, with the columns row, id and label.

    With a seed as `load`: where a data set is cross-validated, row is the one in the test arrays.
    """
    columns = ["row", "id", "label"]
    if _is_sharded(Path(folder)):
        return parquet_table.read(
            Path(folder) / "index.parquet", columns, where=f"split = '{split}'"
        )
    path = Path(folder) / "index.csv"
    columns = ["split", *columns]
    index = pd.read_csv(
        path, usecols=columns, dtype={"id": str, "label": str}, keep_default_na=False
    )
    folds = None if seed is None else folding.read(folder)
    index = index.iloc[folds.rows(split, seed)] if folds else index[index["split"] == split]
    return index.drop(columns="split").reset_index(drop=True)
