"""One model on its way through a backtest: fitted, asked, timed, and forgiven where it fails."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LoopcastError
from loopcast.evaluation.result_cache import Finished, key_of
from loopcast.evaluation.rolling_origin import Origins
from loopcast.models.base import Forecaster, interval_columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
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
class Round:
    """A model, with one seed, before its backtest."""

    forecaster: Forecaster[Any]
    panel: Panel
    origins: Origins
    level: tuple[float, ...]

    def run(self, finished: Finished, tell: Callable[[str], None]) -> Iterator[Part]:
        """A part for each fit; one that is finished already is not computed again."""
        for unseen in self.origins.blocks:
            tell(self.forecaster.name)
            key = key_of(self.forecaster, self.panel, self.origins.horizon, unseen, self.level)
            part = finished.get(key)
            if part is None:
                part = self._forgiven(unseen)
                finished.put(key, part)
            yield part

    def _forgiven(self, unseen: tuple[int, ...]) -> Part:
        try:
            return self._part(unseen)
        except LoopcastError as error:
            return self._failed(unseen, error)

    def _part(self, unseen: tuple[int, ...]) -> Part:
        horizon, began = self.origins.horizon, time.perf_counter()
        model = self.forecaster.ready_for(self.panel.without_last(unseen[-1])).learn(self.panel.without_last(unseen[0]))
        if self.level and model.needs_calibration(horizon):
            model.calibrate(horizon)
        fitted = time.perf_counter()
        columns = (
            model.with_intervals(self.panel, horizon, self.level, unseen)
            if self.level
            else {model.name: model.hindcast(self.panel, horizon, unseen)}
        )
        return Part(
            columns=columns,
            fit_seconds=fitted - began,
            predict_seconds=time.perf_counter() - fitted,
            parameters=model.parameters,
            description=model.describe(),
        )

    def _failed(self, unseen: tuple[int, ...], error: LoopcastError) -> Part:
        shape = (self.panel.n_series, len(unseen), self.origins.horizon, self.panel.n_channels)
        nothing = np.full(shape, np.nan, np.float32)
        name = self.forecaster.name
        columns = {name: nothing}
        for level in self.level:
            columns |= interval_columns(name, level, nothing, nothing)
        return Part(columns=columns, failure=error)
