"""What is said of times that are no regular calendar, with a way out that fits what is seen."""

import numpy as np
import polars as pl

from loopcast.data.calendar import to_ticks
from loopcast.data.frequency import HOUR, Frequency
from loopcast.data.series_index import SeriesIndex
from loopcast.errors import quote, quote_all

# A zone for each kind of clock change: what matters is at which times of which day clocks are set.
ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Havana", "America/Santiago",
    "America/Sao_Paulo", "America/Asuncion", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland",
    "Asia/Jerusalem", "Asia/Beirut", "Asia/Tehran", "Asia/Amman", "Africa/Cairo", "Atlantic/Azores",
)  # fmt: skip
# Lengths to resample to, as polars and as pandas spell them, in microseconds; months roughly.
LENGTHS = {
    ("1s", "1s"): 10**6, ("10s", "10s"): 10**7, ("1m", "1min"): HOUR // 60, ("5m", "5min"): HOUR // 12,
    ("15m", "15min"): HOUR // 4, ("30m", "30min"): HOUR // 2, ("1h", "1h"): HOUR, ("6h", "6h"): 6 * HOUR,
    ("1d", "1D"): 24 * HOUR, ("1w", "W-MON"): 168 * HOUR, ("1mo", "MS"): 730 * HOUR, ("1y", "YS"): 8766 * HOUR,
}  # fmt: skip


def disorder(times: pl.Series, row: int, rows: SeriesIndex) -> str:
    """A time that is not after the one before it in its series."""
    here = f"{_place(times, row, rows)}: {times[row]}"
    twice = times[row] == times[row - 1]
    zone = _zone_where_clocks_go(times[[row]], back=True)
    if zone is not None and to_ticks(times[[row - 1]])[0] - to_ticks(times[[row]])[0] < HOUR:
        comes = "comes twice" if twice else f"comes after {times[row - 1]}"
        return f"{here} {comes}, {_clock_change(times, rows, zone, back=True)}"
    if not twice:
        name = times.name
        return (
            f"{here} comes after {times[row - 1]}; sort each series by time first "
            f"(polars: table.sort({quote(name)}, maintain_order=True); pandas: table.sort_values({quote(name)}, "
            "kind='stable'))"
        )
    keys = _keys(times, rows)
    several = "; or, where these are several series, say which column tells them apart: Columns(id=...) or --id"
    return (
        f"{here} comes twice in the series; keep one row for each time (polars: table.unique([{keys}], keep='first', "
        f"maintain_order=True); pandas: table.drop_duplicates([{keys}]))"
    ) + ("" if rows.ids.name else several)


def irregular(times: pl.Series, rows: SeriesIndex, fits: np.ndarray, said: str, better: Frequency | None) -> str:
    """A time that is on no step; better: a frequency that all times are on."""
    row = int(np.argmin(fits))
    before = f" (the row before is {times[row - 1]})" if row != rows.offsets[rows.series_of(row)] else ""
    here = f"{_place(times, row, rows)}: {times[row]}{before} is not on the calendar of {said}; "
    if better is not None:
        return f"{here}all times are on that of {better}: state freq={quote(better.alias)}, or leave freq out"
    if (~fits).sum() == 1 or fits.mean() > 0.9 or times.dtype.is_integer():
        return f"{here}correct the time or drop the row, or state another freq"
    off = f"{int((~fits).sum())} of {len(fits)} times are not"
    return f"{here}{off}: put them on a calendar first, {_resample(times, rows)}"


def gap(times: pl.Series, row: int, missing: int, rows: SeriesIndex, freq: Frequency) -> str:
    """The missing times before a row, and how they come to be missing where that can be told."""
    here = f"{_place(times, row, rows)}: {missing} missing between {times[row - 1]} and {times[row]}"
    if freq.family != "clock" or missing * freq.size > HOUR:
        return here
    first = (to_ticks(times[[row - 1]]) + freq.size).astype("datetime64[us]")
    zone = _zone_where_clocks_go(pl.Series(first).cast(times.dtype), back=False) if _has_no_zone(times) else None
    return here if zone is None else f"{here}, {_clock_change(times, rows, zone, back=False)}; otherwise,"


def _place(times: pl.Series, row: int, rows: SeriesIndex) -> str:
    return f"{rows.describe_row(row)}, column {quote(times.name)}"


def _keys(times: pl.Series, rows: SeriesIndex) -> str:
    """The columns that tell rows apart: the id, where there is one, and the time."""
    return quote_all([*([rows.ids.name] if rows.ids.name else []), times.name])


def _has_no_zone(times: pl.Series) -> bool:
    return isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone is None


def _zone_where_clocks_go(time: pl.Series, *, back: bool) -> str | None:
    """A zone in which a clock shows the one time twice (back), or never; None where there is none."""
    if not _has_no_zone(time):
        return None
    for zone in ZONES:
        earliest = time.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        latest = time.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
        if (earliest != latest).any() if back else earliest.null_count():
            return zone
    return None


def _clock_change(times: pl.Series, rows: SeriesIndex, zone: str, *, back: bool) -> str:
    name, keys = times.name, _keys(times, rows)
    pandas = f", ambiguous=~table.duplicated([{keys}])" if back else ""
    first = f"pl.struct([{keys}]).is_first_distinct()"
    polars = f", ambiguous=pl.when({first}).then(pl.lit('earliest')).otherwise(pl.lit('latest'))" if back else ""
    return (
        f"as clocks that are set {'back' if back else 'forward'} do there in zones such as {zone}. Where these are "
        f"local times {'no hour is there twice' if back else 'no hour is missing'}: write them in UTC, or give a table "
        f"in which they have their zone (polars: pl.col({quote(name)}).dt.replace_time_zone({zone!r}{polars}); "
        f"pandas: table[{quote(name)}].dt.tz_localize({zone!r}{pandas}))"
    )


def nearest_length(microseconds: float) -> tuple[str, str]:
    """The step that people resample to, as polars and as pandas spell it, that is nearest to so many microseconds.

    >>> nearest_length(59.3e6)
    ('1m', '1min')
    """
    return min(LENGTHS, key=lambda names: abs(np.log(LENGTHS[names] / max(microseconds, 1.0))))


def _resample(times: pl.Series, rows: SeriesIndex) -> str:
    """Lines that take the mean of what lies in each step of about the usual length."""
    steps = np.diff(to_ticks(times))
    polars, pandas = nearest_length(float(np.median(steps[steps > 0])))
    name, group = times.name, rows.ids.name
    by, grouped = (f", group_by={quote(group)}", f".groupby({quote(group)})") if group else ("", "")
    if rows.source.file:
        return (
            f"as by the mean of each {pandas}, ReadOptions(resample={pandas!r}, aggregate='mean') (--resample {pandas} "
            "--aggregate mean)"
        )
    return (
        f"as by the mean of each {polars} (polars: table.group_by_dynamic({quote(name)}, every={polars!r}{by})"
        f".agg(pl.selectors.numeric().mean()); pandas: table{grouped}.resample({pandas!r}, on={quote(name)})"
        f'.mean(numeric_only=True).reset_index()), with gaps="insert" for steps in which there is nothing'
    )
