"""Panels out of files."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from loopcast.columns import STANDARD, Columns
from loopcast.data.as_stated import StatedTable, as_stated
from loopcast.data.build import AlignedTable, Freq, align
from loopcast.data.excel import read_excel
from loopcast.data.file_request import STANDARD_INPUT, FileTable, Request
from loopcast.data.fill_table import fill_aligned, validate
from loopcast.data.future import future_covariates
from loopcast.data.panel import Panel
from loopcast.data.read_options import USUAL, ReadOptions
from loopcast.data.resample import Resampled, resampled
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table
from loopcast.data.text import read_text
from loopcast.data.time_grid import Gaps
from loopcast.data.times import as_times
from loopcast.errors import DataError, OptionError, ValuesError, printable, quote, reason
from loopcast.forks import check_not_forked


def read(
    path: str | os.PathLike[str],
    *,
    columns: Columns = STANDARD,
    freq: Freq = None,
    gaps: Gaps = "error",
    options: ReadOptions = USUAL,
) -> Panel:
    """A panel from a table in a file: .csv, .tsv (either may be .gz), .parquet, .feather or .xlsx.

    Text files are UTF-8 with a header; a comma (.csv) or a tab (.tsv) separates fields, and a point the decimals;
    `options` say where a file is written otherwise, has a column for each series, or times that are on no calendar.
    In them ids are text (007 is not 7), times whole numbers or ISO 8601, and an empty field or NaN is missing. A static
    covariate is numbers where all its fields are, unless one would lose a zero in front (0501) or two would be one; one
    that is past or future is numbers, true and false, or yes and no. A path of "-" reads a .csv from standard input,
    and .xlsx needs `pip install loopcast[excel]`.
    The other arguments are those of `Panel.from_table`. Forecasts are given as polars tables.

    Raises DataError, naming the file, the line or row and the cure, for a file that is not what it seems.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sales.csv"
    ...     _ = path.write_text("day;sold\\n31.1.2020;1,5\\n29.2.2020;2,5\\n")
    ...     german = ReadOptions(separator=";", decimal=",", time_format="%d.%m.%Y")
    ...     panel = read(path, columns=Columns(time="day", target="sold"), options=german)
    >>> str(panel.schema.freq), panel.values.ravel().tolist()
    ('ME', [1.5, 2.5])
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(
            f"read takes the name of a file, got {type(path).__qualname__}: give a table to Panel.from_table"
        )
    return read_whole(path, columns=columns, freq=freq, gaps=gaps, options=options, every=False).panel


def read_future(path: str | os.PathLike[str], panel: Panel, options: ReadOptions = USUAL) -> Panel:
    """`panel` with the future covariates in a file, of the steps after the end of each series.

    The file is of a kind that `read` takes; what is to be in it, and the errors, are those of `Panel.with_future`.
    """
    names = panel.schema.columns
    columns = Columns(id=names.id, time=names.time, target=names.target, future=names.future)
    alike = replace(options, resample=None, aggregate=None, categories=(), layout="long")
    try:
        stated = open_stated(Path(path), columns, alike)
    except DataError as error:
        if isinstance(error, ValuesError):  # of a cell, and of no option
            raise
        raise DataError(  # it may name an option, that the file of the series is read by too
            f"{error}. What is known ahead is read by the options of the series: write both alike"
        ) from error
    return replace(panel, covariates=future_covariates(panel, stated.table, stated.source))


