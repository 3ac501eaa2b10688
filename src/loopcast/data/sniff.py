"""What a text file seems to be written in, judged by its first lines: proposed to its reader, never applied unasked."""

import csv
import re
from collections import Counter
from dataclasses import dataclass, replace

import polars as pl

from loopcast.data.number_format import number_pattern
from loopcast.data.read_options import ReadOptions
from loopcast.data.time_text import formats_of, is_iso
from loopcast.errors import DataError, reason

MOST_LINES = 200
SEPARATORS = ("\t", ";", "|", ",")
NOTATIONS = ((".", None), (",", None), (",", "."), (".", ","), (",", " "), (".", " "), (".", "'"), (",", "'"))
HINT = re.compile(r"sep=.", re.I)  # a first line by which spreadsheets know the separator
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Lines as fields: what separates them, how many lines are before the first of them, how many fields most have."""

    separator: str
    before: int
    rows: list[list[str]]


def sniff(data: bytes, usual_separator: str) -> ReadOptions:
    """The encoding, separator, lines before the table and header that a text file seems to have."""
    encoding = _encoding(data)
    lines = _decoded(data, encoding).removeprefix("\ufeff").splitlines()[:MOST_LINES]
    hint = int(bool(lines) and HINT.fullmatch(lines[0]) is not None)
    found = max(
        (_grid(lines[hint:], each) for each in SEPARATORS), key=lambda grid: (len(grid.rows), len(grid.rows[0]))
    )
    return ReadOptions(
        encoding=encoding,
        separator=None if found.separator == usual_separator else found.separator,
        skip_rows=found.before + hint,
        header=_has_header(found.rows),
    )


def _encoding(data: bytes) -> str:
    if data[:2] in UTF_16:
        return "utf-16"
    if 4 * data[:4096].count(b"\0") > len(data[:4096]):  # and not a stray byte or two
        return "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"  # in which each byte is a letter


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            "the file is no text: it has zero bytes, as UTF-16 has, and is none; where it is a table of another kind, "
            "give it the ending of that"
        ) from error


def split_fields(lines: list[str], separator: str, name: str = "the text") -> list[list[str]]:
    """The fields of each line; DataError where one is longer than any that a table has."""
    try:
        return list(csv.reader(lines, delimiter=separator))
    except csv.Error as error:
        raise DataError(
            f"{name} is no table: {reason(error)}; look for a quote that is not closed, or a separator that is not"
            " there"
        ) from error


def _grid(lines: list[str], separator: str) -> Grid:
    """The lines from the first on that has as many fields as most, and two or more."""
    rows = split_fields(lines, separator)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width = max(widths, key=lambda each: (widths[each], each), default=1)
    before = next((i for i, row in enumerate(rows) if len(row) == width), 0)
    table = [row for row in rows[before:] if len(row) == width]
    return Grid(separator=separator, before=before, rows=table if width > 1 else table[:1] or [[""]])


def rows_before(sheet: pl.DataFrame) -> int:
    """The rows of a sheet before that of its names, the first that is as full as most and of nothing but names."""
    rows = sheet.head(MOST_LINES).cast(pl.String).rows()
    full = [sum(cell is not None for cell in row) for row in rows]
    often = Counter(full)
    usual = max(often, key=lambda each: (often[each], each), default=0)
    first = next((i for i, cells in enumerate(full) if cells >= usual), 0)
    return first if usual and all(cell is None or _is_name(cell) for cell in rows[first]) else 0


def _has_header(rows: list[list[str]]) -> bool:
    """Whether some column has numbers or times below a first field that is neither; or nothing is below."""
    if len(rows) < 2:
        return True
    columns = [pl.Series("field", [field.strip() or None for field in column]) for column in zip(*rows, strict=True)]
    return any(_is_name(column[0]) and _mostly_data(column[1:]) for column in columns) or not any(
        _mostly_data(column) for column in columns
    )


def _is_name(field: str | None) -> bool:
    return field is not None and not _mostly_data(pl.Series("field", [field]))


def _mostly_data(fields: pl.Series) -> bool:
    """Whether most fields are numbers, in whatever notation, or times."""
    there = fields.drop_nulls()
    if not len(there):
        return False
    numbers = max(int(there.str.contains(number_pattern(*each)).sum()) for each in NOTATIONS)
    return numbers > len(there) / 2 or is_iso(there) or bool(formats_of(there))


def notation_of(columns: list[pl.Series]) -> tuple[str, str | None]:
    """The decimal sign, and what is between thousands, in which the most fields of some columns are numbers."""
    text = (
        pl.concat([column.drop_nulls().alias("field") for column in columns]) if columns else pl.Series("field", [""])
    )
    return max(NOTATIONS, key=lambda each: int(text.str.contains(number_pattern(*each)).sum()))


def with_notation(options: ReadOptions, notation: tuple[str, str | None]) -> ReadOptions:
    """Options with a decimal sign and a sign between thousands."""
    return replace(options, decimal=notation[0], thousands=notation[1])
