"""The forecaster that has learned already: from synthetic series, before it came here."""

from dataclasses import dataclass
from typing import Any, ClassVar

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.features.causal.track import Periods
from loopcast.models.forecaster import Forecaster
from loopcast.models.model import Fit
from loopcast.models.pretrained.model import PretrainedModel
from loopcast.models.pretrained.weights import shipped_network, shipped_weights
from loopcast.storage.registry import register
from loopcast.validation import check_positive

SECOND_SEASONS = {48: 336, 24: 168, 96: 672}  # steps in a day, and in a week
ANY = 1_000_000  # steps ahead: the network has a distribution of its own at each


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained(Forecaster):
    """A recurrent network that forecasts any series at once, without training: it learned from synthetic ones alone.

    An LSTM of 74 thousand parameters reads each history from its first value on, row by row, and a decoder that all
    steps ahead share says the median and the quantiles of each, for any horizon and any season. `fit` stores the
    series, and measures how wide intervals have to be at past cutoffs of these, where rows allow; elsewhere they are as
    the network has them. `predict(data=)` takes series that it never saw, also of one row.

    seasons: steps in a season and in a second one, such as (24, 168); one alone is the only one. None takes `season`,
        or the usual one of the calendar, and a week beside a day.

    Missing values are shown as missing, and nothing is learned of them. Covariates are not looked at; several targets
    are forecast each by itself. A series of zeros is forecast to stay so.

    >>> panel = Panel.from_series([float(i % 4) for i in range(40)])
    >>> Pretrained(horizon=4, season=4).fit(panel).predict().shape
    (4, 2)
    """

    network: ClassVar[bool] = True
    model_type: ClassVar[Any] = PretrainedModel

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

    def _fit(self, panel: Panel) -> Fit:
        periods = self.periods_of(panel)
        network = shipped_network()
        second = f" and of {periods.second}" if periods.second else ""
        return Fit(
            PretrainedModel(
                **self.model_fields(panel),
                network=network,
                weights=shipped_weights(),
                periods=periods,
                own_horizon=ANY,
                n_parameters=network.parameters,
                description=(
                    f"a recurrent network of {network.parameters:,} parameters, which learned from synthetic series "
                    f"alone, reads each history (seasons of {periods.season}{second} steps) and is not trained on it. "
                    "It knows nothing of other series, of holidays or of weather."
                ),
            )
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        return 1
