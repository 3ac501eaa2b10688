"""What commands print and write. Results go to standard output, everything else to standard error."""

import gzip
import io
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loopcast.cli.options import STANDARD_STREAM
from loopcast.errors import printable
from loopcast.storage.atomic import write_whole
from loopcast.tasks.plain import to_json

if TYPE_CHECKING:  # a table's library loads with the table
    import polars as pl

    from loopcast import Backtest, Forecaster, Leaderboard
    from loopcast.data.explanation import Explanation

MOST_ROWS, MOST_EXPLAINED = 60, 10
MOST_WIDE = 2000  # characters of a line where no terminal says how many: what reads it wants whole names
FORMULA = r"^[=+\-@\t\r]"  # how text begins that spreadsheets compute
HEADS = {"mase": "MASE", "smape": "sMAPE", "mae": "MAE", "rmse": "RMSE", "p_value": "p", "seed_spread": "over seeds"}


def say(text: str, *, file: TextIO | None = None) -> None:
    """Print lines in which names of others act on nothing."""
    print(printable(text, keep="\n"), file=file, flush=True)


def status(message: str, *, quiet: bool) -> None:
    """A line on standard error that says what happens now."""
    if not quiet:
        say(message, file=sys.stderr)


def show_forecast(table: "pl.DataFrame", unsure: str | None = None) -> None:
    """The forecast, or the beginning of a long one, and why it has no intervals where it has none."""
    show(table.head(MOST_ROWS))
    if table.height > MOST_ROWS:
        say(f"... and {table.height - MOST_ROWS} more rows: --output FILE.csv writes them all")
    if unsure is not None:
        say(f"No intervals: {unsure}.")


def show_check(board: "Leaderboard | None", unchecked: str | None, horizon: int) -> None:
    """The errors on the last part of the history and what they say, or why there are none."""
    if board is None:
        say(f"\nNot compared with the baselines: {unchecked}.")
        return
    say(f"\nErrors on the last {horizon} steps, forecast from those before (less is better):")
    show_board(board, ["model", "mase", "smape", "mae", "rmse", "skill", "p_value"])


def show_choices(forecasters: "Sequence[Forecaster]") -> None:
    """What forecasters that choose have chosen, and why."""
    for forecaster in forecasters:
        if not forecaster.chooses:
            continue
        say(f"\n{forecaster.name} took {forecaster.model.description.splitlines()[0]}")


def show_explanation(explanation: "Explanation | None") -> None:
    """What the forecasts of the first series are made of, where that was asked for."""
    if explanation is None:
        return
    count = explanation.panel.n_series * explanation.panel.n_channels
    say("\nWhat the forecasts are made of, on average over the steps:")
    for line in explanation.sentences(MOST_EXPLAINED):
        say(f"  {line}")
    if count > MOST_EXPLAINED:
        say(f"  ... and {count - MOST_EXPLAINED:,} more: --json has them all")


def show_backtest(done: "Backtest", board: "Leaderboard") -> None:
    """The leaderboard of a backtest."""
    cutoffs = f"{done.n_windows} cutoff{'s' * (done.n_windows > 1)}"
    targets = f" of {done.panel.n_channels} targets" if done.panel.n_channels > 1 else ""
    which = f"{done.panel.n_series} series{targets}"
    say(f"Forecasts of {done.horizon} steps from {cutoffs} of {which} (less error is better):")
    show_board(board, board.table.columns)


def show_board(board: "Leaderboard", columns: list[str]) -> None:
    """Those columns of a leaderboard that say something, the errors on each target, the notes and the verdict."""
    table = board.table.select(columns).drop("network", strict=False)
    table = table.select(name for name in table.columns if table[name].null_count() < table.height)
    show_scores(table)
    if board.targets is not None:
        say("\nBy target:")
        show_scores(board.targets.drop("network"))
    for line in (*board.notes, board.verdict):
        say(line)


def show_scores(table: "pl.DataFrame") -> None:
    """A row of errors for each model, with short numbers where more digits say nothing."""
    import polars as pl

    short = [name for name in table.columns if name.startswith("coverage-") or name.endswith("_seconds")]
    rounded = table.with_columns(table[name].round(2).cast(pl.String) for name in short).with_columns(
        pl.col(name).round(3).cast(pl.String) for name in ("p_value",) if name in table.columns
    )
    show(rounded.rename({name: HEADS.get(name, name) for name in table.columns}), digits="#.4g")


def show(table: "pl.DataFrame", digits: str = ".6g") -> None:
    """A table as text."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name, dtype in table.schema.items():
        drawn.add_column(Text(printable(name)), justify="right" if dtype.is_numeric() else "left", no_wrap=True)
    for row in table.iter_rows():
        drawn.add_row(*(Text(printable(cell(value, digits))) for value in row))
    Console(width=None if sys.stdout.isatty() else MOST_WIDE).print(drawn)


def cell(value: Any, digits: str) -> str:
    """A value as it stands in a printed table.

    >>> cell(1234.5678, ".6g"), cell(0.4, "#.4g"), cell(1234.0, "#.4g"), cell(None, ".6g")
    ('1234.57', '0.4000', '1234', '-')
    """
    if value is None:
        return "-"
    return f"{value:{digits}}".removesuffix(".") if isinstance(value, float) else str(value)


def print_object(value: Mapping[str, Any]) -> None:
    """One JSON object on one line, with the version; times are ISO 8601 or integers, a missing number is null."""
    print(to_json(value))


def write_table(table: "pl.DataFrame", path: Path, *, safe_csv: bool = False) -> None:
    """The forecast as a file of the format that its ending says, whole or not at all; `-` is text on standard output.

    safe_csv: in a text file, text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    ending, buffer = path.suffix.lower(), io.BytesIO()
    if ending == ".parquet":
        table.write_parquet(buffer)
    elif ending == ".feather":
        table.write_ipc(buffer)
    elif ending == ".xlsx":
        from loopcast.data.excel import to_excel

        buffer.write(to_excel(table))
    else:
        separator = "\t" if ending == ".tsv" else ","
        (without_formulas(table) if safe_csv else table).write_csv(buffer, separator=separator)
    if path == STANDARD_STREAM:
        sys.stdout.buffer.write(buffer.getvalue())
    else:
        data = buffer.getvalue()
        write_whole(path, gzip.compress(data, mtime=0) if ending == ".gz" else data)


def without_formulas(table: "pl.DataFrame") -> "pl.DataFrame":
    """The table with an apostrophe before each cell and name of text that a spreadsheet would take for a formula.

    Numbers stay as they are, also those that a filled file holds as text.
    """
    import polars as pl

    texts = [name for name, dtype in table.schema.items() if dtype in (pl.String, pl.Categorical, pl.Enum)]
    cells = pl.col(texts).cast(pl.String)
    formula = cells.str.contains(FORMULA) & cells.cast(pl.Float64, strict=False).is_null()
    safe = table.with_columns(pl.when(formula).then("'" + cells).otherwise(cells).name.keep())
    return safe.rename({name: f"'{name}" for name in table.columns if re.match(FORMULA, name)})


def write_page(page: bytes, path: Path) -> None:
    """A page as a file, whole or not at all."""
    write_whole(path, page)
