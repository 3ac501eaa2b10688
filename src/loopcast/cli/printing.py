"""What commands print and write. Results go to standard output, everything else to standard error."""

import io
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loopcast import __version__
from loopcast.forecasters.atomic import write_whole

if TYPE_CHECKING:  # a table's library loads with the table
    import polars as pl

    from loopcast import HoldoutResult

MOST_ROWS = 60


def status(message: str, *, quiet: bool) -> None:
    """A line on standard error that says what happens now."""
    if not quiet:
        print(message, file=sys.stderr, flush=True)


def show_forecast(table: "pl.DataFrame") -> None:
    """The forecast, or the beginning of a long one."""
    show(table.head(MOST_ROWS))
    if table.height > MOST_ROWS:
        print(f"... and {table.height - MOST_ROWS} more rows: --output FILE.csv writes them all")


def show_check(result: "HoldoutResult | None", unchecked: str | None) -> None:
    """The errors on the last part of the history and what they say, or why there are none."""
    if result is None:
        print(f"\nNot compared with the baselines: {unchecked}.")
        return
    names = {"model": "model", "mase": "MASE", "smape": "sMAPE", "mae": "MAE", "rmse": "RMSE"}
    print(f"\nErrors on the last {result.horizon} steps, forecast from those before (less is better):")
    show(result.scores.select(*names).rename(names), digits="#.4g")
    for line in (*result.notes, result.verdict()):
        print(line)


def show(table: "pl.DataFrame", digits: str = ".6g") -> None:
    """A table as text."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name, dtype in table.schema.items():
        drawn.add_column(Text(name), justify="right" if dtype.is_numeric() else "left", no_wrap=True)
    for row in table.iter_rows():
        drawn.add_row(*(Text(cell(value, digits)) for value in row))
    Console(width=None if sys.stdout.isatty() else 200).print(drawn)


def cell(value: Any, digits: str) -> str:
    """A value as it stands in a printed table.

    >>> cell(1234.5678, ".6g"), cell(0.4, "#.4g"), cell(None, ".6g")
    ('1234.57', '0.4000', '-')
    """
    if value is None:
        return "-"
    return f"{value:{digits}}" if isinstance(value, float) else str(value)


def print_json(
    table: "pl.DataFrame", *, models: Mapping[str, str], check: "HoldoutResult | None", unchecked: str | None
) -> None:
    """One JSON object on one line.

    loopcast    version
    models      by name, what was chosen and why, in words
    forecast    rows: the id and time columns under their own names, and a number per model
    check       null, or horizon, season, scores (rows: model, network, smape, mase, mae, rmse), verdict, notes
    unchecked   null, or why there is no check

    Times are ISO 8601 or integers; a number that is missing or infinite is null.
    """
    checked = check and {
        "horizon": check.horizon,
        "season": check.season,
        "scores": check.scores.to_dicts(),
        "verdict": check.verdict(),
        "notes": check.notes,
    }
    whole = {
        "loopcast": __version__,
        "models": dict(models),
        "forecast": table.to_dicts(),
        "check": checked,
        "unchecked": unchecked,
    }
    print(json.dumps(plain(whole), allow_nan=False))


def plain(value: Any) -> Any:
    """`value` in what JSON knows."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else value.isoformat()


def write_table(table: "pl.DataFrame", path: Path) -> None:
    """The forecast as a .csv or .parquet file, whole or not at all."""
    buffer = io.BytesIO()
    if path.suffix.lower() == ".parquet":
        table.write_parquet(buffer)
    else:
        table.write_csv(buffer)
    write_whole(path, buffer.getvalue())
