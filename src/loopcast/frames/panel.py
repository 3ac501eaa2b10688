"""Many series of unequal length on one regular calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import ID, Columns
from loopcast.errors import CalendarError, DataError, LengthError, OptionError, ValuesError
from loopcast.frames.frequency import Frequency
from loopcast.frames.rows import Rows, Source
from loopcast.frames.tables import Table, build, from_pandas, open_table
from loopcast.frames.template import Template, time_name
from loopcast.frames.times import as_times
from loopcast.frames.timetable import Gaps, future_times, set_times
from loopcast.frames.validate import check_ids, check_names, check_target, narrow


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Many series of unequal length on one regular calendar. NaN is missing, everywhere and only that.

    values: float32 `[row, channel]`, all series end to end, read-only.
    offsets: int64 `[series + 1]`; series i is rows offsets[i]:offsets[i + 1]. Every series has a row.
    ids: `[series]`, unique, in order of first appearance.
    starts: `[series]`, the time of each first row.
    template: how the table looked.
    """

    values: np.ndarray
    offsets: np.ndarray
    ids: pl.Series
    starts: pl.Series
    template: Template

    def __post_init__(self) -> None:
        self.values.setflags(write=False)
        self.offsets.setflags(write=False)

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return len(self.offsets) - 1

    @property
    def n_rows(self) -> int:
        """How many rows all series have together."""
        return len(self.values)

    @property
    def n_channels(self) -> int:
        """How many numbers a row has."""
        return int(self.values.shape[1])

    @property
    def lengths(self) -> np.ndarray:
        """int64 `[series]`: the rows of each series."""
        return np.diff(self.offsets)

    @property
    def season(self) -> int:
        """Steps in the usual season of the frequency, as in `Frequency.season`."""
        return self.template.freq.season

    def series(self, i: int) -> np.ndarray:
        """Series `i` as float32 `[time, channel]`, a read-only view."""
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def without_last(self, steps: int) -> "Panel":
        """Each series less its last `steps` rows; LengthError where one would have no row left."""
        _whole("steps", steps)
        self._require_length(steps + 1, f"leaving out the last {steps} steps needs a row before them")
        offsets = np.append(0, np.cumsum(self.lengths - steps))
        keep = np.repeat(self.offsets[:-1] - offsets[:-1], np.diff(offsets)) + np.arange(offsets[-1])
        return replace(self, values=self.values[keep], offsets=offsets)

    def last(self, steps: int) -> np.ndarray:
        """The last `steps` rows of each series, float32 `[series, steps, channel]`; LengthError where one is shorter."""
        _whole("steps", steps)
        self._require_length(steps, f"the last {steps} steps were asked for")
        return self.values[self.offsets[1:, None] - steps + np.arange(steps)]

    def _require_length(self, rows: int, why: str) -> None:
        short = np.flatnonzero(self.lengths < rows)
        if len(short):
            i = int(short[0])
            raise LengthError(
                f"series {self.ids[i]!r} has {self.lengths[i]} rows and {rows} are needed: {why} "
                f"({len(short)} of {self.n_series} series are too short); ask for fewer steps or leave them out"
            )

    def require_observed(self, who: str) -> None:
        """ValuesError naming the first missing value, unless every value is there."""
        missing = np.isnan(self.values)
        if not missing.any():
            return
        row, channel = np.unravel_index(int(missing.argmax()), missing.shape)
        i = int(np.searchsorted(self.offsets, row, side="right")) - 1
        time = future_times(self.starts[[i]], np.array([row - self.offsets[i]]), 1, self.template.freq)[0]
        column = repr(self.template.columns.target) if self.n_channels == 1 else f"channel {channel}"
        raise ValuesError(
            f"{who} cannot take missing values, and series {self.ids[i]!r} has none at {time} ({column}; "
            f"{int(missing.sum())} are missing in all): fill them first, or use a forecaster that takes them"
        )

    def forecast_table(self, forecasts: Mapping[str, np.ndarray]) -> Any:
        """Forecasts as a table of the kind that came in: a row per series and future time.

        forecasts: a column each, `[series, horizon]` or `[series, horizon, 1]`, all of one horizon.
        The id (if the table had one) and the time come first. Arrays and files give polars tables.
        Raises DataError where a shape or name does not fit.
        """
        columns = {name: self._forecast_column(name, array) for name, array in forecasts.items()}
        horizons = {array.shape[1] for array in columns.values()}
        if len(horizons) != 1:
            raise DataError(f"forecasts of one table have one horizon, got {sorted(horizons)}")
        horizon = horizons.pop()
        ids = self.ids.gather(np.repeat(np.arange(self.n_series), horizon))
        times = future_times(self.starts, self.lengths, horizon, self.template.freq)
        return build(self.template, ids, times, {name: array.ravel() for name, array in columns.items()})

    def _forecast_column(self, name: str, array: np.ndarray) -> np.ndarray:
        names = self.template.columns
        if name in ((names.id, names.time) if self.template.has_id else (names.time,)):
            raise DataError(f"a forecast cannot be called {name!r}: that is another column of the table")
        flat = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
        if flat.ndim != 2 or len(flat) != self.n_series:
            raise DataError(
                f"forecast {name!r} is [series, horizon] or [series, horizon, 1] with {self.n_series} series, "
                f"got shape {array.shape}"
            )
        return flat

    @classmethod
    def from_table(
        cls,
        table: Any,
        *,
        columns: Columns = Columns(),
        freq: "Frequency | str | int | None" = None,
        gaps: Gaps = "error",
    ) -> "Panel":
        """A panel from a long table (pandas, polars or pyarrow): a row per series and time."""
        opened = open_table(table)
        if opened is None:
            raise DataError(f"expected a pandas, polars or pyarrow table, got {_kind(table)}")
        return assemble(opened, columns, freq, gaps, Source())

    @classmethod
    def from_array(
        cls, array: Any, *, ids: Sequence[Any] | None = None, start: Any = 0, freq: "Frequency | str | int" = 1
    ) -> "Panel":
        """A panel from numbers `[series, time, channel]`."""
        numbers = np.asarray(array)
        if numbers.ndim != 3 or 0 in numbers.shape:
            raise DataError(f"expected numbers [series, time, channel], none of them 0, got shape {numbers.shape}")
        n, length, channels = numbers.shape
        names = pl.Series("unique_id", np.arange(n) if ids is None else ids)
        offsets = np.arange(n + 1) * length
        rows = Rows(names, offsets, None, Source())
        values = narrow(numbers.reshape(-1, channels).astype(np.float64), "the array", rows)
        starts = as_times(pl.Series("start", [start]), Rows.one("start", 1, Source()))
        return cls(
            values=values.reshape(-1, channels),
            offsets=offsets,
            ids=names,
            starts=starts.gather(np.zeros(n, np.int64)),
            template=Template(columns=Columns(), has_id=True, freq=Frequency.parse(freq), time=time_name(starts.dtype)),
        )


