"""Forecasters whose encoding knows two seasons: as chosen, or as the calendar has them."""

from abc import ABC
from dataclasses import dataclass

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.features.causal.track import Periods
from loopcast.models.forecaster import Forecaster
from loopcast.validation import check_positive

SECOND_SEASONS = {48: 336, 24: 168, 96: 672}  # steps in a day, and in a week


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoSeasons(Forecaster, ABC):
    """seasons: steps in a season and in a second one, such as (24, 168); one alone is the only one.

    None takes `season`, or the usual one of the calendar, and a week beside a day.
    """

    seasons: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seasons is None:
            return
        if not isinstance(self.seasons, tuple) or not 1 <= len(self.seasons) <= 2 or self.season is not None:
            raise OptionError(f"seasons is one or two numbers of steps, such as (24, 168), got {self.seasons!r}")
        for steps in self.seasons:
            check_positive("seasons", steps)
        if len(self.seasons) == 2 and not self.seasons[0] < self.seasons[1]:
            raise OptionError(f"the second of two seasons is the longer one, got {self.seasons!r}")

    def season_of(self, panel: Panel) -> int:
        """The shorter season."""
        return self.seasons[0] if self.seasons else super().season_of(panel)

    def periods_of(self, panel: Panel) -> Periods:
        """Both seasons, as chosen or as the calendar has them."""
        first = self.season_of(panel)
        if self.seasons is not None:
            return Periods(season=first, second=self.seasons[1] if len(self.seasons) == 2 else 0)
        return Periods(season=first, second=SECOND_SEASONS.get(first, 0) if self.season is None else 0)
