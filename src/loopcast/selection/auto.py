"""The forecaster that chooses: baselines and a few networks, compared on the data's own past, by a plan."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.evaluation.backtest import min_rows
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.folds import FoldRun
from loopcast.evaluation.leaderboard import leaderboard
from loopcast.evaluation.parallel import run_folds
from loopcast.evaluation.result_cache import NullCache
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.models.forecaster import Forecaster
from loopcast.models.linear import Linear
from loopcast.models.model import Fit
from loopcast.models.model_list import as_model_list
from loopcast.models.theta import Theta
from loopcast.models.trees.forecaster import Trees
from loopcast.models.trees.grow import installed
from loopcast.models.two_seasons import TwoSeasons
from loopcast.parallel.places import On, check_on
from loopcast.progress import progress_bar
from loopcast.selection.choice import choose, mean_of_trained, usual, with_mean
from loopcast.selection.plan import ENOUGH_VALUES, affordable, enough, is_trained, knows_more
from loopcast.storage.registry import register
from loopcast.validation import check_positive, check_seed, check_show_progress

WINDOWS = (3, 2, 1)  # cutoffs that candidates are compared on: as many as half of the series are long enough for


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Auto(TwoSeasons):
    """Takes the best of baselines and a few networks, by their errors at the last cutoffs of the history.

    Candidates are Naive, SeasonalNaive, Drift, Theta, Linear and Pretrained, then Pretrained tuned on the series
    (`Tuned`), Recurrent, with covariates or a calendar Trees where scikit-learn is installed, and the mean of these
    three. The one with the least error (MASE, or MAE where that is undefined) is fitted on everything, and its model is
    this one's; but that mean, or Pretrained where fewer were trained, is taken unless the least error is clearly below
    its own: by 5 % where many forecasts were compared, by up to 30 % where few were. The same data, options and version
    give the same choice: what is trained follows from the budget and the size of the data, before any clock is read.

    seasons: steps in a season and in a second one, such as (24, 168), for what sees both; others see the first.
    budget: seconds that all of it may take, about, on two ordinary cores. What needs no training is compared in any
        case; a network that trains only from a thousand values on, and where the plan has the time for it, and for the
        last fit.
    n_jobs: candidates that are compared at once; on: in "processes" or on "ray", as in `backtest`. Neither changes a
        choice, or the budget.
    show_progress: a bar on standard error; None shows it on a terminal.

    Series too short for a single cutoff are left out of the comparison; where all are, Pretrained is taken as it is.
    Missing values: as each candidate takes them; those to forecast count for none. A series without any value:
    ValuesError.
    Several targets, and covariates: as each candidate takes them; the error is a mean over targets (see `leaderboard`).

    >>> panel = Panel.from_array(np.arange(40.0).reshape(1, 40, 1))
    >>> Auto(horizon=2, budget=0.001).fit(panel).predict()["Auto"].to_list()
    [40.0, 41.0]
    """

    network: ClassVar[bool] = True
    chooses: ClassVar[bool] = True
    runtime: ClassVar[frozenset[str]] = frozenset({"n_jobs", "on", "show_progress"})

    horizon: int = field()
    budget: float = 60.0
    seed: int = 0
    n_jobs: int = 1
    on: On = "processes"
    show_progress: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.budget, bool) or not isinstance(self.budget, int | float) or not 0 < self.budget < math.inf:
            raise OptionError(f"budget is a number of seconds above 0, got {self.budget!r}")
        check_seed(self.seed)
        check_positive("n_jobs", self.n_jobs)
        check_on(self.on)
        check_show_progress(self.show_progress)

    def candidates(self, panel: Panel) -> list[Forecaster]:
        """What may be compared, in this order: networks that are trained only where there is enough to learn from."""
        from loopcast.models.pretrained.forecaster import Pretrained

        season, horizon = self.seasons[0] if self.seasons else self.season, self.horizon
        each = [
            Naive(horizon=horizon),
            SeasonalNaive(horizon=horizon, season=season),
            Drift(horizon=horizon),
            Theta(horizon=horizon, season=season),
            Linear(horizon=horizon, season=season),
            Pretrained(horizon=horizon, season=self.season, seasons=self.seasons, tune=False),
            *(self._trained(panel) if enough(panel) else []),
        ]
        return [one.with_options(lower=self.lower, upper=self.upper, integer=self.integer) for one in each]

    def _trained(self, panel: Panel) -> list[Forecaster]:
        """The pretrained network, tuned, one that learns from nothing, and trees where these do well."""
        from loopcast.models.pretrained.forecaster import Pretrained
        from loopcast.models.recurrent.forecaster import Recurrent

        options: dict[str, Any] = {
            "horizon": self.horizon,
            "season": self.season,
            "seasons": self.seasons,
            "seed": self.seed,
            "show_progress": False,
        }
        networks: list[Forecaster] = [Pretrained(alias="Tuned", **options), Recurrent(**options)]
        if not (knows_more(panel) and installed()):
            return networks
        del options["show_progress"]
        return [*networks, Trees(**options)]

    def _fit(self, panel: Panel) -> Fit:
        candidates = as_model_list(self.candidates(panel))
        origins = self._origins(panel, candidates)
        if origins is None:
            return self._uncompared(panel, candidates)
        compared = panel.select(panel.observed_lengths >= min_rows(panel, origins, candidates))
        tried = affordable(candidates, compared, origins, self.budget)
        mean = mean_of_trained(tried)
        board = leaderboard(with_mean(self._compare(compared, origins, tried), mean))
        chosen, why = choose(board, usual(tried, mean), origins.n_windows * compared.n_series)
        possible = tried if mean is None else [*tried, mean]
        best = next(each for each in possible if each.name == chosen).with_options(horizon=self.horizon)
        untried = [each.name for each in candidates[len(tried) :]]
        if not enough(panel):
            untried = untried or [each.name for each in self._trained(panel)]
        where = f"of {len(board.table)} candidates at {origins.n_windows} cutoffs of {compared.n_series} series"
        said = f"{best.to_code()}, {why.format(where=where)}"
        return self._fit_best(best, panel, [said, *self._left_out(compared, untried)])

    def _uncompared(self, panel: Panel, candidates: Sequence[Forecaster]) -> Fit:
        """The last candidate that is not trained, where series are too short to compare any."""
        best = [each for each in candidates if not is_trained(each)][-1].with_options(horizon=self.horizon)
        longest = int(panel.observed_lengths.max())
        why = f"{best.to_code()}, without a comparison: the longest series has {longest} rows, too few for one."
        return self._fit_best(best, panel, [why])

    def _fit_best(self, best: Forecaster, panel: Panel, reasons: Sequence[str]) -> Fit:
        """Its model, as this one's."""
        fitted = best.fit_panel(panel).model
        said = "\n  ".join([*reasons, fitted.description])
        return Fit(replace(fitted, name=self.name, recipe=best, description=said))

    def _left_out(self, compared: Panel, left: Sequence[str]) -> list[str]:
        """Which candidates were not compared, and why, in a sentence."""
        if not left:
            return []
        short = f"for lack of time (budget {self.budget:g} s)"
        lack = short if enough(compared) else f"as training pays from {ENOUGH_VALUES:,} values on"
        return [f"Not compared, {lack}: {', '.join(left)}."]

    def _min_rows(self, season: int, horizon: int) -> int:
        """What its candidates need, and one cutoff to compare them on."""
        return season + 1 + 2 * horizon

    def _origins(self, panel: Panel, candidates: Sequence[Forecaster]) -> RollingOrigin | None:
        """As many cutoffs as half of the series are long enough for; None where not one series is for one."""
        typical = float(np.median(panel.observed_lengths))
        each = [RollingOrigin(horizon=self.horizon, n_windows=count, step_size=self.horizon) for count in WINDOWS]
        needed = [min_rows(panel, origins, candidates) for origins in each]
        fitting = [origins for origins, rows in zip(each, needed, strict=True) if rows <= typical]
        if not fitting and panel.observed_lengths.max() < needed[-1]:
            return None
        return fitting[0] if fitting else each[-1]

    def _compare(self, panel: Panel, origins: RollingOrigin, tried: Sequence[Forecaster]) -> Backtest:
        """The forecasts of each candidate at these cutoffs."""
        with progress_bar(self.name, len(tried), show=self.show_progress) as callback:
            runs = [FoldRun(forecaster=each, panel=panel, origins=origins) for each in tried]
            return Backtest.of(panel, origins, runs, run_folds(runs, NullCache(), callback, self.n_jobs, self.on))
