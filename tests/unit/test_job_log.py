"""A job that fails says so in one line; its log has the rest."""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from paths import SCRIPTS
from swatchbook.errors import DataError, SwatchbookError, first_ten
from swatchbook.job_log import reporting_to


def fail(log: Path, error: BaseException) -> object:
    """Raise `error` in a job and return the exit status."""
    with pytest.raises(SystemExit) as caught, reporting_to(log):
        raise error
    return caught.value.code


def test_the_librarys_own_error_is_one_line_and_stands_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "decode.log"
    assert fail(log, DataError("is not whole", where="some.7z", hint="delete it")) == 1
    printed = capsys.readouterr()
    assert printed.err == "swatchbook: error: some.7z: is not whole (delete it)\n"
    assert printed.out == ""
    assert "ERROR some.7z: is not whole (delete it)" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_any_other_error_is_one_line_that_names_the_log_with_the_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "decode.log"
    assert fail(log, KeyError("some key")) == 1
    expected = f"swatchbook: error: KeyError: 'some key' (the traceback is in {log})\n"
    assert capsys.readouterr().err == expected
    assert "Traceback (most recent call last)" in log.read_text()
    assert "KeyError: 'some key'" in log.read_text()


@pytest.mark.parametrize("kind", [ValueError, SwatchbookError])
def test_a_message_of_several_lines_is_still_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: type[Exception]
) -> None:
    fail(tmp_path / "a.log", kind("first\n  second\nthird"))
    printed = capsys.readouterr().err
    assert "first second third" in printed
    assert printed.count("\n") == 1


def test_what_would_steer_the_terminal_is_spelt_out(tmp_path: Path) -> None:
    error = DataError("'\x1b[2J\u202e\ud800' is no label", where="a\tb.csv")
    assert str(error) == r"a\tb.csv: '\x1b[2J\u202e\ud800' is no label"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interruption_goes_through(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, reporting_to(tmp_path / "a.log"):
        raise error
    assert caught.value is error


def test_messages_and_warnings_go_to_the_log_of_their_job_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        with reporting_to(tmp_path / f"{name}.log"):
            logging.getLogger("swatchbook.decoding").info("from %s", name)
            warnings.warn(f"a warning of {name}", stacklevel=1)
    for name, other in (("first", "second"), ("second", "first")):
        text = (tmp_path / f"{name}.log").read_text()
        assert f"INFO from {name}" in text
        assert f"a warning of {name}" in text
        assert f"from {other}" not in text
        assert f"a warning of {other}" not in text
    assert capsys.readouterr().err == ""


def test_a_job_that_ends_well_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with reporting_to(tmp_path / "a.log"):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SwatchbookError("is wrong"), "is wrong"),
        (SwatchbookError("is wrong", where="a.csv"), "a.csv: is wrong"),
        (SwatchbookError("is wrong", hint="mend it"), "is wrong (mend it)"),
        (SwatchbookError("is wrong", where=Path("a"), hint="mend it"), "a: is wrong (mend it)"),
    ],
)
def test_an_error_tells_where_what_and_what_to_do(error: SwatchbookError, text: str) -> None:
    assert str(error) == text


def test_first_ten_counts_only_where_it_leaves_out() -> None:
    assert first_ten([]) == ""
    assert first_ten(range(3)) == "0, 1, 2"
    assert first_ten(range(10)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert first_ten(iter(range(11))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 … (11 in all)"


def test_what_compiled_code_prints_goes_into_the_log_only(
    tmp_path: Path,
) -> None:
    log = tmp_path / "job.log"
    script = (
        "import os, sys\n"
        "from swatchbook.job_log import reporting_to\n"
        f"with reporting_to({str(log)!r}):\n"
        "    os.write(2, b'from C\\n')\n"
        "    print('from Python', file=sys.stderr)\n"
        "print('afterwards', file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stderr == "from Python\nafterwards\n"
    assert log.read_text() == "from C\n"


def test_a_library_that_logs_by_the_root_does_not_open_the_terminal_to_messages(
    tmp_path: Path,
) -> None:
    """`logging.warning` gives a root without handlers one for standard error."""
    code = (
        "import logging, sys\n"
        "from swatchbook.job_log import reporting_to\n"
        "with reporting_to(sys.argv[1]):\n"
        "    logging.warning('of another library')\n"
        "    logging.getLogger('swatchbook.decoding').info('of ours')\n"
    )
    log = tmp_path / "a.log"
    done = subprocess.run(
        [sys.executable, "-c", code, str(log)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "WARNING of another library" in log.read_text()
    assert "INFO of ours" in log.read_text()
