"""Covariates of text as columns of 0 and 1, one for each of their values: `promo=gift`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from loopcast.columns import Columns
from loopcast.data.series_index import Source
from loopcast.errors import ColumnError, OptionError, ValuesError, quote, quote_all

MOST_VALUES = 100  # of one covariate: each becomes a column


def base_names(names: Iterable[str]) -> Iterator[str]:
    """The columns that those called `NAME=VALUE` may have been made of.

    >>> list(base_names(["wind", "promo=gift"]))
    ['promo']
    """
    return (name[:place] for name in names for place, letter in enumerate(name) if letter == "=" and place)


def categorized(
    frame: pl.DataFrame, columns: Columns, categories: Sequence[str], source: Source
) -> tuple[pl.DataFrame, Columns]:
    """The table with a column of 0 and 1 for each value of a past or future covariate of text, and what these are now.

    A column that `columns` call `NAME=VALUE`, and the table has not, is made of NAME, as it was for the model that is
    asked: ValuesError where NAME has a value of which there is no such column. A static covariate that is named is a
    category, whatever its values look like.
    """
    for name in categories:
        if name not in columns.covariates:
            raise OptionError(
                f"categories are covariates, and {quote(name)} is none: name it as past, future or static"
            )
        if name not in frame.columns:
            raise ColumnError(f"{source} has no column {quote(name)}")
    static = [name for name in categories if name in columns.static]
    frame = frame.with_columns(pl.col(static).cast(pl.String).cast(pl.Categorical))
    for role in ("past", "future"):
        names: list[str] = []
        for name in getattr(columns, role):
            made = _made_anew(frame, name, source) if name in categories else []
            frame = frame.with_columns(made)
            names += [each.name for each in made] or [name]
        columns = replace(columns, past=tuple(names)) if role == "past" else replace(columns, future=tuple(names))
    return _known_again(frame, columns, source), columns


def _made_anew(frame: pl.DataFrame, name: str, source: Source) -> list[pl.Series]:
    """A column for each value that there is, in alphabetical order."""
    values = sorted(frame[name].cast(pl.String).drop_nulls().unique().to_list())
    if not 1 < len(values) <= MOST_VALUES:
        raise ValuesError(
            f"{source}, column {quote(name)} has {len(values):,} different values, and categories are 2 to "
            f"{MOST_VALUES}: leave it out, or group them"
        )
    return [_indicator(frame[name], name, value) for value in values]


def _indicator(column: pl.Series, name: str, value: str) -> pl.Series:
    return (column.cast(pl.String) == value).cast(pl.Float64).alias(f"{name}={value}")


def _known_again(frame: pl.DataFrame, columns: Columns, source: Source) -> pl.DataFrame:
    """The columns `NAME=VALUE` that are not there, made of NAME."""
    absent = [name for name in (*columns.past, *columns.future) if name not in frame.columns]
    bases = {name: base for name in absent for base in base_names([name]) if base in frame.columns}
    for base in dict.fromkeys(bases.values()):
        known = [name.removeprefix(f"{base}=") for name in absent if bases.get(name) == base]
        texts = frame[base].cast(pl.String)
        other = ~texts.is_in(pl.Series(known).implode()) & texts.is_not_null()
        if other.any():
            row = int(other.arg_max() or 0)
            raise ValuesError(
                f"{source.row(row)}, column {quote(base)}: {quote(texts[row])} is none of the values that the model "
                f"knows ({quote_all(known)}): correct it, or fit a model on data that has it"
            )
        frame = frame.with_columns(_indicator(frame[base], base, value) for value in known)
    return frame
