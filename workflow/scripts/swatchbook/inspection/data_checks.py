"""Checks of a data set before anything is believed of a model: balance, dull images, copies."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.data import arrays, duplicates
from swatchbook.data import folds as folding
from swatchbook.data.folds import Folds
from swatchbook.data.shards import StoredImages
from swatchbook.data.splits import SPLITS
from swatchbook.figures import checks
from swatchbook.files import replacing, write_json

ROWS_AT_A_TIME = 4096  # 50 MB of float32 for 32 x 32 RGB


def check_data(arrays_folder: str | Path, classes: Sequence[str], output: str | Path) -> None:
    """Write ``summary.json``, ``duplicates.csv`` and the figure of the closest pairs.

    ``duplicates.csv`` has a row for each pair that `duplicates.find` finds, from the closest to the
    farthest: kind (exact or near), distance, relative_distance, the split, row, id and label of
    both images, and same_label. The first image is the one of the earlier split.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    classes
        The class names.
    output
        The folder to write into.
    """
    output = Path(output)
    index = pd.concat(
        [arrays.read_index(arrays_folder, split).assign(split=split) for split in SPLITS],
        ignore_index=True,
    )
    pixels = read_pixels(arrays_folder)
    found = duplicates.find(pixels)
    pairs = with_origins(found.pairs, index)
    with replacing(output / "duplicates.csv") as path:
        pairs.to_csv(path, index=False, lineterminator="\n")
    write_json(
        output / "summary.json",
        {
            "limits": {
                "constant_spread": duplicates.CONSTANT_SPREAD,
                "near_relative_distance": duplicates.NEAR,
            },
            "balance": balance(index, classes),
            "constant": index.loc[found.constant, ["split", "row", "id", "label"]].to_dict(
                "records"
            ),
            "duplicates": count_pairs(pairs),
        },
    )
    across = are_across(pairs, folding.read(arrays_folder))
    checks.draw_twins(pairs[across], pixels, found.pairs[across], output)


def read_pixels(arrays_folder: str | Path) -> np.ndarray | StoredImages:
    """Return the images of all splits as uint8, shape (N, height, width, channels), in order.

    Those that are stored in shards are read from there as they are asked for.
    """
    parts = [arrays.load(arrays_folder, split, mapped=True)[0] for split in SPLITS]
    if isinstance(parts[0], StoredImages):
        places = np.concatenate([part.places for part in parts])
        return StoredImages(parts[0].shards, places, compact=True)
    pixels = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), np.uint8)
    start = 0
    for part in parts:
        for first in range(0, len(part), ROWS_AT_A_TIME):
            chunk = part[first : first + ROWS_AT_A_TIME]
            pixels[start : start + len(chunk)] = np.rint(chunk * 255)
            start += len(chunk)
    return pixels


def with_origins(pairs: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    """Say of each pair which images they are.

    Parameters
    ----------
    pairs
        `duplicates.Found.pairs`.
    index
        For each image number the columns split, row, id and label.
    """
    table = pd.DataFrame(
        {
            "kind": np.where(pairs["exact"], "exact", "near"),
            "distance": pairs["distance"],
            "relative_distance": pairs["relative_distance"],
        }
    )
    for end in ("first", "second"):
        origins = index.loc[pairs[end], ["split", "row", "id", "label"]].reset_index(drop=True)
        table = table.join(origins.add_prefix(f"{end}_"))
    return table.assign(same_label=table["first_label"] == table["second_label"])


def balance(index: pd.DataFrame, classes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return how the classes are represented in each split.

    Returns
    -------
    dict
        For each split ``images``, ``class_counts``, ``missing`` (classes without an image), and
        ``most_to_least``, the count of the largest class over that of the smallest; ``None`` if a
        class is missing.
    """
    result: dict[str, dict[str, Any]] = {}
    for split in SPLITS:
        labels = index.loc[index["split"] == split, "label"]
        counts = labels.value_counts().reindex(classes, fill_value=0)
        result[split] = {
            "images": len(labels),
            "class_counts": {name: int(count) for name, count in counts.items()},
            "missing": [name for name, count in counts.items() if count == 0],
            "most_to_least": float(counts.max() / counts.min()) if counts.min() > 0 else None,
        }
    return result


def are_across(pairs: pd.DataFrame, folds: Folds | None) -> np.ndarray:
    """Return which pairs have their images in different splits, bool, shape (pairs,).

    Of a cross-validation those that some repetition puts into different folds.

    Parameters
    ----------
    pairs
        The content of ``duplicates.csv``.
    """
    if folds is None:
        return (pairs["first_split"] != pairs["second_split"]).to_numpy(bool)
    tested = folds.parts == folding.TEST
    return (tested[:, pairs["first_row"]] != tested[:, pairs["second_row"]]).any(axis=0)


def count_pairs(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Count the pairs within and across splits.

    Returns
    -------
    list
        For each pair of splits ``first`` and ``second`` (a split's name), ``exact`` and ``near``
        (pairs), ``different_labels`` (pairs, of both kinds) and ``images`` (how many images of the
        second split have a copy in the first; within one split, how many images have one).
    """
    result = []
    for place, first in enumerate(SPLITS):
        for second in SPLITS[place:]:
            chosen = pairs[(pairs["first_split"] == first) & (pairs["second_split"] == second)]
            rows = set(chosen["second_row"])
            if first == second:
                rows |= set(chosen["first_row"])
            result.append(
                {
                    "first": first,
                    "second": second,
                    "exact": int((chosen["kind"] == "exact").sum()),
                    "near": int((chosen["kind"] == "near").sum()),
                    "different_labels": int((~chosen["same_label"]).sum()),
                    "images": len(rows),
                }
            )
    return result
