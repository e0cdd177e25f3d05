"""Trained models on corrupted images: what is right and what is not."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays, corruptions
from swatchbook.data import folds as folding
from swatchbook.data.corruptions import CORRUPTIONS, STRENGTHS
from swatchbook.files import read_json, replacing
from swatchbook.training import devices, model_files, models
from swatchbook.training.prediction import predictor

logger = logging.getLogger(__name__)

AT_ONCE = 200_000_000  # bytes of corrupted images that are in memory together
NOT_TESTED = -1


def predict_corrupted(
    results: str | Path,
    trained: Sequence[str],
    seeds: Sequence[int],
    classes: int,
    images: int,
    device: str,
    threads: int,
    output: str | Path,
) -> None:
    """Write which images models call right as they are, and under each corruption and strength.

    All of it with one start of TensorFlow, and without a corrupted image on disk. A NumPy archive:
    ``rows``, the places of the sampled test images, int64, shape (n,); ``right``, int8, shape
    (models, seeds, 1 + corruptions × strengths, n): 1 where the image is called right, 0 where it
    is not, and `NOT_TESTED` where a cross-validation has not tested the image with this seed. First
    the images as they are, then the corruptions in the order of `CORRUPTIONS`, each from its
    weakest to its strongest.

    Parameters
    ----------
    results
        The data set's folder with ``arrays/`` and ``<model>/seed-<seed>/``.
    trained, seeds
        Which models, and which runs of each.
    classes
        How many there are.
    images
        How many test images are sampled; all of them if there are fewer.
    device, threads
        What to predict on: ``auto``, ``cpu`` or ``gpu``, and CPU threads.
    output
        The file to write.
    """
    results = Path(results)
    folder = results / "arrays"
    x, y = arrays.load(folder, "test", mapped=True)
    folds = folding.read(folder)
    rows = corruptions.sample(len(x), images)
    labels = y[rows].argmax(axis=1)
    tested = {
        seed: np.isin(rows, folds.rows("test", seed)) if folds else np.ones(len(rows), bool)
        for seed in seeds
    }
    devices.choose(device, "auto", threads)
    runs = {model: results / model for model in trained}
    predictors = {model: _built(runs[model], seeds[0], x.shape[1:], classes) for model in trained}
    variants = 1 + len(CORRUPTIONS) * STRENGTHS
    right = np.full((len(trained), len(seeds), variants, len(rows)), NOT_TESTED, np.int8)
    for part in _parts(len(rows), variants * int(np.prod(x.shape[1:]))):
        changed = np.stack(list(_variants(np.array(x[rows[part]]), rows[part])))
        for number, model in enumerate(trained):
            network, predict = predictors[model]
            for place, seed in enumerate(seeds):
                chosen = tested[seed][part]
                if not chosen.any():
                    continue
                model_files.load_weights(network, runs[model] / f"seed-{seed}" / "model.keras")
                pictures = changed[:, chosen].reshape(-1, *x.shape[1:])
                called = predict(pictures, f"{model} seed {seed}").argmax(axis=1)
                hits = called.reshape(variants, -1) == labels[part][chosen]
                right[number, place, :, np.arange(part.start, part.stop)[chosen]] = hits.T
    with replacing(output) as path, path.open("wb") as file:
        np.savez_compressed(file, rows=rows, right=right)
    logger.info("%d images, %d models, seeds %s", len(rows), len(trained), list(seeds))


def _built(folder: Path, seed: int, image_shape: Sequence[int], classes: int) -> tuple[Any, Any]:
    """Build a model, whose seeds differ in nothing but their weights, and what predicts with it."""
    run = read_json(folder / f"seed-{seed}" / "run.json")
    precision = run["device"]["precision"]
    network = models.build(run["layers"], image_shape, classes, run["seed"], precision)
    return network, predictor(network)


def _parts(count: int, bytes_an_image: int) -> Iterator[slice]:
    """Yield parts of the images of which all variants have room in memory."""
    size = max(1, AT_ONCE // bytes_an_image)
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def _variants(images: np.ndarray, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield images as they are and under each corruption and strength, uint8."""
    yield np.rint(images * 255).astype(np.uint8)
    for name in CORRUPTIONS:
        for strength in range(1, STRENGTHS + 1):
            yield corruptions.corrupted(images, rows, name, strength)
