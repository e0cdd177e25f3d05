"""What the live page is told of a run's trainings, whatever was said in whatever order."""

import json
from pathlib import Path
from typing import Any

import pytest

from records import cores, error, finish, plan, record, settings, start
from snakemake_logger_plugin_swatchbook import LogHandler, LogHandlerSettings, live_state
from snakemake_logger_plugin_swatchbook.live_server import FILES, PAGE
from snakemake_logger_plugin_swatchbook.runs import Run

CELL = {"dataset": "own", "model": "plain", "seed": "0"}
EPOCHS = (
    "2026-01-01 00:00:00,000 INFO begin\n"
    "2026-01-01 00:00:10,000 INFO epoch 1 of 3: loss 1.0, accuracy 0.5, validation accuracy 0.625\n"
    "2026-01-01 00:00:20,000 INFO epoch 2 of 3: loss 1.0, accuracy 0.6, validation accuracy 0.75\n"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new_run() -> Run:
    made = Run()
    made.resources(cores(2))
    made.plan(plan(train_model=2, evaluate_model=2))
    return made


def told(**changes: Any) -> dict[str, Any]:
    """What the workflow says of one training."""
    one = {"wildcards": CELL, "log": "train.log", "is_to_run": True, "metrics": ""} | changes
    return {"titles": {"own": "Own images"}, "colours": {"plain": "#123456"}, "trainings": [one]}


def cell_of(run: Run, model: str = "plain", column: str = "0") -> dict[str, Any]:
    json.dumps(state := live_state.of_run(run, None))
    (dataset,) = state["datasets"]
    (table,) = dataset["tables"]
    return table["rows"][model][column]


def written(name: str, text: str) -> Path:
    Path(name).write_text(text)
    return Path(name)


def test_a_training_waits_runs_and_has_its_models_accuracy(tmp_path: Path) -> None:
    run = new_run()
    run.cells.tell(told())
    assert cell_of(run) == {"state": "waiting"}
    log = written("train.log", "")
    run.start(start(1, "train_model", log, wildcards=CELL))
    assert cell_of(run) == {"state": "running"}
    log.write_text(EPOCHS)
    run.follow()
    running = cell_of(run)
    assert (running["state"], running["epoch"], running["epochs"]) == ("running", 3, 3)
    assert running["curve"] == [(1, 0.625), (2, 0.75)] and running["images"] == "validation"
    assert 0.66 <= running["share"] < 1
    run.finish(finish(1))
    assert cell_of(run)["state"] == "done" and "test" not in cell_of(run)
    metrics = written("metrics.json", '{"test": {"accuracy": 0.5}}')
    run.start(start(2, "evaluate_model", wildcards=CELL, output=[str(metrics)]))
    assert "test" not in cell_of(run)
    run.finish(finish(2))
    assert cell_of(run)["test"] == 0.5


def test_a_training_of_an_earlier_run_has_its_curve_and_accuracy() -> None:
    run = new_run()
    written("train.log", EPOCHS)
    metrics = written("metrics.json", '{"test": {"accuracy": 0.5}}')
    run.cells.tell(told(is_to_run=False, metrics=str(metrics)))
    assert cell_of(run) == {
        "state": "done",
        "test": 0.5,
        "accuracy": 0.75,
        "images": "validation",
        "curve": [(1, 0.625), (2, 0.75)],
    }


@pytest.mark.parametrize("content", [None, "[damaged", '{"test": 1}', "[]", '{"test": null}'])
def test_results_that_are_not_there_or_damaged_are_passed_over(content: str | None) -> None:
    run = new_run()
    if content is not None:
        written("metrics.json", content)
    run.cells.tell(told(is_to_run=False, metrics="metrics.json"))
    assert cell_of(run) == {"state": "done"}


def test_an_old_accuracy_is_forgotten_when_a_training_starts_again() -> None:
    run = new_run()
    metrics = written("metrics.json", '{"test": {"accuracy": 0.5}}')
    run.cells.tell(told(is_to_run=False, metrics=str(metrics)))
    run.start(start(1, "train_model", wildcards=CELL))
    assert cell_of(run) == {"state": "running"}


def test_trainings_that_a_look_added_join_their_models_row_by_number() -> None:
    run = new_run()
    run.cells.tell(told())
    for job, seed in enumerate(("10", "9"), 1):
        run.start(start(job, "train_model", wildcards=CELL | {"seed": seed}))
    (table,) = live_state.of_run(run, None)["datasets"][0]["tables"]
    assert table["columns"] == ["0", "9", "10"]


def test_trials_of_a_search_are_a_table_of_their_own() -> None:
    run = new_run()
    run.cells.tell(told())
    run.start(start(1, "train_trial", wildcards={"dataset": "own", "trial": "3"}))
    first, second = live_state.of_run(run, None)["datasets"][0]["tables"]
    assert (first["kind"], second["kind"]) == ("seed", "trial")
    assert second["rows"] == {"search": {"3": {"state": "running"}}}


def test_a_training_that_failed_says_so_and_one_tried_again_runs() -> None:
    run = new_run()
    run.start(start(1, "train_model", wildcards=CELL))
    run.fail(error(1, "train_model"), "the node is gone", False)
    state = live_state.of_run(run, None, "failed")
    assert state["failures"][0]["reason"] == "the node is gone"
    assert cell_of(run) == {"state": "failed"}
    run.retry(1)
    run.start(start(1, "train_model", wildcards=CELL))
    assert cell_of(run) == {"state": "running"}
    assert live_state.of_run(run, None)["failures"] == []


def test_what_the_workflow_tells_of_trainings_is_no_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = LogHandler(settings(), LogHandlerSettings(style="lines"))
    made.emit(record(None, "1 trainings, done or to run", swatchbook=told()))
    assert capsys.readouterr().err == ""
    assert cell_of(made._display.run) == {"state": "waiting"}
    made.close()


def test_the_pages_files_are_there_also_those_that_are_the_reports() -> None:
    for file, _ in FILES.values():
        assert (PAGE / file).stat().st_size > 200, file
