"""In a pipe a run is a short line an event, and ends with what came of it."""

import shlex
import time
from pathlib import Path

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from records import cores, error, finish, plan, progress, record, settings, start
from snakemake_logger_plugin_swatchbook import LogHandler, LogHandlerSettings

LONG = ", ".join(f"results/cifar10/baseline/seed-{seed}/probabilities.npy" for seed in range(200))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory as Snakemake has it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.setattr("sys.argv", ["/bin/snakemake", "--cores", "2", "a b"])


def handler(**changes: object) -> LogHandler:
    own = changes.pop("own", LogHandlerSettings(style="lines"))
    return LogHandler(settings(**changes), own)


def said(capsys: pytest.CaptureFixture, made: LogHandler, *records: object) -> list[str]:
    for one in records:
        made.emit(one)
    made.close()
    return capsys.readouterr().err.splitlines()


def without_clock(lines: list[str]) -> list[str]:
    return [line[9:] if line[2:3] == ":" else line for line in lines]


def test_each_event_is_a_line_and_no_line_lists_files(capsys: pytest.CaptureFixture) -> None:
    log = Path("report.log")
    log.write_text(
        "2026-01-01 00:00:00,000 INFO verdict: Dropout is worse.\n"
        "2026-01-01 00:00:00,000 INFO accuracy: CIFAR-10, test images right: baseline 71.20 %\n"
    )
    wildcards = {"dataset": "cifar10", "model": "baseline", "seed": "0"}
    lines = said(
        capsys,
        handler(),
        record(None, "Assuming unrestricted shared filesystem usage."),
        record(LogEvent.WORKFLOW_STARTED, "Workflow has started!"),
        record(None, "Building DAG of jobs..."),
        cores(2),
        plan(decode_dataset=1, train_model=1, write_report=1, all=1),
        record(None, "Select jobs to execute..."),
        start(1, "evaluate_model", wildcards=wildcards, input=[LONG], reason=f"Missing: {LONG}"),
        finish(1),
        progress(1, 4),
        start(2, "write_report", log, output=["results/report.html"]),
        record(None, f"Something new of Snakemake: {LONG}"),
        finish(2),
        progress(2, 4),
        start(0, "all", output=[]),
        finish(0),
        progress(3, 4),
        record(None, "Complete log(s): /somewhere/x.log"),
    )
    assert max(map(len, lines)) == 500, "what Snakemake says of its own accord ends somewhere"
    lines = [line for line in without_clock(lines) if "Something new" not in line]
    assert lines == [
        "begin    4 jobs: decode 1, train 1, report 1",
        "start    evaluate cifar10 baseline seed 0",
        "done     evaluate cifar10 baseline seed 0, 0 s (1 of 4)",
        "start    write the report",
        "done     write the report, 0 s (2 of 4)",
        "Done in 0 s: 3 jobs.",
        "  Dropout is worse.",
        "  CIFAR-10, test images right: baseline 71.20 %",
        "The report is results/report.html: open it in a browser",
        "Next: snakemake --cores 2 export   # the best model in formats to use",
        "Next: snakemake --cores 2 try   # a page to try it in a browser",
    ]


def test_only_three_answers_are_told(capsys: pytest.CaptureFixture) -> None:
    log = Path("report.log")
    log.write_text("".join(f"2026-01-01 00:00:00,000 INFO verdict: {n}.\n" for n in range(5)))
    lines = said(capsys, handler(), plan(write_report=1), start(1, "write_report", log), finish(1))
    assert lines[-7:-3] == ["  0.", "  1.", "  2.", "  … and 2 more in the report"]


BEST = Path("results/own photos/best")


def exported(job: int, *names: str) -> list[object]:
    outputs = [str(BEST / name) for name in names]
    wildcards = {"dataset": "own photos"}
    return [start(job, "export_best", output=outputs, wildcards=wildcards), finish(job)]


