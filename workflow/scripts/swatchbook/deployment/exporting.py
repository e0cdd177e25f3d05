"""One trained model in the formats of others, each proven on the test images before it is there."""

import logging
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from swatchbook import provenance
from swatchbook.comparison import metrics
from swatchbook.data import arrays
from swatchbook.deployment import agreement, data_sheet, mlflow_model, runtimes, unlikeness
from swatchbook.deployment.data_sheet import DataSheet, Unlike
from swatchbook.deployment.folders import replacing_any
from swatchbook.deployment.runtimes import RUNTIMES, Run
from swatchbook.errors import ExportError
from swatchbook.files import digest, read_json, write_json
from swatchbook.progress import Progress

logger = logging.getLogger(__name__)

BATCH = 250
TIMED, WARM_UP = 100, 10  # images one by one


class Format(Protocol):
    """What `training.exports` says of a format."""

    file: str
    runtime: str
    numbers: str


class Trained(Protocol):
    """A trained model that can be written in formats; `training.exportable` makes one."""

    formats: Mapping[str, Format]

    def probabilities(self, images: np.ndarray) -> np.ndarray: ...

    def write(self, kind: str, path: Path) -> None: ...

    def run_saved_model(self, path: Path) -> Run: ...


class Tested(NamedTuple):
    """The test images and what is known of them.

    Attributes
    ----------
    images
        float32, shape (n, height, width, channels).
    labels
        Class indices, shape (n,).
    evaluated
        The run's ``probabilities.npy``, float32, shape (n, classes).
    expected
        What Keras makes of them in float32, likewise.
    """

    images: np.ndarray
    labels: np.ndarray
    evaluated: np.ndarray
    expected: np.ndarray


def export(
    trained: Trained,
    formats: Sequence[str],
    arrays_folder: str | Path,
    run: str | Path,
    about: Mapping[str, Any],
    false_alarms: float,
    output: str | Path,
) -> None:
    """Write a trained model in some formats, ``export.json``, and what describes the ONNX file.

    That is ``model.json``, for `predict`, and what `mlflow_model` writes.

    Parameters
    ----------
    trained
        The model.
    formats
        Names of its formats.
    arrays_folder
        Where the data set's arrays are.
    run
        The run's folder, ``results/<dataset>/<model>/seed-<seed>``, with ``model.keras``,
        ``run.json``, ``probabilities.npy`` and ``probabilities_validation.npy``.
    about
        Of the data set's file ``title``, ``image`` and ``classes``.
    false_alarms
        The share of images like the training data that may be called unlike it.
    output
        The folder to write into.

    Raises
    ------
    ExportError
        If a format cannot be written, or what was written cannot be run or is not the same model.
        Nothing is left of it then.
    DataError
        If arrays cannot be read.
    """
    run, output = Path(run), Path(output)
    images, one_hot = arrays.load(arrays_folder, "test", _seed(run), mapped=True)
    evaluated = np.load(run / "probabilities.npy", allow_pickle=False)
    tested = Tested(images, one_hot.argmax(axis=1), evaluated, trained.probabilities(images))
    precision = read_json(run / "run.json")["device"]["precision"]
    agreement.check_evaluation(tested.expected, evaluated, precision, run)
    written = {kind: _written(trained, kind, tested, output) for kind in formats}
    calibration = None
    if "onnx" in formats:
        sheet = _sheet(run, arrays_folder, about, false_alarms, output / data_sheet.ONNX, images)
        data_sheet.write(sheet, output / data_sheet.NAME)
        mlflow_model.write(sheet, output)
        if sheet.unlike is not None:
            calibration = _calibration(tested, sheet.temperature)
    write_json(
        output / "export.json",
        {
            "dataset": run.parts[-3],
            "model": run.parts[-2],
            "seed": _seed(run),
            "trained_in": precision,
            "test_images": len(images),
            "accuracy": agreement.accuracy(evaluated, tested.labels),
            "calibration": calibration,
            "model.keras": digest(run / "model.keras"),
            "formats": written,
        },
    )


def _calibration(tested: Tested, temperature: float) -> dict[str, float]:
    """Return the calibration error on the test images before and after temperature scaling."""
    scaled = metrics.with_temperature(tested.evaluated, temperature)
    return {
        "before": metrics.calibration_error(tested.labels, metrics.normalised(tested.evaluated)),
        "after": metrics.calibration_error(tested.labels, scaled),
    }


