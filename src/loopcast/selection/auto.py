"""The forecaster that chooses: baselines and a few networks, compared on the data's own past within a time budget."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError
from loopcast.evaluation.backtest import as_model_list, min_rows
from loopcast.evaluation.backtest_result import assemble
from loopcast.evaluation.folds import FoldResult, FoldRun
from loopcast.evaluation.leaderboard import leaderboard
from loopcast.evaluation.result_cache import NullCache
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.base import Forecaster
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.models.fitted import ModelPayload
from loopcast.models.linear import Linear
from loopcast.models.model_file import kind_of, made_from
from loopcast.progress import progress_bar

WINDOWS = (3, 2, 1)  # cutoffs that candidates are compared on: as many as half of the series are long enough for


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedModel:
    """A forecaster fitted on everything, and the sentences that say why it is this one."""

    forecaster: Forecaster[Any]
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Auto(Forecaster[SelectedModel]):
    """Takes the best of baselines and a few networks, by their errors at the last cutoffs of the history.

    Candidates are Naive, SeasonalNaive, Drift and Linear, then Recurrent as it is, with GRUs, on the other scale and
    smaller. The one with the least error (MASE, or MAE where that is undefined) is fitted on everything. What is drawn
    at random depends on `seed` alone, but how many candidates are compared depends on how fast the machine is.

    budget: seconds that all of it may take, about. The baselines and the first network are compared in any case; a
        further network only where the time for it, and for the last fit, is left.
    gaps: whether values may be missing, as in `Recurrent`; None is as the data given to `fit`.
    show_progress: a bar on standard error; None shows it on a terminal.

    Series too short for a single cutoff are left out of the comparison; LengthError where all are. Missing values: as
    each candidate takes them; those to forecast count for none. A series without any value: ValuesError.
    Several targets, and covariates: as each candidate takes them; the error is a mean over targets (see `leaderboard`).

    >>> panel = Panel.from_array(np.arange(40.0).reshape(1, 40, 1))
    >>> Auto(horizon=2, budget=0.001).fit(panel).predict()["Auto"].to_list()
    [40.0, 41.0]
    """

    network: ClassVar[bool] = True
    runtime: ClassVar[frozenset[str]] = frozenset({"show_progress"})

    budget: float = 60.0
    seed: int = 0
    gaps: bool | None = None
    show_progress: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.budget, bool) or not isinstance(self.budget, int | float) or not 0 < self.budget < math.inf:
            raise OptionError(f"budget is a number of seconds above 0, got {self.budget!r}")
        if self.gaps is not None and not isinstance(self.gaps, bool):
            raise OptionError(f"gaps is True or False, or None, got {self.gaps!r}")

    def configured_for(self, panel: Panel) -> Self:
        """With `gaps`, unless chosen, where the panel has any: so that a network it chooses takes them."""
        return (
            self.with_options(gaps=True)
            if self.gaps is None and panel.trim_leading_missing().has_gaps
            else self.with_options()
        )

    def min_rows(self, panel: Panel, horizon: int) -> int:
        """What its candidates need, and one cutoff to compare them on."""
        return super().min_rows(panel, horizon) + horizon

    def calibrate(self, horizon: int | None = None, *, windows: int | None = None) -> Self:
        """As for every forecaster, of the chosen one: it is not chosen anew."""
        steps, panel = self.horizon if horizon is None else horizon, self._history(None)
        chosen = self.fitted.state.forecaster
        copy = replace(chosen)
        copy.set_fitted(replace(chosen.fitted, panel=panel))
        self.set_fitted(replace(self.fitted, calibration=copy.calibrate(steps, windows=windows).fitted.calibration))
        return self

    def needs_calibration(self, horizon: int) -> bool:
        return self.fitted.state.forecaster.needs_calibration(horizon)

    def _fit(self, panel: Panel) -> SelectedModel:
        began = time.perf_counter()
        candidates = as_model_list(self.candidates(panel))
        origins = self._origins(panel, candidates)
        compared = panel.select(panel.observed_lengths >= min_rows(panel, origins, candidates))
        tried = self._compare(compared, origins, candidates, began)
        board = leaderboard(assemble(compared, origins, [each for each, _ in tried], [parts for _, parts in tried]))
        best = next(each for each, _ in tried if each.name == board.table["model"][0])
        left = [each.name for each in candidates if each not in [one for one, _ in tried]]
        reasons = [
            f"{best.to_code()}, the best of {len(tried)} candidates at {origins.windows} cutoffs of "
            f"{compared.n_series} series. {board.verdict}"
        ]
        reasons += [f"Not compared, for lack of time (budget {self.budget:g} s): {', '.join(left)}."] if left else []
        return SelectedModel(forecaster=replace(best).fit_panel(panel), reasons=tuple(reasons))

    def candidates(self, panel: Panel) -> list[Forecaster[Any]]:
        """What is compared, in this order."""
        from loopcast.models.recurrent.forecaster import Recurrent

        season, horizon = self.season, self.horizon
        network = Recurrent(horizon=horizon, season=season, seed=self.seed, gaps=self.gaps, show_progress=False)
        positive = bool(np.nanmin(panel.values) >= 0)
        return [
            Naive(),
            SeasonalNaive(season=season),
            Drift(),
            Linear(horizon=horizon, season=season),
            network,
            network.with_options(cell="gru", alias="Recurrent, GRU"),
            *([network.with_options(log=False, alias="Recurrent, not on a log scale")] if positive else []),
            network.with_options(units=(20,), alias="Recurrent, small"),
        ]

    def _origins(self, panel: Panel, candidates: Sequence[Forecaster[Any]]) -> RollingOrigin:
        typical = float(np.median(panel.observed_lengths))
        each = [RollingOrigin(horizon=self.horizon, windows=windows, step=self.horizon) for windows in WINDOWS]
        needed = [min_rows(panel, origins, candidates) for origins in each]
        fitting = [origins for origins, rows in zip(each, needed, strict=True) if rows <= typical]
        if not fitting and panel.observed_lengths.max() < needed[-1]:
            raise LengthError(
                f"{self.name} compares forecasts of {self.horizon} steps on series of {needed[-1]} rows or more, and "
                f"the longest has {panel.observed_lengths.max()}: name a forecaster, such as Naive, or ask for fewer steps"
            )
        return fitting[0] if fitting else each[-1]

    def _compare(
        self, panel: Panel, origins: RollingOrigin, candidates: Sequence[Forecaster[Any]], began: float
    ) -> list[tuple[Forecaster[Any], list[FoldResult]]]:
        """The parts of each candidate that there was time for."""
        tried: list[tuple[Forecaster[Any], list[FoldResult]]] = []
        longest = 0.0  # that a network took; a last fit takes no longer than a comparison
        with progress_bar(self.name, len(candidates), show=self.show_progress) as callback:
            for each in candidates:
                spent = time.perf_counter() - began
                if longest and spent + 2 * longest > self.budget:
                    continue
                tried.append((each, self._parts(each, panel, origins, callback)))
                longest = max(longest, time.perf_counter() - began - spent) if each.network else longest
        return tried

    def _parts(
        self, candidate: Forecaster[Any], panel: Panel, origins: RollingOrigin, callback: Callable[[str], None]
    ) -> list[FoldResult]:
        return list(FoldRun(forecaster=candidate, panel=panel, origins=origins, level=()).run(NullCache(), callback))

    def _forecast(self, state: SelectedModel, panel: Panel, horizon: int) -> np.ndarray:
        return state.forecaster.forecast(panel, horizon)

    def _predict_at_cutoffs(
        self, state: SelectedModel, panel: Panel, horizon: int, cutoffs: Sequence[int]
    ) -> np.ndarray:
        return state.forecaster.predict_at_cutoffs(panel, horizon, cutoffs)

    def _quantiles(
        self, state: SelectedModel, panel: Panel, horizon: int, probabilities: np.ndarray, cutoffs: Sequence[int]
    ) -> np.ndarray | None:
        chosen = state.forecaster
        return chosen._quantiles(chosen.fitted.state, panel, horizon, probabilities, cutoffs)

    def center_and_scale(self, panel: Panel, horizon: int, cutoffs: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        return self.fitted.state.forecaster.center_and_scale(panel, horizon, cutoffs)

    def _parameters(self, state: SelectedModel) -> int:
        return state.forecaster.parameters

    def _min_history(self, state: SelectedModel) -> int:
        return state.forecaster.min_history

    def _describe(self, state: SelectedModel) -> str:
        return "\n  ".join((*state.reasons, state.forecaster.describe()))

    def _to_parts(self, state: SelectedModel) -> ModelPayload:
        parts = state.forecaster.to_parts()
        facts = {
            "kind": kind_of(state.forecaster),
            "options": parts.options,
            "facts": parts.facts,
            "reasons": state.reasons,
        }
        return ModelPayload(facts=facts, arrays=parts.arrays)

    def _from_parts(self, parts: ModelPayload) -> SelectedModel:
        names, facts = {"kind", "options", "facts", "reasons"}, parts.facts
        usable = set(facts) == names and all(isinstance(facts[name], dict) for name in ("options", "facts"))
        if not usable or not isinstance(facts["reasons"], tuple) or facts["kind"] == "auto":
            raise OptionError(f"a choice has {sorted(names)}, got {sorted(facts)}")
        if not all(isinstance(reason, str) for reason in facts["reasons"]):
            raise OptionError("reasons are sentences")
        own = ModelPayload(options=facts["options"], facts=facts["facts"], arrays=parts.arrays)
        return SelectedModel(forecaster=made_from(facts["kind"], own, None), reasons=facts["reasons"])
