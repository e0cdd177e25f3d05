"""Decoding by shards: what an archive has is planned, decoded in parts, and gathered.

The plan has a row an image, by the archive's names and its table. A shard decodes its part of the
images, in the order in which the archive has them, so that jobs on many machines each read a
stretch of it. Gathering draws the split as one decoding would, and says of each row in which place
its image is. How many shards there are changes no row.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from swatchbook.data import dataset_formats, listing, originals, parquet_table
from swatchbook.data.image_stream import Seen
from swatchbook.data.originals import Collector
from swatchbook.data.shards import Shards, StoredImages, digest_of_file
from swatchbook.data.splits import SPLITS
from swatchbook.errors import DataError
from swatchbook.files import read_json, replacing, write_json

logger = logging.getLogger(__name__)


def plan(spec: Mapping[str, Any], folder: str | Path, output: str | Path) -> None:
    """Write which images there are, before one is decoded.

    Parameters
    ----------
    spec
        The content of the data set's file.
    folder
        Where its files are.
    output
        The folder for ``plan.parquet``, the images of the `Listing` with their ``id`` in a column,
        and the ``place`` among those that are not left out; and for ``plan.json``: what is
        ``left_out`` and ``passed_over``.

    Raises
    ------
    DataError
        If archive or table are not what `spec` says.
    """
    found = dataset_formats.source(spec, folder).listing()
    output = Path(output)
    listing.tell_left_out(found.left_out)
    images = found.images.reset_index(names="id")
    # Those that are left out leave no gaps.
    images["place"] = images["place"].rank().astype(np.int64) - 1
    parquet_table.write(images, output / "plan.parquet")
    write_json(
        output / "plan.json",
        {"left_out": found.left_out, "passed_over": found.passed_over},
    )
    logger.info("%d images", len(images))


def decode_shard(
    spec: Mapping[str, Any],
    folder: str | Path,
    planned: str | Path,
    number: int,
    count: int,
    output: str | Path,
) -> None:
    """Decode one part of the images.

    Parameters
    ----------
    spec, folder
        As for `plan`.
    planned
        Its ``plan.parquet``.
    number, count
        Which shard, from 0, of how many.
    output
        The ``.npy`` file: uint8, shape (n, height, width, channels), in the archive's order. Beside
        it, with the suffix ``.json``, stands what was seen (``images``, ``sha256``, ``problems`` by
        the id of images that cannot be decoded, which are left out, ``formats``, ``sizes``,
        ``changes``), and as ``.npz`` some originals (`originals.write`).

    Raises
    ------
    DataError
        If an image cannot be decoded, unless the data set's file leaves such out.
    """
    table = parquet_table.read(planned)
    total = len(table)
    first, end = number * total // count, (number + 1) * total // count
    part = table[(table["place"] >= first) & (table["place"] < end)].sort_values("place")
    part = part.set_index("id")
    source = dataset_formats.source(spec, folder)
    pixels, seen = source.decoded(part)
    if seen.problems:
        pixels = pixels[source.without_broken(part, seen.problems)]
    output = Path(output)
    with replacing(output) as path:
        np.save(path, pixels)
    originals.write(seen.collector.kept, output.with_suffix(".npz"))
    found = {
        "images": len(pixels),
        "sha256": digest_of_file(output),
        "problems": seen.problems,
        "formats": seen.formats,
        "sizes": [[*size, images] for size, images in sorted(seen.sizes.items())],
        "changes": seen.changes,
    }
    write_json(output.with_suffix(".json"), found)


def gather(
    spec: Mapping[str, Any],
    folder: str | Path,
    planned: str | Path,
    shards: Sequence[str | Path],
    output: str | Path,
) -> None:
    """Draw the split, and say where the image of each row is.

    Parameters
    ----------
    spec, folder, planned
        As for `decode_shard`.
    shards
        The ``.npy`` files of all shards, in their order, below `output`.
    output
        The folder of the arrays: ``shards.json`` (`Shards`), ``index.parquet`` (a row an image:
        split, row, id, label, class, place), ``decoding.json`` and ``originals.npz``, as
        `decoding.decode` writes them.

    Raises
    ------
    DataError
        If a shard is damaged, the images are not those whose digests are pinned, or they cannot be
        split so.
    """
    output = Path(output)
    told = [read_json(Path(shard).with_suffix(".json")) for shard in shards]
    listed = [
        {
            "file": Path(shard).relative_to(output).as_posix(),
            "images": of_shard["images"],
            "sha256": of_shard["sha256"],
        }
        for shard, of_shard in zip(shards, told, strict=True)
    ]
    shape = [spec["image"][key] for key in ("height", "width", "channels")]
    stored = Shards(output, listed, shape, len(spec["classes"]))
    seen = _seen(spec, shards, told)
    table = _decoded_ones(parquet_table.read(planned), seen)
    if len(table) != len(stored):
        raise DataError(
            f"{len(stored)} images in shards, but {len(table)} are planned",
            where=output,
            hint="delete it and run again to decode it anew",
        )
    if spec.get("content"):
        pixels = StoredImages(stored, table["place"].to_numpy(), compact=True)
        source = dataset_formats.source(spec, folder)
        source.check_contents(pixels, table["class"].to_numpy(np.int64))
    parquet_table.write(_index(spec, table), output / "index.parquet")
    planned_notes = read_json(Path(planned).with_suffix(".json"))
    left_out = dict(planned_notes["left_out"])
    if seen.problems:
        left_out["broken"] = [f"{id_} ({problem})" for id_, problem in seen.problems.items()]
    notes = listing.notes_of(seen, left_out, planned_notes["passed_over"])
    write_json(output / "decoding.json", notes)
    originals.write(seen.originals, output / "originals.npz")
    write_json(
        output / "shards.json",
        {"image_shape": shape, "classes": len(spec["classes"]), "shards": listed},
    )


def _decoded_ones(table: pd.DataFrame, seen: Seen) -> pd.DataFrame:
    """Return the rows of the plan whose images are in shards, with their places there."""
    if not seen.problems:
        return table
    table = table[~table["id"].isin(seen.problems)].reset_index(drop=True)
    return table.assign(place=table["place"].rank().astype(np.int64) - 1)


def _index(spec: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    """Draw the split: a row an image, one split after the other."""
    images = listing.unseen(table)
    labels = images.labels
    rows = dataset_formats.split(spec, images)
    logger.info("split: %s", ", ".join(f"{name} {len(part)}" for name, part in rows.items()))
    classes = np.array(spec["classes"], dtype=object)
    of_splits = [
        pd.DataFrame(
            {
                "split": split,
                "row": np.arange(len(rows[split])),
                "id": table["id"].to_numpy()[rows[split]],
                "label": classes[labels[rows[split]]],
                "class": labels[rows[split]].astype(np.int32),
                "place": table["place"].to_numpy()[rows[split]],
            }
        )
        for split in SPLITS
    ]
    return pd.concat(of_splits)


def _seen(
    spec: Mapping[str, Any], shards: Sequence[str | Path], told: Sequence[Mapping[str, Any]]
) -> Seen:
    """Return what all shards have seen together."""
    seen = Seen(Collector(spec["image"]))
    for shard, of_shard in zip(shards, told, strict=True):
        seen.problems.update(of_shard["problems"])
        seen.formats.update(Counter(of_shard["formats"]))
        seen.sizes.update({(height, width): n for height, width, n in of_shard["sizes"]})
        seen.changes.update(Counter(of_shard["changes"]))
        seen.collector.take_over(originals.read(Path(shard).with_suffix(".npz")))
    return seen
