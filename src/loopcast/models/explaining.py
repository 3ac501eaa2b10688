"""What every forecaster tells of its forecasts beside them: what they are made of, and what it sees in a history."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from loopcast.columns import Columns
from loopcast.data.convert import refuse_table
from loopcast.data.decomposition import Decomposition
from loopcast.data.explanation import Explanation
from loopcast.data.panel import Panel
from loopcast.models.estimator import BoundedEstimator
from loopcast.models.model import Model, unexplained


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplainingEstimator(BoundedEstimator):
    """An estimator whose model forecasts, and can say what of."""

    def explain(
        self, horizon: int | None = None, *, data: Any = None, future: Any = None, columns: Columns | None = None
    ) -> Any:
        """What each forecast that `predict` gives is made of: a long table, whose contributions sum to the forecast.

        A row for each series, future time, target (of several) and `feature`, with its `contribution` in the unit of
        the target. The first feature is the `level`, from which all others are measured; then come `season`, `trend`,
        `recent values` (`Linear`: `lags 1 to 12`), each covariate by its name, parts of the calendar (`hour`,
        `weekday`, `month`, `holiday`), `rest`, and `bounds` where they clip or round a forecast. Covariates count from
        their mean over the fit. The guide on explaining says what each of them means for which model.

        Options are those of `predict`. OptionError for `Trees` and `PlainRecurrent`, which cannot say, and for `Linear`
        further ahead than it was fitted.

        >>> from loopcast.models.baselines import Drift
        >>> panel = Panel.from_series([1.0, 2.0, 3.0])
        >>> Drift().fit(panel).explain(horizon=1).rows()
        [(3, 'level', 3.0), (3, 'trend', 1.0)]
        """
        return self.explanation(horizon, data=data, future=future, columns=columns).table()

    def explanation(
        self, horizon: int | None = None, *, data: Any = None, future: Any = None, columns: Columns | None = None
    ) -> Explanation:
        """The same as arrays: `features`, and `values` `[series, step, channel, feature]`; pages take it."""
        refuse_table(horizon)
        return self.model.explain(self._history(data, future, columns), self.steps_ahead(horizon))

    def decompose(self, data: Any = None, *, columns: Columns | None = None) -> Any:
        """Each value of a history as a sum: its `level`, `season` (of two also `second_season`) and `remainder`.

        A row for each series and time (and `target`, of several), with the value and a column for each part. Level and
        seasons are those of the encoding which the networks read, with this forecaster's seasons: the level is the
        trailing mean over a season, the season what each of its times adds to that, both as the row and those before it
        say. So no row is described by what came later, and ends of a series are as sure as its middle is.

        data: a panel or table of the fitted kind; None is the series given to `fit`. Of a missing value the remainder
        is missing. Series that were never negative are written on a curve like the logarithm's: their level lies
        nearer to a geometric than to an arithmetic mean.

        >>> from loopcast.models.baselines import SeasonalNaive
        >>> panel = Panel.from_series([1.0, -3.0] * 4)
        >>> SeasonalNaive(season=2).fit(panel).decompose().rows()[-1]
        (7, -3.0, -1.0, -2.0, 0.0)
        """
        return self.decomposition(data, columns=columns).table()

    def decomposition(self, data: Any = None, *, columns: Columns | None = None) -> Decomposition:
        """The same as arrays: `parts`, by name, `[row, channel]` each; pages take it."""
        return self.model.decompose(self._history(data, None, columns))

    def require_explained(self) -> None:
        """OptionError, before any fit, where the models that it would leave cannot be explained."""
        for each in (self, *self.parts()):
            if each.model_type is not None and each.model_type._contributions is Model._contributions:
                raise unexplained(each.name)

    @property
    @abstractmethod
    def model(self) -> Model:
        """What `fit` left."""

    @abstractmethod
    def steps_ahead(self, horizon: int | None) -> int:
        """So many steps as are asked for, or as it is made for."""

    @abstractmethod
    def _history(self, data: Any, future: Any, columns: Columns | None) -> Panel: ...
