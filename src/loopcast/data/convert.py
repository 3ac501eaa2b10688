"""Anything that can be a panel, as one; and data of the kind that a model was fitted on."""

from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from loopcast.columns import STANDARD, Columns
from loopcast.data.build import Freq
from loopcast.data.panel import Panel, type_name
from loopcast.data.schema import TableSchema
from loopcast.data.tables import open_table
from loopcast.errors import CalendarError, DataError, OptionError, quote_all

ACCEPTED = (
    "a Panel, a long table (pandas, polars, pyarrow), an array [series, time, channel], or one series "
    "(an array [time], a list, a pandas or polars Series); for a wide table use Panel.from_wide, "
    "for a file loopcast.read"
)


def as_panel(data: Any, *, columns: Columns | None = None, like: TableSchema | None = None) -> Panel:
    """Anything that can be a panel as one: a panel itself, a long table, a series, an array.

    An array is `[series, time, channel]`, or `[time]` for one series.
    columns: which column of a table is which; None has the names of `like`, or the standard ones. OptionError for a
        panel, whose columns are known.
    like: how the data of a model looked. Names of columns and frequency are taken from it; CalendarError where the
    times are of another kind (integers or days), in another time zone, or of another frequency; DataError where one
    of the two has several targets and the other has not the same ones in the same order.

    >>> as_panel([1.0, 2.0, 3.0]).n_rows
    3
    """
    if columns is not None and isinstance(data, Panel):
        raise OptionError("a panel knows its columns: leave columns out, or give the table")
    if like is None:
        return _as_panel(data, columns or STANDARD, None)
    panel = _as_panel(data, columns or like.columns, like.freq)
    check_compatible(panel.schema, like)
    return panel


def refuse_table(horizon: Any) -> None:
    """OptionError where a table or panel stands in the place of a horizon."""
    if isinstance(horizon, Panel | np.ndarray | list) or open_table(horizon) is not None:
        raise OptionError("the first argument is the horizon, a number of steps: give the history as data=...")


def _as_panel(data: Any, columns: Columns, freq: Freq) -> Panel:
    if isinstance(data, Panel):
        return data
    if open_table(data) is not None:
        return Panel.from_table(data, columns=columns, freq=freq)
    if isinstance(data, np.ndarray) and data.ndim == 3:
        named = len(columns.targets) == data.shape[2] > 1
        return Panel.from_array(data, targets=columns.targets if named else None)
    if nw.dependencies.is_pandas_series(data):
        return Panel.from_series(data, freq=freq)
    if isinstance(data, list | tuple | pl.Series) or (isinstance(data, np.ndarray) and data.ndim == 1):
        return Panel.from_series(data)
    raise DataError(f"expected {ACCEPTED}; got {type_name(data)}")


def check_compatible(given: TableSchema, like: TableSchema) -> None:
    kinds = ("past", "future", "static")
    differs = next((kind for kind in kinds if getattr(given.columns, kind) != getattr(like.columns, kind)), None)
    if differs is not None:
        fitted, named = (quote_all(getattr(each, differs)) for each in (like.columns, given.columns))
        raise DataError(
            f"the model was fitted with the {differs} covariates [{fitted}], and this data has [{named}]: name the "
            "same "
            f"with Columns({differs}=...)"
        )
    theirs, ours = given.columns.targets, like.columns.targets
    if theirs != ours and max(len(theirs), len(ours)) > 1:  # one target may have another name: it is still the only one
        raise DataError(
            f"the model was fitted on {quote_all(ours)} in this order, and this data has "
            f"{quote_all(theirs)}: name the columns with Columns(target=...), the channels of an array with "
            "Panel.from_array(..., targets=...)"
        )
    if given.freq != like.freq:
        raise CalendarError(
            f"the model was fitted on data of frequency {like.freq}, and this data has {given.freq}: resample the data "
            "to that, or fit a model on it"
        )
    if given.zone != like.zone:
        raise CalendarError(
            f"the model was fitted on times in zone {like.zone or 'none'}, and these are in {given.zone or 'none'}: "
            "convert them first"
        )
