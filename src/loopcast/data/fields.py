"""What a panel is made of, and what can be asked of it: many series end to end on one calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from loopcast.data.calendar import step_index, to_ticks
from loopcast.data.covariates import Covariates, require_informative
from loopcast.data.missing import first_observed
from loopcast.data.schema import TableSchema
from loopcast.data.time_grid import future_times
from loopcast.errors import DataError, LengthError, OptionError, ValuesError, quote, quote_all

FEWER = "ask for fewer steps or leave them out"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PanelFields:
    """Many series of unequal length on one regular calendar. NaN is missing, everywhere and only that.

    values: float64 `[row, channel]`, all series end to end, read-only; a channel per target.
    offsets: int64 `[series + 1]`; series i is rows offsets[i]:offsets[i + 1]. Every series has a row.
    ids: `[series]`, unique, in order of first appearance.
    starts: `[series]`, the time of each first row.
    schema: how the table looked; it names the channels.
    covariates: what is known besides; None where the columns name none.

    Raises DataError where the parts do not fit each other.
    """

    values: np.ndarray
    offsets: np.ndarray
    ids: pl.Series
    starts: pl.Series
    schema: TableSchema
    covariates: Covariates | None = None

    def __post_init__(self) -> None:
        _check_shapes(self)
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
    def targets(self) -> tuple[str, ...]:
        """The name of each channel: the columns of a table; of an array `y`, or `y0`, `y1`, … where it has several.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.zeros((1, 3, 2))).targets
        ('y0', 'y1')
        """
        return self.schema.columns.targets

    @property
    def lengths(self) -> np.ndarray:
        """int64 `[series]`: the rows of each series."""
        return np.diff(self.offsets)

    @cached_property
    def observed_lengths(self) -> np.ndarray:
        """int64 `[series]`: the rows of each series from its first value on (that of every channel); 0 without one.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.array([[np.nan, 2.0, np.nan], [np.nan] * 3])[:, :, None]).observed_lengths.tolist()
        [2, 0]
        """
        return self.observed_rows.min(axis=1)

    @cached_property
    def observed_rows(self) -> np.ndarray:
        """int64 `[series, channel]`: the rows of each series from the first value of each channel on; 0 without one."""
        if not np.isnan(self.values).any():
            return np.repeat(self.lengths[:, None], self.values.shape[1], axis=1)
        return self.offsets[1:, None] - first_observed(self.values, self.offsets)

    @property
    def has_gaps(self) -> bool:
        """Whether any value is missing, of a target or of a covariate."""
        covariates = () if self.covariates is None else (self.covariates.past, self.covariates.future)
        return any(np.isnan(values).any() for values in (self.values, *covariates))

    @property
    def season(self) -> int:
        """Steps in the usual season of the frequency, as in `Frequency.season`."""
        return self.schema.freq.season

    def series(self, i: int) -> np.ndarray:
        """Series `i` as float64 `[time, channel]`, a read-only view."""
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def series_of(self, rows: np.ndarray) -> np.ndarray:
        """The series that each of these rows belongs to, int64 `[row]`."""
        return np.searchsorted(self.offsets, rows, side="right") - 1

    def times_of(self, rows: np.ndarray) -> pl.Series:
        """The times of these rows.

        >>> from loopcast.data.panel import Panel
        >>> Panel.from_array(np.zeros((2, 3, 1)), start=7).times_of(np.array([0, 5])).to_list()
        [7, 9]
        """
        series = self.series_of(rows)
        return future_times(self.starts.gather(series), rows - self.offsets[series], 1, self.schema.freq)

    def step_index(self, times: pl.Series, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many steps after the start of its series each time is, int64 `[row]`, and whether it is on the calendar.

        times: of the kind and zone of the panel's; series: int64 `[row]`, the series of each. Off the calendar the
        steps mean nothing.

        >>> from loopcast.data.panel import Panel
        >>> panel = Panel.from_array(np.zeros((2, 3, 1)), start=7, freq=2)
        >>> steps, fits = panel.step_index(pl.Series([7, 11, 12]), np.array([0, 1, 1]))
        >>> steps[fits].tolist(), fits.tolist()
        ([0, 2], [True, True, False])
        """
        ticks = np.append(to_ticks(self.starts), to_ticks(times))
        first = np.append(np.arange(self.n_series), series)
        steps, fits = step_index(ticks, first, self.schema.freq, self.schema.zone)
        return steps[self.n_series :], fits[self.n_series :]

    @property
    def future_lengths(self) -> np.ndarray:
        """int64 `[series]`: the steps after its end for which the future covariates of a series are known."""
        if self.covariates is None:
            return np.zeros(self.n_series, np.int64)
        known: np.ndarray = np.diff(self.covariates.offsets) - self.lengths
        return known

    def last(self, steps: int) -> np.ndarray:
        """The last `steps` rows of each series, float64 `[series, steps, channel]`; LengthError if one is shorter."""
        check_count("steps", steps)
        self.require_rows(steps, f"the last {steps} steps", FEWER)
        return self.values[self.offsets[1:, None] - steps + np.arange(steps)]

    def actuals(self, cutoffs: Sequence[int], horizon: int) -> np.ndarray:
        """What came in the `horizon` steps after each cutoff, float64 `[series, cutoff, horizon, channel]`.

        cutoffs: how many rows of each series come after it, `horizon` or more. LengthError where a series has no such
        rows.
        """
        most = max(cutoffs)
        self.require_rows(most, f"the last {most} steps", FEWER)
        first = self.offsets[1:, None] - np.asarray(cutoffs)
        return self.values[first[..., None] + np.arange(horizon)]

    def require_rows(self, rows: int, why: str, cure: str) -> None:
        """LengthError naming the first series with fewer than `rows` rows, which are needed for `why`."""
        short = np.flatnonzero(self.lengths < rows)
        if len(short):
            i = int(short[0])
            raise LengthError(
                f"series {quote(self.ids[i])} has {self.lengths[i]} rows and {rows} are needed for {why} "
                f"({len(short)} of {self.n_series} series are too short): {cure}"
            )

    def require_rows_before(self, held_out: int) -> None:
        """LengthError naming the first series that has no row before its last `held_out`."""
        self.require_rows(held_out + 1, f"leaving out the last {held_out} steps and a row before them", FEWER)

    def require_informative(self) -> None:
        """ValuesError for a covariate from which nothing can be learned: without a value, constant, or too varied."""
        if self.covariates is not None:
            require_informative(self.covariates, self.schema.columns)

    def require_observed(self, why: str, cure: str) -> None:
        """ValuesError naming the first missing value, unless every value is there."""
        missing = np.isnan(self.values)
        if not missing.any():
            return
        row, channel = np.unravel_index(int(missing.argmax()), missing.shape)
        here = np.array([row])
        i, time = int(self.series_of(here)[0]), self.times_of(here)[0]
        raise ValuesError(
            f"{why}, and series {quote(self.ids[i])} has no value at {time} ({quote(self.targets[channel])}; "
            f"{int(missing.sum())} are missing in all): {cure}"
        )

    def require_any_value(self, why: str, held_out: int = 0) -> None:
        """ValuesError naming the first series that has rows before its last `held_out`, and no value in them."""
        empty = (self.observed_lengths <= held_out) & (self.lengths > held_out)
        if not empty.any():
            return
        i = int(empty.argmax())
        before = f" before its last {held_out}" if held_out else ""
        none = np.isnan(self.series(i)[: self.lengths[i] - held_out]).all(axis=0)
        which = f" of {quote(self.targets[int(none.argmax())])}" if self.n_channels > 1 else ""
        cure = "leave it out" if not empty.all() else "leave that target out" if which else "give their values"
        raise ValuesError(
            f"{why}, and series {quote(self.ids[i])} has none{which} in its {self.lengths[i]} rows{before} "
            f"({int(empty.sum())} of {self.n_series} series have none): {cure}"
        )

    def __len__(self) -> int:
        """How many series there are."""
        return self.n_series

    def __repr__(self) -> str:
        """Series, rows, span, frequency, and how many values are missing."""
        missing = int(np.isnan(self.values).sum())
        ends = future_times(self.starts, self.lengths - 1, 1, self.schema.freq)
        targets = f", {self.n_channels} targets" if self.n_channels > 1 else ""
        return (
            f"<Panel: {self.n_series:,} series, {self.n_rows:,} rows, {self.starts.min()!s} to {ends.max()!s}, "
            f"frequency {self.schema.freq}{targets}, {missing:,} of {self.values.size:,} values missing>"
        )


