"""Times, numbers and lists as one would say them."""

import unicodedata
from collections.abc import Iterable


def duration(seconds: float) -> str:
    """Return ``8 s``, ``1 min 40 s``, ``2 h 5 min``."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def about(seconds: float) -> str:
    """Return a time that is not known to the second: ``20 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 55:
        return f"{max(5 * round(seconds / 5), 5)} s"
    if seconds < 90 * 60:
        return f"{max(round(seconds / 60), 1)} min"
    return duration(600 * round(seconds / 600))


def jobs(count: int) -> str:
    """Return ``1 job`` or ``7 jobs``."""
    return f"{count:,} {'job' if count == 1 else 'jobs'}"


def listed(values: Iterable[str], most: int = 4) -> str:
    """Return values each once, in order: numbers in a row as ``0–7``, many as ``a, b … (9)``."""
    values = list(dict.fromkeys(values))
    if all(value.isdigit() for value in values):
        numbers = sorted(map(int, values))
        if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
            return f"{numbers[0]}–{numbers[-1]}"
        values = list(map(str, numbers))
    if len(values) <= most:
        return ", ".join(values)
    return f"{', '.join(values[: most - 1])} … ({len(values)})"


def printable(text: str) -> str:
    """Spell out what would steer a terminal: file names and errors may be anybody's."""
    return "".join(
        one
        if unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        else one.encode("unicode_escape").decode()
        for one in text
    )


def cropped(text: str, width: int) -> str:
    """Return text in one line of so many characters at most."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
