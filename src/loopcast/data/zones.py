"""Fixed offsets such as +05:30 as zones that have a name, which is what columns of times and model files can hold."""

import datetime as dt
import re

import polars as pl

from loopcast.errors import CalendarError, quote

# Zones that are at an offset of part of an hour all year, as they have been for years.
PART_HOURS = {
    "+03:30": "Asia/Tehran", "+04:30": "Asia/Kabul", "+05:30": "Asia/Kolkata", "+05:45": "Asia/Kathmandu",
    "+06:30": "Asia/Yangon", "+08:45": "Australia/Eucla", "+09:30": "Australia/Darwin", "-09:30": "Pacific/Marquesas",
}  # fmt: skip
OFFSET = re.compile(r"(?:UTC)?([+-])(\d{2})(?::?(\d{2}))?")


def same_offset(spelling: str) -> str:
    """One spelling for all of an offset: Z, z, +00, +0000, -00:00 and UTC+00:00 are +00:00; other text stays.

    >>> same_offset("Z"), same_offset("+0530"), same_offset("Europe/Berlin")
    ('+00:00', '+05:30', 'Europe/Berlin')
    """
    if spelling in ("Z", "z"):
        return "+00:00"
    parts = OFFSET.fullmatch(spelling)
    if parts is None:
        return spelling
    clock = f"{parts[2]}:{parts[3] or '00'}"
    return ("+" if clock == "00:00" else parts[1]) + clock


def is_offset(zone: str) -> bool:
    """Whether the name of a zone is a fixed offset."""
    return OFFSET.fullmatch(zone) is not None


def length_of(offset: str) -> dt.timedelta:
    """How much later clocks at an offset are than those of UTC."""
    spelled = same_offset(offset)
    length = dt.timedelta(hours=int(spelled[1:3]), minutes=int(spelled[4:]))
    return -length if spelled[0] == "-" else length


def at_offset(utc: pl.Series, offset: str) -> pl.Series:
    """Timestamps in UTC, without a zone, as times of a named zone that is at a fixed offset from it.

    CalendarError where there is no such zone, or it was at another offset at one of the times.
    """
    length = length_of(offset)
    hours, part = divmod(length, dt.timedelta(hours=1))
    zone = PART_HOURS.get(same_offset(offset)) if part else _whole_hours(hours)
    times = None if zone is None else utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    if times is None or (times.dt.replace_time_zone(None) - utc != length).any():
        raise CalendarError(
            f"column {quote(utc.name)} is at {offset}, and no named zone is at it at all of these times: write them in "
            f"UTC (pandas: pd.to_datetime(table[{quote(utc.name)}], utc=True); polars, of text: "
            f'pl.col({quote(utc.name)}).str.to_datetime(time_zone="UTC"))'
        )
    return times


def _whole_hours(hours: int) -> str | None:
    if not hours:
        return "UTC"
    return f"Etc/GMT{-hours:+d}" if -12 <= hours <= 14 else None  # the sign of these names is the wrong way round


def in_zone(utc: pl.Series, zone: str | None) -> pl.Series:
    """Timestamps in UTC, without a zone, in their zone: one with a name, a fixed offset, or none."""
    if zone is None:
        return utc
    return at_offset(utc, zone) if is_offset(zone) else utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