def _check_shapes(panel: PanelFields) -> None:
    values, offsets = panel.values, panel.offsets
    if values.ndim != 2 or values.dtype != np.float64:
        raise DataError(f"values are float64 [row, channel], got {values.dtype} of shape {values.shape}")
    if values.shape[1] != len(panel.targets):
        raise DataError(
            f"values have a channel per target, got shape {values.shape} and targets {quote_all(panel.targets)}"
        )
    if offsets.ndim != 1 or offsets.dtype != np.int64 or len(offsets) < 2:
        raise DataError(f"offsets are int64 [series + 1], got {offsets.dtype} of shape {offsets.shape}")
    if offsets[0] != 0 or offsets[-1] != len(values) or (np.diff(offsets) < 1).any():
        raise DataError(f"offsets go up from 0 to the {len(values)} rows of values, got {offsets}")
    if not len(panel.ids) == len(panel.starts) == len(offsets) - 1:
        raise DataError(f"{len(offsets) - 1} series have as many ids and starts: {len(panel.ids)}, {len(panel.starts)}")
    if bool(panel.schema.columns.covariates) != (panel.covariates is not None):
        raise DataError("a panel has covariates where its columns name some, and only there")
    if panel.covariates is not None:
        panel.covariates.check(panel.schema.columns, offsets)


def check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise OptionError(f"{name} is a whole number of at least 0, got {quote(value)}")
