"""The only place that names the columns of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from loopcast.errors import OptionError

ID, TIME, TARGET = "unique_id", "ds", "y"
CUTOFF = "cutoff"  # of a backtest: the last time that was known when a forecast was made
SAMPLE = "sample"  # of simulated paths: which one
WHICH = "target"  # of results for several targets: which of them a row is about


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of a long table is which; the defaults are the field's standard names.

    id: the column that tells series apart; a table without it is one series.
    time: timestamps, dates or integers.
    target: the number to forecast, or several of them: a list or tuple of names, kept as a tuple in its order.

    Raises OptionError when two roles share one name, a target is named twice, or a name is empty.

    >>> Columns(target="passengers")
    Columns(id='unique_id', time='ds', target='passengers')
    >>> Columns(target=["pm25", "no2"]).targets
    ('pm25', 'no2')
    """

    id: str = ID
    time: str = TIME
    target: str | Sequence[str] = TARGET

    def __post_init__(self) -> None:
        if isinstance(self.target, list):
            object.__setattr__(self, "target", tuple(self.target))
        if not isinstance(self.target, str | tuple) or not self.target:
            raise OptionError(f"target is the name of a column, or a list of several names, got {self.target!r}")
        names = (self.id, self.time, *self.targets)
        if not all(isinstance(name, str) and name for name in names):
            raise OptionError(f"column names are non-empty strings, got {names}")
        twice = next((name for i, name in enumerate(self.targets) if name in self.targets[:i]), None)
        if twice is not None:
            raise OptionError(f"each target is named once, got {twice!r} twice in {self.targets}: leave one out")
        if len(set(names)) < len(names):
            raise OptionError(f"id, time and target are different columns, got {names}")

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in their order, one or several."""
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    @property
    def one_target(self) -> str:
        """The target where there is one; OptionError for several.

        >>> Columns(target=("pm25",)).one_target
        'pm25'
        """
        if len(self.targets) > 1:
            raise OptionError(
                f"one target was expected, got {len(self.targets)}: {', '.join(self.targets)}; "
                "name one, or take one out of a panel with Panel.channel(name)"
            )
        return self.targets[0]

    @property
    def came(self) -> str:
        """The column of a backtest's table that holds what came: the target's, or for several the usual `y`.

        >>> Columns(target="sales").came, Columns(target=("sales", "visits")).came
        ('sales', 'y')
        """
        return self.targets[0] if len(self.targets) == 1 else TARGET


STANDARD = Columns()
