"""What a backtest leaves: forecasts from past cutoffs beside what came, and what each model cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction, concat_cutoffs, to_cv_table
from loopcast.evaluation.fold_result import FoldResult
from loopcast.evaluation.folds import FoldRun
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.forecaster import Forecaster
from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True)
class ModelRun:
    """One model in a backtest.

    name: of its column; network: whether it is one, and so has to beat the others, its baselines.
    fit_seconds, predict_seconds: over all cutoffs and seeds together.
    parameters: how many numbers its fit set; None where that means nothing.
    description: what it chose and why, in words.
    code: the Python expression that makes it.
    failures: per cutoff at which it failed, what it said; those forecasts are missing.
    """

    name: str
    network: bool = False
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    parameters: int | None = None
    description: str = ""
    code: str = ""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Backtest:
    """Forecasts of every model from the same cutoffs.

    predictions: one for each model, all of the same panel, cutoffs, horizon and bands; NaN where it failed.
    models: what each of them is and cost, in the same order.
    n_windows, step_size: from how many cutoffs, how many steps apart.
    season: steps in a season, for scaled errors.
    seeds: further predictions of those models that draw random numbers, one group for each seed but the first.
    notes: what to know in order to read the forecasts, in plain sentences.
    """

    predictions: tuple[Prediction, ...]
    models: tuple[ModelRun, ...]
    n_windows: int
    step_size: int
    season: int
    seeds: tuple[tuple[Prediction, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        panel: Panel,
        origins: RollingOrigin,
        runs: Sequence[FoldRun],
        results: Sequence[Sequence[FoldResult]],
        season: int | None = None,
    ) -> "Backtest":
        """What the results of each run make up; the first failure as an error, where nothing else came of all."""
        failures = [result.failure for each in results for result in each]
        if failures[0] is not None and None not in failures:
            raise failures[0]
        return cls(
            predictions=joined(results),
            models=tuple(model_run(run, each) for run, each in zip(runs, results, strict=True)),
            n_windows=origins.n_windows,
            step_size=origins.step_size,
            season=panel.season if season is None else check_positive("season", season),
        )

    @property
    def panel(self) -> Panel:
        """The whole history of the series compared, the windows included."""
        return self.predictions[0].panel

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.predictions[0].horizon

    @property
    def levels(self) -> tuple[float, ...]:
        """Percentages of the intervals, ascending."""
        return tuple(sorted({level for each in self.predictions for level in each.bands.levels}))

    @cached_property
    def table(self) -> pl.DataFrame:
        """A polars table: a row per series, cutoff and time.

        The id (always there), the time, `cutoff` (the last time that was known), the target as it came, and per model a
        column of forecasts `NAME`, then for each level `NAME-lo-80` and `NAME-hi-80`. Sorted by series (in the panel's
        order), cutoff, time. Of several targets each has a row, the column `target` names it, and what came is `y`.
        """
        return to_cv_table(self.predictions)

    def to_univariate(self) -> "Backtest":
        """The same of one target: each target of each series as a series of its own, as in `Panel.to_univariate`."""
        if self.panel.n_channels == 1:
            return self
        panel = self.panel.to_univariate()
        seeds = tuple(tuple(each.to_univariate(panel) for each in group) for group in self.seeds)
        return replace(self, predictions=tuple(each.to_univariate(panel) for each in self.predictions), seeds=seeds)


def joined(results: Sequence[Sequence[FoldResult]]) -> tuple[Prediction, ...]:
    """The predictions of each model over all cutoffs."""
    return tuple(concat_cutoffs([result.prediction for result in each]) for each in results)


def model_run(run: FoldRun, results: Sequence[FoldResult]) -> ModelRun:
    """What a model's results say of it as a whole."""
    model: Forecaster = run.forecaster
    done = [result for result in results if result.failure is None]
    failures = [
        f"{steps_back(each.prediction.cutoffs)}: {each.failure}" for each in results if each.failure is not None
    ]
    return ModelRun(
        name=model.name,
        network=model.has_network,
        fit_seconds=sum(result.fit_seconds for result in results),
        predict_seconds=sum(result.predict_seconds for result in results),
        parameters=(done[-1].parameters if done else 0) or None,
        description=done[-1].description if done else "",
        code=model.to_code(),
        failures=tuple(failures),
    )


def steps_back(cutoffs: Sequence[int]) -> str:
    """Which cutoffs these are.

    >>> steps_back((24,)), steps_back((36, 24))
    ('cutoff 24 steps before the end', 'cutoffs 36 to 24 steps before the end')
    """
    if len(cutoffs) == 1:
        return f"cutoff {cutoffs[0]} steps before the end"
    return f"cutoffs {cutoffs[0]} to {cutoffs[-1]} steps before the end"
