"""What a live state does with rows that are not simply the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loopcast.columns import Bands
from loopcast.errors import OptionError, quote
from loopcast.validation import LARGEST

DEFAULT_LEVELS = (80, 95)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """level: percentages of the intervals, which are tracked.

    lateness: steps before the end of its series up to which a row may come late, or anew with another value.
    new: whether a row of an unknown series starts it. gaps: whether steps that were left out are missing values, or an
    error; longest_gap: how many at most. most_series: that may be followed.
    """

    level: float | Sequence[float] = DEFAULT_LEVELS
    lateness: int = 0
    new: Literal["start", "refuse"] = "start"
    gaps: Literal["insert", "error"] = "insert"
    longest_gap: int = 1000
    most_series: int = 1_000_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", Bands.of(self.level).levels)
        if self.new not in ("start", "refuse"):
            raise OptionError(f'new is "start" or "refuse", got {quote(self.new)}')
        if self.gaps not in ("insert", "error"):
            raise OptionError(f'gaps is "insert" or "error", got {quote(self.gaps)}')
        for name, most in (("lateness", 100_000), ("longest_gap", LARGEST), ("most_series", 10 * LARGEST)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise OptionError(f"{name} is a whole number from 0 to {most:,}, got {quote(value)}")

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels, ascending."""
        return tuple(self.level) if isinstance(self.level, Sequence) else (self.level,)