def test_what_was_exported_is_named_with_how_to_use_it(capsys: pytest.CaptureFixture) -> None:
    files = ("model.tflite", "model.onnx", "model.json", "export.json")
    lines = said(capsys, handler(), plan(export_best=1), *exported(1, *files))
    assert lines[-2:] == [
        f"The model of own photos is in {BEST}, to use by: swatchbook predict '{BEST}' IMAGE…",
        "Next: snakemake --cores 2 try   # a page to try it in a browser",
    ]
    lines = said(capsys, handler(), plan(export_best=1), *exported(1, "model.tflite"))
    assert lines[-2] == f"The model of own photos is in {BEST}", "predict needs ONNX"


def test_a_page_to_try_is_named_with_how_to_open_it(capsys: pytest.CaptureFixture) -> None:
    made = start(2, "write_try_page", output=[str(BEST / "try.html")], wildcards={"dataset": "own"})
    records = [plan(write_try_page=1), *exported(1, "model.onnx"), made, finish(2)]
    assert said(capsys, handler(), *records)[-1] == (
        f"The page to try own is {BEST}/try.html: open it in a browser"
    )


def test_another_workflow_around_this_one_is_not_told_what_is_next(
    capsys: pytest.CaptureFixture,
) -> None:
    report = start(1, "mine_write_report", output=["results/report.html"])
    lines = said(capsys, handler(), plan(mine_write_report=1), report, finish(1))
    assert lines[-1] == "The report is results/report.html: open it in a browser"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("--cores 2 -n", "--cores 2"),
        ("--directory 'my photos' -c4", "--directory 'my photos' --cores 4"),
        (
            "train --configfile a.yaml 'b c.yaml' -j 9 --config mirror=/x --retries 2",
            "--configfile a.yaml 'b c.yaml' --config mirror=/x --jobs 9",
        ),
        ("--profile=workflow/profiles/slurm all", "--profile workflow/profiles/slurm"),
    ],
)
def test_what_is_next_is_of_the_same_place_and_configuration(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch, typed: str, expected: str
) -> None:
    monkeypatch.setattr("sys.argv", ["/bin/snakemake", *shlex.split(typed)])
    report = start(1, "write_report", output=["results/report.html"])
    lines = said(capsys, handler(), plan(write_report=1), report, finish(1))
    assert lines[-1].startswith(f"Next: snakemake {expected} try   #")


