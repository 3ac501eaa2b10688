"""The table in the body of a request, whichever way it is written, as the reader of files takes it."""

import json
import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from loopcast.columns import Columns
from loopcast.data.read import WholeFile, read_future, read_whole
from loopcast.data.read_options import ReadOptions
from loopcast.errors import DataError, OptionError, quote, reason
from loopcast.service.limits import Limits
from loopcast.service.options import TableOptions

if TYPE_CHECKING:  # what looks at a table loads when one could not be read
    from loopcast.data.look import Proposal

NAME = "series"  # of the file that a body is kept in: what errors call it
TYPES = {  # of bodies, and the ending of their files
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".ndjson",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".feather",
    "application/vnd.apache.arrow.stream": ".arrows",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
MOST_UNPACKED = 16  # times the largest body, that an Excel file may become


def refuse(word: str) -> NoReturn:
    raise DataError(f"{word} is no JSON number: a missing value is null")


def finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise DataError(f"{digits[:40]} is too large a number")
    return number


def parse_json(content: bytes) -> Any:
    """JSON of finite numbers; DataError for anything else."""
    try:
        return json.loads(content, parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        text = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"the body is no JSON: {text}"[:200]) from error


def object_in(path: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    value = parse_json(path.read_bytes())
    if not isinstance(value, dict):
        raise DataError(f"the body is a JSON object, got {quote(value)}")
    return value


def table_of(rows: Any, name: str = "rows") -> pl.DataFrame:
    """Rows of plain values as a table; DataError for anything else."""
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        raise DataError(f'"{name}" is a list of objects, one for each row, got {quote(rows)}')
    try:
        table = pl.DataFrame(rows, infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        raise DataError(f"the rows make no table: {reason(error)}") from error
    nested = next((name for name, kind in table.schema.items() if kind.is_nested()), None)
    if nested is not None:
        raise DataError(f"a row has plain values, and {quote(nested)} holds several")
    return table


def typed_file(path: Path, rows: Any, name: str = "rows") -> Path:
    """Rows as a file whose columns have types, beside `path`."""
    file = path.with_name(f"{NAME if name == 'rows' else name}.feather")
    table_of(rows, name).write_ipc(file)
    return file


def stream_file(path: Path) -> Path:
    """An Arrow stream as an Arrow file, beside it."""
    file = path.with_suffix(".feather")
    try:
        pl.read_ipc_stream(path).write_ipc(file)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise DataError(f"the body is no Arrow stream: {reason(error)}") from error
    return file


def check_size(path: Path, limits: Limits) -> None:
    """DataError for a table that would be too large once it is read, before it is."""
    if path.suffix in (".csv", ".tsv"):
        limits.check_rows(path.read_bytes().count(b"\n") - 1)
    elif path.suffix == ".xlsx":
        _check_sheets(path, limits)
    elif path.suffix in (".parquet", ".feather"):
        scan = pl.scan_parquet if path.suffix == ".parquet" else pl.scan_ipc
        try:
            limits.check_rows(int(scan(path).select(pl.len()).collect().item()))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DataError(f"the body is a damaged {path.suffix[1:]} file: {reason(error)}") from error


def _check_sheets(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as file:
            size = sum(each.file_size for each in file.infolist())
    except zipfile.BadZipFile as error:
        raise DataError(f"the body is no Excel file: {reason(error)}") from error
    if size > MOST_UNPACKED * limits.body:
        raise DataError(f"the Excel file becomes {size:,} bytes when it is unpacked, too many: send CSV or Parquet")


def read_body(path: Path, asked: TableOptions, limits: Limits, *, every: bool = False, **like: Any) -> WholeFile:
    """The panel in a file, and its table; errors are those of `read`, and DataError for one that is too large.

    like: columns and freq of a model that it is for.
    """
    check_size(path, limits)
    columns = asked.columns(like["columns"]) if "columns" in like else asked.columns()
    options = asked.read_options()

    def step(closed: str | None, options: ReadOptions) -> Any:
        return asked.step(closed) or (None if options.resample else like.get("freq"))

    freq = step(asked.closed, options)
    try:
        whole = read_whole(path, columns=columns, freq=freq, gaps=asked.gaps, options=options, every=every)
    except DataError as error:
        raise with_cure(
            error, path, columns, options, lambda found: step(",".join(found.closed) or asked.closed, found.options)
        ) from error
    limits.check_table(whole.panel.n_series, whole.panel.n_rows)
    return whole


class UnreadBodyError(DataError):
    """A table that could not be read as was said. cure: options that read it, by name."""

    def __init__(self, message: str, cure: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.cure = dict(cure)


def with_cure(
    error: DataError, path: Path, columns: Columns, options: ReadOptions, step: Callable[["Proposal"], Any]
) -> DataError:
    """The error, with the options that read the table, on the calendar that is asked for, where a look finds some."""
    from loopcast.data.look import cure
    from loopcast.tasks.look import options_of

    found = cure(path, columns, options, step)
    return error if found is None else UnreadBodyError(str(error), options_of(found))


def with_future(whole: WholeFile, future: Path | None, asked: TableOptions) -> Any:
    """The panel of a body with what is known ahead; OptionError where it has no column for that."""
    if future is None:
        return whole.panel
    if not whole.panel.schema.columns.future:
        raise OptionError("no future covariates are named, so leave future out: name them with future_covariates")
    return read_future(future, whole.panel, asked.read_options())