def _written(trained: Trained, kind: str, tested: Tested, output: Path) -> dict[str, Any]:
    """Write one format, prove it, and return what ``export.json`` says of it."""
    form = trained.formats[kind]
    final = output / form.file
    open_ = trained.run_saved_model if form.runtime == "tensorflow" else RUNTIMES[form.runtime]
    with replacing_any(final) as path:
        trained.write(kind, path)
        run = _opened(open_, kind, path, final)
        found = _probabilities(run, tested.images, kind, final)
        agreement.check(kind, form.numbers, found, tested.expected, tested.labels, final)
        milliseconds = _milliseconds(run, tested.images)
        size = sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
    same = agreement.agreement(found, tested.evaluated)
    package = runtimes.PACKAGES[form.runtime]
    facts = {
        "file": form.file,
        "bytes": size,
        "runtime": f"{package} {provenance.versions([package])[package]}",
        "equal_classes": same.equal_classes,
        "largest_difference": same.largest_difference,
        "largest_difference_in_float32": agreement.agreement(
            found, tested.expected
        ).largest_difference,
        "accuracy": agreement.accuracy(found, tested.labels),
        "milliseconds_an_image": milliseconds,
    }
    logger.info("%s: %s", kind, facts)
    return facts


def _opened(open_: Callable[[Path], Run], kind: str, path: Path, final: Path) -> Run:
    """Open a file under its temporary name; an error names the final one."""
    try:
        return open_(path)
    except ExportError as error:
        raise ExportError(
            error.what.replace(str(path), final.name),
            where=final,
            hint=f"leave {kind} out of export.formats",
        ) from error


def _probabilities(run: Run, images: np.ndarray, kind: str, where: Path) -> np.ndarray:
    """Return what an export makes of images, float32, shape (n, classes)."""
    found = []
    with Progress(f"run {kind}", len(images), "image") as progress:
        for first in range(0, len(images), BATCH):
            batch = np.ascontiguousarray(images[first : first + BATCH])
            try:
                found.append(run(batch))
            except Exception as error:  # each runtime raises what it stumbles on
                raise ExportError(
                    f"{kind} cannot be run: {' '.join(str(error).split())[:200]}",
                    where=where,
                    hint=f"leave {kind} out of export.formats",
                ) from error
            progress.update(len(batch))
    return np.concatenate(found)


def _milliseconds(run: Run, images: np.ndarray) -> float:
    """Return the median time for one image in a batch of its own."""
    taken = []
    for number in range(WARM_UP + TIMED):
        row = number % len(images)
        image = np.ascontiguousarray(images[row : row + 1])
        before = time.perf_counter()
        run(image)
        taken.append(1000 * (time.perf_counter() - before))
    return round(statistics.median(taken[WARM_UP:]), 4)


def _sheet(
    run: Path,
    arrays_folder: str | Path,
    about: Mapping[str, Any],
    false_alarms: float,
    onnx: Path,
    test: np.ndarray,
) -> DataSheet:
    """Return the data sheet of an ONNX file: what validation images say, if there are any."""
    validation, one_hot = arrays.load(arrays_folder, "validation", _seed(run), mapped=True)
    temperature, unlike = 1.0, None
    if len(validation):
        watched = np.load(run / "probabilities_validation.npy", allow_pickle=False)
        temperature = metrics.best_temperature(one_hot.argmax(axis=1), watched)
        energies = {
            split: unlikeness.energy(_logits(onnx, images))
            for split, images in (("validation", validation), ("test", test))
        }
        limit = unlikeness.threshold(energies["validation"], false_alarms)
        unlike = Unlike(
            limit,
            false_alarms,
            *(unlikeness.share_above(energies[split], limit) for split in energies),
        )
    return DataSheet(
        title=about["title"],
        dataset=run.parts[-3],
        model=run.parts[-2],
        seed=_seed(run),
        classes=list(about["classes"]),
        image=dict(about["image"]),
        temperature=temperature,
        unlike=unlike,
        provenance={
            "model.keras": digest(run / "model.keras"),
            data_sheet.ONNX: digest(onnx),
            "versions": provenance.versions([*provenance.PACKAGES, "onnx", "tf2onnx"]),
        },
    )


def _logits(onnx: Path, images: np.ndarray) -> np.ndarray:
    """Return the logits of images, float32, shape (n, classes)."""
    session = runtimes.onnx_session(onnx, threads=1)
    batches = (images[first : first + BATCH] for first in range(0, len(images), BATCH))
    return np.concatenate(
        [session.run(["logits"], {"images": np.ascontiguousarray(batch)})[0] for batch in batches]
    )


def _seed(run: Path) -> int:
    return int(run.name.removeprefix("seed-"))
