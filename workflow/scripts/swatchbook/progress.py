"""Progress of long work: a bar on a terminal, lines in a log file."""

import logging
import sys
import time
from types import TracebackType

from tqdm import tqdm

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Show how far a piece of work has come; a context manager.

    On a terminal it is a bar on standard error. Everywhere, the log gets a line at most every ten
    seconds and one at the end, so that a log file of a cluster job can be followed too.

    Parameters
    ----------
    title
        What is being done, for example ``download train.7z``.
    total
        The amount of work in `unit`, or ``None`` where nobody knows it.
    unit
        What is counted: ``"B"`` (bytes, shown with SI prefixes), ``"image"``, ``"step"`` …
    """

    def __init__(self, title: str, total: int | None, unit: str = "it"):
        self.title = title
        self.total = total
        self.unit = unit
        self.done = 0
        self._bar = tqdm(
            desc=title,
            total=total,
            unit=unit,
            unit_scale=unit == "B",
            disable=not sys.stderr.isatty(),
            leave=False,
            dynamic_ncols=True,
        )

    def __enter__(self) -> "Progress":
        self._start = self._last_line = time.monotonic()
        return self

    def update(self, amount: int = 1, **facts: object) -> None:
        """Count `amount` more; `facts` (a loss, say) are shown beside the bar and in the log."""
        self.done += amount
        if facts:
            self._bar.set_postfix(facts, refresh=False)
        self._bar.update(amount)
        now = time.monotonic()
        if now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            self._log(now, facts)

    def restart(self, done: int = 0) -> None:
        """Start again from `done`, for a transfer that began anew."""
        self.done = done
        self._bar.n = done
        self._bar.refresh()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()
        self._log(time.monotonic(), {})

    def _log(self, now: float, facts: dict[str, object]) -> None:
        of_total = f" of {self.total}" if self.total is not None else ""
        shown = "".join(f", {name} {value}" for name, value in facts.items())
        rate = self.done / max(now - self._start, 1e-9)
        logger.info(
            "%s: %d%s %s, %.0f/s%s", self.title, self.done, of_total, self.unit, rate, shown
        )
