"""What a row has to be before anything is done: an error here leaves a live state as it was."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from loopcast.errors import CalendarError, ColumnError, OptionError, ValuesError, quote, quote_all
from loopcast.live.clock import Clock, Phase
from loopcast.live.engine import LARGEST
from loopcast.live.rules import Rules
from loopcast.live.series import Series
from loopcast.models.bounds import Bounds

Id = str | int


class Checks:
    """By the rules of a live state, its model's bounds, and its clock."""

    def __init__(self, rules: Rules, bounds: Bounds, clock: Clock, targets: tuple[str, ...]) -> None:
        self.rules, self.clock, self.targets = rules, clock, targets
        lower = bounds.lower if isinstance(bounds.lower, int | float) else -math.inf
        self.lowest, self.highest = lower, math.inf if bounds.upper is None else bounds.upper
        self.quick = max(lower, -LARGEST), min(self.highest, LARGEST)  # floats between these are values as they are

    @property
    def longest_gap(self) -> int:
        """How many steps may be left out before a row."""
        return 0 if self.rules.gaps == "error" else self.rules.longest_gap

    def row(self, y: Any) -> tuple[float, ...]:
        """The values of a row, one for each target: as `value`; of several targets by name."""
        if len(self.targets) == 1:
            return (self.value(y),)
        if not isinstance(y, Mapping) or y.keys() != set(self.targets):
            raise ValuesError(
                f"a row has a value for each of {quote_all(self.targets)}, by name, None where it is missing, got "
                f"{quote(y)}"
            )
        return tuple(self.value(y[name]) for name in self.targets)

    def value(self, y: Any) -> float:
        """A value as a float, NaN for what is missing; ValuesError for what is no number, too large, out of bounds."""
        if type(y) is float and self.quick[0] <= y <= self.quick[1]:
            return y + 0.0  # of the two zeros, the usual one
        if y is None:
            return math.nan
        if isinstance(y, bool) or not isinstance(y, int | float | np.integer | np.floating):
            raise ValuesError(f"a value is a number, or None or NaN where it is missing, got {quote(y)}")
        size: Any = abs(y)
        if size > LARGEST:  # before it is made a float: a whole number may be too large for any
            raise ValuesError(f"a value is at most {LARGEST:g} in size, or NaN where it is missing, got a larger one")
        number = float(y) + 0.0
        if number < self.lowest or number > self.highest:
            raise ValuesError(f"{number:g} is out of the bounds that the model was fitted with: take other bounds")
        return number

    def values(self, numbers: np.ndarray) -> np.ndarray:
        """The same of float64 `[row, target]`."""
        wrong = (numbers < self.quick[0]) | (numbers > self.quick[1])
        if wrong.any():
            self.value(float(numbers.flat[wrong.argmax()]))
        return numbers + 0.0

    def step(self, phase: Phase, id_: Id, tick: int) -> int:
        """The step of a tick; CalendarError where it is not on the calendar of its series."""
        step = phase.step(tick)
        if step is None:
            raise CalendarError(
                f"series {quote(id_)}: {self.clock.time(tick)} is not on its calendar, which goes by {self.clock.freq} "
                f"from {self.clock.time(phase.origin)}: correct the time, or drop the row"
            )
        return step

    def new(self, id_: Id, series: Mapping[Id, Series], more: int) -> None:
        """Whether a series may be started beside those that there are, after so many more."""
        if isinstance(id_, bool) or not isinstance(id_, str | int | np.integer):
            raise ColumnError(f"ids are text or whole numbers, got {quote(id_)}")
        other = next(iter(series), id_)
        if isinstance(other, str) != isinstance(id_, str):
            kinds = [("text" if isinstance(each, str) else "whole numbers") for each in (other, id_)]
            raise ColumnError(f"ids are {kinds[0]} here, such as {quote(other)}, and not {kinds[1]}: got {quote(id_)}")
        if self.rules.new == "refuse":
            raise OptionError(f'there is no series {quote(id_)}, and new="refuse" takes none: take new="start"')
        if len(series) + more >= self.rules.most_series:
            raise OptionError(
                f"series {quote(id_)} would be one more than most_series={self.rules.most_series:,}: forget some, or "
                "allow more"
            )

    def gap(self, id_: Id, tick: int, missing: int) -> None:
        """CalendarError where more steps are left out before a row than may be."""
        if missing <= self.longest_gap:
            return
        time = self.clock.time(tick)
        if self.rules.gaps == "error":
            raise CalendarError(
                f"series {quote(id_)}: {missing} missing before {time}: send them first, with None for what is "
                'missing, or take gaps="insert"'
            )
        raise CalendarError(
            f"series {quote(id_)}: {missing:,} missing before {time}, and longest_gap is {self.rules.longest_gap:,}: "
            "correct the time, or forget the series and start it anew"
        )
