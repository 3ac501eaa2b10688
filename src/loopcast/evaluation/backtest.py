"""Cross-validation with a rolling origin: models are fitted before past cutoffs and asked at them."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from loopcast.data.convert import as_panel
from loopcast.data.output import check_hindcasts
from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError
from loopcast.evaluation.backtest_result import Backtest, assemble, table_of
from loopcast.evaluation.folds import FoldRun
from loopcast.evaluation.result_cache import open_cache
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.intervals.calibration import check_level
from loopcast.models.base import Forecaster
from loopcast.progress import progress_bar
from loopcast.validation import check_positive

Short = Literal["error", "leave out"]


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
    its intervals); missing where a model failed. Of several targets each has a row, which a column `target` names, and
    what came is the column `y`. See `backtest`, which gives this and more, for arguments and errors.

    >>> from loopcast.models.baselines import Drift, Naive
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
    return done.panel.to_caller_type(done.table)


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

    data: a panel, or what `fit` takes; future covariates are known at the cutoffs for the steps after them.
    step: rows from one cutoff to the next; None is `horizon`.
    refit: False fits once, before the first cutoff; True before each; a number before every so many. Without a refit,
        a network carries its state from cutoff to cutoff.
    level: percentages of intervals, which are calibrated on rows before the cutoffs.
    season: for scaled errors; None is the usual one of the calendar.
    seeds: fits of each model that draws random numbers, from seeds that follow one another.
    short: "leave out" leaves series out that are too short for the windows, as the notes then say. A series begins
        with its first value; a value that is missing in a window counts for no model (see `leaderboard`).
    keep: a folder where what is finished is kept; a run that was interrupted goes on from there.
    show_progress: a bar on standard error; None shows it on a terminal.

    A model that fails at a cutoff is reported there, and the others go on; where every model fails at every cutoff,
    the first one's error is raised. OptionError for models of one name; LengthError where series are too short.
    """
    whole, forecasters = as_panel(data), as_model_list(models)
    whole.require_informative()
    origins = RollingOrigin(horizon=horizon, windows=windows, step=horizon if step is None else step, refit=refit)
    levels = check_level(level) if len(level) else ()
    check_hindcasts(whole, [each.name for each in forecasters])  # before hours of work, and not after
    panel, notes = select_long_enough(whole, origins, forecasters, short)
    rounds = [FoldRun(forecaster=each, panel=panel, origins=origins, level=levels) for each in forecasters]
    again = [
        [FoldRun(forecaster=each, panel=panel, origins=origins, level=()) for each in with_seed(forecasters, more)]
        for more in range(1, check_positive("seeds", seeds))
    ]
    store, fits = open_cache(keep), len(origins.fit_groups) * (len(rounds) + sum(map(len, again)))
    with progress_bar("backtest", fits, show=show_progress) as callback:
        first = [list(each.run(store, callback)) for each in rounds]
        more = [[list(each.run(store, callback)) for each in group] for group in again]
    done = assemble(panel, origins, forecasters, first, level=levels, season=season)
    return replace(done, seeds=tuple(table_of(panel, origins, group) for group in more), notes=notes)


def as_model_list(models: "Forecaster[Any] | Sequence[Forecaster[Any]]") -> list[Forecaster[Any]]:
    """The models as a list, none of which shows a bar of its own; OptionError unless their names differ."""
    each = [models] if isinstance(models, Forecaster) else list(models)
    wrong = [one for one in each if not isinstance(one, Forecaster)]
    if wrong:
        raise OptionError(f"models are forecasters such as Naive(), got {wrong[0]!r}")
    names = [one.name for one in each]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"give models with different names (option alias), got {names}")
    return [one.with_options(show_progress=False) if "show_progress" in one.options() else one for one in each]


def with_seed(models: Sequence[Forecaster[Any]], more: int) -> list[Forecaster[Any]]:
    """Those that draw random numbers, from another seed."""
    return [one.with_options(seed=one.options()["seed"] + more) for one in models if "seed" in one.options()]


def select_long_enough(
    whole: Panel, origins: RollingOrigin, models: Sequence[Forecaster[Any]], short: Short
) -> tuple[Panel, tuple[str, ...]]:
    """The series that are long enough, and what to say of the others; LengthError where they may not be left out."""
    if short not in ("error", "leave out"):
        raise OptionError(f'short is "error" or "leave out", got {short!r}')
    needed = min_rows(whole, origins, models)
    lengths = whole.observed_lengths
    enough = lengths >= needed
    if not enough.any() or (short == "error" and not enough.all()):
        shortest = int(np.argmin(lengths))
        name, rows = whole.ids[shortest], rows_from_first(whole, shortest)
        count = int((~enough).sum())
        raise LengthError(
            f"{origins.windows} windows of {origins.horizon} steps need series of {needed} rows, and series {name!r} "
            f"has {rows} ({count} of {whole.n_series} are too short): ask for fewer windows or a "
            'shorter horizon, or leave such series out (short="leave out")'
        )
    if enough.all():
        return whole, ()
    left = f"Compared on {int(enough.sum())} of {whole.n_series} series: the others have fewer than {needed} steps."
    return whole.select(enough), (left,)


def rows_from_first(panel: Panel, i: int) -> str:
    """How many rows series `i` has, and where fewer count, since its first value is later, that they do."""
    known, rows = panel.observed_lengths[i], panel.lengths[i]
    return f"{rows}" if known == rows else f"{known} from its first value on"


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

    >>> from loopcast.models.baselines import Naive
    >>> why_no_backtest(Naive(), [1.0, 2.0, 3.0], horizon=2)
    "series 'y' has 3 steps, and holding 2 back needs 6"
    """
    panel = as_panel(data)
    origins = RollingOrigin(horizon=horizon, windows=windows, step=horizon if step is None else step)
    needed = min_rows(panel, origins, as_model_list(models)) + (
        horizon if len(level) else 0
    )  # of one series, to calibrate
    longest = int(panel.observed_lengths.max())
    if longest >= needed:
        return None
    which = "" if panel.n_series == 1 else "even the longest "
    name = panel.ids[int(np.argmax(panel.observed_lengths))]
    return f"{which}series {name!r} has {longest} steps, and holding {origins.cutoffs[0]} back needs {needed}"


def min_rows(panel: Panel, origins: RollingOrigin, models: Sequence[Forecaster[Any]]) -> int:
    """How many rows a series has to have: those to come at the first cutoff, and what the models learn from."""
    return origins.cutoffs[0] + max(each.min_rows(panel, origins.horizon) for each in models)
