"""Where the late part of each series begins: at a time, or a stretch before its end."""

import datetime as dt
import re
from typing import Any

import numpy as np
import polars as pl

from loopcast.data.fields import PanelFields
from loopcast.errors import LengthError, OptionError, brief, quote

STRETCH = re.compile(r"[1-9]\d{0,8}(s|m|h|d|w|mo|q|y)")


def rows_before(panel: PanelFields, time: Any) -> np.ndarray:
    """How many rows of each series are before a time, int64 `[series]`.

    time: of the kind of the panel's times, or its text (ISO 8601); without a zone it is meant in the panel's.
    OptionError for another kind, LengthError where a series has no row from then on.
    """
    times = panel.times_of(np.arange(panel.n_rows))
    found = _counted(panel, times < _as_time(time, times.dtype))
    over = np.flatnonzero(found == panel.lengths)
    if len(over):
        i = int(over[0])
        raise LengthError(
            f"series {quote(panel.ids[i])} ends at {times[int(panel.offsets[i + 1]) - 1]}, before {brief(str(time))} "
            f"({len(over)} of {panel.n_series} series do): begin earlier, or drop those that ended"
        )
    return found


def rows_before_last(panel: PanelFields, stretch: int | str) -> np.ndarray:
    """How many rows of each series are before its last stretch, int64 `[series]`; none of one that is not as long.

    stretch: a number of rows, or a time as polars writes it, such as "30d", "2y" or "12h". OptionError for another.
    """
    rows = int(stretch) if str(stretch).isdecimal() else 0
    if rows > 0:
        return np.maximum(panel.lengths - rows, 0)
    ends = panel.times_of(panel.offsets[1:] - 1)
    if not isinstance(stretch, str) or not STRETCH.fullmatch(stretch) or ends.dtype.is_integer():
        usual = "a number of rows" if ends.dtype.is_integer() else 'a number of rows, or a time such as "30d" or "2y"'
        raise OptionError(f"the last part of each series is {usual}, got {quote(stretch)}")
    after = ends.dt.offset_by(f"-{stretch}").gather(panel.series_of(np.arange(panel.n_rows)))
    return _counted(panel, panel.times_of(np.arange(panel.n_rows)) <= after)


def _counted(panel: PanelFields, early: pl.Series) -> np.ndarray:
    """How many rows of each series are early, int64 `[series]`."""
    found: np.ndarray = np.add.reduceat(early.to_numpy(), panel.offsets[:-1], dtype=np.int64)
    return found


def _as_time(time: Any, dtype: pl.DataType) -> Any:
    """A time to compare with times of a type."""
    if dtype.is_integer():
        if isinstance(time, int | str) and str(time).lstrip("-").isdecimal():
            return int(time)
        raise OptionError(f"times are whole numbers here, and {quote(time)} is none")
    try:
        read = dt.datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError as error:
        raise OptionError(f"{quote(time)} is no time in ISO 8601, such as 2026-01-31") from error
    if not isinstance(read, dt.date):
        raise OptionError(f"times are dates or timestamps here, and {quote(time)} is none")
    if dtype == pl.Date:
        return read.date() if isinstance(read, dt.datetime) else read
    whole = read if isinstance(read, dt.datetime) else dt.datetime(read.year, read.month, read.day)  # noqa: DTZ001
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    if (whole.tzinfo is not None) and zone is None:
        raise OptionError(f"times have no zone here, and {quote(time)} has one: leave it out")
    moment = pl.Series([whole]).dt
    return moment.replace_time_zone(zone) if whole.tzinfo is None else moment.convert_time_zone(str(zone))
