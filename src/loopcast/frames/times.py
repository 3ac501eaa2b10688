"""Columns of times in any spelling as integers, dates or timestamps in one zone."""

import polars as pl

from loopcast.errors import CalendarError
from loopcast.frames.rows import Rows


def as_times(times: pl.Series, rows: Rows) -> pl.Series:
    """`times` (in the order of `rows`) as integers, dates or timestamps; CalendarError for anything else."""
    if times.null_count():
        row = int(times.is_null().arg_max() or 0)
        raise CalendarError(f"{rows.place(row)}, column {times.name!r}: the time is missing; give it or drop the row")
    if times.dtype.is_integer() or times.dtype in (pl.Date, pl.Datetime):
        return times
    raise CalendarError(f"column {times.name!r} holds {times.dtype}, and times are integers, dates or timestamps")
