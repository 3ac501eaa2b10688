"""Cross-validation with a rolling origin: forecasts from past cutoffs beside what came, and what each model cost."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from loopcast.errors import LengthError, OptionError
from loopcast.forecasters.base import Forecaster, positive
from loopcast.forecasters.conformal import check_level
from loopcast.forecasters.finished import finished_in
from loopcast.forecasters.origins import Origins
from loopcast.forecasters.rounds import Part, Round
from loopcast.forecasters.waiting import waiting
from loopcast.frames.panel import Panel, as_panel

Short = Literal["error", "leave out"]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One model in a backtest.

    name: of its column; network: whether it is one, and so has to beat the others, its baselines.
    fit_seconds, predict_seconds: over all cutoffs and seeds together.
    parameters: how many numbers its fit set; None where that means nothing.
    description: what it chose and why, in words.
    code: the Python expression that makes it.
    failures: per cutoff at which it failed, what it said; those forecasts are missing (null) in the table.
    """

    name: str
    network: bool
    fit_seconds: float
    predict_seconds: float
    parameters: int | None
    description: str
    code: str
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Backtest:
    """Forecasts of every model from the same cutoffs.

    table: a polars table, a row per series, cutoff and time: the id (always there), the time, `cutoff` (the last time
        that was known), the target as it came, and per model a column of forecasts `NAME`, then for each of `level`
        (ascending, in percent) `NAME-lo-80` and `NAME-hi-80`. Sorted by series (in the panel's order), cutoff, time.
        Columns but `cutoff` are called as in the panel's template.
    panel: the whole history of the series compared, the windows included.
    horizon, windows, step: how far ahead, from how many cutoffs, how many steps apart.
    season: steps in a season, for scaled errors.
    seeds: further tables of the same rows and point forecasts only, one for each seed but the first.
    notes: what to know in order to read the table, in plain sentences.
    """

    table: pl.DataFrame
    panel: Panel
    horizon: int
    windows: int
    step: int
    season: int
    level: tuple[float, ...]
    models: tuple[Ran, ...]
    seeds: tuple[pl.DataFrame, ...] = ()
    notes: tuple[str, ...] = ()


def cross_validation(  # noqa: PLR0913 - as for `backtest`
    models: "Forecaster[Any] | Sequence[Forecaster[Any]]",
    data: Any,
    horizon: int,
    *,
    windows: int = 1,
    step: int | None = None,
    refit: bool | int = False,
    level: Sequence[float] = (),
    short: Short = "error",
    keep: str | os.PathLike[str] | None = None,
    show_progress: bool | None = None,
) -> Any:
    """What the models would have forecast at past cutoffs, as a table of the kind that came in.

    A row per series, cutoff and time, with `cutoff`, the target as it came and a column per model (and with `level`
    its intervals); missing where a model failed. See `backtest`, which gives this and more, for arguments and errors.

    >>> from loopcast.forecasters.baselines import Drift, Naive
    >>> panel = Panel.from_array(np.arange(9.0).reshape(1, 9, 1))
    >>> cross_validation([Naive(), Drift()], panel, 2, windows=2, step=1).columns
    ['unique_id', 'ds', 'cutoff', 'y', 'Naive', 'Drift']
    """
    done = backtest(
        models,
        data,
        horizon,
        windows=windows,
        step=step,
        refit=refit,
        level=level,
        short=short,
        keep=keep,
        show_progress=show_progress,
    )
    return done.panel.as_came(done.table)


