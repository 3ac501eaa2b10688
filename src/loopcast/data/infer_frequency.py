"""Which frequency a table of times has, judged by its most common step."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from loopcast.data.calendar import Ticks, period_index, step_index, to_local
from loopcast.data.frequency import DAY, HOUR, LAST_DAY, MINUTE, SECOND, Frequency


def infer(ticks: Ticks, offsets: np.ndarray, *, integer: bool, zone: str | None) -> Frequency | None:
    """The frequency of series that lie end to end, sorted in time; None where no series has two rows.

    The most common step decides (the smallest of equals), so a gap or a stray row does not change the answer: it
    is found and named when the rows are set on the calendar.
    """
    steps = _steps(ticks, offsets)
    if not len(steps):
        return None
    step = most_common(steps)
    if integer:
        return Frequency("int", step)
    if step < 23 * HOUR:  # a day has 23 to 25 hours
        return _clock(step)
    walls = to_local(ticks, zone)
    if zone is not None and is_dst_shift(steps, _steps(walls, offsets)):
        return _clock(step)
    return _days(walls, offsets) or _clock(step)


def is_dst_shift(steps: np.ndarray, on_the_wall: np.ndarray) -> bool:
    """Whether steps are whole days of 24 hours, but not on the wall: such as "24h" across a daylight-saving change."""
    return bool((steps % DAY == 0).all() and (on_the_wall % DAY != 0).any())


def _steps(ticks: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The steps between rows of the same series."""
    return np.delete(np.diff(ticks), offsets[1:-1] - 1)


def most_common(numbers: np.ndarray) -> int:
    """The most common of some integers; of equals the smallest."""
    counts = pl.Series("value", numbers).value_counts().sort("count", "value", descending=[True, False])
    return int(counts["value"][0])


def _clock(step: int) -> Frequency:
    sizes = (("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", 1000), ("us", 1))
    return next(Frequency(unit, step // size) for unit, size in sizes if step % size == 0)


def _days(walls: Ticks, offsets: np.ndarray) -> Frequency | None:
    """The calendar of days, weeks or months; None where steps are no whole days on the wall's clock."""
    step = most_common(_steps(walls, offsets))
    if step % DAY:
        return None
    step //= DAY
    if step >= 28:
        return _best([*_monthly(walls, offsets), _weeks_or_days(walls, step)], walls, offsets)
    if step == 1:
        return Frequency("B" if _skips_weekends(walls, offsets) else "D")
    return _weeks_or_days(walls, step)


def _weeks_or_days(walls: Ticks, step: int) -> Frequency:
    if step % 7 == 0:
        return Frequency("W", step // 7, most_common((walls // DAY + 3) % 7))
    return Frequency("D", step)


def _best(candidates: Sequence[Frequency], walls: Ticks, offsets: np.ndarray) -> Frequency:
    """The first of those that the most rows are on."""
    first = np.repeat(offsets[:-1], np.diff(offsets))
    return max(candidates, key=lambda freq: int(step_index(walls, first, freq, None)[1].sum()))


def _monthly(walls: Ticks, offsets: np.ndarray) -> Iterator[Frequency]:
    """Months, quarters or years: on their first or last day, on days of the month that rows have, on business days."""
    days = (walls // DAY).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months).astype(np.int64) + 1
    months = months.astype(np.int64)
    step = most_common(_steps(months, offsets))
    if step <= 0:
        return
    for suffix in ("S", "E"):
        yield _month_steps("", suffix, months, step)
    for day in dict.fromkeys([most_common(of_month), int(of_month.max())]):  # the latest, where February cuts it off
        if 1 < day <= LAST_DAY:
            yield replace(_month_steps("", "S", months, step), day=day)
    for suffix in ("S", "E"):
        yield _month_steps("B", suffix, months, step)


def _month_steps(business: str, suffix: str, months: np.ndarray, step: int) -> Frequency:
    if step % 12 == 0:
        return Frequency(f"{business}Y{suffix}", step // 12, most_common(months % 12))
    if step % 3 == 0:
        return Frequency(f"{business}Q{suffix}", step // 3, most_common(months % 3) + (0 if suffix == "S" else 9))
    return Frequency(f"{business}M{suffix}", step)


def _skips_weekends(walls: Ticks, offsets: np.ndarray) -> bool:
    """Whether rows never fall on a weekend although some series goes on after one."""
    business, fits = period_index(walls, Frequency("B"))
    return bool(fits.all() and (_steps(walls // DAY, offsets) > _steps(business, offsets)).any())
