"""Training one model with one seed."""

import hashlib
import logging
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from swatchbook.data import arrays, folds
from swatchbook.data.shards import OneHot, Shards, StoredImages
from swatchbook.errors import TrainingError
from swatchbook.files import write_json
from swatchbook.training import devices, model_files, models, placement, prediction, transfer
from swatchbook.training.epoch_records import write_history
from swatchbook.training.epochs import Trainer, Watched
from swatchbook.training.interruption import noticing_sigterm
from swatchbook.training.resumption import Resumption
from swatchbook.training.stopping import Judge

logger = logging.getLogger(__name__)


def train(
    arrays_folder: str | Path,
    layers: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    seed: int,
    output: str | Path,
    checkpoints: str | Path | None = None,
    code: str = "",
    has_no_hope: Judge | None = None,
    leave: str | Path | None = None,
    local_disk: str | None = None,
) -> None:
    """Train one model: ``model.keras``, ``history.csv``, ``run.json`` and ``tensorboard/``.

    Order of images, initial weights and dropout derive from `seed` alone; the same seed gives the
    same bits on the same machine with the same number of threads, interrupted or not.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    layers
        The model's layers, as in the configuration.
    settings
        The whole block ``training`` of the configuration.
    seed
        At least 0.
    output
        The folder to write into.
    checkpoints
        The folder for the state after each epoch, and within long ones, from which the same call
        goes on after an interruption, and which is removed in the end. Nothing is kept if it is
        ``None``.
    code
        A digest of the code that trains; a checkpoint of another one is not used.
    has_no_hope
        Whether to end early, asked after each epoch: what prunes the trainings of a search.
        ``run.json`` then says whether it did, as ``pruned``.
    leave
        Where to leave the probabilities of all images, so that the evaluation need not load
        TensorFlow again. Not on GPUs, where an evaluation may run on something else.
    local_disk
        A folder of this machine into which shards are copied before they are read, variables of the
        environment in it like ``$TMPDIR``; ``None`` to read them where they are.

    Raises
    ------
    DeviceError
        If the device is not there.
    StorageError
        If a file cannot be written, or shards cannot be copied.
    DivergenceError
        If a loss or a weight is no longer a finite number.
    TrainingError
        If memory does not suffice; if SIGTERM has come; if no checkpoint is whole; if there is no
        whole batch and others are dropped; if validation images are to decide when to stop or what
        to keep, and there are none; if the weights to start from fit no layer.
    DataError
        If the weights to start from cannot be read, or are not the pinned ones.
    """
    output = Path(output)
    started = time.time()
    shards = arrays.open_shards(arrays_folder)
    if shards:
        _make_ready(shards, local_disk)
    load = partial(arrays.load_compact, arrays_folder, seed=seed, shards=shards)
    x, y = load("train")
    device = devices.choose(
        settings["device"], settings["precision"], settings["threads"], settings["gpus"]
    )
    watched = {"validation": load("validation")}
    if settings["watch_test"]:
        logger.warning("the test images are measured after every epoch: training.watch_test is set")
        watched["test"] = load("test")
    with placement.strategy(device.execution).scope():
        model = models.build(
            layers,
            x.shape[1:],
            y.shape[1],
            seed,
            device.precision,
            settings["bias_initializer"],
            settings["initializer"],
        )
    models.show(model, x)
    start = settings["start_from"]
    taken = transfer.start_from(model, start) if start else []
    logger.info("%d parameters, %d images", model.count_params(), len(x))
    recipe = {"layers": list(layers), "training": dict(settings), "seed": seed}
    with noticing_sigterm() as sigterm, _naming_memory(len(x), settings["batch_size"]):
        trainer = Trainer(model, x, y, settings, seed, device.execution, taken)
        kept = None
        if checkpoints is not None:
            data = {"train": (x, y), **watched}
            fingerprint = _fingerprint(recipe, device, data, code)
            kept = Resumption(checkpoints, fingerprint, device.processor)
        history = trainer.fit(watched, output / "tensorboard", sigterm, kept, has_no_hope)
        model_files.save(model, output / "model.keras")
        write_history(output / "history.csv", history)
        write_json(
            output / "run.json",
            {
                **recipe,
                "parameters": model.count_params(),
                "training_images": len(x),
                **_fold(arrays_folder, seed),
                "stopped_after": len(history),
                "kept_epoch": trainer.kept_epoch,
                **({"pruned": trainer.is_pruned} if has_no_hope else {}),
                "device": asdict(device),
                "versions": _versions(),
                "resumed_after": kept.resumed_after if kept else [],
                "other_processors": kept.other_processors if kept else [],
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
                "seconds": round(time.time() - started, 3),
                "seconds_in_epochs": round(sum(epoch.seconds for epoch in history), 3),
            },
        )
        if leave and device.kind == "cpu":
            test, _ = watched.get("test") or load("test")
            images = {"train": x, "validation": watched["validation"][0], "test": test}
            probabilities = prediction.of_splits(model, images)
            prediction.leave(leave, probabilities, output / "model.keras", arrays_folder, seed)
        if kept:
            kept.checkpoints.remove()


def _make_ready(shards: Shards, local_disk: str | None) -> None:
    """Check that shards are what was decoded, and copy them if a disk is named for that."""
    count = len(shards.listed)
    if local_disk is None:
        shards.verify()
        logger.info("%d shards are what was decoded", count)
        return
    folder = os.path.expandvars(local_disk)
    started = time.monotonic()
    copied = shards.bring_to(folder)
    seconds = time.monotonic() - started
    logger.info("%d shards copied to %s: %d bytes in %.1f s", count, folder, copied, seconds)


def _fold(arrays_folder: str | Path, seed: int) -> dict[str, Any]:
    """Return which fold of which repetition a seed tests, where a data set is cross-validated."""
    found = folds.read(arrays_folder)
    if found is None:
        return {}
    repetition, fold = divmod(seed, found.count)
    sizes = {f"{split}_images": len(found.rows(split, seed)) for split in ("validation", "test")}
    return {"fold": {"repetition": repetition, "fold": fold, "folds": found.count, **sizes}}


def _fingerprint(
    recipe: Mapping[str, Any], device: devices.Device, data: Watched, code: str
) -> dict[str, Any]:
    """Return all that decides what a training computes."""
    return {
        **recipe,
        "device": {key: asdict(device)[key] for key in ("kind", "precision", "threads")},
        "data": {split: _digest(*values) for split, values in data.items()},
        "code": code,
        "versions": _versions(),
    }


@contextmanager
def _naming_memory(images: int, batch_size: int) -> Iterator[None]:
    """Turn a lack of memory into an error that says how large the batches are."""
    tf = devices.import_tensorflow()
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        logger.info("%s", error)
        raise TrainingError(
            f"out of memory with training.batch_size {batch_size} and {images} training images",
            where="training.batch_size",
            hint="take smaller batches or a smaller model, or a machine or job with more memory",
        ) from error


def _digest(*values: np.ndarray) -> str:
    """Return a SHA-256 over the types, shapes and bytes of arrays, or of where they are stored."""
    found = hashlib.sha256()
    for array in values:
        if isinstance(array, StoredImages):
            found.update(array.digest().encode())
            continue
        if isinstance(array, OneHot):
            array = array.labels
        found.update(f"{array.dtype} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _versions() -> dict[str, str]:
    import keras

    tf = devices.import_tensorflow()
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
