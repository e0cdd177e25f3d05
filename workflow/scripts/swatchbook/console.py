"""What a job says, and where: all of it in its log file, one line on the terminal if it fails."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swatchbook.errors import SwatchbookError

logger = logging.getLogger("swatchbook")


@contextmanager
def reporting_to(log: str | Path) -> Iterator[None]:
    """Send the library's log messages to the file `log` and turn errors into one line.

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
    logger.addHandler(handler)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(handler)
    try:
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
        logger.removeHandler(handler)
        logging.getLogger("py.warnings").removeHandler(handler)
        handler.close()
        logging.captureWarnings(False)


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
