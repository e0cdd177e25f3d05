"""Small trained and evaluated runs, and their exports, each made in a process of its own."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import forked
from shared import made_once
from swatchbook.data import arrays
from swatchbook.training.exports import EXPORTS
from training_inputs import CLASSES, SETTINGS

SIZES = {"train": 240, "validation": 400, "test": 300}
SHAPE = (8, 8, 3)
ABOUT = {
    "title": "Stripes",
    "image": {"height": 8, "width": 8, "channels": 3},
    "classes": CLASSES,
}
LAYERS = [{"conv": {"filters": 8}}, {"pool": {}}, {"dropout": {"rate": 0.1}}, {"flatten": {}}]

TRAIN = """
import json, sys
from swatchbook.training import train

train(**json.loads(sys.argv[1]))
"""
EVALUATE = """
import json, sys
from swatchbook.training import evaluate

evaluate(**json.loads(sys.argv[1]))
"""
# "instead" is a run whose network is written in the place of the right one. "kill": the process
# kills itself, by the signal that cannot be handled, when a file is written and not yet compared.
EXPORT = """
import dataclasses, json, os, signal, sys
from pathlib import Path
from swatchbook.deployment import agreement, export
from swatchbook.job_log import reporting_to
from swatchbook.training import exportable

given = json.loads(sys.argv[1])
run, arrays = Path(given["run"]), given["arrays_folder"]
instead = given.pop("instead")
if given.pop("kill"):
    agreement.check = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with reporting_to(given.pop("log")):
    trained = exportable(run / "model.keras", run / "run.json", arrays, 100)
    if instead:
        other = Path(instead)
        wrong = exportable(other / "model.keras", other / "run.json", arrays, 100)
        trained = dataclasses.replace(trained, models=wrong.models)
    export(trained, **given)
"""


def striped(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make noise with a brighter stripe that says the class, for a tenth of the images wrongly.

    Returns
    -------
    tuple
        uint8, shape (count, 8, 8, 3), and class indices, shape (count,).
    """
    generator = np.random.default_rng(seed)
    labels = generator.integers(3, size=count)
    pixels = generator.integers(0, 160, (count, *SHAPE), np.uint8)
    for number, label in enumerate(labels):
        pixels[number, :, 3 * label : 3 * label + 2] += 60
    wrong = generator.random(count) < 0.1
    return pixels, np.where(wrong, generator.integers(3, size=count), labels)


def make_run(
    results: Path,
    layers: Sequence[Mapping[str, Any]] = LAYERS,
    precision: str = "float32",
    model: str = "plain",
    seed: int = 0,
    validation: int = SIZES["validation"],
    channels: int = 3,
) -> Path:
    """Train and evaluate a model in ``<results>/<model>/seed-<seed>/``; arrays are beside it."""
    folder = results / "arrays"
    if not folder.exists():
        sizes = SIZES | {"validation": validation}
        pixels, labels = striped(sum(sizes.values()))
        starts = np.cumsum([0, *sizes.values()])
        rows = {s: np.arange(starts[n], starts[n + 1]) for n, s in enumerate(sizes)}
        ids = [str(number) for number in range(len(labels))]
        arrays.write(folder, pixels[..., :channels], labels, ids, rows, CLASSES)
    run = results / model / f"seed-{seed}"
    run.mkdir(parents=True)
    settings = {**SETTINGS, "epochs": 4, "precision": precision}
    _do(
        TRAIN,
        arrays_folder=folder,
        layers=layers,
        settings=settings,
        seed=seed,
        output=run,
    )
    _do(
        EVALUATE,
        arrays_folder=folder,
        model_file=run / "model.keras",
        run_file=run / "run.json",
        device="cpu",
        classes=CLASSES,
        output=run,
    )
    return run


def export(
    run: Path,
    output: Path,
    formats: Sequence[str] = tuple(EXPORTS),
    instead: Path | None = None,
    kill: bool = False,
    about: Mapping[str, Any] = ABOUT,
) -> subprocess.CompletedProcess[str]:
    """Export a run as a job does; both streams are kept apart."""
    given = {
        "formats": list(formats),
        "arrays_folder": str(run.parents[1] / "arrays"),
        "run": str(run),
        "about": about,
        "false_alarms": 0.05,
        "output": str(output),
        "instead": str(instead) if instead else None,
        "kill": kill,
        "log": str(run / "export.log"),
    }
    return forked.run(forked.TENSORFLOW, EXPORT, json.dumps(given))


def made_export(factory: pytest.TempPathFactory) -> Path:
    """Return a trained and evaluated run, exported in all formats into its folder ``export``."""

    def make(folder: Path) -> None:
        run = make_run(folder / "stripes")
        done = export(run, run / "export")
        assert done.returncode == 0, done.stderr

    return made_once(factory, "exported-run", make) / "stripes" / "plain" / "seed-0"


def _do(code: str, **given: Any) -> None:
    done = forked.run(forked.TENSORFLOW, code, json.dumps(given, default=str))
    assert done.returncode == 0, done.stderr
