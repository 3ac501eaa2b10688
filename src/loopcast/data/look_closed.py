"""A column that says on which rows a series was closed: where it has one of its two values, nothing was counted."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from loopcast.data.panel import Panel

LEAST_ROWS = 2  # with each of the two values
MOST_EMPTY = 0.5  # of the other rows: with more, a zero says nothing of being closed


@dataclass(frozen=True)
class Closing:
    """A column, and its value where the target is 0 or missing."""

    name: str
    value: float


def is_binary(column: pl.Series) -> bool:
    """Whether a column holds 0 and 1 alone, and both.

    >>> is_binary(pl.Series(["0", "1", None])), is_binary(pl.Series([1, 2]))
    (True, False)
    """
    return set(column.drop_nulls().cast(pl.String).unique()) in ({"0", "1"}, {"0.0", "1.0"})


def closing_column(panel: Panel) -> Closing | None:
    """The first past covariate that says when the first target is 0 or missing; None where none does.

    >>> from loopcast.columns import Columns
    >>> table = pl.DataFrame({"ds": range(6), "y": [5.0, 0, 7, 6, None, 8], "open": [1.0, 0, 1, 1, 0, 1]})
    >>> closing_column(Panel.from_table(table, Columns(past=["open"])))
    Closing(name='open', value=0.0)
    """
    if panel.covariates is None:
        return None
    empty = np.nan_to_num(panel.values[:, 0]) == 0
    for name, column in zip(panel.schema.columns.past, panel.covariates.past.T, strict=True):
        for value in (0.0, 1.0):
            closed, others = empty[column == value], empty[column == 1 - value]
            if min(len(closed), len(others)) >= LEAST_ROWS and closed.all() and others.mean() < MOST_EMPTY:
                return Closing(name, value)
    return None
