"""Covariates of a row, as they are given: by name, checked, and as numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from loopcast.columns import Columns
from loopcast.errors import ColumnError, OptionError, ValuesError, quote
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.live.engine import LARGEST

Given = Mapping[str, Any]
Future = np.ndarray  # of steps to come, float64 `[step, covariate]`
OfSeries = tuple[np.ndarray, ...]  # static numbers, 1 for each category that a series is of, float32, by each encoding


class Numbers(NamedTuple):
    """past, future: float64 `[covariate]`, NaN where missing."""

    past: np.ndarray
    future: np.ndarray


def numbers_of(columns: Columns, given: Given | None) -> Numbers:
    """The covariates of a row. ColumnError where one is not given, ValuesError for what is no number."""
    found = {} if given is None else given
    lacking = next((name for name in columns.past if name not in found), None)
    if lacking is not None:
        raise ColumnError(
            f"the row has no {quote(lacking)}, a covariate of the model: give it, None where it is missing"
        )
    unknown = next((name for name in found if name not in columns.covariates), None)
    if unknown is not None:
        raise OptionError(f"{quote(unknown)} is no covariate of the model, which has {columns}")
    return Numbers(
        np.array([_number(name, found[name]) for name in columns.past]),
        np.array([_number(name, found.get(name)) for name in columns.future]),
    )


def _number(name: str, value: Any) -> float:
    if value is None:
        return math.nan
    size: Any = abs(value) if isinstance(value, bool | int | float | np.integer | np.floating) else math.inf
    if size > LARGEST:  # before it is made a float: a whole number may be too large for any
        raise ValuesError(f"covariate {quote(name)} is a number of at most {LARGEST:g} in size, got {quote(value)}")
    return float(value)


def coming_numbers(columns: Columns, given: Given) -> np.ndarray:
    """Future covariates of a step to come, NaN where not given; OptionError where one is no future covariate."""
    unknown = next((name for name in given if name not in columns.future), None)
    if unknown is not None or not columns.future:
        raise OptionError(f"{quote(unknown)} is no future covariate of the model, which has {columns}")
    return np.array([_number(name, given.get(name)) for name in columns.future])


def future_numbers(columns: Columns, given: Mapping[str, Sequence[Any]], steps: int) -> Future:
    """Future covariates of so many steps. ColumnError where one is not given, OptionError for more steps or fewer."""
    lacking = next((name for name in columns.future if name not in given), None)
    if lacking is not None or not columns.future:
        raise ColumnError(f"future has no {quote(lacking)}, a future covariate" if lacking else "the model has none")
    each = [[_number(name, value) for value in given[name]] for name in columns.future]
    if any(len(column) != steps for column in each):
        raise OptionError(f"future has {steps} values of each covariate, got {[len(column) for column in each]}")
    return np.array(each).T


def of_series(encodings: Sequence[ExogenousEncoder], id_: Any, given: Given | None) -> OfSeries:
    """What is known of a series as a whole, from its first row. ColumnError where a static covariate is not given."""
    found, encoding = {} if given is None else given, encodings[0]
    lacking = next((name for name in encoding.columns.static if _is_missing(found.get(name))), None)
    if lacking is not None:
        raise ColumnError(f"the first row of a series gives {quote(lacking)}, a static covariate of the model")
    cells: dict[str, list[Any]] = {
        name: [_number(name, found[name]) if categories is None else str(found[name])]
        for name, categories in zip(encoding.columns.static, encoding.categories, strict=True)
    }
    return of_all(encodings, pl.DataFrame(cells), pl.Series([id_]))[0]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def of_all(encodings: Sequence[ExogenousEncoder], static: pl.DataFrame, ids: pl.Series) -> list[OfSeries]:
    """The same of all series of a panel, from its static covariates."""
    return list(zip(*(encoding.of_static(static, ids) for encoding in encodings), strict=True))
