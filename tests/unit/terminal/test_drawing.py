"""The screen at several widths: what is drawn is asserted as a person sees it."""

import re
import time
from pathlib import Path

import pytest

from paths import ROOT
from records import cores, error, finish, plan, progress, start
from snakemake_logger_plugin_swatchbook import drawing, rules
from snakemake_logger_plugin_swatchbook.runs import Run
from snakemake_logger_plugin_swatchbook.time_left import Estimate

CELLS = (
    {"dataset": "fashion-mnist", "model": "baseline", "seed": "0"},
    {"dataset": "cifar10", "model": "dropout", "seed": "12"},
)


def line(second: int, text: str) -> str:
    return f"2026-01-01 00:{second // 60:02}:{second % 60:02},000 INFO {text}\n"


def epoch(second: int, number: int, accuracy: float) -> str:
    figures = f"loss 0.5, accuracy 0.7, validation loss 0.4, validation accuracy {accuracy}"
    return line(second, f"epoch {number} of 10: {figures}, 0.1 s, 2310 images/s")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run in its middle: two trainings, of which one has just begun."""
    made = Run()
    made.resources(cores(2))
    made.plan(plan(download_file=2, decode_dataset=2, check_data=2, train_model=12, write_report=1))
    now = time.time()
    for job, rule in enumerate(("download_file", "download_file", "decode_dataset"), 1):
        made.start(start(job, rule, created=now - 100))
        made.finish(finish(job, created=now - 90))
    made.start(start(4, "decode_dataset", wildcards={"dataset": "cifar10"}, created=now))
    log = tmp_path / "train.log"
    log.write_text(line(0, "begin") + "".join(epoch(20 * n, n, 0.893) for n in (1, 2, 3, 4, 5)))
    for job, (wildcards, path) in enumerate(zip(CELLS, (log, tmp_path / "no.log"), strict=True), 5):
        made.start(start(job, "train_model", path, wildcards=wildcards, created=now))
    made.follow()
    return made


def drawn(run: Run, width: int, height: int = 40, symbols=drawing.UNICODE) -> list[str]:
    text = drawing.screen(run, 750.0, width, height, symbols, time.time())
    return text.plain.splitlines()


def test_a_wide_screen_says_everything(run: Run) -> None:
    lines = drawn(run, 200)
    assert lines[0] == "3 of 19 jobs done · 0 s · about 12 min left"
    assert lines[1:6] == [
        " ✓ download  2        20 s",
        " ▶ decode    1 of 2   1 running · cifar10",
        " · check     0 of 2",
        " ▶ train     0 of 12  2 running · 10 waiting",
        " · report    0 of 1",
    ]
    bar = f"{'━' * 20}{'─' * 20}"
    assert lines[7] == (
        f"   fashion-mnist baseline seed 0  {bar}  epoch 6 of 10  validation accuracy 0.893"
        "  2,310 images/s  2 min left"
    )
    assert lines[8] == f"   cifar10 dropout seed 12        {'─' * 40}  starting"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(run: Run, width: int) -> None:
    assert max(map(len, drawn(run, width))) <= width


@pytest.mark.parametrize(
    ("width", "beside"),
    [
        (80, "6/10  validation 0.893  2 min left"),
        (100, "epoch 6/10  validation 0.893  2,310 images/s  2 min left"),
        (120, "epoch 6 of 10  validation accuracy 0.893  2,310 images/s  2 min left"),
    ],
)
def test_what_stands_beside_a_bar_gets_shorter_and_is_not_cut(
    run: Run, width: int, beside: str
) -> None:
    lines = drawn(run, width)
    assert lines[7].endswith(f"─  {beside}") and "━" in lines[7]
    assert lines[8].endswith("  starting")
    assert not [line for line in lines if "…" in line]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_training_in_a_queue_leaves_the_columns_of_others(run: Run, width: int) -> None:
    run.cores, run.slots = None, 100
    lines = drawn(run, width)
    assert "validation" in lines[7] and lines[7].endswith("2 min left")
    assert lines[8].endswith("  queued or starting")


def test_a_narrow_screen_keeps_what_matters_most(run: Run) -> None:
    lines = drawn(run, 60)
    assert lines[7].endswith("2 min left")
    assert "━" in lines[7] and "images/s" not in lines[7]
    assert "starting" in lines[8]


@pytest.mark.parametrize("height", [3, 7, 8, 9])
def test_no_screen_is_higher_than_the_terminal(run: Run, height: int) -> None:
    assert len(drawn(run, 100, height)) <= height


def test_trainings_that_have_no_room_are_counted(run: Run, tmp_path: Path) -> None:
    for job in range(10, 40):
        run.start(start(job, "train_model", tmp_path / "no.log"))
    lines = drawn(run, 100, 15)
    assert len(lines) == 15
    assert lines[-1] == "   … and 25 more"


def test_a_terminal_without_unicode_gets_other_symbols(run: Run) -> None:
    lines = drawn(run, 100, symbols=drawing.ASCII)
    assert "\n".join(lines).isascii() or all("…" in one for one in lines if not one.isascii())
    assert "####" in lines[7]


def test_a_stage_with_a_failed_job_says_so(run: Run) -> None:
    run.fail(error(4, "decode_dataset"), "why", False)
    assert drawn(run, 100)[2] == " ✗ decode    1 of 2   1 failed"


def test_jobs_on_a_cluster_may_wait_in_its_queue(run: Run) -> None:
    run.cores, run.slots = None, 100
    assert drawn(run, 100)[8].endswith("queued or starting")


def test_rules_of_another_workflow_have_their_own_names() -> None:
    made = Run()
    made.plan(plan(swatchbook_train_model=3, sort_reads=2, swatchbook_train=1, all=1))
    assert [stage.name for stage in made.stages()] == ["train", "sort reads"]


def test_the_time_left_counts_what_runs_and_what_waits(run: Run) -> None:
    """Half of 200 s is left of one training, and 200 s of each other; two cores share them."""
    left = Estimate(run, {"write_report": 10.0, "check_data": 10.0}).seconds_left()
    assert left == pytest.approx((100 + 11 * 200 + 10 + 2 * 10 + 10) / 2, rel=0.02)


def test_the_time_left_is_not_known_before_a_training_was_measured(run: Run) -> None:
    made = Run()
    made.resources(cores(2))
    made.plan(plan(train_model=2))
    made.start(start(1, "train_model"))
    assert Estimate(made).seconds_left() is None
    assert Estimate(made, {"train_model": 30.0}).seconds_left() == pytest.approx(30, abs=1)


def test_jobs_that_a_checkpoint_added_count_before_their_rules_are_known(run: Run) -> None:
    made = Run()
    made.resources(cores(1))
    made.plan(plan(sort=1))
    made.start(start(1, "sort", created=time.time() - 10))
    made.finish(finish(1, created=time.time()))
    made.progress(progress(1, 4))
    assert Estimate(made).seconds_left() == pytest.approx(30, abs=1)


def test_the_words_for_rules_are_for_rules_that_exist() -> None:
    files = (ROOT / "workflow/rules").glob("*.smk")
    text = "".join(file.read_text() for file in files)
    assert set(rules.STAGES) <= set(
        re.findall(r"^ *(?:rule|checkpoint) (\w+):", text, re.MULTILINE)
    )
    assert set(rules.STAGES) > rules.TRAININGS and rules.REPORT in rules.STAGES
