"""Future covariates of the steps after the end of each series."""

from dataclasses import replace

import numpy as np
import polars as pl

from loopcast.data.covariates import Covariates, numbers_of
from loopcast.data.fields import PanelFields
from loopcast.data.ranges import concat_ranges
from loopcast.data.schema import TableSchema
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table
from loopcast.data.time_grid import future_times
from loopcast.data.times import as_times
from loopcast.data.validate import check_ids, check_names
from loopcast.errors import CalendarError, OptionError, ValuesError, brief, quote, quote_all

NAMING = "A table of future covariates has the id, the time and each future covariate"


def future_covariates(panel: PanelFields, table: Table, source: Source | None = None) -> Covariates:
    """See `Panel.with_future`."""
    columns, covariates = panel.schema.columns, panel.covariates
    if covariates is None or not columns.future:
        raise OptionError("the data has no future covariates: name them with Columns(future=[...])")
    names = [*([columns.id] if panel.schema.has_id else []), columns.time, *columns.future]
    check_names(table, names, NAMING, source or Source())
    rows = _rows(panel, table, source or Source())
    values = numbers_of([rows.reorder(table.column(name)) for name in columns.future], rows)
    series, steps, own = match_rows(panel, table, rows)
    found, counts = order_rows(panel, series, steps)
    _require_values(panel, values[own][found], counts)
    return append_future(panel, covariates, values[own][found], counts)


def _rows(panel: PanelFields, table: Table, source: Source) -> SeriesIndex:
    """The rows of the table by series, those that the panel does not have too."""
    columns = panel.schema.columns
    if panel.schema.has_id:
        check_ids(table.column(columns.id), source)
        return SeriesIndex.group(table.column(columns.id).cast(pl.String), source)
    return SeriesIndex.one(str(panel.ids[0]), len(table.column(columns.time)), source)


def match_rows(panel: PanelFields, table: Table, rows: SeriesIndex) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Series and step after its start of each row that is of a series of the panel, and which rows those are."""
    ids, schema = panel.ids.cast(pl.String).to_list(), panel.schema
    place = dict(zip(ids, range(len(ids)), strict=True))
    group = np.array([place.get(str(name), -1) for name in rows.ids], np.int64)
    series = np.repeat(group, np.diff(rows.offsets))
    own = np.flatnonzero(series >= 0)
    plain = schema.freq.unit == "int"
    times = as_times(rows.reorder(table.column(schema.columns.time)), rows, plain=plain)
    alike = cast_times(times, schema, rows)
    steps, fits = panel.step_index(alike.gather(own), series[own])
    if not fits.all():
        raise CalendarError(off_calendar_message(times, int(own[int(np.argmin(fits))]), schema, rows))
    return series[own], steps, own


def steps_there(panel: PanelFields, table: Table, horizon: int) -> np.ndarray:
    """Which of the `horizon` steps after each series a table has a row of, bool `[series, step]`."""
    series, steps, _ = match_rows(panel, table, _rows(panel, table, Source()))
    ahead = steps - panel.lengths[series]
    wanted = (ahead >= 0) & (ahead < horizon)
    there = np.zeros((panel.n_series, horizon), bool)
    there[series[wanted], ahead[wanted]] = True
    return there


def cast_times(times: pl.Series, schema: TableSchema, rows: SeriesIndex) -> pl.Series:
    """Times in the type of the panel's; CalendarError where they are of another kind or zone, or finer."""
    kind = schema.time_dtype
    numbers, zone = times.dtype.is_integer(), getattr(times.dtype, "time_zone", None)
    if numbers != kind.is_integer() or zone != schema.zone:
        raise CalendarError(
            f"column {quote(schema.columns.time)} holds {brief(str(times.dtype))}, and the times of the data are "
            f"{kind}: convert "
            "them"
        )
    alike = times.cast(kind, strict=False)
    finer = alike.is_null() | (alike.cast(times.dtype) != times)
    if finer.any():
        raise CalendarError(off_calendar_message(times, int(finer.arg_max() or 0), schema, rows))
    return alike


def off_calendar_message(times: pl.Series, row: int, schema: TableSchema, rows: SeriesIndex) -> str:
    return (
        f"{rows.describe_row(row)}, column {quote(schema.columns.time)}: {times[row]} is not on the calendar of the "
        "data "
        f"(frequency {schema.freq}): correct it, or drop the row"
    )


def order_rows(panel: PanelFields, series: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows after the end of each series, in their order, and how many each has.

    Errors for a time that comes twice, and for one that is left out.
    """
    after = steps - panel.lengths[series]
    rows = np.flatnonzero(after >= 0)
    rows = rows[np.lexsort((after[rows], series[rows]))]
    counts = np.bincount(series[rows], minlength=panel.n_series)
    expected = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    wrong = after[rows] != expected
    if wrong.any():
        i = int(series[rows[int(wrong.argmax())]])
        there, due = after[rows[int(wrong.argmax())]], expected[int(wrong.argmax())]
        twice = there < due
        time = _future_time(panel, i, int(there if twice else due))
        if twice:
            raise CalendarError(
                f"series {quote(panel.ids[i])}: {time} comes twice among the future covariates: keep one row"
            )
        raise ValuesError(
            f"series {quote(panel.ids[i])}: the future covariates of {time} are missing, and later ones are there: "
            "each "
            "step after the end of a series needs a row: add it"
        )
    return rows, counts


def _require_values(panel: PanelFields, values: np.ndarray, counts: np.ndarray) -> None:
    """ValuesError naming the first that is missing: what is to be known ahead is known."""
    missing = np.isnan(values)
    if not missing.any():
        return
    row, column = np.unravel_index(int(missing.argmax()), missing.shape)
    ends = np.cumsum(counts)
    i = int(np.searchsorted(ends, row, side="right"))
    raise ValuesError(
        f"series {quote(panel.ids[i])}: the future covariate {quote(panel.schema.columns.future[int(column)])} has no "
        "value at "
        f"{_future_time(panel, i, int(row - ends[i] + counts[i]))}: give it, or name it as a past covariate"
    )


def append_future(panel: PanelFields, covariates: Covariates, values: np.ndarray, counts: np.ndarray) -> Covariates:
    """The known rows of the panel, each series' own followed by `values`, of which it has so many."""
    own, _ = concat_ranges(covariates.offsets[:-1], panel.lengths)
    offsets = np.append(0, np.cumsum(panel.lengths + counts))
    future = np.empty((offsets[-1], values.shape[1]))
    future[concat_ranges(offsets[:-1], panel.lengths)[0]] = covariates.future[own]
    future[concat_ranges(offsets[:-1] + panel.lengths, counts)[0]] = values
    return replace(covariates, future=future, offsets=offsets)


def require_future(panel: PanelFields, horizon: int) -> None:
    """See `Panel.require_future`."""
    if not panel.schema.columns.future:
        return
    short = panel.future_lengths < horizon
    if not short.any():
        return
    i = int(short.argmax())
    names = quote_all(panel.schema.columns.future)
    raise ValuesError(
        f"{horizon} steps ahead need the future covariates ({names}) of those steps, and series {quote(panel.ids[i])} "
        "has "
        f"none at {_future_time(panel, i, int(panel.future_lengths[i]))} "
        f"({int(short.sum())} of {panel.n_series} series have too few): "
        "give them, as in predict(future=table) or --future FILE"
    )


def _future_time(panel: PanelFields, i: int, after: int) -> object:
    """The time so many steps after the first one that follows series `i`."""
    steps = panel.lengths[i : i + 1] + after
    return future_times(panel.starts.gather([i]), steps, 1, panel.schema.freq)[0]
