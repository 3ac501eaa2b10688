"""The options that commands share, and checks that need nothing but the arguments."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

from loopcast.columns import STANDARD, Bands, Columns
from loopcast.errors import OptionError
from loopcast.storage.atomic import target_of

Id = Annotated[str | None, Parameter(name="--id", help="Column that tells series apart [unique_id].")]
Time = Annotated[
    str | None, Parameter(metavar="A,B", help="Column of times, or several: year,month,day,hour or texts [ds].")
]
Target = Annotated[
    str | None, Parameter(metavar="A,B", help="Column of numbers to forecast, or several with commas between [y].")
]
# int first: the step of integer times is a number
Freq = Annotated[
    int | str | None,
    Parameter(metavar="STEP", help="Step of the calendar: MS, D, h, 15min, or 1 for integers [inferred]."),
]
GapsOption = Annotated[
    Literal["error", "insert"], Parameter(help="What to do with times that have no row: stop, or insert as missing.")
]
Output = Annotated[
    Path | None,
    Parameter(help="Write the table: .csv, .csv.gz, .tsv, .parquet, .feather, .xlsx, or - for standard output."),
]
Plot = Annotated[Path | None, Parameter(help="Draw the forecast: .png, .svg or .html.")]
Report = Annotated[Path | None, Parameter(help="Write a page to look at and pass on: .html, with all it needs inside.")]
Level = Annotated[str, Parameter(metavar="P,P", help="Percentages of the intervals, such as 80,95, or none.")]


def whole_numbers(_: Any, tokens: Sequence[Token]) -> tuple[int, ...]:
    """`24,168` as (24, 168)."""
    parts = tokens[0].value.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise ValueError(f"these are whole numbers with commas between, such as 24,168, not {tokens[0].value!r}")
    return tuple(int(part) for part in parts)


Season = Annotated[
    tuple[int, ...] | None,
    Parameter(
        converter=whole_numbers,
        n_tokens=1,
        negative="",
        metavar="N,N",
        help="Steps in a season, or in a shorter and a longer one, such as 24,168 [usual for the calendar].",
    ),
]
Budget = Annotated[str, Parameter(metavar="TIME", help="About how long Auto may take, such as 60s or 2m.")]
FailIfWorseThan = Annotated[
    str | None,
    Parameter(metavar="MODEL", help="End with exit code 3 where this model has a smaller error than the network."),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object instead of tables.")]
SafeCsv = Annotated[
    bool,
    Parameter(negative="", help="In --output FILE.csv put an apostrophe before text that spreadsheets would compute."),
]
Quiet = Annotated[bool, Parameter(negative="", help="Show no progress.")]

STANDARD_STREAM = Path("-")  # standard input, or standard output
TABLE_ENDINGS = (".csv", ".csv.gz", ".tsv", ".parquet", ".feather", ".xlsx")
PLOT_ENDINGS = (".png", ".svg", ".html")
REPORT_ENDINGS = (".html",)


def levels(text: str) -> tuple[float, ...]:
    """`80,95` as (80, 95), `none` as (); OptionError for what is no percentage.

    >>> levels("95,80"), levels("none")
    ((80, 95), ())
    """
    if text == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise OptionError(f"--level is percentages with commas between, such as 80,95, or none; got {text!r}")
    return Bands.of(level=[float(part) if "." in part else int(part) for part in parts]).levels


def parse_names(option: str, text: str) -> tuple[str, ...]:
    """`pm25,no2` as ('pm25', 'no2'); OptionError, which names the option, for a name that is empty.

    >>> parse_names("target", "pm25, no2")
    ('pm25', 'no2')
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        said = option.replace("_", "-")
        raise OptionError(f"--{said} is one name, or several with commas between, such as pm25,no2; got {text!r}")
    return names


def resolve_columns(id_: str | None, time: str | None, target: str | None, usual: Columns = STANDARD) -> Columns:
    """The columns that --id, --time and --target name; those that were not given are as `usual`.

    >>> resolve_columns(None, "day", "pm25,no2")
    Columns(time='day', target=('pm25', 'no2'))
    """
    targets = usual.targets if target is None else parse_names("target", target)
    whole = usual.time if time is None or time_parts(time) else time
    return replace(usual, id=id_ or usual.id, time=whole, target=targets if len(targets) > 1 else targets[0])


def time_parts(time: str | None) -> tuple[str, ...]:
    """The columns that make up the time, where --time names several.

    >>> time_parts("year,month"), time_parts("day")
    (('year', 'month'), ())
    """
    names = () if time is None else parse_names("time", time)
    return names if len(names) > 1 else ()


def check_outputs(
    *sources: Path | None,
    output: Path | None = None,
    plot: Path | None = None,
    save: Path | None = None,
    report: Path | None = None,
) -> None:
    """Refuse, before any work, a file that could not be written or is one of the `sources`; OptionError says why."""
    outputs = {
        "--output": (output, TABLE_ENDINGS),
        "--plot": (plot, PLOT_ENDINGS),
        "--report": (report, REPORT_ENDINGS),
        "--save": (save, None),
    }
    given = [(option, path, endings) for option, (path, endings) in outputs.items() if path is not None]
    for option, path, endings in given:
        check_output(option, path, endings)
        read = [source for source in sources if source is not None and source != STANDARD_STREAM]
        if any(same_file(path, source) for source in read):
            raise OptionError(f"{option} {path} would overwrite a file that is read; name another")
    if any(same_file(one, other) for (_, one, _), (_, other, _) in combinations(given, 2)):
        raise OptionError(f"{', '.join(option for option, _, _ in given)} are different files, got one twice")


def check_plot(plot: Path | None) -> None:
    """`check_outputs` for a command that reads no file."""
    if plot is not None:
        check_output("--plot", plot, PLOT_ENDINGS)


def check_output(option: str, path: Path, endings: tuple[str, ...] | None) -> None:
    """Refuse a wrong ending, what is no file that can be written, and a folder that is missing or closed."""
    if path == STANDARD_STREAM and endings == TABLE_ENDINGS:
        return
    if endings is not None and not path.name.lower().endswith(endings):
        raise OptionError(f"{option} is a file ending in {' or '.join(endings)}, got {path}")
    try:
        folder = target_of(path).parent
    except OptionError as error:
        raise OptionError(f"{option}: {error}") from error
    if not folder.is_dir():
        raise OptionError(f"{option} {path}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise OptionError(f"{option} {path}: the folder {folder} cannot be written to")


def has_types(path: Path) -> bool:
    """Whether the columns of a table have types in a file of this name; in text they have none."""
    return path.suffix.lower() in (".parquet", ".feather", ".xlsx")


def same_file(one: Path, other: Path) -> bool:
    """Whether two names are of one file, however spelled or linked."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)
