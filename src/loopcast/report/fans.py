"""What the fan charts of a page show, as values: history, forecasts from each cutoff with bands, and what came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.data.time_grid import future_times
from loopcast.evaluation.backtest_result import Backtest
from loopcast.report.forecasts import Band, bands_of

MOST_NUMBERS = 60_000  # in the forecasts of one series; of more cutoffs the last are shown


@dataclass(frozen=True, kw_only=True, eq=False)
class Fan:
    """One model's forecast from one cutoff: values `[horizon]`, NaN where it has a gap; bands, narrowest first."""

    model: str
    values: np.ndarray
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class CutoffForecasts:
    """The forecasts from one cutoff; at: the step of the series shown at which they begin."""

    at: int
    fans: tuple[Fan, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class FanChart:
    """One series: its values `[time]` where they are known, and forecasts from each cutoff, in order of time.

    title: its id; place: in the panel; times: of the history shown, then of every step forecast.
    label: why it is here ("worst", "median", "best", "asked for"), or "".
    error: of the model that series are ranked by; None where there is none.
    left_out: cutoffs before the first one shown.
    """

    title: str
    place: int
    times: pl.Series
    values: np.ndarray
    cuts: tuple[CutoffForecasts, ...]
    label: str = ""
    error: float | None = None
    left_out: int = 0


def history_steps(panel: Panel, horizon: int) -> int:
    """Steps of history shown before a cutoff: four horizons, but at least two seasons and 24 steps."""
    return max(4 * horizon, 2 * panel.season, 24)


def past_chart(backtest: Backtest, models: Sequence[str], i: int, label: str, error: float) -> FanChart:
    """The chart of series `i` of a backtest of one target, with these models in this order."""
    panel, horizon = backtest.panel, backtest.horizon
    named = {each.name: each for each in backtest.predictions}
    order = [named[name] for name in models]
    ends = int(panel.lengths[i]) - np.array(order[0].cutoffs)  # the first step that is forecast, at each cutoff
    numbers = horizon * len(models) * (1 + 2 * len(backtest.levels))
    first = max(0, len(ends) - max(1, MOST_NUMBERS // numbers))
    start = max(0, int(ends[first]) - history_steps(panel, horizon))
    end = int(ends[-1]) + horizon
    known = panel.series(i)[start:end, 0]
    return FanChart(
        title=str(panel.ids[i]),
        place=i,
        times=future_times(panel.starts[[i]], np.array([start]), end - start, panel.schema.freq),
        values=np.pad(known, (0, end - start - len(known)), constant_values=np.nan),
        cuts=tuple(
            CutoffForecasts(at=int(ends[c]) - start, fans=tuple(fan_of(each, backtest.levels, i, c) for each in order))
            for c in range(first, len(ends))
        ),
        label=label,
        error=float(error) if np.isfinite(error) else None,
        left_out=first,
    )


def future_chart(panel: Panel, forecasts: Sequence[Prediction], levels: tuple[float, ...], i: int) -> FanChart:
    """The chart of series `i` and its forecasts after the end of the history, of one target."""
    horizon = forecasts[0].horizon
    known = panel.series(i)[-history_steps(panel, horizon) :, 0]
    start = int(panel.lengths[i]) - len(known)
    return FanChart(
        title=str(panel.ids[i]) if panel.schema.has_id else panel.schema.columns.one_target,
        place=i,
        times=future_times(panel.starts[[i]], np.array([start]), len(known) + horizon, panel.schema.freq),
        values=np.pad(known, (0, horizon), constant_values=np.nan),
        cuts=(CutoffForecasts(at=len(known), fans=tuple(fan_of(line, levels, i, 0) for line in forecasts)),),
    )


def fan_of(line: Prediction, levels: tuple[float, ...], i: int, cutoff: int) -> Fan:
    """One model's forecast of series `i`, with a band for each of `levels`: one of gaps where it has none."""
    return Fan(model=line.name, values=line.values[i, cutoff, :, 0], bands=bands_of(line, i, cutoff, levels))


def bisection_order(count: int) -> Iterator[int]:
    """0 to `count` - 1 in an order of which every beginning is spread evenly: the ends, then what halves the gaps.

    >>> list(bisection_order(9))
    [0, 8, 4, 2, 6, 1, 3, 5, 7]
    """
    seen: set[int] = set()
    parts = 1
    while len(seen) < count:
        for place in (round(k * (count - 1) / parts) for k in range(parts + 1)):
            if place not in seen:
                seen.add(place)
                yield place
        parts *= 2
