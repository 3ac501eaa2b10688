"""The options that commands share, and checks that need nothing but the arguments."""

import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from loopcast.errors import OptionError
from loopcast.storage.atomic import target_of
from loopcast.tasks.texts import whole_numbers

if TYPE_CHECKING:
    from loopcast.data.build import Freq as Step

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
Closed = Annotated[
    str | None,
    Parameter(
        metavar="SUN,2026-12-25|FILE",
        help="Of daily series: weekdays and days without rows, which are not forecast; or a file with one in a line.",
    ),
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


# One text of whole numbers, such as 24,168; what they are, each option says.
WHOLE_NUMBERS = Parameter(
    converter=lambda _, tokens: whole_numbers(tokens[0].value), n_tokens=1, negative="", metavar="N,N"
)
Season = Annotated[
    tuple[int, ...] | None,
    WHOLE_NUMBERS,
    Parameter(help="Steps in a season, or in a shorter and a longer one, such as 24,168 [usual for the calendar]."),
]
Budget = Annotated[str, Parameter(metavar="TIME", help="About how long Auto may take, such as 60s or 2m.")]
FailIfWorseThan = Annotated[
    str | None,
    Parameter(metavar="MODEL", help="End with exit code 3 where this model has a smaller error than the network."),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON object instead of tables.")]
Explain = Annotated[
    bool, Parameter(negative="", help="Say what the forecasts are made of, also in --report and --json.")
]
SafeCsv = Annotated[
    bool,
    Parameter(negative="", help="In --output FILE.csv put an apostrophe before text that spreadsheets would compute."),
]
Jobs = Annotated[int, Parameter(metavar="N", help="Processes that compute at once, each on cores of its own.")]
On = Annotated[
    Literal["processes", "ray"],
    Parameter(help="Where these run: on this machine, or on the Ray cluster that RAY_ADDRESS names."),
]
Quiet = Annotated[bool, Parameter(negative="", help="Show no progress.")]

STANDARD_STREAM = Path("-")  # standard input, or standard output
TABLE_ENDINGS = (".csv", ".csv.gz", ".tsv", ".parquet", ".feather", ".xlsx")
PLOT_ENDINGS = (".png", ".svg", ".html")
REPORT_ENDINGS = (".html",)


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


def stated_freq(freq: int | str | None, closed: str | None) -> "Step":
    """The step of the calendar that was stated, with closed days where there are some."""
    if closed is None:
        return freq
    from loopcast.data.open_days import closed_in, daily_step

    return daily_step(freq, closed_in(closed))
