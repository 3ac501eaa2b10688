"""What is known of series besides their targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loopcast.columns import Columns
from loopcast.data.ranges import concat_ranges
from loopcast.data.series_index import SeriesIndex
from loopcast.data.tables import Table
from loopcast.data.time_grid import TimeGrid
from loopcast.data.validate import LARGEST, check_target
from loopcast.errors import DataError, ValuesError, brief, quote

TRUTHS = (("true", "false"), ("yes", "no"))
CATEGORIES = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null)
MOST_CATEGORIES = 1000  # of a static covariate: with more, hardly any is seen often enough to learn of


@dataclass(frozen=True, kw_only=True, eq=False)
class Covariates:
    """What is known of series besides their targets; NaN is missing.

    past: float64 `[row, column]`, a row for each of the panel's.
    future: float64 `[known row, column]`, of each series its rows, and those after its end that are known ahead.
    offsets: int64 `[series + 1]` of the known rows; a series has at least as many as rows.
    static: `[series]`, numbers as Float64 and categories as String.
    """

    past: np.ndarray
    future: np.ndarray
    offsets: np.ndarray
    static: pl.DataFrame

    def take(
        self, series: np.ndarray, begin: np.ndarray, front: np.ndarray, lengths: np.ndarray, ahead: int | None
    ) -> "Covariates":
        """Of some series, their rows from `begin` on, so many, and all known ones but the first `front`.

        ahead: how many known ones after these rows at most; None is all.
        """
        rows, _ = concat_ranges(begin, lengths)
        there = np.diff(self.offsets)[series] - front
        known, offsets = concat_ranges(
            self.offsets[series] + front, there if ahead is None else np.minimum(there, lengths + ahead)
        )
        static = pl.DataFrame([column.gather(series) for column in self.static.iter_columns()])
        return Covariates(past=self.past[rows], future=self.future[known], offsets=offsets, static=static)

    def check(self, columns: Columns, offsets: np.ndarray) -> None:
        """DataError unless these fit the columns and the rows of a panel."""
        shapes = (self.past.shape, self.future.shape, self.static.shape)
        wanted = (
            (offsets[-1], len(columns.past)),
            (self.offsets[-1], len(columns.future)),
            (len(offsets) - 1 if columns.static else 0, len(columns.static)),
        )
        enough = len(self.offsets) == len(offsets) and (np.diff(self.offsets) >= np.diff(offsets)).all()
        if shapes != wanted or not enough:
            raise DataError(f"covariates have the shapes {wanted} (past, future, static), got {shapes}")


def read_covariates(table: Table, columns: Columns, rows: SeriesIndex, timetable: TimeGrid) -> Covariates | None:
    """The covariates of a long table, whose rows are in the order of `rows`; None where it has none."""
    if not columns.covariates:
        return None
    past, future = (timetable.scatter(_numbers(table, names, rows), rows) for names in (columns.past, columns.future))
    static = pl.DataFrame([static_column(table, name, rows) for name in columns.static])
    return Covariates(past=past, future=future, offsets=timetable.offsets, static=static)


def _numbers(table: Table, names: Sequence[str], rows: SeriesIndex) -> np.ndarray:
    """Columns as float64 `[row, column]`; true and false are 1 and 0."""
    return numbers_of([rows.reorder(table.column(name)) for name in names], rows)


def numbers_of(columns: Sequence[pl.Series], rows: SeriesIndex) -> np.ndarray:
    """Columns in the order of `rows` as float64 `[row, column]`; true and false are 1 and 0."""
    found = [check_target(bool_to_float(column), rows) for column in columns]
    return np.stack(found, axis=1) if found else np.zeros((int(rows.offsets[-1]), 0))


def bool_to_float(column: pl.Series) -> pl.Series:
    """True and false as 1 and 0, also where a file writes these words, or yes and no; other columns as they are."""
    if column.dtype == pl.String:
        words = column.str.to_lowercase()
        for yes, no in TRUTHS:
            if (words.is_in([yes, no]) | words.is_null()).all() and not words.is_null().all():
                column = words == yes
    return column.cast(pl.Float64).alias(column.name) if column.dtype == pl.Boolean else column


def static_column(table: Table, name: str, rows: SeriesIndex) -> pl.Series:
    """What a column says of each series; ValuesError where it says two things, or nothing."""
    column = rows.reorder(table.column(name))
    if not (column.dtype.is_numeric() or column.dtype in CATEGORIES):
        raise ValuesError(
            f"column {quote(name)} is {brief(str(column.dtype))}, and a static covariate is numbers or categories: "
            "cast it to text"
        )
    first = column.gather(rows.first)
    differs = column.ne_missing(first)
    if differs.any():
        row = int(differs.arg_max() or 0)
        if column[row] is None:
            raise ValuesError(
                f"{rows.describe_row(row)}, column {quote(name)} is empty, and a static covariate is in each row: "
                f"{quote(first[row])} in the series' first one; write it there too"
            )
        raise ValuesError(
            f"{rows.describe_row(row)}, column {quote(name)}: {quote(column[row])}, and {quote(first[row])} in the "
            "series' first row; "
            "a static covariate does not change within a series: correct it, or name it as past or future (of numbers)"
        )
    return _as_static(column.gather(rows.offsets[:-1]), rows)


def _as_static(each: pl.Series, rows: SeriesIndex) -> pl.Series:
    texts = rows.source.lines and each.dtype == pl.String  # and no category, which was stated
    numbers = each.cast(pl.Float64, strict=False) if texts and not _are_codes(each) else each
    if numbers.dtype.is_numeric() and numbers.null_count() == each.null_count():
        kept = numbers.cast(pl.Float64)
        missing = ~(kept.abs() <= LARGEST).fill_null(value=False)
    else:
        kept = each.cast(pl.String)
        missing = kept.is_null()
    if missing.any():
        series = rows.ids[int(missing.arg_max() or 0)]
        raise ValuesError(
            f"series {quote(series)}, column {quote(each.name)}: {quote(each[int(missing.arg_max() or 0)])}, and a "
            "static "
            "covariate has a finite number or a category for each series: give it, or leave the covariate out"
        )
    return kept


def _are_codes(each: pl.Series) -> bool:
    """Whether text that may be read as numbers loses something by it: 0501 a zero, 1.10 and 1.1 that they differ."""
    numbers = each.cast(pl.Float64, strict=False)
    return bool(each.str.contains(r"^[+-]?0\d").any()) or numbers.n_unique() < each.n_unique()


def require_informative(covariates: Covariates, columns: Columns) -> None:
    """ValuesError for a covariate from which nothing can be learned: without a value, constant, or too varied."""
    for kind, names, values in (("past", columns.past, covariates.past), ("future", columns.future, covariates.future)):
        for name, column in zip(names, values.T, strict=True):
            _require_varying(kind, name, column[~np.isnan(column)])
    for name in columns.static:
        column = covariates.static[name]
        _require_varying("static", name, column.to_numpy())
        if column.dtype == pl.String and column.n_unique() > MOST_CATEGORIES:
            raise ValuesError(
                f"static covariate {quote(name)} has {column.n_unique():,} categories, and more than "
                f"{MOST_CATEGORIES:,} "
                "cannot be learned: group them"
            )


def _require_varying(kind: str, name: str, values: np.ndarray) -> None:
    if not len(values):
        raise ValuesError(f"{kind} covariate {quote(name)} has no value in any row: leave it out")
    if (values == values[0]).all():
        raise ValuesError(
            f"{kind} covariate {quote(name)} is {values[0]} everywhere, which teaches nothing: leave it out"
        )
