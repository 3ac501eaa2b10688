"""Static covariates from a table of their own: a row for each series, joined to the long table by the id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from loopcast.columns import Columns
from loopcast.data.series_index import Source
from loopcast.data.tables import Table, open_table
from loopcast.data.validate import check_names
from loopcast.errors import DataError, OptionError, quote

NAMING = "Both tables have the id, under the name in Columns(id=...), and the static covariates are in the second"


@dataclass(frozen=True, eq=False)
class JoinedTable(Table):
    """A caller's table with further columns, which are polars' and as long as it."""

    joined: Mapping[str, pl.Series]

    def column(self, name: Any) -> pl.Series:
        """The column as polars sees it."""
        return self.joined[name] if name in self.joined else super().column(name)


def join_static(table: Table, static: Any, columns: Columns) -> Table:
    """The table with the static covariates that `columns` names, taken from `static`, in each of its rows.

    ColumnError where the table has no id or the other one lacks a column; DataError where a series has no row there, or
    two; OptionError where the columns name no static covariate.
    """
    other = open_table(static)
    if other is None:
        raise DataError(f"static is a table with a row for each series, got {type(static).__qualname__}")
    if not columns.static:
        raise OptionError("the columns name no static covariate: Columns(static=[...])")
    check_names(other, [columns.id, *columns.static], NAMING, Source("the table of static covariates"))
    check_names(table, [columns.id], NAMING, Source())
    ids, known = (each.column(columns.id).cast(pl.String) for each in (table, other))
    if known.n_unique() < len(known):
        raise DataError(
            f"the table of static covariates has two rows of one series, {quote(known.mode()[0])}: keep one"
        )
    places = pl.DataFrame({"id": known}).with_row_index("place")
    place = pl.DataFrame({"id": ids}).join(places, on="id", how="left", maintain_order="left")["place"]
    if place.null_count():
        raise DataError(
            f"series {quote(ids[int(place.is_null().arg_max() or 0)])} has no row of static covariates: add one, or "
            "leave the series out"
        )
    joined = {name: other.column(name).gather(place) for name in columns.static}
    return JoinedTable(table.native, table.kind, [*table.names, *joined], joined)