def as_panel(data: Any, *, like: Template | None = None) -> Panel:
    """`data` as a panel: a panel as it is, a long table, or an array `[series, time, channel]`."""
    if isinstance(data, Panel):
        return data
    table = open_table(data)
    if table is not None:
        columns, freq = (Columns(), None) if like is None else (like.columns, like.freq)
        return assemble(table, columns, freq, "error", Source())
    if isinstance(data, np.ndarray):
        return Panel.from_array(data)
    raise DataError(f"expected a table, an array [series, time, channel] or a Panel, got {_kind(data)}")


def assemble(table: Table, columns: Columns, freq: "Frequency | str | int | None", gaps: Gaps, source: Source) -> Panel:
    """A panel from an opened long table."""
    has_id = columns.id in table.names
    wanted = ([columns.id] if has_id or columns.id != ID else []) + [columns.time, columns.target]
    check_names(table, wanted, "Say which is which with Columns(id=..., time=..., target=...)", source)
    target = table.column(columns.target)
    if not len(target):
        raise DataError(f"{source} has no rows")
    rows = _rows(table, columns, has_id, len(target), source)
    times = as_times(rows.sort(table.column(columns.time)), rows)
    timetable = set_times(times, rows, freq=freq, gaps=gaps)
    values = check_target(rows.sort(target), rows)
    template = Template(
        columns=columns,
        has_id=has_id,
        freq=timetable.freq,
        time=time_name(times.dtype),
        kind=table.kind,
        id_type=table.type_name(columns.id) if has_id else "",
        time_type=table.type_name(columns.time),
    )
    return Panel(
        values=timetable.place(values, rows)[:, None],
        offsets=timetable.offsets,
        ids=rows.ids,
        starts=timetable.starts,
        template=template,
    )


def _rows(table: Table, columns: Columns, has_id: bool, length: int, source: Source) -> Rows:
    if not has_id:
        return Rows.one(columns.target, length, source)
    ids = table.column(columns.id)
    check_ids(ids, source)
    return Rows.group(ids, source)


def _whole(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise OptionError(f"{name} is a whole number of at least 0, got {value!r}")


def _kind(data: Any) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}"
