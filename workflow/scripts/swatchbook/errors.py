"""Errors that speak to the user: what happened, in which file or key, and what to do about it."""

import unicodedata
from collections.abc import Iterable

# Unicode's categories of control characters, of what turns text round, of half characters and of
# line ends.
STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class SwatchbookError(Exception):
    """Something that the user can act on, told in one line and without a traceback.

    Parameters
    ----------
    what
        What is wrong, as a sentence without a full stop.
    where
        The file, key or URL that it is wrong in.
    hint
        What to do about it.
    """

    def __init__(self, what: str, *, where: object = None, hint: str | None = None):
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where is not None else ""
        advice = f" ({self.hint})" if self.hint else ""
        return printable(f"{place}{self.what}{advice}")


class ConfigurationError(SwatchbookError):
    """A configuration file has a key or a value that the workflow does not accept."""


class DownloadError(SwatchbookError):
    """A file could not be brought from any of its sources, or is not the pinned one."""


class DataError(SwatchbookError):
    """An archive, image, label table or array is not what its data set's file says."""


class StorageError(SwatchbookError):
    """A file cannot be written: the disk is full, or writing there is not permitted."""


class DeviceError(SwatchbookError):
    """The device or the precision that was asked for is not there."""


class ExportError(SwatchbookError):
    """An exported model cannot be written or run, or does not do what the trained one does."""


class QueueError(SwatchbookError):
    """A cluster's queue holds something that is in the way."""


class SearchError(SwatchbookError):
    """A search over recipes cannot go on, or has found nothing."""


class TrainingError(SwatchbookError):
    """A training cannot go on."""


class DivergenceError(TrainingError):
    """A loss or a weight is no finite number any more."""


def printable(text: str) -> str:
    """Spell out what would steer a terminal: names and labels in a message may be anybody's."""
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in STEERING
        else character.encode("unicode_escape").decode()
        for character in text
    )


def first_ten(items: Iterable[object]) -> str:
    """Name the first ten items and the number of all of them: ``a, b, c … (57 in all)``."""
    items = list(items)
    named = ", ".join(str(item) for item in items[:10])
    return named if len(items) <= 10 else f"{named} … ({len(items)} in all)"
