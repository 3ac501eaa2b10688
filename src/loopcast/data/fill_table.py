"""Tables with their gaps filled: of a panel's rows, or the caller's own table with only its missing cells changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from loopcast.data.arrays import plain_numbers
from loopcast.data.build import AlignedTable, align
from loopcast.data.edit_table import RowMapping, finish, set_numbers, set_times, take_rows
from loopcast.data.fields import PanelFields
from loopcast.data.series_index import Source
from loopcast.data.tables import Table, build, open_table
from loopcast.errors import DataError, ValuesError, quote

EMPTY: Mapping[str, np.ndarray] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, eq=False)
class ImputedValues:
    """Numbers for the missing cells of a panel, checked against it.

    values: float64 `[row, channel]`; marks: bool `[row, channel]`, which of them were imputed and are to be used.
    extra: further columns by name, floats `[row]`. Elsewhere than at marks the values mean nothing.
    """

    values: np.ndarray
    marks: np.ndarray
    extra: Mapping[str, np.ndarray]


def fill_table(
    table: Any, panel: PanelFields, values: np.ndarray, marks: np.ndarray, extra: Mapping[str, np.ndarray] = EMPTY
) -> Any:
    """The caller's long table with imputed numbers in its missing cells, as a table of the same kind.

    table: what `panel` was made from with `Panel.from_table`; it is not changed. values: float64 `[row, channel]`, and
    marks: bool `[row, channel]`, in the panel's rows; only marked cells are filled, others stay as they came to the
    bit. extra: floats `[row]` by name. Added are a column `TARGET-imputed` of true and false per target, then `extra`.
    Rows keep their order. One that gaps="insert" added follows the row before it in its series; its other columns are
    null, and where pandas has whole numbers or truth values there, they become its types that hold a null.
    Whole numbers among targets become float64 where a cell is filled or a row added.

    Raises DataError where the panel is not of this table or a shape or name does not fit; ValuesError where a mark is
    on a cell that has a value, where what fills one is not finite, and for whole numbers that float64 cannot hold.

    >>> import polars as pl
    >>> from loopcast.data.panel import Panel
    >>> table = pl.DataFrame({"ds": [1, 2, 4], "y": [5.0, None, 8.0], "note": ["a", "b", "c"]})
    >>> panel = Panel.from_table(table, gaps="insert")
    >>> values = np.array([[5], [6], [7], [8]], np.float64)
    >>> fill_table(table, panel, values, np.isnan(panel.values)).rows()[1:3]
    [(2, 6.0, 'b', True), (3, 7.0, None, True)]
    """
    opened = open_table(table)
    if opened is None:
        raise DataError(f"expected the pandas, polars or pyarrow table of the panel, got {type(table).__qualname__}")
    laid = align(opened, panel.schema.columns, panel.schema.freq, "insert", Source())
    _check_same(panel, laid)
    return fill_aligned(opened, laid, panel, validate(panel, values, marks, extra))


def fill_aligned(opened: Table, laid: AlignedTable, panel: PanelFields, filling: ImputedValues) -> Any:
    """`fill_table` of a table that is on its calendar already."""
    names, order = panel.schema.columns, row_mapping(laid)
    _check_free(panel, filling, opened.names)
    filled = take_rows(opened, order, [names.id] if laid.parts.schema.has_id else [])
    if order.inserted.any():
        set_times(filled, opened, order, panel.times_of(order.rows), laid.parts.schema)
    for channel, name in enumerate(panel.targets):
        set_numbers(filled, opened, order, name, filling.values[:, channel], filling.marks[:, channel])
    return finish(filled, {name: column[order.rows] for name, column in _added(panel, filling).items()})


def fill_like(
    data: Any, panel: PanelFields, values: np.ndarray, marks: np.ndarray, extra: Mapping[str, np.ndarray] = EMPTY
) -> Any:
    """`fill_table` where `data` is a table, else `filled_table`: for a panel, an array, or None."""
    is_table = data is not None and open_table(data) is not None
    return fill_table(data, panel, values, marks, extra) if is_table else filled_table(panel, values, marks, extra)


def filled_table(
    panel: PanelFields, values: np.ndarray, marks: np.ndarray, extra: Mapping[str, np.ndarray] = EMPTY
) -> Any:
    """All rows with gaps filled, as a table of the kind that came in: id, time, targets, and which were imputed.

    values: float64 `[row, channel]`; marks: bool `[row, channel]`, which missing cells they fill (others stay NaN).
    extra: further columns by name, floats `[row]`. A column `TARGET-imputed` for each target, then `extra`, end it.
    Rows stand series by series, those that were inserted among them, and numbers are float64, as a panel holds
    them; to change only the missing cells of the table that came in, use `fill_table`. Errors are those of it.
    """
    filling = validate(panel, values, marks, extra)
    names, rows = panel.schema.columns, np.arange(panel.n_rows)
    _check_free(panel, filling, [*([names.id] if panel.schema.has_id else []), names.time, *panel.targets])
    whole = np.where(filling.marks, filling.values, panel.values)
    columns = {name: whole[:, channel] for channel, name in enumerate(panel.targets)}
    ids = panel.ids.gather(panel.series_of(rows))
    return build(panel.schema, ids, panel.times_of(rows), columns | _added(panel, filling))


def validate(
    panel: PanelFields, values: np.ndarray, marks: np.ndarray, extra: Mapping[str, np.ndarray]
) -> ImputedValues:
    """What is to fill the gaps of `panel`; DataError or ValuesError where it cannot."""
    values = plain_numbers(values)
    for name, array, dtype in (("values", values, np.float64), ("marks", marks, np.bool_)):
        if array.dtype != dtype or array.shape != panel.values.shape:
            wanted = f"{np.dtype(dtype)} [row, channel] of shape {panel.values.shape}"
            raise DataError(f"{name} are {wanted}, got {array.dtype} of shape {array.shape}")
    for name, array in extra.items():
        if array.dtype.kind != "f" or array.shape != (panel.n_rows,):
            raise DataError(
                f"{quote(name)} is floats [row] of shape {(panel.n_rows,)}, got {array.dtype} {array.shape}"
            )
    _refuse(panel, marks & ~np.isnan(panel.values), "is marked as imputed and has a value: mark only what was missing")
    _refuse(
        panel, marks & ~np.isfinite(values), "is marked as imputed and what fills it is no number: take the mark off"
    )
    return ImputedValues(values=values, marks=marks, extra=extra)


def row_mapping(laid: AlignedTable) -> RowMapping:
    """The rows of the table in the order they came, each followed by those that were inserted after it."""
    offsets, rows = laid.parts.offsets, laid.rows
    came = np.repeat(offsets[:-1], np.diff(rows.offsets)) + laid.grid.steps
    inserted = np.ones(offsets[-1], bool)
    inserted[came] = False
    theirs = np.arange(len(came)) if rows.order is None else rows.order
    anchors = theirs[np.cumsum(~inserted) - 1]  # every series begins with a row that came
    order = np.argsort(anchors, kind="stable")
    return RowMapping(rows=order, anchors=anchors[order], inserted=inserted[order])


def _check_same(panel: PanelFields, laid: AlignedTable) -> None:
    """DataError where the table does not make this panel."""
    made = laid.parts
    same = (
        np.array_equal(made.offsets, panel.offsets)
        and made.ids.to_list() == panel.ids.to_list()
        and made.starts.to_list() == panel.starts.to_list()
        and np.array_equal(made.values, panel.values, equal_nan=True)
    )
    if not same:
        raise DataError(
            f"the panel ({panel.n_series} series, {panel.n_rows} rows) was not made from this table "
            f"({len(made.ids)} series, {len(made.values)} rows): give the table of Panel.from_table, unchanged"
        )


def _added(panel: PanelFields, filling: ImputedValues) -> dict[str, np.ndarray]:
    """The columns that a filled table has more than the one that came."""
    marks = {f"{name}-imputed": filling.marks[:, channel] for channel, name in enumerate(panel.targets)}
    return marks | dict(filling.extra)


def _check_free(panel: PanelFields, filling: ImputedValues, taken: Iterable[Any]) -> None:
    there = set(taken)
    for name in [*(f"{target}-imputed" for target in panel.targets), *filling.extra]:
        if name in there:
            raise DataError(f"a filled table adds a column {quote(name)}, and there is one already: rename that one")
        there.add(name)


def _refuse(panel: PanelFields, wrong: np.ndarray, why: str) -> None:
    """ValuesError naming the first cell that is wrong, `[row, channel]`."""
    if not wrong.any():
        return
    row, channel = np.unravel_index(int(wrong.argmax()), wrong.shape)
    here = np.array([row])
    series, time = panel.ids[int(panel.series_of(here)[0])], panel.times_of(here)[0]
    raise ValuesError(f"series {quote(series)} at {time}, column {quote(panel.targets[channel])}, {why}")
