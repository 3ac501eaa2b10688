"""Forecast series with one model, and say how good that is: what `loopcast forecast`, or a request for it, does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loopcast.columns import Bands
from loopcast.data.decomposition import Decomposition
from loopcast.data.explanation import Explanation
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction, to_table
from loopcast.evaluation.backtest import backtest, why_no_backtest
from loopcast.evaluation.leaderboard import Leaderboard, leaderboard
from loopcast.models.forecaster import Forecaster
from loopcast.tasks.facts import board_facts

DEFAULT_LEVELS = (80, 95)
NOT_ASKED = "not asked for"


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastResult:
    """What came of it.

    forecaster: fitted on the whole history. prediction: the steps after its end.
    check: how it and the baselines did on the last steps of the history, by the same procedure, fitted without them;
        None where that was not possible, and unchecked says why.
    unsure: why there are no intervals, or None.
    explanation, decomposition: what the forecasts are made of, and what the history is, where that was asked for.
    """

    forecaster: Forecaster
    prediction: Prediction
    check: Leaderboard | None
    unchecked: str | None
    unsure: str | None
    explanation: Explanation | None = None
    decomposition: Decomposition | None = None

    def table(self, *, wide: bool = False) -> Any:
        """The forecast as a table of the kind that came in."""
        return to_table([self.prediction], wide=wide)

    def page(self, command: str = "") -> bytes:
        """A page to look at and pass on; command: that made it."""
        from loopcast.report.page import forecast_page  # needs plotly's bundle

        return forecast_page(
            self.prediction.panel,
            self.prediction,
            leaderboard=self.check,
            command=command,
            descriptions={self.forecaster.name: self.forecaster.describe()},
            explanation=self.explanation,
            decomposition=self.decomposition,
        )

    def facts(self, *, wide: bool = False) -> dict[str, Any]:
        """Everything as plain values: what `--json` prints."""
        return {
            "models": {self.forecaster.name: self.forecaster.describe()},
            "forecast": self.table(wide=wide).to_dicts(),
            "check": self.check and board_facts(self.check),
            "unchecked": self.unchecked,
            "unsure": self.unsure,
        } | ({} if self.explanation is None else {"explanation": self.explanation.table().to_dicts()})


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastTask:
    """What is to be forecast, and beside what.

    forecaster: not fitted. baselines: what it is compared with, fitted alike; check: whether it is.
    levels: percentages of intervals; None takes DEFAULT_LEVELS where series are long enough to say how sure it is.
    season: for scaled errors; None is the usual one of the calendar.
    explain: whether to say what the forecasts are made of.
    """

    forecaster: Forecaster
    horizon: int
    baselines: tuple[Forecaster, ...] = ()
    check: bool = True
    levels: tuple[float, ...] | None = None
    season: int | None = None
    explain: bool = False


def forecast(
    task: ForecastTask,
    panel: Panel,
    *,
    status: Callable[[str], None] = lambda message: None,
    show_progress: bool | None = None,
) -> ForecastResult:
    """Compare on the last `horizon` steps, fit on everything, forecast.

    status: is told what happens now.
    Errors are those of `backtest`, `fit` and `predict`. Two fits: one without the last steps, for the check, and one on
    everything, which leaves the calibration of the intervals behind.
    """
    panel.require_informative()
    forecaster, horizon = task.forecaster, task.horizon
    if task.explain:
        forecaster.require_explained()
    models = [forecaster, *task.baselines]
    unchecked = why_no_backtest(models, panel, horizon) if task.check else NOT_ASKED
    board = None
    if unchecked is None:
        status(f"Comparing on the last {horizon} steps ...")
        done = backtest(models, panel, horizon, season=task.season, skip_short=True, show_progress=show_progress)
        board = leaderboard(done)
    status("Training on the whole history ...")
    forecaster.fit_panel(panel)
    bands, unsure = _bands(forecaster, horizon, task.levels)
    if task.explain:
        status("Explaining the forecasts ...")
    return ForecastResult(
        forecaster=forecaster,
        prediction=forecaster.model.predict_bands(panel, horizon, bands),
        check=board,
        unchecked=unchecked,
        unsure=unsure,
        explanation=forecaster.model.explain(panel, horizon) if task.explain else None,
        decomposition=forecaster.model.decompose(panel) if task.explain else None,
    )


def predict(
    forecaster: Forecaster, panel: Panel, horizon: int, levels: Sequence[float] = (), *, explain: bool = False
) -> ForecastResult:
    """Forecast with a fitted forecaster, such as a loaded one: nothing is trained and nothing compared."""
    return ForecastResult(
        forecaster=forecaster,
        prediction=forecaster.model.predict_bands(panel, horizon, Bands.of(levels)),
        check=None,
        unchecked="a saved model is not compared",
        unsure=None,
        explanation=forecaster.model.explain(panel, horizon) if explain else None,
        decomposition=forecaster.model.decompose(panel) if explain else None,
    )


def _bands(forecaster: Forecaster, horizon: int, levels: Sequence[float] | None) -> tuple[Bands, str | None]:
    """The intervals to show, and why there are none where none were asked for and none can be."""
    if levels is not None:
        bands = Bands.of(levels)
        if bands:
            forecaster.require_calibration(horizon)
        return bands, None
    unsure = forecaster.model.why_no_quantiles(horizon)
    return (Bands(), unsure) if unsure else (Bands.of(DEFAULT_LEVELS), None)
