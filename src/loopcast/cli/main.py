"""The command line: which commands there are, and how it ends when something goes wrong."""

import io
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from loopcast.cli import interrupts
from loopcast.cli.config import with_config
from loopcast.cli.cure import UnreadError, whole_command
from loopcast.cli.interrupts import INTERRUPTED, TERMINATED, Terminated
from loopcast.cli.lines import lines_where_no_terminal
from loopcast.cli.verdict import WorseError
from loopcast.errors import DataError, LoopcastError, ModelFileError, OptionError, printable

BAD_INPUT, FAILED, WORSE = 2, 1, 3

app = App(
    name="loopcast",
    help="Forecast time series with recurrent networks, always beside the naive and the linear baseline.\n\n"
    "Any command with --write-config run.toml keeps its arguments, and with --config run.toml takes them from there; "
    "what is typed besides comes first.",
    version_flags=[],  # a command of that name knows more
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
# Named by import path, so that a command's libraries load when it runs and not before.
app.command(
    "loopcast.cli.forecast:forecast",
    help="Train on the series in a file, forecast them, compare with the baselines.\n\n"
    "Example: loopcast forecast examples/air_passengers.csv --horizon 12 --plot forecast.png",
)
app.command(
    "loopcast.cli.backtest:backtest",
    help="Forecast from past cutoffs with several models, and say which one to use.\n\n"
    "Example: loopcast backtest examples/air_passengers.csv --horizon 12 --n-windows 3 --report air.html",
)
app.command(
    "loopcast.cli.predict:predict",
    help="Forecast the series in a file with a saved model, without training.\n\n"
    "Example: loopcast predict air.loopcast examples/air_passengers.csv --horizon 6 --output forecast.csv",
)
app.command(
    "loopcast.cli.forecast_files:forecast_files",
    help="Forecast the series of many Parquet files, more than fit into memory, with one model.\n\n"
    "Example: loopcast forecast-files 'sales/*.parquet' --output forecasts --horizon 28 --jobs 2",
)
app.command(
    "loopcast.cli.impute:impute",
    help="Fill the gaps of the series in a file.\n\n"
    "Example: loopcast impute air_quality.csv --time hour --target co,no2 --gaps insert --output filled.csv",
)
app.command(
    "loopcast.cli.stream:stream",
    help="Follow series live: a row a line in, how surprising it is or a forecast out, and a state that survives.\n\n"
    "Example: tail -F sensors.jsonl | loopcast stream --state pumps.live --history pumps.csv",
)
app.command(
    "loopcast.cli.anomalies:anomalies",
    help="Find the rows of the series in a file that those before them do not lead to expect.\n\n"
    "Example: loopcast anomalies examples/air_passengers.csv --level 99",
)
app.command(
    "loopcast.cli.show:show",
    help="Say what is in a model file: what was fitted, on what and when, and its tags.\n\n"
    "Example: loopcast show air.loopcast",
)
app.command(
    "loopcast.cli.look:look",
    help="Look at a file: how it is written, what its columns seem to be, and the command that forecasts it.\n\n"
    "Example: loopcast look examples/air_passengers.csv",
)
app.command(
    "loopcast.cli.serve:serve",
    help="Serve forecasts over HTTP, and a page to drop a file on.\n\nExample: loopcast serve --models forecasts",
)
app.command(
    "loopcast.cli.serve:token",
    help="Print a new token for a server, whose hash alone is kept.\n\nExample: loopcast token grafana --scope read",
)
app.command("loopcast.cli.about:about", name="--version", help="Say which version this is; with --verbose, on what.")
app.command(
    "loopcast.cli.notebook:notebook",
    help="Run the experiments of the recurrent-network notebook, beside its own figures.\n\n"
    "Example: loopcast notebook --rows naive-1,linear-1,deep-rnn-1",
)


def main() -> None:
    """Run the command line of this process, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):  # what a terminal has no letter for is spelled out, and no reason to stop
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        interrupts.raise_interrupt()
        code = run(sys.argv[1:])
        interrupts.end_at_once()
    except BaseException:  # of whatever kind a library makes of Ctrl-C, or that it came again
        if not interrupts.was_interrupted():
            raise
        code = INTERRUPTED
    if code == INTERRUPTED:
        interrupts.end_at_once()
        sys.stdout.flush()
        interrupts.end()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; 0, or the exit code of what went wrong, with one or two lines on standard error.

    2 for what the caller can mend: arguments, options, data, a model file. 3 where --fail-if-worse-than says so.
    130 after Ctrl-C, 143 after a SIGTERM that ended in order. 1 for the rest.
    """
    try:
        with lines_where_no_terminal():
            app(with_config(app, with_streams(arguments)), exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        return fail(f"{error} (loopcast {command(arguments)}--help shows the options)", BAD_INPUT)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except UnreadError as error:
        return fail(f"{error}\nThis reads it: {whole_command(arguments, error.cure)}", BAD_INPUT)
    except (LoopcastError, OSError) as error:
        return fail(error, code_of(error))
    except (KeyboardInterrupt, Terminated) as stop:
        return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
    return 0


def with_streams(arguments: Sequence[str]) -> list[str]:
    """Arguments in which a hyphen that is a file, and so standard input or output, does not look like an option.

    >>> with_streams(["forecast", "-", "--na", "-", "--output", "-"])
    ['forecast', './-', '--na', '-', '--output', './-']
    """
    before = ["", *arguments]
    return [
        "./-" if each == "-" and (last in ("--output", "--future") or not last.startswith("--")) else each
        for last, each in zip(before, arguments, strict=False)
    ]


def code_of(error: Exception) -> int:
    """The exit code of an error."""
    if isinstance(error, DataError | OptionError | ModelFileError):
        return BAD_INPUT
    return WORSE if isinstance(error, WorseError) else FAILED


def command(arguments: Sequence[str]) -> str:
    """The command that was meant, for the hint."""
    return f"{arguments[0]} " if arguments and arguments[0] in app else ""


def fail(problem: object, code: int) -> int:
    print(printable(f"loopcast: {problem}", keep="\n"), file=sys.stderr)
    return code
