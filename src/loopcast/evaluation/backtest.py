"""Cross-validation with a rolling origin: models are fitted before past cutoffs and asked at them."""

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from loopcast.columns import Bands, Columns
from loopcast.data.convert import as_panel
from loopcast.data.output import check_cv_columns, to_caller_type
from loopcast.data.panel import Panel
from loopcast.errors import LengthError
from loopcast.evaluation.backtest_result import Backtest, joined
from loopcast.evaluation.folds import FoldRun
from loopcast.evaluation.parallel import run_folds
from loopcast.evaluation.result_cache import open_cache
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.forecaster import Forecaster
from loopcast.models.model_list import as_model_list, with_seed
from loopcast.parallel.places import On, check_on
from loopcast.progress import progress_bar
from loopcast.validation import check_positive


def cross_validation(  # noqa: PLR0913 - as for `backtest`
    models: "Forecaster | Sequence[Forecaster]",
    data: Any,
    horizon: int,
    *,
    n_windows: int = 1,
    step_size: int | None = None,
    refit: bool | int = False,
    level: float | Sequence[float] = (),
    quantiles: float | Sequence[float] = (),
    skip_short: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    on: On = "processes",
    columns: Columns | None = None,
    show_progress: bool | None = None,
) -> Any:
    """What the models would have forecast at past cutoffs, as a table of the kind that came in.

    A row per series, cutoff and time, with `cutoff`, the target as it came and a column per model (and with `level`
    its intervals); missing where a model failed. Of several targets each has a row, which a column `target` names, and
    what came is the column `y`. See `backtest`, which gives this and more, for arguments and errors.

    >>> from loopcast.models.baselines import Drift, Naive
    >>> panel = Panel.from_array(np.arange(9.0).reshape(1, 9, 1))
    >>> cross_validation([Naive(), Drift()], panel, 2, n_windows=2, step_size=1).columns
    ['unique_id', 'ds', 'cutoff', 'y', 'Naive', 'Drift']
    """
    done = backtest(
        models,
        data,
        horizon,
        n_windows=n_windows,
        step_size=step_size,
        refit=refit,
        level=level,
        quantiles=quantiles,
        skip_short=skip_short,
        cache_dir=cache_dir,
        n_jobs=n_jobs,
        on=on,
        columns=columns,
        show_progress=show_progress,
    )
    return to_caller_type(done.panel, done.table)


