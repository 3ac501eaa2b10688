"""Many series of unequal length on one regular calendar."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from loopcast.columns import STANDARD, TIME, Columns
from loopcast.data import future
from loopcast.data.build import Freq, from_array, from_long, from_series, from_wide
from loopcast.data.output import future_table, rows_table
from loopcast.data.panel_parts import PanelParts
from loopcast.data.series_index import Source
from loopcast.data.static import join_static
from loopcast.data.tables import Table, open_table
from loopcast.data.time_grid import End, Gaps
from loopcast.errors import DataError


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Panel(PanelParts):
    """Many series of unequal length on one regular calendar. NaN is missing, everywhere and only that.

    Its parts, and what can be asked of them, are those of `PanelFields`; `PanelParts` takes some of it.

    Make one with `from_table`, `from_wide`, `from_series`, `from_array`, `as_panel` or `loopcast.read`.
    """

    def with_future(self, table: Any) -> "Panel":
        """The same series with what is known ahead of them: the future covariates of the steps after their ends.

        table: a long table with the id, the time and the future covariates of each of these steps, none left out; of
        other rows and series nothing is taken, and what was known ahead before is replaced. CalendarError for a time
        that comes twice or is not on the calendar; ColumnError, ValuesError as in `from_table`; OptionError where the
        columns name no future covariate.

        >>> columns = Columns(future=["price"])
        >>> import polars as pl
        >>> sales = pl.DataFrame({"ds": [1, 2], "y": [5.0, 6.0], "price": [1.0, 2.0]})
        >>> panel = Panel.from_table(sales, columns=columns)
        >>> panel.with_future(pl.DataFrame({"ds": [3, 4], "price": [2.0, 1.0]})).future_lengths.tolist()
        [2]
        """
        return replace(self, covariates=future.future_covariates(self, _opened(table)))

    def future_frame(self, horizon: int) -> Any:
        """The id and time of the `horizon` steps after the end of each series, as a table of the kind that came in.

        What `with_future` and `predict(future=)` ask for, but for the future covariates.

        >>> Panel.from_array(np.zeros((2, 3, 1))).future_frame(1).rows()
        [(0, 3), (1, 3)]
        """
        return future_table(
            self, np.repeat(np.arange(self.n_series), horizon), np.tile(np.arange(horizon), self.n_series)
        )

    def missing_future(self, table: Any, horizon: int) -> Any:
        """The rows of `future_frame(horizon)` that a table of future covariates lacks; empty where it has them all.

        Errors are those of `with_future` for the ids and times of the table.

        >>> import polars as pl
        >>> panel = Panel.from_array(np.zeros((1, 3, 1)))
        >>> panel.missing_future(pl.DataFrame({"unique_id": [0], "ds": [3]}), 3).rows()
        [(0, 4), (0, 5)]
        """
        there = future.steps_there(self, _opened(table), horizon)
        series, steps = np.nonzero(~there)
        return future_table(self, series, steps)

    def head(self, rows: int = 5) -> Any:
        """The first rows of the first series as a table of the kind that came in: id, time and targets.

        >>> Panel.from_series([1.0, 2.0]).head(1).rows()
        [(0, 1.0)]
        """
        first = np.arange(min(rows, int(self.lengths[0])))
        return rows_table(self, first)

    def require_future(self, horizon: int) -> None:
        """ValuesError naming the first series and time at which a future covariate is needed and not known."""
        future.require_future(self, horizon)

    @classmethod
    def from_table(
        cls,
        table: Any,
        columns: Columns = STANDARD,
        *,
        freq: Freq = None,
        gaps: Gaps = "error",
        end: End = "series",
        static: Any = None,
    ) -> Self:
        """A panel from a long table (pandas, polars or pyarrow): a row per series and time.

        The rows of one series are in order of time; series may come in blocks or interleaved, and keep the order in
        which they first appear. Without a column of the usual id name the table is one series. Times are integers,
        dates, timestamps, or text in ISO 8601 (which comes back as dates or timestamps). NaN and null are missing.
        freq: None infers one frequency for the whole panel, by the most common step.
        gaps: "error" refuses a series that leaves out times of its calendar, "insert" adds them as NaN.
        end: "series" lets each end with its own last row; "global" has all end with the latest time of all, and adds
            what is missing there as NaN too (with gaps="insert").
        static: a table with a row for each series, which has the id and the static covariates that `columns` names.
        columns: several targets become channels in the order named, each with missing values of its own; with
            covariates, each time has its own, also after the end of a series (see `with_future`).

        Raises ColumnError, CalendarError, ValuesError (also where one of several targets has no value at all), or
        DataError for anything but a table with rows.

        >>> import polars as pl
        >>> Panel.from_table(pl.DataFrame({"ds": [1, 2, 4], "y": [5.0, 6.0, 8.0]}), gaps="insert").series(0).tolist()
        [[5.0], [6.0], [nan], [8.0]]
        >>> table = pl.DataFrame({"ds": [1, 2], "pm25": [5.0, None], "no2": [1.0, 2.0]})
        >>> Panel.from_table(table, columns=Columns(target=("pm25", "no2"))).series(0).tolist()
        [[5.0, 1.0], [nan, 2.0]]
        """
        opened = _opened(table) if static is None else join_static(_opened(table), static, columns)
        return cls(**vars(from_long(opened, columns, freq, gaps, Source(), end)))

    @classmethod
    def from_wide(cls, table: Any, *, time: str = TIME, freq: Freq = None, gaps: Gaps = "error") -> Self:
        """A panel from a wide table: a row per time, and a column per series, whose name is the id.

        All series are as long as the table: NaN and null at either end are kept as missing values.
        Errors and options are those of `from_table`. Forecasts are given as a long table.

        >>> import polars as pl
        >>> Panel.from_wide(pl.DataFrame({"ds": [1, 2], "a": [1.0, 2.0], "b": [3.0, 4.0]})).ids.to_list()
        ['a', 'b']
        """
        return cls(**vars(from_wide(_opened(table), time, freq, gaps, Source())))

    @classmethod
    def from_series(cls, values: Any, *, freq: Freq = None, start: Any = None, name: str | None = None) -> Self:
        """A panel of one series: a pandas Series (whose index holds the times), a polars Series, a list or an array.

        start: the first time (a whole number, date, timestamp or ISO 8601), for values that have no index of times;
        None is 0. freq: None infers it from the index, and is 1 for integer times.
        name: the name of the column; None takes that of the Series, or "y".

        >>> panel = Panel.from_series([1.0, 2.0], start="2020-01-31", freq="ME")
        >>> panel.future_frame(1)["ds"].to_list()
        [datetime.date(2020, 3, 31)]
        """
        return cls(**vars(from_series(values, freq, start, name)))

    @classmethod
    def from_array(
        cls,
        array: Any,
        *,
        ids: Sequence[Any] | None = None,
        start: Any = 0,
        freq: Freq = None,
        targets: Sequence[str] | None = None,
    ) -> Self:
        """A panel from numbers `[series, time, channel]`; NaN is missing. The array is copied.

        ids: a name for each series; None numbers them from 0. start: the first time of all series.
        freq: None is 1, for integer times.
        targets: a name for each channel; None is `y`, or `y0`, `y1` and so on for several.
        Raises DataError for another shape or an empty one, ValuesError for infinity or numbers beyond 3.4e38.

        >>> Panel.from_array(np.zeros((2, 5, 1))).lengths.tolist()
        [5, 5]
        """
        return cls(**vars(from_array(array, ids, start, freq, targets)))


def _opened(table: Any) -> Table:
    opened = open_table(table)
    if opened is None:
        raise DataError(f"expected a pandas, polars or pyarrow table, got {type_name(table)}")
    return opened


def type_name(data: Any) -> str:
    """What an error calls the data."""
    shape = f" of shape {data.shape}" if isinstance(data, np.ndarray) else ""
    return f"{type(data).__module__}.{type(data).__qualname__}{shape}"
