"""From a data set's files to its arrays: the work of the rule `decode`."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays, dataset_formats, originals, png
from swatchbook.data.splits import SPLITS
from swatchbook.files import write_json
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

AT_A_TIME = 16 << 20  # bytes of images as float32


def decode(spec: Mapping[str, Any], folder: str | Path, output: str | Path) -> None:
    """Decode the files of one data set in `folder` into the arrays in `output`.

    Parameters
    ----------
    spec
        The content of the data set's file, ``config/datasets/<name>.yaml``.
    folder
        Where its downloaded files are.
    output
        Where `arrays.write` writes, and ``decoding.json``: what images were in their files
        (``formats``, ``sizes``), what was done to them (``changes``), and what was ``left_out`` and
        ``passed_over``; ``originals.npz`` (`originals.write`): some images as they came, of a data
        set whose images are resized.

    Raises
    ------
    DataError
        If anything in the files is not what `spec` says; nothing is skipped.
    """
    images = dataset_formats.read(spec, folder)
    rows = dataset_formats.split(spec, images)
    folds = dataset_formats.folds(spec, images)
    logger.info("split: %s", ", ".join(f"{name} {len(part)}" for name, part in rows.items()))
    if folds:
        logger.info("each image is tested by one of %d folds", folds.count)
    arrays.write(output, images.pixels, images.labels, images.ids, rows, spec["classes"], folds)
    write_json(Path(output) / "decoding.json", dict(images.notes))
    originals.write(images.originals, Path(output) / "originals.npz")


def extract(arrays_folder: str | Path, output: str | Path) -> None:
    """Write every image of one data set as ``<id>.png``, as networks see it, to look at.

    Parameters
    ----------
    arrays_folder
        Where `decode` or `sharding.gather` wrote.
    output
        The folder to write into; slashes in ids become folders.
    """
    output = Path(output)
    for split in SPLITS:
        images, _ = arrays.load(arrays_folder, split, mapped=True)
        ids = arrays.read_index(arrays_folder, split)["id"]
        with Progress(f"extract {split}", len(ids), "image") as progress:
            count = max(1, AT_A_TIME // (images[:1].nbytes or 1))
            for start in range(0, len(ids), count):
                rows = slice(start, start + count)
                pixels = np.rint(images[rows] * 255).astype(np.uint8)
                for id_, image in zip(ids[rows], pixels, strict=True):
                    path = output / f"{id_}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(png.encode(image))
                progress.update(len(pixels))
