"""The only place that names the columns of a table."""

from dataclasses import dataclass

from loopcast.errors import OptionError

ID, TIME, TARGET = "unique_id", "ds", "y"
CUTOFF = "cutoff"  # of a backtest: the last time that was known when a forecast was made
SAMPLE = "sample"  # of simulated paths: which one


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of a long table is which; the defaults are the field's standard names.

    id: the column that tells series apart; a table without it is one series.
    time: timestamps, dates or integers.
    target: the number to forecast.

    Raises OptionError when two roles share one name or a name is empty.

    >>> Columns(target="passengers")
    Columns(id='unique_id', time='ds', target='passengers')
    """

    id: str = ID
    time: str = TIME
    target: str = TARGET

    def __post_init__(self) -> None:
        names = (self.id, self.time, self.target)
        if not all(isinstance(name, str) and name for name in names):
            raise OptionError(f"column names are non-empty strings, got {names}")
        if len(set(names)) < len(names):
            raise OptionError(f"id, time and target are three different columns, got {names}")


STANDARD = Columns()
