"""Logs of jobs are followed while they are written, and tell why a job has failed."""

import logging
import time
from pathlib import Path

import numpy as np
import pytest

from snakemake_logger_plugin_swatchbook.job_logs import JobLog, answers, failure, local, named
from swatchbook.errors import DataError
from swatchbook.job_log import reporting_to
from swatchbook.progress import Progress
from swatchbook.training.epoch_records import Epoch


def epoch(number: int, val_accuracy: float | None = 0.75) -> Epoch:
    none = (None, None, None, None)
    return Epoch(number, 0.5, 0.7, 0.6, val_accuracy, *none, 0.001, 2.0, 1234.4)


def written(path: Path, *texts: str, start: float = 0.0, apart: float = 10.0) -> Path:
    """Append lines of a log, so many seconds apart by their own clock."""
    with path.open("a") as log:
        for number, text in enumerate(texts):
            clock = time.localtime(1_800_000_000 + start + number * apart)
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S', clock)},000 INFO {text}\n")
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "train.log"


def followed(path: Path) -> JobLog:
    found = JobLog(path, time.time())
    found.read_on()
    return found


def test_what_the_library_writes_of_a_training_is_understood(log: Path) -> None:
    """Its own code writes here, so that neither can change alone."""
    with reporting_to(log), Progress("train", 40, "step") as progress:
        progress.update(10, epoch="1 of 4")
        logging.getLogger("swatchbook").info("%s", epoch(1).told(4))
        progress._log(time.monotonic() + 1, {"epoch": "2 of 4"})
        logging.getLogger("swatchbook").warning("the test images are watched")
    found = followed(log)
    assert (found.epoch, found.epochs) == (2, 4)
    assert found.accuracy == 0.75
    assert found.images_per_second == 1234
    assert list(found.warnings) == ["the test images are watched"]
    assert found.has_progress


def test_without_validation_images_the_accuracy_is_that_of_training(log: Path) -> None:
    written(log, epoch(1, val_accuracy=None).told(3))
    assert followed(log).accuracy == 0.7


def test_the_time_that_is_left_follows_from_the_lines_own_clock(log: Path) -> None:
    written(log, "2682 parameters, 1440 images", *(epoch(number).told(10) for number in (1, 2, 3)))
    found = followed(log)
    assert found.share() == pytest.approx(0.3, abs=0.01)
    assert found.seconds_left() == pytest.approx(70, abs=2)
    assert found.seconds_in_all() == pytest.approx(100)


def test_between_two_lines_a_bar_goes_on_but_not_for_ever(log: Path) -> None:
    written(log, "begin", *(epoch(number).told(10) for number in (1, 2, 3)))
    found = followed(log)
    now = time.monotonic()
    assert found.share(now + 5) == pytest.approx(0.35, abs=0.01)
    assert found.share(now + 500) == pytest.approx(0.4, abs=0.01)


def test_a_training_whose_epochs_are_done_is_finishing(log: Path) -> None:
    written(log, "begin", *(epoch(number).told(3) for number in (1, 2)))
    found = followed(log)
    assert found.share(time.monotonic() + 500) == 0.99, "it is not done before it says so"
    written(log, epoch(3).told(3), start=30)
    found.read_on()
    assert found.share() == 1.0
    assert found.told()["left"] == "finishing"


def test_one_piece_of_work_after_the_other_is_told_of(log: Path) -> None:
    written(log, "begin", "describe images: 50 of 100 image, 5/s")
    found = followed(log)
    assert found.told()["piece"] == "describe images"
    assert found.seconds_left() == pytest.approx(10, abs=1)
    written(log, "describe images: 100 of 100 image, 5/s", start=20)
    found.read_on()
    assert found.left_told() == ""  # more may follow
    assert found.seconds_left() is None
    written(log, "search for copies: 1 of 10 cell, 0/s", start=30)
    found.read_on()
    assert found.told()["piece"] == "search for copies"
    assert found.share() == pytest.approx(0.1, abs=0.01)
    assert found.seconds_left() == pytest.approx(90, abs=2)


def test_what_a_training_does_beside_its_epochs_is_no_piece_of_work(log: Path) -> None:
    written(log, "begin", *(epoch(number).told(2) for number in (1, 2)))
    written(log, "evaluate test: 10 of 100 image, 5/s", start=40)
    found = followed(log)
    assert found.told()["piece"] == ""
    assert found.left_told() == "finishing"


