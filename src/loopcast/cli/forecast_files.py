"""loopcast forecast-files: forecast the series of many files, which need not fit into memory."""

import sys
from glob import glob, has_magic
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.options import Freq, GapsOption, Id, Jobs, Level, On, Quiet, Season, Target, Time
from loopcast.columns import STANDARD, Columns
from loopcast.errors import LoopcastError, OptionError
from loopcast.tasks.texts import levels, resolve_columns

PRETRAINED = "Pretrained"


def forecast_files(
    files: Annotated[
        list[str],
        Parameter(help="Parquet files, or a pattern; in each are whole series, one after the other.", negative=""),
    ],
    /,
    *,
    output: Annotated[Path, Parameter(metavar="FOLDER", help="Where the forecasts go: a file for each part.")],
    horizon: Annotated[int | None, Parameter(help="Steps ahead [as trained].")] = None,
    model: Annotated[
        str, Parameter(metavar="MODEL", help="A model that --save wrote, or the network as it is shipped.")
    ] = PRETRAINED,
    level: Level = "80,95",
    chunk_series: Annotated[int, Parameter(metavar="N", help="Series of a part, in memory at once.")] = 20_000,
    jobs: Jobs = 1,
    on: On = "processes",
    id_: Id = None,
    time: Time = None,
    target: Target = None,
    freq: Freq = None,
    gaps: GapsOption = "error",
    season: Season = None,
    quiet: Quiet = False,
) -> None:
    """Forecast the series in many FILES part by part; a run after an interruption goes on where it was."""
    found, wanted = expanded(files), levels(level)
    from loopcast.tasks.forecast_files import FilesTask
    from loopcast.tasks.forecast_files import forecast_files as run

    saved = None if model == PRETRAINED else Path(model)
    if saved is not None and season is not None:
        raise OptionError(f"{model} has its season: leave --season out")
    task = FilesTask(
        files=found, output=output, model=saved, horizon=horizon, levels=wanted, freq=freq, gaps=gaps,
        columns=resolve_columns(id_, time, target, columns_of(saved)), seasons=season, chunk_series=chunk_series,
        n_jobs=jobs, on=on,
    )  # fmt: skip
    result = run(
        task,
        status=lambda message: printing.status(message, quiet=quiet),
        problem=lambda message: printing.say(f"loopcast: {message}", file=sys.stderr),
    )
    before = f" ({result.finished:,} parts were there)" if result.finished else ""
    printing.say(f"{result.series:,} series are forecast, in {result.parts:,} parts{before}: {output}")
    if result.failures:
        raise LoopcastError(f"{len(result.failures)} of {len(found)} files could not be forecast, as said above")


def expanded(files: list[str]) -> tuple[Path, ...]:
    """The files that are named, each once, those of a pattern in order; OptionError for a pattern that fits none."""
    found: dict[Path, None] = {}
    for each in files:
        pattern = has_magic(each) and not Path(each).exists()
        names = sorted(glob(each)) if pattern else [each]  # noqa: PTH207 - a pattern may begin anywhere
        if not names:
            raise OptionError(f"no file is called {each}")
        found.update(dict.fromkeys(map(Path, names)))
    return tuple(found)


def columns_of(model: Path | None) -> Columns:
    """The usual columns: those of the model."""
    return STANDARD if model is None else loopcast.load(model).model.schema.columns
