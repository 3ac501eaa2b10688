"""Numbers as a file writes them, as Python writes them."""

import re

import polars as pl

from loopcast.data.read_options import ReadOptions
from loopcast.data.series_index import Source
from loopcast.errors import ValuesError, quote

PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
ALIKE = {" ": " \u00a0\u202f", "'": "'\u2019"}  # a space is a space of any width, and typesetters have their apostrophe


def number_pattern(decimal: str, thousands: str | None) -> str:
    """What a number looks like, as a regular expression."""
    groups = _groups(thousands)
    whole = rf"[0-9]+|[0-9]{{1,3}}([{groups}][0-9]{{3}})+" if groups else "[0-9]+"
    point = re.escape(decimal)
    return rf"^[+-]?(({whole})({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]+)?$"


def _groups(thousands: str | None) -> str:
    return re.escape(ALIKE.get(thousands or "", thousands or ""))


def plain_numbers(column: pl.Series, options: ReadOptions, source: Source) -> pl.Series:
    """Text in which numbers are written as `options` say, with a point for decimals and nothing between thousands.

    What is no number stays as it is, for an error that names it; ValuesError for what would be another number with a
    point for decimals, such as 1.5 where they have a comma.
    """
    if options.plain_numbers or column.dtype != pl.String:
        return column
    number, groups = number_pattern(options.decimal, options.thousands), _groups(options.thousands)
    text = pl.col(column.name)
    bare = text.str.replace_all(f"[{groups}]", "") if groups else text
    written = column.to_frame().select(
        pl.when(text.str.contains(number)).then(bare.str.replace(options.decimal, ".", literal=True)).otherwise(text),
        other=~text.str.contains(number) & text.str.contains(PLAIN),
    )
    if written["other"].any():
        row = int(written["other"].arg_max() or 0)
        thousands = f" and {quote(options.thousands)} between thousands" if options.thousands else ""
        raise ValuesError(
            f"{source.row(row)}, column {quote(column.name)}: {quote(column[row])} is no number with "
            f"{quote(options.decimal)} for decimals{thousands}: say how the file writes them (decimal and thousands, "
            "--decimal and --thousands), or correct it"
        )
    return written[column.name]