@dataclass(frozen=True, kw_only=True, eq=False)
class WholeFile:
    """A panel, and the table that it was made of, to give back with gaps filled.

    table: of text, as it is written, unless the file has types of its own; laid: its rows on the calendar.
    resampled: how the rows became those of the panel, where they were resampled.
    """

    panel: Panel
    table: Table
    laid: AlignedTable
    resampled: Resampled | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the rows, in sentences."""
        return () if self.resampled is None else (self.resampled.sentence(self.panel.n_rows),)

    def check_fillable(self) -> "WholeFile":
        """Itself; DataError, before any training, where its gaps could not be written as the file is."""
        self.filled(np.zeros_like(self.panel.values), np.isnan(self.panel.values), {})
        return self

    def filled(self, values: np.ndarray, marks: np.ndarray, extra: Mapping[str, np.ndarray]) -> pl.DataFrame:
        """The table with its gaps filled, as `fill_table`; what was not filled is as it was written."""
        done: pl.DataFrame = fill_aligned(self.table, self.laid, self.panel, validate(self.panel, values, marks, extra))
        return done.with_columns(done[name].fill_nan(None) for name in extra)

    def with_types(self, filled: pl.DataFrame) -> pl.DataFrame:
        """`filled` for a file with types of its own: targets are numbers and times are times; all else is text."""
        schema = self.panel.schema
        time = filled[schema.columns.time]
        plain = schema.freq.unit == "int"
        times = as_times(time, SeriesIndex.one(time.name, len(time), Source()), plain=plain)
        return filled.with_columns(pl.col(self.panel.targets).cast(pl.Float64), times)


def read_whole(
    path: str | os.PathLike[str],
    *,
    columns: Columns = STANDARD,
    freq: Freq = None,
    gaps: Gaps = "error",
    options: ReadOptions = USUAL,
    every: bool = True,
) -> WholeFile:
    """As `read`, with the table that the panel was made of; every: with all its columns, to give it back.

    Errors are those of `read`, and with every column DataError where inserted rows or filled gaps could not be written
    as the file is.
    """
    stated = open_stated(Path(path), columns, options, every=every)
    done, given = None, (stated.table, freq, gaps, stated.source)
    if options.resample is not None:
        if freq is not None:
            raise OptionError("resample states the step of the calendar, so leave freq (--freq) out")
        done = resampled(stated.table, stated.columns, options, stated.source)
        table = Table(done.frame, "polars", done.frame.columns)
        given = (table, done.freq, "insert", Source(stated.source.file))
    table, freq, gaps, source = given
    laid = align(table, stated.columns, freq, gaps, source)
    whole = WholeFile(panel=Panel(**vars(laid.parts)), table=table, laid=laid, resampled=done)
    return whole.check_fillable() if every else whole


def open_stated(file: Path, columns: Columns, options: ReadOptions, *, every: bool = False) -> StatedTable:
    """The table in a file as it is meant."""
    if not isinstance(options, ReadOptions):
        raise OptionError(f"options are ReadOptions(separator=..., decimal=..., ...), got {quote(options)}")
    if not isinstance(columns, Columns):
        raise OptionError(f"columns is a Columns(id=..., time=..., target=...), got {quote(columns)}")
    check_not_forked()
    ending = ending_of(file)
    check_file(file)
    request = Request(path=file, ending=ending, columns=columns, options=options, every=every)
    found = ENDINGS[ending](request)
    return as_stated(StatedTable(table=found.table, columns=columns, source=found.source), options)


def ending_of(file: Path) -> str:
    """The ending that says which format a file has, that of .csv for standard input; DataError for another one."""
    if file == STANDARD_INPUT:
        return ".csv"
    found = max((ending for ending in ENDINGS if file.name.lower().endswith(ending)), key=len, default=None)
    if found is None:
        raise DataError(
            f"{printable(str(file))}: the ending says which format a file has, and is one of {', '.join(ENDINGS)}; "
            "rename the file, "
            "or read it with pandas or polars and give the table"
        )
    return found


def check_file(file: Path) -> None:
    """DataError for what is no file with something in it."""
    if file == STANDARD_INPUT:
        return
    if not file.exists():
        raise DataError(f"{printable(str(file))}: no such file (looked in {printable(str(file.absolute().parent))})")
    if not file.is_file():
        raise DataError(f"{printable(str(file))} is a directory or a device, not a file: name one file")
    if file.stat().st_size == 0:
        raise DataError(f"{printable(str(file))} is empty: a panel needs a header and at least one row")


def _read_parquet(request: Request) -> FileTable:
    _check_start(request, b"PAR1", "Parquet")
    return _typed(request, "Parquet", pl.read_parquet_schema, pl.read_parquet)


def _read_feather(request: Request) -> FileTable:
    _check_start(request, b"ARROW1", "Feather")
    return _typed(request, "Feather", pl.read_ipc_schema, pl.read_ipc)


def _check_start(request: Request, mark: bytes, format_name: str) -> None:
    with request.path.open("rb") as file:
        start = file.read(len(mark))
    if start != mark:
        raise DataError(
            f"{request.name} is no {format_name} file (one starts with {mark.decode()}, this with {quote(start)}): is "
            "its ending right?"
        )


def _typed(
    request: Request, format_name: str, names_of: Callable[..., Mapping[str, object]], load: Callable[..., pl.DataFrame]
) -> FileTable:
    """The table in a file whose columns have types."""
    try:
        names = list(names_of(request.path))
        frame = load(request.path, columns=[name for name in names if request.wants(name)])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{request.name} is a damaged {format_name} file: {reason(error)}") from error
    return FileTable(table=Table(frame, "polars", names), source=Source(str(request.path)))


ENDINGS: dict[str, Callable[[Request], FileTable]] = {
    ".csv": read_text,
    ".csv.gz": read_text,
    ".tsv": read_text,
    ".tsv.gz": read_text,
    ".parquet": _read_parquet,
    ".feather": _read_feather,
    ".xlsx": read_excel,
}
