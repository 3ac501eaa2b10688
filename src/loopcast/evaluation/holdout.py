"""Forecast the last part of the history from the part before it, and compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.errors import LengthError, OptionError
from loopcast.evaluation.metrics import mae, rmse, scaled_error, seasonal_step, smape
from loopcast.forecasters.base import Forecaster, positive
from loopcast.frames.panel import Panel, as_panel


@dataclass(frozen=True, kw_only=True)
class HoldoutResult:
    """How well each model forecast the last `horizon` steps, having seen only what was before them.

    scores: one row per model, best first: model, network (whether it is one), smape, mase, mae, rmse.
    mase is null where no series has one.
    ids: of the series compared; actual, forecasts: float32 `[series, horizon, channel]`.
    notes: what to know in order to read the scores, in plain sentences.
    """

    horizon: int
    season: int
    scores: pl.DataFrame
    ids: pl.Series
    actual: np.ndarray
    forecasts: Mapping[str, np.ndarray]
    notes: tuple[str, ...]

    @property
    def measure(self) -> str:
        """What the models are ranked by: MASE, or MAE where MASE is undefined."""
        return "mae" if self.scores["mase"].has_nulls() else "mase"

    def best(self, *, network: bool) -> dict[str, Any] | None:
        """The best row of `scores` among the networks, or among the baselines; None where there is none."""
        rows = self.scores.filter(pl.col("network") == network)
        return rows.row(0, named=True) if rows.height else None

    def verdict(self) -> str:
        """One plain sentence: does the network beat the best baseline, and by how much?"""
        baseline, network = self.best(network=False), self.best(network=True)
        if baseline is None or network is None:
            return f"{self.scores['model'][0]} has the smallest error; there is no network and baseline to compare."
        ours, theirs = network[self.measure], baseline[self.measure]
        against = f"{self.measure.upper()} {ours:.3f} against {theirs:.3f}"
        if ours == theirs:
            return f"{network['model']} only equals the best baseline, {baseline['model']}: {against}."
        if ours < theirs:
            share = f"by {(1 - ours / theirs):.1%}"
            return f"{network['model']} beats the best baseline, {baseline['model']}, {share}: {against}."
        behind = f"its error is {ours / theirs - 1:.1%} larger" if theirs > 0 else "which is perfect here"
        return f"{network['model']} does not beat the best baseline, {baseline['model']}; {behind}: {against}."


def holdout(
    forecasters: Sequence[Forecaster[Any]],
    data: Any,
    horizon: int,
    *,
    season: int | None = None,
    least: int | None = None,
) -> HoldoutResult:
    """Fit a copy of each forecaster on all but the last `horizon` steps, and score its forecast of them.

    data: a panel, or what `fit` takes. season: for MASE; None is the usual one of the calendar.
    least: series of fewer rows are left out, as the notes then say; None leaves none out.
    Missing values in the last steps: ValuesError. A series too short to hold anything back, or none of `least`
    rows: LengthError. The forecasters given stay as they are.

    >>> from loopcast.forecasters.baselines import Drift, Naive
    >>> panel = Panel.from_array(np.arange(6.0).reshape(1, 6, 1))
    >>> holdout([Naive(), Drift()], panel, 2).scores["model"].to_list()
    ['Drift', 'Naive']
    """
    whole, steps = as_panel(data), positive("horizon", horizon)
    panel = whole if least is None else of_length(whole, positive("least", least))
    m = panel.season if season is None else positive("season", season)
    names = [forecaster.name for forecaster in forecasters]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"give forecasters with different names (option alias), got {names}")
    training, actual = panel.without_last(steps), panel.last(steps)
    forecasts = {each.name: replace(each).fit(training).forecast(training, steps) for each in forecasters}
    scale = seasonal_step(training, m)
    changing = np.asarray((scale > 0).all(axis=1))
    rows = [
        {"model": each.name, "network": each.network, **scores(actual, forecasts[each.name], scale)}
        for each in forecasters
    ]
    table = pl.DataFrame(rows, schema_overrides={"mase": pl.Float64})
    return HoldoutResult(
        horizon=steps,
        season=m,
        scores=table.sort("mae" if table["mase"].has_nulls() else "mase", maintain_order=True),
        ids=panel.ids,
        actual=actual,
        forecasts=forecasts,
        notes=(*left_out(whole, panel, least), *notes(panel, changing, m)),
    )


def rows_for_holdout(data: Any, horizon: int, *, season: int | None = None, context: int | None = None) -> int:
    """How many rows a series has to have for its last `horizon` to be held back.

    What is left has to teach `horizon` steps ahead, and to show more than a season and more than `context` rows.
    """
    m = as_panel(data).season if season is None else season
    return horizon + max(horizon + m, context or 0) + 1


def why_no_holdout(data: Any, horizon: int, *, season: int | None = None, context: int | None = None) -> str | None:
    """Why the last `horizon` steps can be held back of no series, in a sentence; None where they can.

    See `rows_for_holdout`, which is what the `least` of `holdout` may be.
    """
    panel = as_panel(data)
    needed, longest = rows_for_holdout(panel, horizon, season=season, context=context), int(panel.lengths.max())
    if longest >= needed:
        return None
    name = panel.ids[int(np.argmax(panel.lengths))]
    which = "" if panel.n_series == 1 else "even the longest "
    seen = f"season {panel.season if season is None else season}" + (f", context {context}" if context else "")
    return f"{which}series {name!r} has {longest} steps, and holding {horizon} back needs {needed} ({seen})"


def of_length(panel: Panel, least: int) -> Panel:
    """The series of at least so many rows; LengthError where there is none."""
    if panel.lengths.max() < least:
        raise LengthError(f"no series has {least} rows (the longest has {panel.lengths.max()}): ask for fewer steps")
    return panel.where(panel.lengths >= least)


def left_out(whole: Panel, compared: Panel, least: int | None) -> tuple[str, ...]:
    """The note on series that were too short to compare on."""
    if compared.n_series == whole.n_series:
        return ()
    return (f"Compared on {compared.n_series} of {whole.n_series} series: the others have fewer than {least} steps.",)


def scores(actual: np.ndarray, forecast: np.ndarray, scale: np.ndarray) -> dict[str, float | None]:
    """The errors of one model; MASE over the series that change from season to season."""
    there = (scale > 0).all(axis=1)
    return {
        "smape": smape(actual, forecast),
        "mase": scaled_error(actual[there], forecast[there], scale[there]) if there.any() else None,
        "mae": mae(actual, forecast),
        "rmse": rmse(actual, forecast),
    }


def notes(panel: Panel, changing: np.ndarray, season: int) -> tuple[str, ...]:
    """What to know in order to read the scores."""
    constant = int((~changing).sum())
    if not constant:
        return ()
    which = f"{panel.ids[int(np.argmin(changing))]!r}" + (f" and {constant - 1} more" if constant > 1 else "")
    return (
        f"MASE leaves out {constant} of {panel.n_series} series ({which}), unchanged from season to season "
        f"(season {season}): it is undefined there.",
    )