def test_what_comes_before_the_first_epoch_is_part_of_a_training(log: Path) -> None:
    written(log, "begin", epoch(1).told(3), start=time.time() - 1_800_000_000)
    found = JobLog(log, time.time() - 20)
    found.read_on()
    assert found.seconds_of_start() == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize(
    "resumed", ["resumed after epoch 5 from x", "resumed in epoch 5, after step 20 of 20 from x"]
)
def test_a_training_that_goes_on_has_its_first_epochs_behind_it(log: Path, resumed: str) -> None:
    written(log, resumed, "train: 10 of 50 step, 1/s, epoch 6 of 10")
    found = followed(log)
    assert found.share() == pytest.approx(0.6, abs=0.01)
    assert found.seconds_left() == pytest.approx(40, abs=1)


def test_a_log_is_read_on_from_where_it_ended(log: Path) -> None:
    found = JobLog(log, time.time())
    found.read_on()
    assert not found.is_there
    whole = written(log, epoch(1).told(4)).read_bytes()
    log.write_bytes(whole[:-5])
    found.read_on()
    assert found.is_there and not found.has_progress, "the line is not whole yet"
    with log.open("ab") as file:
        file.write(whole[-5:])
    found.read_on()
    assert found.epoch == 2


def test_a_log_that_begins_anew_is_read_anew(log: Path) -> None:
    written(log, *(epoch(number).told(4) for number in (1, 2, 3)))
    found = followed(log)
    log.unlink()
    written(log, "begin", epoch(1).told(4), start=40)
    found.read_on()
    assert found.epoch == 2
    assert found.seconds_left() == pytest.approx(30, abs=1)


def test_a_log_of_an_earlier_run_tells_nothing(log: Path) -> None:
    written(log, epoch(1).told(4))
    found = JobLog(log, time.time() + 3600)
    found.read_on()
    assert not found.is_there
    assert failure(log, time.time() + 3600).error == ""


@pytest.mark.parametrize(
    "text", [b"\x00\xff\xfe not text\n", b"2026-01-01 00:00:00,000 INFO epoch x\n"]
)
def test_what_is_no_line_of_a_log_is_passed_over(log: Path, text: bytes) -> None:
    log.write_bytes(text)
    assert not followed(log).has_progress


def test_what_python_says_to_programmers_is_no_warning(log: Path) -> None:
    log.write_text("2026-01-01 00:00:00,000 WARNING /lib/keras/a.py:12: UserWarning: old\n")
    assert not followed(log).warnings


def test_a_failure_is_told_in_the_librarys_own_line(
    log: Path, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit), reporting_to(log):
        for number in range(8):
            logging.getLogger("swatchbook").info("step %d", number)
        raise DataError("is no PNG", where="a.png", hint="leave it out")
    told = failure(log, time.time())
    assert told.error == "a.png: is no PNG (leave it out)"
    assert capsys.readouterr().err == f"swatchbook: error: {told.error}\n"
    assert [line.rpartition(" ")[2] for line in told.lines] == ["3", "4", "5", "6", "7"]


def test_an_unexpected_failure_is_told_by_the_end_of_its_traceback(log: Path) -> None:
    with pytest.raises(SystemExit), reporting_to(log):
        np.zeros(3).reshape(2, 2)
    assert failure(log, time.time()).error.startswith("ValueError: cannot reshape array of size 3")


def test_a_log_without_an_error_gives_its_last_lines(log: Path) -> None:
    log.write_text("one\n\ntwo\n")
    assert failure(log, time.time()).lines == ("one", "two")
    assert failure(log.with_name("none.log"), 0) == failure("", 0)


def test_the_reports_answers_are_read_in_their_order(log: Path) -> None:
    written(log, "wrote results/report.html, 0.7 MB", "verdict: First.", "verdict: Second.")
    assert answers(log, "verdict") == ["First.", "Second."]
    assert answers(log.with_name("none.log"), "verdict") == []


def test_files_on_storage_are_where_snakemake_keeps_them() -> None:
    name = "s3://bucket/swatchbook/logs/report.log (send to storage)"
    assert named(name) == "s3://bucket/swatchbook/logs/report.log"
    assert local(name) == ".snakemake/storage/s3/bucket/swatchbook/logs/report.log"
    assert local("logs/a (1).log (update)") == "logs/a (1).log"
