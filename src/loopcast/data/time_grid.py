"""Rows set on a calendar: order, frequency, steps and gaps."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from loopcast.data.calendar import from_ticks, future_ticks, step_index, to_local, to_ticks, zone_of
from loopcast.data.dates_as_numbers import dates_message
from loopcast.data.frequency import DAY, Frequency
from loopcast.data.infer_frequency import infer
from loopcast.data.open_days import never_seen, open_days
from loopcast.data.series_index import SeriesIndex
from loopcast.data.time_errors import disorder, gap, irregular
from loopcast.errors import CalendarError, OptionError, quote

Gaps = Literal["error", "insert"]
End = Literal["series", "global"]

# A table that grows beyond both by inserted gaps has a wrong time or a wrong frequency, and could fill the memory.
MOST_GROWTH = 1000
MOST_ROWS = 10_000_000


@dataclass(frozen=True, eq=False)
class TimeGrid:
    """Where each row of each series stands on one calendar.

    steps: int64 `[row]`, steps since the first row of the series; lengths: int64 `[series]`, rows with gaps filled.
    """

    freq: Frequency
    starts: pl.Series
    steps: np.ndarray
    lengths: np.ndarray

    @property
    def offsets(self) -> np.ndarray:
        """int64 `[series + 1]`: where each series begins once gaps are filled."""
        return np.append(0, np.cumsum(self.lengths))

    def scatter(self, values: np.ndarray, rows: SeriesIndex) -> np.ndarray:
        """Values `[row, …]` of the table at their times; NaN at the times that were inserted."""
        offsets = self.offsets
        if offsets[-1] == len(values):
            return values
        filled = np.full((offsets[-1], *values.shape[1:]), np.nan)
        filled[np.repeat(offsets[:-1], np.diff(rows.offsets)) + self.steps] = values
        return filled


def build_grid(
    times: pl.Series,
    rows: SeriesIndex,
    *,
    freq: "Frequency | str | int | None",
    gaps: Gaps,
    end: End = "series",
) -> TimeGrid:
    """Set rows on their calendar; CalendarError where times repeat, go back, are irregular or leave gaps.

    times: in the order of `rows`, none missing. freq: None infers it.
    end: each series ends with its own last row; or all with the latest of all, and what is missing there is inserted.
    """
    if end not in ("series", "global") or (end == "global" and gaps != "insert"):
        raise OptionError(f'end is "series", or with gaps="insert" also "global", got {quote(end)}')
    if gaps not in ("error", "insert"):
        raise OptionError(f'gaps is "error" or "insert", got {quote(gaps)}')
    ticks, zone = to_ticks(times), zone_of(times.dtype)
    _check_order(ticks, times, rows)
    stated = freq is not None
    check_plain(times, freq)
    step = Frequency.parse(freq) if freq is not None else _inferred(ticks, times, rows)
    if step is None:
        usual = "freq=1 (--freq 1)" if times.dtype.is_integer() else "freq='D' (--freq D)"
        raise CalendarError(f"no series has two rows, so the frequency cannot be told: state it, as in {usual}")
    _check_kind(times, step)
    steps, fits = step_index(ticks, rows.first, step, zone)
    said = f"frequency {step} ({'stated' if stated else 'the most common step'})"
    if not fits.all():
        raise CalendarError(irregular(times, rows, fits, said, _all_fit(ticks, times, rows) if stated else None))
    lengths = steps[rows.offsets[1:] - 1] + 1
    if end == "global":
        lengths = _common_end(ticks, rows, step, zone)
    table = TimeGrid(step, times.gather(rows.offsets[:-1]), steps, lengths)
    _check_gaps(table, times, rows, gaps, said)
    return table


def states_numbers(freq: "Frequency | str | int | None") -> bool:
    """Whether a frequency that was stated says that times are plain numbers."""
    return freq is not None and Frequency.parse(freq).unit == "int"


def check_plain(times: pl.Series, freq: "Frequency | str | int | None") -> None:
    """CalendarError where times are whole numbers that are dates, and freq does not say that they are plain numbers."""
    if not times.dtype.is_integer() or states_numbers(freq):
        return
    message = dates_message(times)
    if message is not None:
        raise CalendarError(message)


def _common_end(ticks: np.ndarray, rows: SeriesIndex, freq: Frequency, zone: str | None) -> np.ndarray:
    """The rows of each series up to the latest time of all; CalendarError where that is on no calendar of its own."""
    count = len(rows.offsets) - 1
    both = np.concatenate([ticks[rows.offsets[:-1]], np.full(count, ticks.max())])
    steps, fits = step_index(both, np.tile(np.arange(count), 2), freq, zone)
    if not fits[count:].all():
        i = int(np.argmin(fits[count:]))
        raise CalendarError(
            f"series {quote(rows.ids[i])} has no step at the latest time of all, and with end="
            '"global" all need one calendar: leave end out'
        )
    return steps[count:] + 1


def _inferred(ticks: np.ndarray, times: pl.Series, rows: SeriesIndex) -> Frequency | None:
    return infer(ticks, rows.offsets, integer=times.dtype.is_integer(), zone=zone_of(times.dtype))


def _all_fit(ticks: np.ndarray, times: pl.Series, rows: SeriesIndex) -> Frequency | None:
    """The frequency that rows have, if all are on it."""
    freq = _inferred(ticks, times, rows)
    fit = freq is not None and step_index(ticks, rows.first, freq, zone_of(times.dtype))[1].all()
    return freq if fit else None


def _check_order(ticks: np.ndarray, times: pl.Series, rows: SeriesIndex) -> None:
    back = np.diff(ticks) <= 0
    back[rows.offsets[1:-1] - 1] = False
    if back.any():
        raise CalendarError(disorder(times, int(back.argmax()) + 1, rows))


def _check_kind(times: pl.Series, freq: Frequency) -> None:
    kind = "integers" if times.dtype.is_integer() else "dates" if times.dtype == pl.Date else "timestamps"
    if (freq.unit == "int") != (kind == "integers"):
        use = "a whole number, as in freq=1" if kind == "integers" else "an alias, as in freq='D'"
        raise CalendarError(f"column {quote(times.name)} holds {kind}, and freq is {quote(freq.alias)}: use {use}")
    if kind == "dates" and freq.family == "clock":
        raise CalendarError(
            f"column {quote(times.name)} holds dates, which have no steps of {freq}: give timestamps, as by "
            "cast(pl.Datetime)"
        )
    coarse = isinstance(times.dtype, pl.Datetime) and times.dtype.time_unit == "ms"
    if coarse and freq.family == "clock" and freq.size % 1000:
        raise CalendarError(
            f"column {quote(times.name)} holds milliseconds, which have no steps of {freq}: cast it first, to "
            'pl.Datetime("us")'
        )


def _check_gaps(table: TimeGrid, times: pl.Series, rows: SeriesIndex, gaps: Gaps, said: str) -> None:
    total, came = int(table.offsets[-1]), len(times)
    if total == came:
        return
    jump = np.diff(table.steps) > 1  # between two series steps go back to 0
    row = int(jump.argmax()) + 1
    missing = int(table.steps[row] - table.steps[row - 1]) - 1
    here = gap(times, row, missing, rows, table.freq)
    if gaps == "error":
        missed = "1 time is" if total == came + 1 else f"{total - came} times are"
        raise CalendarError(
            f"{here} at {said}; {missed} missing in all. {_closed_cure(table, times)}"
            'gaps="insert" (--gaps insert) adds them as NaN'
        )
    if total > max(came * MOST_GROWTH, MOST_ROWS):
        raise CalendarError(
            f"{here} at {said}; inserting all would turn {came} rows into {total}: check times and freq"
        )


def _closed_cure(table: TimeGrid, times: pl.Series) -> str:
    """What to write where rows are missing because some weekdays never have any."""
    if table.freq != Frequency("D"):
        return ""
    never = never_seen(to_local(to_ticks(times), zone_of(times.dtype)) // DAY)
    if not never:
        return ""
    freq = quote(open_days(never).alias)
    return f"No row is ever on a {' or '.join(never)}: freq={freq} (--closed {','.join(never)}) has no such days; "


def future_times(table_starts: pl.Series, lengths: np.ndarray, horizon: int, freq: Frequency) -> pl.Series:
    """The times of the `horizon` steps after the end of each series, series by series."""
    dtype = table_starts.dtype
    ticks = future_ticks(to_ticks(table_starts), lengths, horizon, freq, zone_of(dtype))
    return from_ticks(ticks.ravel(), dtype)
