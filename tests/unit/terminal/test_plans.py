"""A dry run says what would run and why, a line a rule."""

import pytest

from records import plan, record, settings, start
from snakemake_logger_plugin_swatchbook import LogHandler, LogHandlerSettings

MISSING = "Missing output files: " + ", ".join(f"results/{n}/model.keras" for n in range(300))


def planned(capsys: pytest.CaptureFixture, *records: object, **changes: object) -> list[str]:
    made = LogHandler(settings(dryrun=True, stdout=True, **changes), LogHandlerSettings())
    for one in records:
        made.emit(one)
    made.close()
    streams = capsys.readouterr()
    assert streams.err == ""
    return streams.out.splitlines()


def jobs() -> list[object]:
    trained = [
        start(
            seed, "train_model", reason=reason, wildcards={"dataset": "cifar10", "seed": str(seed)}
        )
        for seed, reason in enumerate([MISSING, MISSING, "Forced execution"])
    ]
    drawn = start(4, "draw_figures", reason="Input files updated by another job: a, b")
    own = start(5, "all", reason="Input files updated by another job: results/report.html")
    counts = plan(train_model=3, draw_figures=1, all=1)
    return [record(None, "Building DAG of jobs..."), counts, *trained, drawn, own, counts]


def test_it_says_what_would_run_and_why(capsys: pytest.CaptureFixture) -> None:
    footer = record(None, "This was a dry-run (flag -n). The order of jobs does not …")
    assert planned(capsys, *jobs(), footer)[:-1] == [
        "5 jobs would run; this is a dry run (-n).",
        "  3  train_model   cifar10; seed 0–2  output is missing (2), forced (1)",
        "  1  draw_figures                     input is made anew",
    ]


def test_reasons_are_left_out_when_asked_for(capsys: pytest.CaptureFixture) -> None:
    lines = planned(capsys, *jobs(), quiet={"reason"})
    assert not [line for line in lines if "missing" in line]


def test_it_says_when_there_is_nothing_to_do(capsys: pytest.CaptureFixture) -> None:
    nothing = "Nothing to be done (all requested files are present and up to date)."
    assert planned(capsys, record(None, nothing)) == [nothing]
