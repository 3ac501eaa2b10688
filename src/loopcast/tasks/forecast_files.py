"""Forecast the series of many files with one model, part by part: what `loopcast forecast-files` does."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import loopcast
from loopcast.columns import STANDARD, Bands, Columns
from loopcast.data.build import Freq
from loopcast.data.convert import check_compatible
from loopcast.data.panel import Panel
from loopcast.data.parts import PartRows, read_rows, series_parts
from loopcast.data.prediction import to_table
from loopcast.data.time_grid import Gaps
from loopcast.errors import DataError, LoopcastError, OptionError
from loopcast.models.forecaster import Forecaster
from loopcast.models.pretrained.forecaster import Pretrained
from loopcast.parallel.jobs import Job, Shared
from loopcast.parallel.places import On, check_on, open_runner
from loopcast.storage.atomic import write_whole
from loopcast.tasks.files_progress import FilesProgress, Tell, nothing
from loopcast.validation import check_positive

KEY = 12  # hexadecimal digits that tell what a part was made of


@dataclass(frozen=True, kw_only=True)
class FilesTask:
    """What is to be forecast, of all files alike.

    files: Parquet, each of whole series whose rows follow one another. output: the folder of the parts.
    model: a file that `save` wrote; None is the pretrained network as it is shipped.
    horizon: None is the model's. levels: percentages of intervals.
    freq: of the calendar; None is that of the model, or for each file that of its first part.
    seasons: of the pretrained network; None has the usual ones of the calendar.
    chunk_series: series that are in memory at once, in each of `n_jobs` jobs. on: where these run; on the machines of
        a cluster the files and the folder have the same names as here.
    """

    files: tuple[Path, ...]
    output: Path
    model: Path | None = None
    horizon: int | None = None
    levels: tuple[float, ...] = ()
    columns: Columns = STANDARD
    freq: Freq = None
    gaps: Gaps = "error"
    seasons: tuple[int, ...] | None = None
    chunk_series: int = 20_000
    n_jobs: int = 1
    on: On = "processes"

    @property
    def asked(self) -> str:
        """All that a forecast depends on, but for the series."""
        model = "Pretrained" if self.model is None else hashlib.sha256(self.model.read_bytes()).hexdigest()
        options = (self.horizon, self.levels, self.columns, self.freq, self.gaps, self.seasons, self.chunk_series)
        return repr((loopcast.__version__, model, options))


class FilePart(NamedTuple):
    """Some series of one file, and the file that their forecasts make. weight: its share of the file, in bytes."""

    path: Path
    rows: PartRows
    target: Path
    freq: Freq
    weight: float


class Done(NamedTuple):
    """What came of a part: how many series were forecast; error: why none were."""

    series: int
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class FilesResult:
    """parts, series: that were forecast now. finished: parts that were there. failures: by file, what was wrong."""

    parts: int
    finished: int
    series: int
    failures: dict[Path, str]


def forecast_files(task: FilesTask, *, status: Tell = nothing, problem: Tell = nothing) -> FilesResult:
    """Forecast each part of each file that is not finished yet, and write it to a file of its own, whole or not at all.

    A part is called after its file, all that it depends on (what is in the file, the model, the options), and its
    number: a run after an interruption goes on where it was. status: is told how far it has come. problem: what is
    wrong with a file, of which no further part is begun; the others go on.
    OptionError for options that mean nothing. LoopcastError where a part ended the process that did it twice.
    """
    saved = check(task)
    progress = FilesProgress(task.files, status, problem)
    begun: list[FilePart] = []

    def jobs(model: Shared) -> Iterator[Job]:
        for part in unfinished(task, progress):
            begun.append(part)
            there = part._replace(path=part.path.absolute(), target=part.target.absolute())
            yield Job(part.target.name, (task, there, model))

    with open_runner(task.on, task.n_jobs) as runner:
        for place, done in runner.run(forecast_part, jobs(runner.share(saved))):
            part = begun[place]
            if done.error is not None:
                progress.failed(part.path, done.error)
            else:
                progress.done(part.path, part.weight, done.series)
    return FilesResult(
        parts=progress.parts, finished=progress.finished, series=progress.series, failures=progress.failures
    )


def check(task: FilesTask) -> Forecaster | None:
    """The saved model, if one is to forecast; OptionError for what no file could be forecast with."""
    check_positive("chunk_series", task.chunk_series)
    check_positive("n_jobs", task.n_jobs)
    check_on(task.on)
    by_stem: dict[str, Path] = {}
    for path in task.files:
        other = by_stem.setdefault(path.stem, path)
        if other != path:
            raise OptionError(f"parts are called after their files, and {other} and {path} have one name: rename one")
    task.output.mkdir(exist_ok=True)
    if task.model is None:
        _shipped(task).steps_ahead(task.horizon)
        return None
    forecaster = loopcast.load(task.model)
    columns = forecaster.model.schema.columns
    if columns.covariates or columns.calendar or columns.countries:
        raise OptionError(f"{task.model} was fitted with covariates, which are not read here: use loopcast predict")
    why = forecaster.model.why_no_quantiles(forecaster.steps_ahead(task.horizon)) if task.levels else None
    if why is not None:
        raise OptionError(f"{task.model} cannot say how sure it is: {why}; ask for no intervals (--level none)")
    return forecaster


def unfinished(task: FilesTask, progress: FilesProgress) -> Iterator[FilePart]:
    """The parts that are still to be forecast; a file that cannot be read is noted."""
    asked = task.asked
    for path in task.files:
        try:
            parts = parts_of(task, path, asked)
        except (LoopcastError, OSError) as error:
            progress.failed(path, str(error))
            continue
        for part in parts:
            if part.target.exists():
                progress.found(path, part.weight)
            elif path not in progress.failures:
                yield part


def parts_of(task: FilesTask, path: Path, asked: str) -> list[FilePart]:
    """The parts of a file; DataError where parts of another file, or made with other options, have its name."""
    ranges = series_parts(path, task.columns, task.chunk_series)
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    key = hashlib.sha256(f"{asked} {content}".encode()).hexdigest()[:KEY]
    _refuse_stale(task.output, path.stem, key)
    count, size = len(ranges), path.stat().st_size
    total = sum(rows.length for rows in ranges)
    names = [task.output / f"{path.stem}.{key}.{i:05}-of-{count:05}.parquet" for i in range(1, count + 1)]
    freq = task.freq
    if freq is None and task.model is None and not all(name.exists() for name in names):
        first = Panel.from_table(read_rows(path, task.columns, ranges[0]), task.columns, gaps=task.gaps)
        freq = first.schema.freq.alias
    return [
        FilePart(path, rows, name, freq, size * rows.length / total) for rows, name in zip(ranges, names, strict=True)
    ]


def _refuse_stale(folder: Path, stem: str, key: str) -> None:
    name = re.compile(rf"{re.escape(stem)}\.([0-9a-f]{{{KEY}}})\.\d+-of-\d+\.parquet")
    for found in folder.iterdir():
        parts = name.fullmatch(found.name)
        if parts is not None and parts[1] != key:
            raise DataError(
                f"{folder} has forecasts of a file of this name that were made with other options, or before the file "
                f"changed: remove {folder / stem}.{parts[1]}.*.parquet, or name another folder"
            )


def forecast_part(asked: tuple[FilesTask, FilePart, Shared]) -> Done:
    """Forecast one part, and write it."""
    task, part, shared = asked
    try:
        saved: Forecaster | None = shared.value()
        panel = _panel(task, part, saved)
        forecaster = saved or _shipped(task).fit_panel(panel, calibrate=False)
        steps, bands = forecaster.steps_ahead(task.horizon), Bands.of(task.levels)
        buffer = io.BytesIO()
        to_table([forecaster.model.predict_bands(panel, steps, bands)]).write_parquet(buffer)
        write_whole(part.target, buffer.getvalue())
    except (LoopcastError, OSError) as error:
        first, length = part.rows
        return Done(0, f"in its rows {first + 1:,} to {first + length:,}: {error}")
    return Done(panel.n_series)


def _panel(task: FilesTask, part: FilePart, saved: Forecaster | None) -> Panel:
    columns, freq, like = task.columns, part.freq, None
    if saved is not None:
        like = saved.model.schema
        freq = freq or like.freq.alias
    panel = Panel.from_table(read_rows(part.path, columns, part.rows), columns, freq=freq, gaps=task.gaps)
    if like is not None:
        check_compatible(panel.schema, like)
    return panel


def _shipped(task: FilesTask) -> Forecaster:
    """The pretrained network, which nothing here trains."""
    return Pretrained(horizon=task.horizon, seasons=task.seasons, tune=0)
