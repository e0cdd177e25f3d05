"""What a job says, and where: all of it in its log file, one line on the terminal if it fails."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from swatchbook.errors import SwatchbookError

logger = logging.getLogger("swatchbook")

STANDARD_ERROR = 2  # the descriptor


@contextmanager
def reporting_to(log: str | Path) -> Iterator[None]:
    """Send the library's log messages to the file `log` and turn errors into one line.

    What compiled libraries print past Python (TensorFlow's notices, libpng's complaints) goes into
    the log too.

    Raises
    ------
    SystemExit
        With status 1, after the line on standard error: for a `SwatchbookError` its own text, for
        any other exception its type and the log file, which then holds the traceback.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.setLevel(logging.INFO)
    # At the root, so that what other libraries warn of is there too: where the root has no handler,
    # some of them give it one that prints everybody's messages to the terminal.
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(True)
    try:
        with _compiled_code_printing_to(handler.stream):
            yield
    except SwatchbookError as error:
        logger.error("%s", error)
        print(f"swatchbook: error: {_on_one_line(error)}", file=sys.stderr)
        raise SystemExit(1) from None
    except Exception as error:
        logger.exception("unexpected error")
        told = f"{type(error).__name__}: {_on_one_line(error)}"
        print(f"swatchbook: error: {told} (the traceback is in {log})", file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        root.removeHandler(handler)
        handler.close()
        logging.captureWarnings(False)


@contextmanager
def _compiled_code_printing_to(log: TextIO) -> Iterator[None]:
    """Point the process's error stream to the log, and Python's own at where it was before."""
    python_stream, terminal = sys.stderr, os.dup(STANDARD_ERROR)
    try:
        if _is_standard_error(python_stream):
            sys.stderr = os.fdopen(os.dup(terminal), "w", encoding="utf-8", errors="replace")
        os.dup2(log.fileno(), STANDARD_ERROR)
        yield
    finally:
        os.dup2(terminal, STANDARD_ERROR)
        os.close(terminal)
        if sys.stderr is not python_stream:
            sys.stderr.close()
            sys.stderr = python_stream


def _is_standard_error(stream: TextIO) -> bool:
    """Whether a stream writes to the process's error stream; a notebook's does not."""
    try:
        return stream.fileno() == STANDARD_ERROR
    except (OSError, ValueError):
        return False


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
