"""One model on its way through a backtest: fitted, asked, timed, and forgiven where it fails."""

import time
from dataclasses import dataclass, field

from loopcast.columns import Bands
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction, missing_prediction
from loopcast.errors import LoopcastError
from loopcast.evaluation.fold_result import FoldResult
from loopcast.evaluation.result_cache import cache_key
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.forecaster import Forecaster


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldRun:
    """A model, with one seed, before its backtest."""

    forecaster: Forecaster
    panel: Panel
    origins: RollingOrigin
    bands: Bands = field(default_factory=Bands)

    def key(self, cutoffs: tuple[int, ...]) -> str:
        """The name of the result of a fit before the first of these cutoffs, for a cache."""
        return cache_key(self.forecaster, self.panel, self.origins.horizon, cutoffs, self.bands)

    def run_or_record_failure(self, cutoffs: tuple[int, ...]) -> FoldResult:
        """The result of a fit before the first of these cutoffs; a failure of the model is a result too."""
        try:
            return self._run(cutoffs)
        except LoopcastError as error:
            return FoldResult(prediction=self.missing(cutoffs), failure=error)

    def _run(self, cutoffs: tuple[int, ...]) -> FoldResult:
        horizon, began = self.origins.horizon, time.perf_counter()
        seen = self.panel.drop_last(cutoffs[0])
        calibrate = bool(self.bands) and self.forecaster.horizon is not None  # without one, for as far as is asked
        forecaster = self.forecaster.with_options().fit_panel(seen, calibrate=calibrate)
        if self.bands:
            forecaster.require_calibration(horizon)
        model, fitted = forecaster.model, time.perf_counter()
        return FoldResult(
            prediction=model.predict_bands(self.panel, horizon, self.bands, cutoffs),
            fit_seconds=fitted - began,
            predict_seconds=time.perf_counter() - fitted,
            parameters=model.n_parameters,
            description=model.description,
        )

    def missing(self, cutoffs: tuple[int, ...]) -> Prediction:
        """A prediction in which nothing is known."""
        return missing_prediction(self.forecaster.name, self.panel, cutoffs, self.origins.horizon, self.bands)