def backtest(  # noqa: PLR0913 - what is asked of a backtest, all of it by name
    models: "Forecaster[Any] | Sequence[Forecaster[Any]]",
    data: Any,
    horizon: int,
    *,
    windows: int = 1,
    step: int | None = None,
    refit: bool | int = False,
    level: Sequence[float] = (),
    season: int | None = None,
    seeds: int = 1,
    short: Short = "error",
    keep: str | os.PathLike[str] | None = None,
    show_progress: bool | None = None,
) -> Backtest:
    """Forecast `horizon` steps from each of the last `windows` cutoffs with copies of the models, fitted before them.

    data: a panel, or what `fit` takes. step: rows from one cutoff to the next; None is `horizon`.
    refit: False fits once, before the first cutoff; True before each; a number before every so many. Without a refit,
        a network carries its state from cutoff to cutoff.
    level: percentages of intervals, which are calibrated on rows before the cutoffs.
    season: for scaled errors; None is the usual one of the calendar.
    seeds: fits of each model that draws random numbers, from seeds that follow one another.
    short: "leave out" leaves series out that are too short for the windows, as the notes then say.
    keep: a folder where what is finished is kept; a run that was interrupted goes on from there.
    show_progress: a bar on standard error; None shows it on a terminal.

    A model that fails at a cutoff is reported there, and the others go on; where every model fails at every cutoff,
    the first one's error is raised. OptionError for models of one name; LengthError where series are too short.
    """
    whole, forecasters = as_panel(data), distinct(models)
    origins = Origins(horizon=horizon, windows=windows, step=horizon if step is None else step, refit=refit)
    levels = check_level(level) if len(level) else ()
    panel, notes = compared(whole, origins, forecasters, short)
    rounds = [Round(forecaster=each, panel=panel, origins=origins, level=levels) for each in forecasters]
    again = [
        [Round(forecaster=each, panel=panel, origins=origins, level=()) for each in with_seed(forecasters, more)]
        for more in range(1, positive("seeds", seeds))
    ]
    store, fits = finished_in(keep), len(origins.blocks) * (len(rounds) + sum(map(len, again)))
    with waiting("backtest", fits, show=show_progress) as tell:
        first = [list(each.run(store, tell)) for each in rounds]
        more = [[list(each.run(store, tell)) for each in group] for group in again]
    done = gathered(panel, origins, forecasters, first, level=levels, season=season)
    return replace(done, seeds=tuple(table_of(panel, origins, group) for group in more), notes=notes)


def gathered(
    panel: Panel,
    origins: Origins,
    forecasters: Sequence[Forecaster[Any]],
    results: Sequence[Sequence[Part]],
    *,
    level: tuple[float, ...] = (),
    season: int | None = None,
) -> Backtest:
    """The backtest that the parts of each forecaster make up; an error where every one of them failed."""
    require_any(results)
    return Backtest(
        table=table_of(panel, origins, results),
        panel=panel,
        horizon=origins.horizon,
        windows=origins.windows,
        step=origins.step,
        season=panel.season if season is None else positive("season", season),
        level=level,
        models=tuple(ran(each, parts, origins) for each, parts in zip(forecasters, results, strict=True)),
    )


def distinct(models: "Forecaster[Any] | Sequence[Forecaster[Any]]") -> list[Forecaster[Any]]:
    """The models as a list, none of which shows a bar of its own; OptionError unless their names differ."""
    each = [models] if isinstance(models, Forecaster) else list(models)
    wrong = [one for one in each if not isinstance(one, Forecaster)]
    if wrong:
        raise OptionError(f"models are forecasters such as Naive(), got {wrong[0]!r}")
    names = [one.name for one in each]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"give models with different names (option alias), got {names}")
    return [one.but(show_progress=False) if "show_progress" in one.options() else one for one in each]


def with_seed(models: Sequence[Forecaster[Any]], more: int) -> list[Forecaster[Any]]:
    """Those that draw random numbers, from another seed."""
    return [one.but(seed=one.options()["seed"] + more) for one in models if "seed" in one.options()]


