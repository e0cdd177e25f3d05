"""A trial is a training like every other, ends early where it has no hope, and says so."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pytest

from swatchbook.search import engine
from training_inputs import LAYERS, SETTINGS, make_arrays
from trainings import Training, differences

SEARCH = {
    "seed": 7,
    "pruner": {"median": {"startup": 1, "warmup": 2}},
    "monitor": "val_loss",
}


def earlier(loss: float) -> list[dict[str, Any]]:
    """What came of an earlier trial whose validation loss stood still."""
    return [{"state": "complete", "value": loss, "values": [loss] * 3, "notes": {}}]


HOPELESS, HOPEFUL = earlier(0.0001), earlier(100.0)


@dataclass
class Trial(Training):
    """One trial of a batch of two."""

    search: dict[str, Any] = field(default_factory=lambda: dict(SEARCH))
    before: list[dict[str, Any]] = field(default_factory=lambda: HOPEFUL)

    CALLED: ClassVar[tuple[str, str]] = ("swatchbook.search", "train_trial")

    def given(self) -> dict[str, Any]:
        batch = self.folder / "batch.json"
        models = [{"layers": [{"flatten": {}}]}, {"layers": self.layers, "training": self.settings}]
        trials = [
            {"number": number, "parameters": {"a": number}, "model": model}
            for number, model in enumerate(models, 1)
        ]
        batch.write_text(json.dumps({"earlier": self.before, "trials": trials}))
        return {
            "arrays_folder": str(self.data),
            "batch": str(batch),
            "number": 2,
            "search": self.search,
            "output": str(self.cell),
            "outcome": str(self.folder / "outcome.json"),
            "checkpoints": str(self.checkpoints),
            "code": self.code,
        }

    @cached_property
    def outcome(self) -> dict[str, Any]:
        return json.loads((self.folder / "outcome.json").read_text())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_arrays(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def complete(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    trial = Trial(tmp_path_factory.mktemp("complete"), data, LAYERS, SETTINGS)
    assert trial.run() == (0, "")
    return trial


@pytest.fixture(scope="module")
def pruned(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    trial = Trial(tmp_path_factory.mktemp("pruned"), data, LAYERS, SETTINGS, before=HOPELESS)
    assert trial.run() == (0, "")
    return trial


def rows(cell: Path) -> list[dict[str, str]]:
    head, *lines = (line.split(",") for line in (cell / "history.csv").read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_a_trial_that_comes_to_its_end_is_the_training_of_its_model(
    complete: Trial, data: Path, tmp_path: Path
) -> None:
    training = Training(tmp_path, data, LAYERS, SETTINGS, seed=7)
    assert training.run() == (0, "")
    assert differences(complete.cell, training.cell) == []
    losses = [float(row["val_loss"]) for row in rows(training.cell)]
    known = {"number": 2, "parameters": {"a": 2}, "state": "complete", "told": None, "notes": {}}
    assert complete.outcome == known | {
        "value": losses[-1],
        "values": losses,
        "kept_epoch": 3,
        "seconds": complete.run_json()["seconds"],
    }
    assert complete.run_json()["pruned"] is False
    assert "pruned" not in training.run_json(), "a training of no search says nothing of it"


def test_a_pruned_trial_is_the_beginning_of_one_that_is_not_and_says_so(
    pruned: Trial, complete: Trial
) -> None:
    assert pruned.outcome["state"] == engine.PRUNED
    assert pruned.outcome["values"] == complete.outcome["values"][:2]
    assert pruned.outcome["value"] == complete.outcome["values"][1]
    assert pruned.run_json()["pruned"] is True
    assert pruned.run_json()["stopped_after"] == 2
    assert "pruned after epoch 2" in pruned.log
    assert not pruned.checkpoints.exists()


@pytest.mark.parametrize(
    ("kill", "kept"),
    [
        (("swatchbook.training.checkpoints", "_rename", 2), [1]),
        # The last epoch is kept, and that it was the last is decided once more.
        (("swatchbook.training.run", "write_history", 1), [1, 2]),
    ],
)
def test_a_killed_trial_goes_on_to_the_same_bits_and_is_pruned_where_it_would_have_been(
    data: Path, tmp_path: Path, pruned: Trial, kill: tuple[str, str, int], kept: list[int]
) -> None:
    trial = Trial(tmp_path, data, LAYERS, SETTINGS, before=HOPELESS)
    assert trial.run(kill)[0] == -9
    assert trial.epochs_kept() == kept
    assert trial.run() == (0, "")
    assert trial.run_json()["resumed_after"] == kept[-1:]
    assert differences(trial.cell, pruned.cell) == []
    timed = {"seconds": 0}
    assert trial.outcome | timed == pruned.outcome | timed


def test_the_weights_that_are_kept_are_those_that_a_trial_is_judged_by(
    data: Path, tmp_path: Path
) -> None:
    settings = SETTINGS | {"epochs": 8, "learning_rate": 0.15, "keep": "best"}
    trial = Trial(tmp_path, data, LAYERS, settings, search=SEARCH | {"monitor": "val_accuracy"})
    assert trial.run() == (0, "")
    kept = trial.run_json()["kept_epoch"]
    assert kept < 8
    assert trial.outcome["value"] == float(rows(trial.cell)[kept - 1]["val_accuracy"])


@pytest.mark.parametrize("pruner", [SEARCH["pruner"], None])
def test_a_trial_that_diverges_has_an_outcome_and_leaves_nothing(
    data: Path, tmp_path: Path, pruner: Any
) -> None:
    settings = SETTINGS | {"optimizer": {"sgd": {}}, "learning_rate": 1e30}
    trial = Trial(tmp_path, data, LAYERS, settings, search=SEARCH | {"pruner": pruner})
    assert trial.run() == (0, "")
    assert trial.outcome["state"] == engine.DIVERGED
    assert trial.outcome["value"] is None and len(trial.outcome["values"]) < 3
    assert "no finite number" in trial.outcome["told"] and trial.outcome["told"] in trial.log
    assert list(trial.cell.iterdir()) == []
    assert not trial.checkpoints.exists()


def test_without_validation_images_there_is_nothing_to_judge_by(tmp_path: Path) -> None:
    trial = Trial(tmp_path, make_arrays(tmp_path / "arrays", validation=0), LAYERS, SETTINGS)
    code, said = trial.run()
    assert code == 1
    assert "search: a search is judged by validation images, and there are none" in said
    assert "under split" in said and said.count("\n") == 1
    assert not trial.cell.exists()
