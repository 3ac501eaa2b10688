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
