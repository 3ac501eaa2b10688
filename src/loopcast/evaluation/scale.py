"""How much each series changes from season to season, up to each cutoff: what scaled errors are divided by."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME, Columns
from loopcast.data.calendar import zone_of
from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.data.tables import open_table
from loopcast.errors import CalendarError, DataError, OptionError
from loopcast.evaluation.forecasts import Forecasts
from loopcast.validation import check_positive


def as_histories(data: Any, columns: Columns) -> Panel:
    """The histories as a panel, from a panel or a table with the columns of the forecasts."""
    return Panel.from_table(data, columns=columns) if open_table(data) is not None else as_panel(data)


def with_scale(forecasts: Forecasts, panel: Panel, season: int) -> Forecasts:
    """`forecasts` with the scales of each window: mean |y_t - y_{t-m}| and mean (y_t - y_{t-m})², m = `season`.

    They are taken over the rows of the series up to the cutoff (where there is none, before the first time that was
    forecast), without the pairs of which one value is missing; null where that is 0 or no pair is left. Each target
    has its own.
    """
    last = CUTOFF if forecasts.has_cutoff else "first"
    windows = forecasts.frame.select({*forecasts.window, last}).unique(forecasts.window, maintain_order=True)
    channels = _channels(forecasts, panel)[windows[TARGET_NAME].to_numpy() if forecasts.targets else 0]
    series = _places(forecasts, panel)[windows["series"].to_numpy()] * panel.n_channels + channels
    panel = panel.drop_covariates().to_univariate()
    rows = _rows_before(windows[last], series, panel, inclusive=forecasts.has_cutoff)
    known = running_scale(panel, check_positive("season", season))[panel.offsets[series] + np.maximum(rows, 1) - 1]
    scales = windows.select(forecasts.window).with_columns(
        pl.when(pl.Series(rows > 0) & (column > 0)).then(column).alias(column.name) for column in known
    )
    return replace(
        forecasts, frame=forecasts.frame.join(scales, on=forecasts.window, how="left", maintain_order="left")
    )


def running_scale(panel: Panel, season: int) -> pl.DataFrame:
    """The two scales of each series from its first to each of its rows: `scale`, `squares`; 0 where there is none."""
    values = panel.values[:, 0]
    change = np.full(len(values), np.nan)
    change[season:] = np.abs(values[season:] - values[:-season])
    inside = np.arange(len(values)) - np.repeat(panel.offsets[:-1], panel.lengths)
    counted = (inside >= season) & ~np.isnan(change)
    change = np.where(counted, change, 0.0)
    frame = pl.DataFrame({"scale": change, "squares": change**2, "count": counted.astype(np.int64)})
    series = pl.Series("series", np.repeat(np.arange(panel.n_series), panel.lengths))
    # summed series by series: differences of one long sum would lose small series beside large ones
    sums = frame.with_columns(series).select(pl.col("scale", "squares", "count").cum_sum().over("series"))
    return sums.select(pl.col("scale", "squares") / pl.col("count").clip(lower_bound=1))


def _places(forecasts: Forecasts, panel: Panel) -> np.ndarray:
    """int64 `[series]`: where each series of the forecasts stands in the panel."""
    ids, theirs = forecasts.ids, panel.ids
    if not forecasts.has_id or (not panel.schema.has_id and panel.n_series == 1 and len(ids) == 1):
        if panel.n_series > 1:
            raise DataError(
                f"the table of forecasts is one series (it has no column {forecasts.columns.id!r}) and the histories "
                f"are {panel.n_series}: give it the ids"
            )
        return np.zeros(1, np.int64)
    if ids.dtype.is_integer() != theirs.dtype.is_integer():
        raise DataError(f"ids are {ids.dtype} in the table of forecasts and {theirs.dtype} in the histories: cast one")
    common = pl.Int64 if ids.dtype.is_integer() else pl.String
    index = pl.DataFrame({"id": theirs.cast(common), "place": np.arange(panel.n_series)})
    places = pl.DataFrame({"id": ids.cast(common)}).join(index, on="id", how="left", maintain_order="left")["place"]
    if places.null_count():
        first = ids[int(places.is_null().arg_max() or 0)]
        raise DataError(
            f"series {first!r} has forecasts and no history ({places.null_count()} of {len(ids)} series have none): "
            "give the histories of all, data=..."
        )
    return places.to_numpy()


def _channels(forecasts: Forecasts, panel: Panel) -> np.ndarray:
    """int64 `[target]`: which channel of the panel each target of the forecasts is; DataError where it is none."""
    if not forecasts.targets and panel.n_channels == 1:
        return np.zeros(1, np.int64)
    known = ", ".join(map(repr, panel.targets))
    if not forecasts.targets:
        raise DataError(
            f"the histories have {panel.n_channels} targets ({known}): the table has to say which, in {TARGET_NAME!r}"
        )
    unknown = [name for name in forecasts.targets if name not in panel.targets]
    if unknown:
        raise DataError(
            f"target {unknown[0]!r} has forecasts and no history (the histories are of {known}): give a panel of all "
            "targets, or name them with Columns(target=[...])"
        )
    return np.array([panel.targets.index(name) for name in forecasts.targets])


def _rows_before(times: pl.Series, series: np.ndarray, panel: Panel, *, inclusive: bool) -> np.ndarray:
    """int64 `[window]`: how many rows of its series come before a time of each window, or (inclusive) up to it."""
    starts, what = panel.starts, "cutoffs" if inclusive else "the times of the forecasts"
    if times.dtype.is_integer() != starts.dtype.is_integer() or zone_of(times.dtype) != zone_of(starts.dtype):
        raise CalendarError(f"{what} are {times.dtype} and the times of the histories {starts.dtype}: convert one")
    steps, fits = panel.step_index(times, series)
    if not fits.all():
        window = int(np.argmin(fits))
        which = "the cutoff" if inclusive else "the first forecast,"
        why = (
            "a cutoff is the last time that was known" if inclusive else "forecasts are of the calendar of the history"
        )
        raise CalendarError(
            f"{which} {times[window]} of series {panel.ids[int(series[window])]!r} is not on the calendar of its "
            f"history (frequency {panel.schema.freq}): {why}"
        )
    return np.clip(steps + inclusive, 0, panel.lengths[series])


def season_of(panel: Panel, season: int | None) -> int:
    """The steps in a season, as chosen or as usual for the panel's calendar; OptionError for what is no number."""
    return panel.season if season is None else check_positive("season", season)


def histories_needed(names: list[str]) -> OptionError:
    """The error for scaled metrics without histories."""
    return OptionError(
        f"{', '.join(names)} divide by how much each series changes in its history: give the histories, data=..."
    )