def compared(
    whole: Panel, origins: Origins, models: Sequence[Forecaster[Any]], short: Short
) -> tuple[Panel, tuple[str, ...]]:
    """The series that are long enough, and what to say of the others; LengthError where they may not be left out."""
    if short not in ("error", "leave out"):
        raise OptionError(f'short is "error" or "leave out", got {short!r}')
    if whole.n_channels != 1:
        raise OptionError(f"a backtest takes one value per row, got {whole.n_channels} channels")
    needed = rows_for(whole, origins, models)
    enough = whole.lengths >= needed
    if not enough.any() or (short == "error" and not enough.all()):
        name = whole.ids[int(np.argmin(whole.lengths))]
        count = int((~enough).sum())
        raise LengthError(
            f"{origins.windows} windows of {origins.horizon} steps need series of {needed} rows, and series {name!r} "
            f"has {whole.lengths.min()} ({count} of {whole.n_series} are too short): ask for fewer windows or a "
            'shorter horizon, or leave such series out (short="leave out")'
        )
    if enough.all():
        return whole, ()
    left = f"Compared on {int(enough.sum())} of {whole.n_series} series: the others have fewer than {needed} steps."
    return whole.where(enough), (left,)


def why_no_backtest(
    models: "Forecaster[Any] | Sequence[Forecaster[Any]]",
    data: Any,
    horizon: int,
    *,
    windows: int = 1,
    step: int | None = None,
    level: Sequence[float] = (),
) -> str | None:
    """Why every series is too short for such a `backtest`, in a sentence; None where one is not.

    >>> from loopcast.forecasters.baselines import Naive
    >>> why_no_backtest(Naive(), [1.0, 2.0, 3.0], horizon=2)
    "series 'y' has 3 steps, and holding 2 back needs 6"
    """
    panel = as_panel(data)
    origins = Origins(horizon=horizon, windows=windows, step=horizon if step is None else step)
    needed = rows_for(panel, origins, distinct(models)) + (horizon if len(level) else 0)  # of one series, to calibrate
    longest = int(panel.lengths.max())
    if longest >= needed:
        return None
    which = "" if panel.n_series == 1 else "even the longest "
    name = panel.ids[int(np.argmax(panel.lengths))]
    return f"{which}series {name!r} has {longest} steps, and holding {origins.unseen[0]} back needs {needed}"


def rows_for(panel: Panel, origins: Origins, models: Sequence[Forecaster[Any]]) -> int:
    """How many rows a series has to have: those to come at the first cutoff, and what the models learn from."""
    return origins.unseen[0] + max(each.least_rows(panel, origins.horizon) for each in models)


def require_any(results: Sequence[Sequence[Part]]) -> None:
    """The first failure as an error, where nothing else came of all."""
    failures = [part.failure for each in results for part in each]
    if failures[0] is not None and None not in failures:
        raise failures[0]


def ran(model: Forecaster[Any], parts: Sequence[Part], origins: Origins) -> Ran:
    """What a model's parts say of it as a whole."""
    last = next((part for part in reversed(parts) if part.failure is None), Part(columns={}))
    failures = [
        f"{steps_back(unseen)}: {part.failure}"
        for part, unseen in zip(parts, origins.blocks, strict=True)
        if part.failure is not None
    ]
    return Ran(
        name=model.name,
        network=model.network,
        fit_seconds=sum(part.fit_seconds for part in parts),
        predict_seconds=sum(part.predict_seconds for part in parts),
        parameters=last.parameters or None,
        description=last.description,
        code=model.code(),
        failures=tuple(failures),
    )


def steps_back(unseen: Sequence[int]) -> str:
    """Which cutoffs these are.

    >>> steps_back((24,)), steps_back((36, 24))
    ('cutoff 24 steps before the end', 'cutoffs 36 to 24 steps before the end')
    """
    if len(unseen) == 1:
        return f"cutoff {unseen[0]} steps before the end"
    return f"cutoffs {unseen[0]} to {unseen[-1]} steps before the end"


def table_of(panel: Panel, origins: Origins, results: Sequence[Sequence[Part]]) -> pl.DataFrame:
    """A row per series, cutoff and time; NaN of a forecast is null."""
    columns = {
        name: np.concatenate([part.columns[name] for part in parts], axis=1).ravel()
        for parts in results
        for name in parts[0].columns
    }
    actual = np.stack([panel.after(rows, origins.horizon) for rows in origins.unseen], axis=1).ravel()
    table = panel.hindcast_table(origins.unseen, origins.horizon, actual, columns)
    return table.with_columns(pl.col(*columns, panel.template.columns.target).fill_nan(None))
