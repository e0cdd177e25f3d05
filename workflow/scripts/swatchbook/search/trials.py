"""One trial: a training like every other, that ends early where it has no hope."""

import csv
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from swatchbook.data import arrays
from swatchbook.errors import DivergenceError, SearchError
from swatchbook.files import read_json, write_json
from swatchbook.search import engine
from swatchbook.training import train
from swatchbook.training.epoch_records import Epoch

logger = logging.getLogger(__name__)


def train_trial(
    arrays_folder: str | Path,
    batch: str | Path,
    number: int,
    search: Mapping[str, Any],
    output: str | Path,
    outcome: str | Path,
    checkpoints: str | Path | None = None,
    code: str = "",
    local_disk: str | None = None,
) -> None:
    """Train one trial and write what came of it.

    Keys of the outcome: ``number``, ``parameters``; ``state``, ``complete``, ``pruned`` or
    ``diverged``; ``value``, what ``monitor`` names at the epoch whose weights were kept, ``None``
    if it diverged; ``values``, the same after each epoch; ``notes``, those of the pruner;
    ``kept_epoch``, ``seconds`` and ``told``, why it diverged.

    Parameters
    ----------
    arrays_folder
        Where the arrays are.
    batch
        The file of the trial's batch, as `asking.ask_trials` writes it.
    number
        The trial's.
    search
        ``seed``, ``monitor`` and ``pruner``, as in the configuration.
    output
        The folder of the training's files, as of every training; of one that diverged it has none.
    outcome
        The JSON file to write.
    checkpoints, code, local_disk
        As in `training.train`.

    Raises
    ------
    SearchError
        If there are no validation images; if Optuna is needed and not installed.
    SwatchbookError
        As `training.train`, but for a training that diverges: that is an outcome, too.
    """
    _check_validation(arrays_folder)
    asked = read_json(batch)
    (trial,) = (trial for trial in asked["trials"] if trial["number"] == number)
    monitor, values = search["monitor"], []

    def has_no_hope(history: Sequence[Epoch]) -> bool:
        values[:] = [getattr(row, monitor) for row in history]
        return engine.has_no_hope(search, asked["earlier"], values)

    model, started = trial["model"], time.time()
    try:
        train(
            arrays_folder,
            model["layers"],
            model["training"],
            search["seed"],
            output,
            checkpoints,
            code,
            has_no_hope,
            local_disk=local_disk,
        )
        found = _ended(Path(output), monitor)
    except DivergenceError as error:
        logger.warning("%s", error)
        found = _diverged(error, values, started, Path(output), checkpoints)
    notes = engine.notes(search, asked["earlier"], found["values"])
    known = {key: trial[key] for key in ("number", "parameters")}
    write_json(outcome, known | found | {"notes": notes})


def _check_validation(arrays_folder: str | Path) -> None:
    images, _ = arrays.load(arrays_folder, "validation", mapped=True)
    if not len(images):
        raise SearchError(
            "a search is judged by validation images, and there are none",
            where="search",
            hint="hold some out in the data set's file, under split",
        )


def _ended(folder: Path, monitor: str) -> dict[str, Any]:
    run = read_json(folder / "run.json")
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        values = [float(row[monitor]) for row in csv.DictReader(file)]
    return {
        "state": engine.PRUNED if run["pruned"] else engine.COMPLETE,
        "value": values[run["kept_epoch"] - 1],
        "values": values,
        "kept_epoch": run["kept_epoch"],
        "seconds": run["seconds"],
        "told": None,
    }


def _diverged(
    error: DivergenceError,
    values: Sequence[float],
    started: float,
    folder: Path,
    checkpoints: str | Path | None,
) -> dict[str, Any]:
    """Leave nothing of a training that would come to the same end again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if checkpoints is not None:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return {
        "state": engine.DIVERGED,
        "value": None,
        "values": list(values),
        "kept_epoch": None,
        "seconds": round(time.time() - started, 3),
        "told": error.what,
    }
