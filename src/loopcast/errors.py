"""Every error that Loopcast raises for what its caller can mend.

LoopcastError
├── DataError            the table, file or array that came in
│   ├── ColumnError      a column is missing, or holds the wrong kind of thing
│   ├── CalendarError    times: duplicates, order, gaps, frequency, time zones
│   ├── ValuesError      the numbers: text, infinity, too large, missing where not allowed
│   └── LengthError      a series is shorter than what was asked of it
├── OptionError          an option of a forecaster, command or function
├── NotFittedError       predict, save or describe before fit
├── TrainingError        training could not go on (the loss became NaN or infinite)
└── ModelFileError       a saved model is damaged, foreign, or from a newer version

UndefinedMetricWarning (a UserWarning): a score is undefined somewhere and left out of a mean, which goes on without it.

Each message says what was expected, what came (series, row, column, value) and what to try.
"""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

MOST_QUOTED, MOST_LISTED = 80, 10  # characters of a value, entries of a list
# Controls (escape sequences begin with one), line separators, marks that turn the direction of what follows, surrogates
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, keep: str = "") -> str:
    r"""Text of others with what acts on a terminal, or cannot be encoded, spelled out as Python would.

    keep: characters that stay as they are.

    >>> print(printable("a" + chr(27) + "[31m"))
    a\x1b[31m
    >>> printable("two\nlines", keep="\n")
    'two\nlines'
    """
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else repr(found[0])[1:-1], text)


def brief(text: str, most: int = MOST_QUOTED) -> str:
    """The beginning of a text of others, printable."""
    shown = printable(text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def quote(value: Any) -> str:
    """A value of the caller's as messages quote it: as Python writes it, 80 characters of it at most.

    >>> quote("shop"), quote(7), len(quote("long" * 100))
    ("'shop'", '7', 80)
    """
    return brief(repr(value[:MOST_QUOTED] if isinstance(value, str) else value))


def reason(error: Exception) -> str:
    """What another library says of a fault, in one line."""
    return brief(str(error).partition("\n")[0], 200)


def quote_all(values: Iterable[Any]) -> str:
    """Several values as messages list them, 10 at most.

    >>> quote_all(["a", "b"]), quote_all(range(99))
    ("'a', 'b'", '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …')
    """
    each = iter(values)
    return ", ".join([quote(value) for value in islice(each, MOST_LISTED)] + ["…" for _ in islice(each, 1)])


class LoopcastError(Exception):
    """The root of all errors raised on purpose."""


class DataError(LoopcastError, ValueError):
    """The data that came in cannot be used as it is."""


class ColumnError(DataError):
    """A column is missing, or holds the wrong kind of thing."""


class CalendarError(DataError):
    """The times are not a regular calendar: duplicates, disorder, gaps, mixed zones."""


class ValuesError(DataError):
    """The numbers are not usable: text, infinity, too large, missing where not allowed."""


class LengthError(DataError):
    """A series is shorter than what was asked of it."""


class OptionError(LoopcastError, ValueError):
    """An option has a value that means nothing."""


class NotFittedError(LoopcastError, RuntimeError):
    """A forecaster was asked for something that only a fitted one has."""


class TrainingError(LoopcastError, RuntimeError):
    """Training could not go on."""


class ModelFileError(LoopcastError, ValueError):
    """A saved model is damaged, foreign, or from a newer version."""


class UndefinedMetricWarning(UserWarning):
    """A score is undefined for some series or points, and means are taken over the others."""
