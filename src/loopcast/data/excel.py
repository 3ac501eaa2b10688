"""Excel files: the only place that knows fastexcel."""

import io
from typing import Any

import polars as pl

from loopcast.data.file_request import FileTable, Request
from loopcast.data.series_index import Source
from loopcast.data.tables import Table
from loopcast.errors import DataError, LoopcastError, quote_all, reason

INSTALL = "Excel files need two packages more: pip install 'loopcast[excel]'"


def read_excel(request: Request) -> FileTable:
    """A sheet of an Excel file, whose cells keep their types; DataError where it is none, or has several sheets."""
    try:
        import fastexcel
    except ImportError as error:
        raise LoopcastError(INSTALL) from error
    options, name = request.options, request.name
    try:
        book = fastexcel.read_excel(request.data())
        sheet = book.load_sheet(
            _sheet(book.sheet_names, request),
            header_row=options.skip_rows if options.header else None,
            skip_rows=None if options.header else options.skip_rows,
        )
        frame = sheet.to_polars()
    except fastexcel.FastExcelError as error:
        raise DataError(f"{name} is no Excel file that can be read: {reason(error)}") from error
    if not options.header:
        frame.columns = [f"column_{i + 1}" for i in range(frame.width)]
    frame = _without_empty_rows(frame)
    frame = frame.with_columns(_whole(column) for column in frame if column.dtype.is_float())
    names = frame.columns
    return FileTable(
        table=Table(frame.select(each for each in names if request.wants(each)), "polars", names),
        source=Source(str(request.path)),
    )


def _sheet(names: list[str], request: Request) -> str:
    asked = request.options.sheet
    if asked in names:
        return str(asked)
    if asked is None and len(names) == 1:
        return names[0]
    raise DataError(f"{request.name} has the sheets {quote_all(names)}: name one of them (sheet, --sheet)")


def _without_empty_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows up to the last in which there is anything."""
    there = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return frame.head(int(there.arg_true()[-1]) + 1 if there.any() else 0)


def _whole(column: pl.Series) -> pl.Series:
    """A column of whole numbers as such: a spreadsheet keeps years and ids as numbers with a point."""
    whole = column.is_between(-(2**53), 2**53) & (column == column.round())
    return column.cast(pl.Int64) if whole.all() and column.null_count() < len(column) else column


def to_excel(table: pl.DataFrame) -> bytes:
    """A table as an Excel file; text stays text, whatever it begins with."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise LoopcastError(INSTALL) from error
    buffer = io.BytesIO()
    settings: dict[str, Any] = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(buffer, settings) as book:
        table.write_excel(book, "Sheet1", float_precision=6)
    return buffer.getvalue()
