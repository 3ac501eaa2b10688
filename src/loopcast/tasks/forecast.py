"""Forecast series with a model or several, and say how good that is: what `loopcast forecast` does, or a request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loopcast.columns import Bands
from loopcast.data.decomposition import Decomposition
from loopcast.data.explanation import Explanation
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction, to_table
from loopcast.errors import OptionError
from loopcast.evaluation.backtest import backtest, why_no_backtest
from loopcast.evaluation.leaderboard import Leaderboard, leaderboard
from loopcast.models.forecaster import Forecaster
from loopcast.tasks.facts import board_facts

DEFAULT_LEVELS = (80, 95)
NOT_ASKED = "not asked for"


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastResult:
    """What came of it.

    forecasters: fitted on the whole history. predictions: of each, the steps after its end.
    check: how they and the baselines did on the last steps of the history, by the same procedure, fitted without them;
        None where that was not possible, and unchecked says why.
    unsure: why there are no intervals, or None.
    compared: the forecasts of the baselines of the check, where they were asked for; a page shows them too.
    explanation, decomposition: what the forecasts are made of, and what the history is, where that was asked for.
    """

    forecasters: tuple[Forecaster, ...]
    predictions: tuple[Prediction, ...]
    check: Leaderboard | None
    unchecked: str | None
    unsure: str | None
    compared: tuple[Prediction, ...] = ()
    explanation: Explanation | None = None
    decomposition: Decomposition | None = None

    @property
    def panel(self) -> Panel:
        """What was forecast."""
        return self.predictions[0].panel

    @property
    def descriptions(self) -> dict[str, str]:
        """What each model is, and why, by its name."""
        return {each.name: each.describe() for each in self.forecasters}

    def table(self, *, wide: bool = False) -> Any:
        """The forecasts as a table of the kind that came in, a column for each model."""
        return to_table(self.predictions, wide=wide)

    def page(self, command: str = "") -> bytes:
        """A page to look at and pass on; command: that made it."""
        from loopcast.report.page import forecast_page  # needs plotly's bundle

        return forecast_page(
            self.panel,
            [*self.predictions, *self.compared],
            leaderboard=self.check,
            command=command,
            descriptions=self.descriptions,
            explanation=self.explanation,
            decomposition=self.decomposition,
        )

    def facts(self, *, wide: bool = False) -> dict[str, Any]:
        """Everything as plain values: what `--json` prints."""
        return {
            "models": self.descriptions,
            "forecast": self.table(wide=wide).to_dicts(),
            "check": self.check and board_facts(self.check),
            "unchecked": self.unchecked,
            "unsure": self.unsure,
        } | ({} if self.explanation is None else {"explanation": self.explanation.table().to_dicts()})


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastTask:
    """What is to be forecast, and beside what.

    forecasters: not fitted, of different names. baselines: what they are compared with, fitted alike; check: whether
    they are; show_compared: whether the baselines' forecasts are wanted too, as for a page.
    levels: percentages of intervals; None takes DEFAULT_LEVELS where series are long enough to say how sure it is.
    season: for scaled errors; None is the usual one of the calendar.
    explain: whether to say what the forecasts are made of, which are those of one model.
    """

    forecasters: tuple[Forecaster, ...]
    horizon: int
    baselines: tuple[Forecaster, ...] = ()
    check: bool = True
    show_compared: bool = False
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
    Errors are those of `backtest`, `fit` and `predict`; OptionError where several models are to be explained. Two fits
    of each: one without the last steps, for the check, and one on everything, which leaves the calibration of the
    intervals behind.
    """
    panel.require_informative()
    if task.explain:
        _explained(task.forecasters).require_explained()
    board, unchecked = _check(task, panel, status, show_progress)
    status("Training on the whole history ...")
    for forecaster in task.forecasters:
        forecaster.fit_panel(panel)
    bands, unsure = _bands(task.forecasters, task.horizon, task.levels)
    if task.explain:
        status("Explaining the forecasts ...")
    model = task.forecasters[0].model
    return ForecastResult(
        forecasters=task.forecasters,
        predictions=_predicted(task.forecasters, panel, task.horizon, bands),
        check=board,
        unchecked=unchecked,
        unsure=unsure,
        compared=_compared(task, panel, bands) if board is not None and task.show_compared else (),
        explanation=model.explain(panel, task.horizon) if task.explain else None,
        decomposition=model.decompose(panel) if task.explain else None,
    )


def _check(
    task: ForecastTask, panel: Panel, status: Callable[[str], None], show_progress: bool | None
) -> tuple[Leaderboard | None, str | None]:
    """How all models did on the last steps; or why that is not known."""
    models = [*task.forecasters, *task.baselines]
    unchecked = why_no_backtest(models, panel, task.horizon) if task.check else NOT_ASKED
    if unchecked is not None:
        return None, unchecked
    status(f"Comparing on the last {task.horizon} steps ...")
    done = backtest(models, panel, task.horizon, season=task.season, skip_short=True, show_progress=show_progress)
    return leaderboard(done), None


def _predicted(forecasters: Sequence[Forecaster], panel: Panel, horizon: int, bands: Bands) -> tuple[Prediction, ...]:
    return tuple(each.model.predict_bands(panel, horizon, bands) for each in forecasters)


def _compared(task: ForecastTask, panel: Panel, bands: Bands) -> tuple[Prediction, ...]:
    """The forecasts of those baselines for which every series is long enough, with intervals where they have them."""
    shortest = int(panel.observed_lengths.min())
    able = [each for each in task.baselines if each.min_rows(panel, task.horizon) <= shortest]
    fitted = [each.with_options().fit_panel(panel, calibrate=bool(bands)) for each in able]
    sure = [each for each in fitted if each.model.why_no_quantiles(task.horizon) is None]
    unsure = [each for each in fitted if each not in sure]
    return (
        *_predicted(sure, panel, task.horizon, bands),
        *_predicted(unsure, panel, task.horizon, Bands()),
    )


def _explained(forecasters: Sequence[Forecaster]) -> Forecaster:
    """The one of which the forecasts are explained."""
    if len(forecasters) > 1:
        names = ", ".join(each.name for each in forecasters)
        raise OptionError(f"the forecasts of one model are explained, and {names} are several: name one of them")
    return forecasters[0]


def predict(
    forecaster: Forecaster, panel: Panel, horizon: int, levels: Sequence[float] = (), *, explain: bool = False
) -> ForecastResult:
    """Forecast with a fitted forecaster, such as a loaded one: nothing is trained and nothing compared."""
    return ForecastResult(
        forecasters=(forecaster,),
        predictions=_predicted([forecaster], panel, horizon, Bands.of(levels)),
        check=None,
        unchecked="a saved model is not compared",
        unsure=None,
        explanation=forecaster.model.explain(panel, horizon) if explain else None,
        decomposition=forecaster.model.decompose(panel) if explain else None,
    )


def _bands(forecasters: Sequence[Forecaster], horizon: int, levels: Sequence[float] | None) -> tuple[Bands, str | None]:
    """The intervals to show, and why there are none where none were asked for and some model can give none."""
    if levels is not None:
        bands = Bands.of(levels)
        for forecaster in forecasters if bands else ():
            forecaster.require_calibration(horizon)
        return bands, None
    why = (each.model.why_no_quantiles(horizon) for each in forecasters)
    unsure = next((reason for reason in why if reason is not None), None)
    return (Bands(), unsure) if unsure else (Bands.of(DEFAULT_LEVELS), None)
