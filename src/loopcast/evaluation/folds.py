"""One model on its way through a backtest: fitted, asked, timed, and forgiven where it fails."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LoopcastError
from loopcast.evaluation.result_cache import Finished, cache_key
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.base import Forecaster, interval_columns


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldResult:
    """What one fit gave: columns by name, float32 `[series, cutoff, horizon, channel]`, and what it cost.

    failure: what the model said instead; the columns are then NaN.
    """

    columns: dict[str, np.ndarray]
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0
    parameters: int = 0
    description: str = ""
    failure: LoopcastError | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldRun:
    """A model, with one seed, before its backtest."""

    forecaster: Forecaster[Any]
    panel: Panel
    origins: RollingOrigin
    level: tuple[float, ...]

    def run(self, finished: Finished, callback: Callable[[str], None]) -> Iterator[FoldResult]:
        """A part for each fit; one that is finished already is not computed again."""
        for cutoffs in self.origins.fit_groups:
            callback(self.forecaster.name)
            key = cache_key(self.forecaster, self.panel, self.origins.horizon, cutoffs, self.level)
            part = finished.get(key)
            if part is None:
                part = self.run_or_record_failure(cutoffs)
                finished.put(key, part)
            yield part

    def run_or_record_failure(self, cutoffs: tuple[int, ...]) -> FoldResult:
        try:
            return self._part(cutoffs)
        except LoopcastError as error:
            return self._failed(cutoffs, error)

    def _part(self, cutoffs: tuple[int, ...]) -> FoldResult:
        horizon, began = self.origins.horizon, time.perf_counter()
        model = self.forecaster.configured_for(self.panel.drop_last(cutoffs[-1])).fit_panel(
            self.panel.drop_last(cutoffs[0])
        )
        if self.level and model.needs_calibration(horizon):
            model.calibrate(horizon)
        fitted = time.perf_counter()
        columns = (
            model.with_intervals(self.panel, horizon, self.level, cutoffs)
            if self.level
            else {model.name: model.predict_at_cutoffs(self.panel, horizon, cutoffs)}
        )
        return FoldResult(
            columns=columns,
            fit_seconds=fitted - began,
            predict_seconds=time.perf_counter() - fitted,
            parameters=model.parameters,
            description=model.describe(),
        )

    def _failed(self, cutoffs: tuple[int, ...], error: LoopcastError) -> FoldResult:
        shape = (self.panel.n_series, len(cutoffs), self.origins.horizon, self.panel.n_channels)
        nothing = np.full(shape, np.nan, np.float32)
        name = self.forecaster.name
        columns = {name: nothing}
        for level in self.level:
            columns |= interval_columns(name, level, nothing, nothing)
        return FoldResult(columns=columns, failure=error)
