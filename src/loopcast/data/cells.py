"""Cells of any library and of any type as columns of polars."""

import datetime as dt
import math
from decimal import Decimal
from importlib import import_module
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from loopcast.columns import is_text
from loopcast.data.arrays import plain_numbers
from loopcast.data.zones import in_zone, is_offset
from loopcast.errors import CalendarError, ColumnError, brief, quote

NANOSECOND_UNITS = ("ns", "us", "ms")


def from_pandas(column: Any) -> pl.Series:
    """A pandas Series as a polars one, by way of NumPy: pyarrow may not be there."""
    series = nw.from_native(column, series_only=True)
    name = str(series.name)
    if not is_text(name):
        raise ColumnError(f"{quote(name)} is no valid text (half of a surrogate pair): rename the column")
    if isinstance(series.dtype, nw.Datetime):
        return _datetimes(name, series)
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return _categories(name, column if hasattr(column, "cat") else column.astype("category"))
    missing = series.is_null().to_numpy()
    if series.dtype.is_float() or (series.dtype.is_integer() and not missing.any()):
        return pl.Series(name, np.ascontiguousarray(plain_numbers(series.to_numpy())))
    cells = column.to_numpy(dtype=object).copy()
    cells[missing] = None
    return from_cells(name, cells.tolist())


def from_pyarrow(name: str, column: Any) -> pl.Series:
    """A column of a pyarrow table; polars knows no zones at an offset of part of an hour."""
    zone = getattr(column.type, "tz", None)
    if zone is None or not is_offset(zone):
        return pl.Series(name, column)
    utc = column.cast(import_module("pyarrow").timestamp(column.type.unit))
    return in_zone(pl.Series(name, utc), zone)


def _datetimes(name: str, series: "nw.Series[Any]") -> pl.Series:
    zone = series.dtype.time_zone  # type: ignore[attr-defined]
    if zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    array = np.ascontiguousarray(series.to_numpy())
    if np.datetime_data(array.dtype)[0] not in NANOSECOND_UNITS:
        array = _in_microseconds(name, array)
    return in_zone(pl.Series(name, array), zone)


def _in_microseconds(name: str, array: np.ndarray) -> np.ndarray:
    """Times in seconds or longer as microseconds; CalendarError where they do not fit, which NumPy would not say."""
    fits = np.isnat(array) | (np.abs(array.astype("datetime64[Y]").astype(np.int64)) < 100_000)
    if not fits.all():
        raise CalendarError(
            f"column {quote(name)} holds {array[~fits][0]}, and times are in the years 1 to 9999: correct it"
        )
    return array.astype("datetime64[us]")


def _categories(name: str, column: Any) -> pl.Series:
    codes, categories = column.cat.codes.to_numpy(), from_cells(name, column.cat.categories.to_list())
    index = pl.Series(codes.astype(np.int64))
    cells = categories.gather(index.set(index < 0, None))
    return cells.cast(pl.Enum(categories)) if categories.dtype == pl.String else cells


def from_cells(name: str, cells: list[Any]) -> pl.Series:
    """Python values, None for missing, as the column they make up; pl.Object where they are of mixed kinds.

    Numbers of any type are floats, unless all are whole and fit 64 bits.
    """
    cells = [None if cell is np.ma.masked else cell for cell in cells]
    kinds = {_kind(cell) for cell in set(map(type, cells)) - {type(None)}}
    if kinds == {dt.datetime}:
        _one_zone(name, cells)
        return _timestamps(name, cells)
    if kinds in ({float}, {int, float}) or (kinds == {int} and _beyond_64_bits(cells)):
        return pl.Series(name, [cell if cell is None else _as_float(cell) for cell in cells], dtype=pl.Float64)
    if len(kinds) > 1 or None in kinds:
        return pl.Series(name, cells, dtype=pl.Object)
    if kinds == {str}:
        _check_text(name, cells)
    return pl.Series(name, cells)


def _kind(cell: type) -> type | None:
    """The plain type that a type of cell counts as, None for one that no column of ours holds."""
    plain = {bool: bool, np.bool_: bool, int: int, np.integer: int, float: float, np.floating: float}
    plain |= {Decimal: float, str: str, dt.datetime: dt.datetime, dt.date: dt.date}
    return next((kind for parent, kind in plain.items() if issubclass(cell, parent)), None)


def _one_zone(name: str, cells: list[Any]) -> None:
    zones: dict[str, int] = {}
    for row, cell in enumerate(cells):
        if hasattr(cell, "tzinfo"):
            zones.setdefault(str(cell.tzinfo), row)
    if len(zones) > 1:
        (one, i), (other, j), *_ = zones.items()
        raise CalendarError(
            f"column {quote(name)} mixes time zones: {brief(one)} (row {i}) and {brief(other)} (row {j}); "
            "convert all times to one zone, or to UTC, first"
        )
    zone = next((cell.tzinfo for cell in cells if hasattr(cell, "tzinfo")), None)
    if zone is not None and zone.utcoffset(None) is None and not hasattr(zone, "key") and not hasattr(zone, "zone"):
        raise CalendarError(
            f"column {quote(name)} is in {brief(repr(zone))}, a zone that changes its offset and has no name: "
            "convert the times to a named zone, as by .dt.tz_convert('Europe/Berlin'), or to UTC"
        )


def _timestamps(name: str, cells: list[Any]) -> pl.Series:
    """Timestamps of one zone in that zone; polars gives those at a fixed offset in UTC."""
    zone = next((cell.tzinfo for cell in cells if cell is not None), None)
    times = pl.Series(name, cells)
    if not isinstance(zone, dt.timezone):
        return times
    return in_zone(times.dt.convert_time_zone("UTC").dt.replace_time_zone(None), str(zone))


def _beyond_64_bits(cells: list[Any]) -> bool:
    return any(cell is not None and not -(2**63) <= cell < 2**64 for cell in cells)


def _as_float(cell: Any) -> float:
    """A number of any type as a float, infinite where it is too large for one."""
    try:
        return float(cell)
    except OverflowError:
        return math.copysign(math.inf, 1 if cell > 0 else -1)


def _check_text(name: str, cells: list[Any]) -> None:
    """ColumnError for half of a surrogate pair, which is no character and which no file holds."""
    if not is_text("".join(cell for cell in cells if cell is not None)):
        row = next(row for row, cell in enumerate(cells) if cell is not None and not is_text(cell))
        raise ColumnError(
            f"column {quote(name)}, row {row}: {quote(cells[row])} is no valid text (half of a surrogate pair): "
            "replace it, as "
            f"with table[{quote(name)}].str.encode('utf-8', 'replace').str.decode('utf-8')"
        )
