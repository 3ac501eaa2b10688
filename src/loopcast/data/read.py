"""Panels out of files."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from loopcast.columns import STANDARD, Columns
from loopcast.data.build import AlignedTable, Freq, align, from_long
from loopcast.data.fill_table import fill_aligned, validate
from loopcast.data.future import future_covariates
from loopcast.data.panel import Panel
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table
from loopcast.data.text import MAX_UNPACKED, read_text
from loopcast.data.time_grid import Gaps
from loopcast.data.times import as_times
from loopcast.errors import DataError, printable, quote, reason
from loopcast.forks import check_not_forked


def read(
    path: str | os.PathLike[str],
    *,
    columns: Columns = STANDARD,
    freq: Freq = None,
    gaps: Gaps = "error",
    max_unpacked: int = MAX_UNPACKED,
) -> Panel:
    """A panel from a long table in a file: .csv, .tsv (either may be .gz) or .parquet.

    Text files are UTF-8 with a header; a comma (.csv) or a tab (.tsv) separates fields, and a point the decimals.
    In them ids are text (007 is not 7), times whole numbers or ISO 8601, and an empty field or NaN is missing. A static
    covariate is numbers where all its fields are, unless one would lose a zero in front (0501) or two would be one.
    max_unpacked: bytes that a compressed file may become; DataError for more.
    The other arguments are those of `Panel.from_table`. Forecasts are given as polars tables.

    Raises DataError, naming the file, the line or row and the cure, for a file that is not what it seems.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sales.csv"
    ...     _ = path.write_text("ds,y\\n2020-01-01,1\\n2020-02-01,2\\n")
    ...     str(read(path).schema.freq)
    'MS'
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(
            f"read takes the name of a file, got {type(path).__qualname__}: give a table to Panel.from_table"
        )
    file = Path(path)
    ending = _ending(file)
    _check_file(file)
    source = Source(str(file), lines=ending != ".parquet")
    table = ENDINGS[ending](file, columns, False, max_unpacked)
    return Panel(**vars(from_long(table, columns, freq, gaps, source)))


def read_future(path: str | os.PathLike[str], panel: Panel) -> Panel:
    """`panel` with the future covariates in a file, of the steps after the end of each series.

    The file is of a kind that `read` takes; what is to be in it, and the errors, are those of `Panel.with_future`.
    """
    file = Path(path)
    ending = _ending(file)
    _check_file(file)
    names = panel.schema.columns
    columns = Columns(id=names.id, time=names.time, target=names.future or names.target)
    table = ENDINGS[ending](file, columns, False, MAX_UNPACKED)
    return replace(panel, covariates=future_covariates(panel, table, Source(str(file), lines=ending != ".parquet")))


@dataclass(frozen=True, kw_only=True, eq=False)
class WholeFile:
    """A panel, and every column of the file that it came from, to give back with gaps filled.

    table: of text, as it is written, unless the file has types of its own; laid: its rows on the calendar.
    """

    panel: Panel
    table: Table
    laid: AlignedTable

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
    path: str | os.PathLike[str], *, columns: Columns = STANDARD, freq: Freq = None, gaps: Gaps = "error"
) -> WholeFile:
    """As `read`, with every column of the file kept.

    Errors are those of `read`, and DataError where inserted rows or filled gaps could not be written as the file is.
    """
    file = Path(path)
    ending = _ending(file)
    _check_file(file)
    table = ENDINGS[ending](file, columns, True, MAX_UNPACKED)
    laid = align(table, columns, freq, gaps, Source(str(file), lines=ending != ".parquet"))
    whole = WholeFile(panel=Panel(**vars(laid.parts)), table=table, laid=laid)
    nothing = np.zeros_like(whole.panel.values)
    whole.filled(nothing, np.isnan(whole.panel.values), {})  # what is wrong with the table shows before any training
    return whole


def _ending(file: Path) -> str:
    found = max((ending for ending in ENDINGS if file.name.lower().endswith(ending)), key=len, default=None)
    if found is None:
        raise DataError(
            f"{printable(str(file))}: the ending says which format a file has, and is one of {', '.join(ENDINGS)}; "
            "rename the file, "
            "or read it with pandas or polars and give the table"
        )
    return found


def _check_file(file: Path) -> None:
    check_not_forked()
    if not file.exists():
        raise DataError(f"{printable(str(file))}: no such file (looked in {printable(str(file.absolute().parent))})")
    if not file.is_file():
        raise DataError(f"{printable(str(file))} is a directory or a device, not a file: name one file")
    if file.stat().st_size == 0:
        raise DataError(f"{printable(str(file))} is empty: a panel needs a header and at least one row")


def _read_csv(path: Path, columns: Columns, every: bool, max_unpacked: int) -> Table:
    return read_text(path, columns, ",", every=every, max_unpacked=max_unpacked)


def _read_tsv(path: Path, columns: Columns, every: bool, max_unpacked: int) -> Table:
    return read_text(path, columns, "\t", every=every, max_unpacked=max_unpacked)


def _read_parquet(path: Path, columns: Columns, every: bool, _: int) -> Table:
    with path.open("rb") as file:
        start = file.read(4)
    if start != b"PAR1":
        raise DataError(
            f"{printable(str(path))} is no Parquet file (one starts with PAR1, this with {quote(start)}): is its "
            "ending right?"
        )
    try:
        names = list(pl.read_parquet_schema(path))
        wanted = (columns.id, columns.time, *columns.targets, *columns.covariates)
        frame = pl.read_parquet(path, columns=[n for n in names if every or n in wanted])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{printable(str(path))} is a damaged Parquet file: {reason(error)}") from error
    return Table(frame, "polars", names)


ENDINGS: dict[str, Callable[[Path, Columns, bool, int], Table]] = {
    ".csv": _read_csv,
    ".csv.gz": _read_csv,
    ".tsv": _read_tsv,
    ".tsv.gz": _read_tsv,
    ".parquet": _read_parquet,
}