def test_the_command_to_go_on_is_the_one_that_was_typed(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = "--directory 'my photos' --configfile a.yaml 'b c.yaml' --config x=1 --cores 2 -- train"
    monkeypatch.setattr("sys.argv", ["/bin/snakemake", *shlex.split(typed)])
    lines = said(capsys, handler(), plan(sort=1), start(1, "sort"), error(1, "sort"))
    assert lines[-1] == f"When that is put right, go on with: snakemake {typed}"


def test_a_failure_ends_with_its_error_the_log_and_the_command(
    capsys: pytest.CaptureFixture,
) -> None:
    log = Path("decode.log")
    log.write_text(
        "2026-01-01 00:00:00,000 INFO decode images.7z: 3 of 7 image, 3/s\n"
        "I0000 of TensorFlow\n"
        "2026-01-01 00:00:01,000 ERROR a.png: is no PNG (leave it out)\n"
    )
    command = "Command 'set -euo pipefail;  python x.py' returned non-zero exit status 1."
    lines = said(
        capsys,
        handler(),
        plan(download_file=2, decode_dataset=1),
        start(1, "download_file", wildcards={"dataset": "own", "file": "a.7z"}),
        finish(1),
        progress(1, 3),
        start(2, "decode_dataset", log, wildcards={"dataset": "own"}),
        record(LogEvent.ERROR, f"RuleException:\nCalledProcessError in file x:\n{command}"),
        error(2, "decode_dataset", log),
        record(None, "Exiting because a job execution failed. Look above for error messages"),
        record(None, f"Complete log(s): {Path('.snakemake/log/x.log').absolute()}"),
        record(LogEvent.ERROR, "WorkflowError:\nAt least one job did not complete successfully."),
    )
    assert without_clock(lines)[3:] == [
        "start    decode own",
        "failed   decode own: a.png: is no PNG (leave it out) (see decode.log)",
        "Failed after 0 s: 1 of 3 jobs done, and need not run again.",
        "  decode own: a.png: is no PNG (leave it out)",
        "  before that, in decode.log:",
        "    2026-01-01 00:00:00,000 INFO decode images.7z: 3 of 7 image, 3/s",
        "All that Snakemake said is in .snakemake/log/x.log",
        "When that is put right, go on with: snakemake --cores 2 'a b'",
    ]


def test_a_process_that_was_killed_is_told_without_its_command(
    capsys: pytest.CaptureFixture,
) -> None:
    command = f"Command 'set -euo pipefail;  python {LONG}' died with <Signals.SIGKILL: 9>."
    lines = said(
        capsys,
        handler(),
        plan(sort=1),
        start(1, "sort"),
        record(LogEvent.ERROR, f"RuleException:\nCalledProcessError in file x:\n{command}"),
        error(1, "sort"),
    )
    assert "failed   sort: its process died with SIGKILL" in without_clock(lines)


def test_a_job_that_a_cluster_tries_again_has_not_failed(capsys: pytest.CaptureFixture) -> None:
    state = "SLURM-job '7' failed, SLURM status is: 'TIMEOUT'"
    lines = said(
        capsys,
        handler(),
        record(LogEvent.RESOURCES_INFO, "Provided remote nodes: 100", nodes=100),
        plan(sort=1),
        start(1, "sort"),
        error(1, "sort", message=state),
        record(None, "Trying to restart job 1."),
        start(1, "sort"),
        finish(1),
        progress(1, 1),
    )
    assert [line for line in lines if state in line] == [lines[2]]
    assert lines[3] == "Trying to restart job 1."
    assert lines[-1] == "Done in 0 s: 1 job."


def test_a_group_of_jobs_that_failed_leads_to_its_log(capsys: pytest.CaptureFixture) -> None:
    lines = said(
        capsys,
        handler(),
        plan(sort=1),
        start(1, "sort"),
        record(LogEvent.GROUP_ERROR, "Error in group x", aux_logs=["slurm/7.log"]),
        error(1, "sort"),
    )
    assert "failed   sort: slurm/7.log" in without_clock(lines)


def test_a_total_that_a_checkpoint_raises_is_followed(capsys: pytest.CaptureFixture) -> None:
    records = [plan(look_at_runs=1, write_report=1), start(1, "look_at_runs"), finish(1)]
    records += [progress(1, 4)]
    for job in (2, 3):
        wildcards = {"seed": str(job)}
        records += [start(job, "train_model", wildcards=wildcards), finish(job)]
        records += [progress(job, 4)]
    records += [start(4, "write_report"), finish(4), progress(4, 4)]
    lines = without_clock(said(capsys, handler(), *records))
    assert lines[0] == "begin    2 jobs: decide 1, report 1"
    assert "done     train seed 2, 0 s (2 of 4)" in lines
    assert "done     write the report, 0 s (4 of 4)" in lines


def test_a_warning_of_many_jobs_is_told_once(capsys: pytest.CaptureFixture) -> None:
    records = [plan(train_model=2)]
    for job in (1, 2):
        log = Path(f"{job}.log")
        log.write_text("2026-01-01 00:00:00,000 WARNING the test images are watched\n")
        records += [start(job, "train_model", log), finish(job)]
    records += 2 * [record(None, "Snakemake warns", levelno=30)]
    lines = said(capsys, handler(), *records)
    assert lines.count("warning: the test images are watched") == 1
    assert lines.count("Snakemake warns") == 1


@pytest.mark.parametrize("message", ["Error: Directory cannot be locked.", "MissingInput: x"])
def test_what_stops_snakemake_is_told_in_its_words(
    capsys: pytest.CaptureFixture, message: str
) -> None:
    assert said(capsys, handler(), record(LogEvent.ERROR, message)) == [message]
    several = record(LogEvent.ERROR, f"WorkflowError:\n{message}\n  {LONG}")
    first, second = said(capsys, handler(), several)
    assert first == message and len(second) == 500


def test_names_that_steer_a_terminal_are_spelled_out(capsys: pytest.CaptureFixture) -> None:
    lines = said(capsys, handler(), plan(sort=1), start(1, "sort", wildcards={"x": "a\x1b[2Jb"}))
    assert "start    sort a\\x1b[2Jb" in without_clock(lines)


def test_running_trainings_are_told_of_when_nothing_else_is(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snakemake_logger_plugin_swatchbook.lines.SECONDS_OF_SILENCE", 0.0)
    log = Path("train.log")
    log.write_text(
        "2026-01-01 00:00:00,000 INFO begin\n"
        "2026-01-01 00:00:10,000 INFO epoch 1 of 4: loss 1.0, accuracy 0.5, 1000 images/s\n"
    )
    made = handler()
    for one in (cores(1), plan(train_model=1), start(1, "train_model", log)):
        made.emit(one)
    made._guarded(lambda display: display.tick())
    lines = without_clock(capsys.readouterr().err.splitlines())
    made.close()
    begin = "running  train, epoch 2 of 4, training accuracy 0.500, 1,000 images/s, "
    assert lines[-2].startswith(begin) and lines[-2].endswith(" left")
    assert lines[-1].startswith("left     about ")


@pytest.mark.parametrize(
    ("quiet", "expected"),
    [
        ({"rules", "progress"}, 4),
        ({"rules"}, 4),
        ({"host", "reason"}, 6),
        ({"all"}, 0),
    ],
)
def test_quiet_says_what_went_wrong_and_all_nothing(
    capsys: pytest.CaptureFixture, quiet: set[str], expected: int
) -> None:
    made = handler(quiet=quiet)
    lines = said(capsys, made, plan(sort=1), start(1, "sort"), error(1, "sort"))
    assert len(lines) == expected
    good = said(capsys, handler(quiet=quiet), plan(sort=1), start(1, "sort"), finish(1))
    assert bool(good) == (quiet == {"host", "reason"})


@pytest.mark.parametrize("changes", [{"verbose": True}, {"debug_dag": True}, {"own": None}])
def test_more_is_said_in_snakemakes_own_words(
    capsys: pytest.CaptureFixture, changes: dict[str, object]
) -> None:
    made = handler(**({"own": LogHandlerSettings(style="snakemake")} | changes))
    lines = said(capsys, made, record(None, "Building DAG of jobs..."))
    assert lines == ([] if changes == {"own": None} else ["Building DAG of jobs..."])


def test_an_error_of_the_display_is_told_once_and_the_run_goes_on(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = handler()
    made.emit(plan(sort=1))
    monkeypatch.setattr(made._display, "finished", lambda job: 1 / 0)
    lines = said(capsys, made, start(1, "sort"), finish(1), record(None, "the last message"))
    assert [line for line in lines if "ZeroDivisionError" in line] == [lines[2]]
    assert "swatchbook: what shows this run has failed" in lines[2]
    assert "Finished jobid: 1" in lines
    assert lines[-1] == "the last message"


def test_a_reader_who_has_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def write(self, text: str) -> None:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

        flush = isatty

    monkeypatch.setattr("sys.stderr", Gone())
    made = handler()
    made.emit(plan(sort=1))
    made.emit(record(None, "a message"))
    made.close()


def test_the_next_run_knows_what_jobs_took(capsys: pytest.CaptureFixture) -> None:
    began = time.time() - 40
    said(capsys, handler(), plan(sort=1), start(1, "sort", created=began), finish(1))
    made = handler()
    made.emit(cores(1))
    made.emit(plan(sort=2))
    assert made._display.estimate.seconds_left() == pytest.approx(80, abs=2)
    made.close()
    Path(".snakemake/swatchbook-seconds.json").write_text("[damaged")
    made = handler()
    made.emit(plan(sort=2))
    assert made._display.estimate.seconds_left() is None
    made.close()


def test_a_command_of_ones_own_goes_on(capsys: pytest.CaptureFixture) -> None:
    made = handler(own=LogHandlerSettings(style="lines", again="make demo"))
    lines = said(capsys, made, plan(sort=1), start(1, "sort"), error(1, "sort"))
    assert lines[-1] == "When that is put right, go on with: make demo"


def test_whole_logs_are_shown_when_asked_for(capsys: pytest.CaptureFixture) -> None:
    log = Path("a.log")
    log.write_text("".join(f"line {number}\n" for number in range(20)))
    made = handler(show_failed_logs=True)
    lines = said(capsys, made, plan(sort=1), start(1, "sort", log), error(1, "sort", log))
    assert [line for line in lines if line.startswith("    line ")] == [
        f"    line {number}" for number in range(20)
    ]