def backtest(  # noqa: PLR0913 - what is asked of a backtest, all of it by name
    models: "Forecaster | Sequence[Forecaster]",
    data: Any,
    horizon: int,
    *,
    n_windows: int = 1,
    step_size: int | None = None,
    refit: bool | int = False,
    level: float | Sequence[float] = (),
    quantiles: float | Sequence[float] = (),
    season: int | None = None,
    seeds: int = 1,
    skip_short: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
    n_jobs: int = 1,
    on: On = "processes",
    columns: Columns | None = None,
    show_progress: bool | None = None,
) -> Backtest:
    """Forecast `horizon` steps from each of the last `n_windows` cutoffs with copies of the models, fitted before them.

    data: a panel, or what `fit` takes; future covariates are known at the cutoffs for the steps after them.
    step_size: rows from one cutoff to the next; None is `horizon`.
    refit: False fits once, before the first cutoff; True before each; a number before every so many. Without a refit,
        a network carries its state from cutoff to cutoff.
    level: percentages of intervals, which are calibrated on rows before the cutoffs; quantiles: probabilities.
    season: for scaled errors; None is the usual one of the calendar.
    seeds: fits of each model that draws random numbers, from seeds that follow one another.
    skip_short: leave series out that are too short for the windows, as the notes then say. A series begins
        with its first value; a value that is missing in a window counts for no model (see `leaderboard`).
    cache_dir: a folder where what is finished is kept; a run that was interrupted goes on from there.
    n_jobs: fits that are done at once, each on cores of its own; the numbers are the same, bit for bit.
        A script that asks for more than one says `if __name__ == "__main__":`, as processes load it, too.
    on: "processes" of this machine, or "ray": the cluster that `ray.init` or RAY_ADDRESS names, else one that is
        started here for as long as this takes; see docs/scale.md.
    show_progress: a bar on standard error; None shows it on a terminal.

    A model that fails at a cutoff is reported there, and the others go on; where every model fails at every cutoff,
    the first one's error is raised. OptionError for models of one name; LengthError where series are too short;
    LoopcastError where the process of a fit ended twice, which names it.
    """
    jobs, place = check_positive("n_jobs", n_jobs), check_on(on)
    whole, forecasters = as_panel(data, columns=columns), as_model_list(models)
    whole.require_informative()
    origins = RollingOrigin(
        horizon=horizon, n_windows=n_windows, step_size=horizon if step_size is None else step_size, refit=refit
    )
    bands = Bands.of(level, quantiles)
    check_cv_columns(whole, [each.name for each in forecasters])  # before hours of work, and not after
    panel, notes = select_long_enough(whole, origins, forecasters, skip_short=skip_short)
    runs = [FoldRun(forecaster=each, panel=panel, origins=origins, bands=bands) for each in forecasters]
    again = [
        [FoldRun(forecaster=each, panel=panel, origins=origins) for each in with_seed(forecasters, more)]
        for more in range(1, check_positive("seeds", seeds))
    ]
    cache, every = open_cache(cache_dir), [*runs, *(run for group in again for run in group)]
    with progress_bar("backtest", sum(len(run.origins.fit_groups) for run in every), show=show_progress) as callback:
        results = iter(run_folds(every, cache, callback, jobs, place))
    done = Backtest.of(panel, origins, runs, list(islice(results, len(runs))), season)
    others = [joined(list(islice(results, len(group)))) for group in again if group]
    return replace(done, seeds=tuple(others), notes=notes)


def select_long_enough(
    whole: Panel, origins: RollingOrigin, models: Sequence[Forecaster], *, skip_short: bool
) -> tuple[Panel, tuple[str, ...]]:
    """The series that are long enough, and what to say of the others; LengthError where they may not be left out."""
    needed = min_rows(whole, origins, models)
    lengths = whole.observed_lengths
    enough = lengths >= needed
    if not enough.any() or (not skip_short and not enough.all()):
        shortest = int(np.argmin(lengths))
        name, rows = whole.ids[shortest], rows_from_first(whole, shortest)
        count = int((~enough).sum())
        raise LengthError(
            f"{origins.n_windows} windows of {origins.horizon} steps need series of {needed} rows, and series {name!r} "
            f"has {rows} ({count} of {whole.n_series} are too short): ask for fewer windows or a shorter horizon"
            + (", or leave such series out (skip_short=True)" if enough.any() else "")
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
    models: "Forecaster | Sequence[Forecaster]",
    data: Any,
    horizon: int,
    *,
    n_windows: int = 1,
    step_size: int | None = None,
    level: float | Sequence[float] = (),
) -> str | None:
    """Why every series is too short for such a `backtest`, in a sentence; None where one is not.

    >>> from loopcast.models.baselines import Naive
    >>> why_no_backtest(Naive(), [1.0, 2.0, 3.0], horizon=2)
    "series 'y' has 3 steps, and holding 2 back needs 6"
    """
    panel = as_panel(data)
    origins = RollingOrigin(horizon=horizon, n_windows=n_windows, step_size=horizon if step_size is None else step_size)
    tail = horizon if Bands.of(level) else 0  # to calibrate on
    needed = min_rows(panel, origins, as_model_list(models)) + tail
    longest = int(panel.observed_lengths.max())
    if longest >= needed:
        return None
    which = "" if panel.n_series == 1 else "even the longest "
    name = panel.ids[int(np.argmax(panel.observed_lengths))]
    return f"{which}series {name!r} has {longest} steps, and holding {origins.cutoffs[0]} back needs {needed}"


def min_rows(panel: Panel, origins: RollingOrigin, models: Sequence[Forecaster]) -> int:
    """How many rows a series has to have: those to come at the first cutoff, and what the models learn from."""
    return origins.cutoffs[0] + max(each.min_rows(panel, origins.horizon) for each in models)
