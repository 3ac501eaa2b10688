"""A backtest or a forecast as one HTML page that loads nothing: to read, to send, to print."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from loopcast.data.convert import as_panel
from loopcast.data.decomposition import Decomposition
from loopcast.data.explanation import Explanation
from loopcast.data.panel import Panel
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.report.chart_selection import choose, find
from loopcast.report.errors import coverage_of, errors_of, mean_over, ranking_model
from loopcast.report.fans import bisection_order, future_chart, history_steps, past_chart
from loopcast.report.forecasts import as_predictions
from loopcast.report.model_styles import ModelStyle, models_of
from loopcast.report.payload import Charts, digits_of, numbers
from loopcast.report.ranking import ranking, ranking_by_target
from loopcast.report.render import render
from loopcast.report.sum_sections import decomposition_section, explanation_section
from loopcast.report.summary import cutoffs_of, facts_of, gaps_of, horizon_text, truncate_names

ERRORS = {"mase": "scaled absolute error", "mae": "absolute error", "smape": "symmetric percentage error"}


def backtest_page(
    backtest: Backtest, leaderboard: Leaderboard, *, command: str = "", series: Sequence[Any] = ()
) -> bytes:
    """A backtest as one HTML page (UTF-8, under 2.5 MB), which loads nothing from anywhere.

    It shows the verdict, the leaderboard, forecasts as fans series by series, error and coverage by steps ahead, what
    was run and how to run it again. Of many series it holds the worst, median and best, those asked for, and others
    from the whole of the ranking, and says how many of how many. Missing values are gaps. Each target of a series has
    a chart of its own, and the errors of each are in a table.
    command: the command that made the backtest, shown so that it can be run again.
    series: ids that have to be in the page (or their text, as a command line gives them); of several targets also
        "ID, TARGET" for one of them.
    OptionError for an id that is not in the backtest, and for a leaderboard of other models.
    """
    whole, backtest = backtest.panel, backtest.to_univariate()
    judge, panel = ranking_model(leaderboard, backtest), backtest.panel
    errors = errors_of(backtest, leaderboard.measure)
    each = mean_over(errors[judge], (1, 2))
    chosen = choose(each, np.arange(panel.n_series), find(whole, series))
    models = models_of([ran.name for ran in backtest.models], leaderboard, backtest.models)
    draw = partial(past_chart, backtest, [model.name for model in models])
    named = {each.name: each for each in backtest.predictions}
    charts = Charts()
    charts.take(partial(draw, i, chosen.labels.get(i, ""), float(each[i])) for i in chosen.order)
    steps = {
        "error": [mean_over(errors[model.name], (0, 1)) for model in models],
        "coverage": [[coverage_of(backtest, named[each.name], level) for each in models] for level in backtest.levels],
    }
    measure = leaderboard.measure if leaderboard.measure in ERRORS else "mae"
    return render(
        "backtest.html",
        charts,
        data_of(whole, models, backtest.horizon, backtest.levels)
        | {"judge": judge, "measure": measure.upper(), "steps": plain(steps)},
        title=f"Backtest of {truncate_names(whole.targets)}: {horizon_text(backtest.horizon)}",
        verdict=leaderboard.verdict,
        notes=tuple(dict.fromkeys((*leaderboard.notes, *backtest.notes))),  # a leaderboard may repeat them
        ranking=ranking(leaderboard, models),
        by_target=ranking_by_target(leaderboard, models),
        models=models,
        levels=backtest.levels,
        steps=steps,
        error_name=ERRORS[measure],
        facts=facts_of(whole, backtest.horizon, backtest.levels) | cutoffs_of(backtest),
        gaps=gaps_of(errors),
        command=command,
        total=len(chosen.order),
    )


def forecast_page(
    panel: Any,
    table: Any,
    *,
    leaderboard: Leaderboard | None = None,
    command: str = "",
    descriptions: Mapping[str, str] | None = None,
    explanation: Explanation | None = None,
    decomposition: Decomposition | None = None,
) -> bytes:
    """Forecasts after the end of each series as one HTML page (UTF-8, under 2.5 MB), which loads nothing from anywhere.

    panel: the history that was forecast, a panel or what can be one.
    table: predictions, or what `predict` gives, best with intervals (id, time, `NAME`, `NAME-lo-80`, `NAME-hi-80`),
        with columns of models from wherever they are; or arrays by name.
    leaderboard: how the models did on what is known, if that was tried; it gives the verdict.
    command: the command that made the forecast. descriptions: by model, what it chose and why.
    explanation, decomposition: of the panel, as `Forecaster.explanation` and `Forecaster.decomposition` give them;
        a section for each.
    OptionError for a table that does not fit the panel.
    """
    history = as_panel(panel)
    forecasts = as_predictions(table, history)
    horizon = forecasts[0].horizon
    models = models_of([line.name for line in forecasts], leaderboard, said=descriptions)
    levels = tuple(sorted({level for line in forecasts for level in line.bands.levels}))
    charts, apart = Charts(), history.to_univariate()
    named = {line.name: line.to_univariate(apart) for line in forecasts}
    order = [named[model.name] for model in models]
    charts.take(partial(future_chart, apart, order, levels, i) for i in bisection_order(apart.n_series))
    return render(
        "forecast.html",
        charts,
        data_of(history, models, horizon, levels),
        title=f"Forecast of {truncate_names(history.targets)}: {horizon_text(horizon)}",
        verdict="" if leaderboard is None else leaderboard.verdict,
        notes=() if leaderboard is None else leaderboard.notes,
        ranking=None if leaderboard is None else ranking(leaderboard, models),
        by_target=None if leaderboard is None else ranking_by_target(leaderboard, models),
        models=models,
        levels=levels,
        explanation=explanation and explanation_section(explanation),
        decomposition=decomposition and decomposition_section(decomposition),
        facts=facts_of(history, horizon, levels),
        command=command,
        total=apart.n_series,
    )


def data_of(panel: Panel, models: Sequence[ModelStyle], horizon: int, levels: Sequence[float]) -> dict[str, Any]:
    """What the script of a page needs to know beside the charts."""
    zone = panel.schema.zone
    return {
        "time": panel.schema.columns.time + (f" ({zone})" if zone else ""),
        "targets": list(panel.targets),  # chart i is about number i modulo their count
        "axis": "linear" if panel.schema.freq.unit == "int" else "date",
        "tail": history_steps(panel, horizon),
        "levels": list(levels),
        "models": [{"name": each.name, "colour": each.colour, "dash": each.dash} for each in models],
    }


def plain(steps: Any) -> Any:
    """Means by step as lists of rounded numbers, in whatever unit they are."""
    if isinstance(steps, dict):
        return {name: plain(each) for name, each in steps.items()}
    return [plain(each) for each in steps] if isinstance(steps, list) else numbers(steps, digits_of(steps))
