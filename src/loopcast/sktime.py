"""Any forecaster of Loopcast as one of sktime's. `pip install "loopcast[sktime]"`."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from sktime.forecasting.base import BaseForecaster

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import DataError
from loopcast.models.baselines import SeasonalNaive
from loopcast.models.forecaster import Forecaster
from loopcast.models.theta import Theta

SERIES, TIME, PART = "series", "time", "forecaster__"


class LoopcastForecaster(BaseForecaster):  # type: ignore[misc] # sktime ships no types
    """A forecaster of Loopcast with sktime's `fit`, `predict`, `predict_interval` and `predict_quantiles`.

    forecaster: as of Loopcast, not fitted; it stays so, and what is fitted is a copy, `forecaster_`. Its options
        can be set as sktime sets those of a part, `set_params(forecaster__season=12)`.

    One model is fitted for all series of a panel or hierarchy, which have to end at the same time. `X` is known ahead:
    future covariates, which `predict` wants for every step up to the last one that is asked for. Missing values are as
    the forecaster takes them. Times of a PeriodIndex are those at which periods begin. Forecasts of rows that were
    fitted on are not given.

    DataError where series end at different times; other errors are Loopcast's.

    >>> import pandas as pd
    >>> from loopcast import SeasonalNaive
    >>> from loopcast.sktime import LoopcastForecaster
    >>> y = pd.Series([float(t % 4) for t in range(40)])
    >>> LoopcastForecaster(SeasonalNaive(season=4)).fit(y, fh=[1, 2]).predict().to_list()
    [0.0, 1.0]
    """

    _tags = {  # noqa: RUF012 (sktime reads it so)
        "authors": "the Loopcast authors",
        "python_dependencies": "loopcast",
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:categorical_in_X": False,
        "capability:non_contiguous_X": False,
        "capability:insample": False,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:missing_values": True,
        "capability:unequal_length": False,
        "requires-fh-in-fit": False,
    }

    def __init__(self, forecaster: Forecaster) -> None:
        self.forecaster = forecaster
        super().__init__()

    def set_params(self, **params: Any) -> Self:
        """Options of the forecaster are frozen: where one is to be another, another forecaster takes its place."""
        options = {name.removeprefix(PART): params.pop(name) for name in list(params) if name.startswith(PART)}
        super().set_params(**params)
        other = {name for name, value in options.items() if self.forecaster.get_params().get(name, ...) is not value}
        return super().set_params(forecaster=self.forecaster.with_options(**options)) if other else self

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        targets, known = _named(y, "y"), None if X is None else _named(X, "x")
        columns = Columns(id=SERIES, time=TIME, target=_names(targets), future=() if known is None else _names(known))
        table = _long(targets if known is None else targets.join(known))
        _require_one_end(table)
        self._seen, self._targets, self._panel = y.index, y.columns, Panel.from_table(table, columns=columns)
        self.forecaster_ = self.forecaster.with_options().fit(self._panel)
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        told, steps = self._told(fh, X, ())
        values = told.values[:, 0, steps].reshape(-1, told.values.shape[-1])
        return pd.DataFrame(values, index=self._times(fh), columns=self._targets)

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: Sequence[float]) -> pd.DataFrame:
        told, steps = self._told(fh, X, tuple(sorted(set(alpha))))
        each = [told.quantile(share)[:, 0, steps].reshape(-1, told.values.shape[-1]) for share in alpha]
        columns = pd.MultiIndex.from_product([self._get_varnames(), alpha])
        values = np.stack(each, axis=-1).reshape(len(each[0]), -1)
        return pd.DataFrame(values, index=self._times(fh), columns=columns)

    def _told(self, fh: Any, X: pd.DataFrame | None, shares: tuple[float, ...]) -> tuple[Prediction, np.ndarray]:
        """Forecasts as far as the last step of `fh`, and which of their steps are asked for."""
        steps = fh.to_relative(self.cutoff).to_numpy().astype(int)
        horizon, panel = int(steps.max()), self._panel
        if X is not None and panel.schema.columns.future:
            panel = panel.with_future(_long(_named(X, "x")))
        if shares:
            self.forecaster_.require_calibration(horizon)
        return self.forecaster_.predict_panel(panel, horizon, (0,), shares), steps - 1

    def _times(self, fh: Any) -> pd.Index:
        return fh.get_expected_pred_idx(y=self._seen, cutoff=self.cutoff)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """What sktime tries it with."""
        return [{"forecaster": SeasonalNaive(season=2)}, {"forecaster": Theta(season=3)}]


def _named(frame: pd.DataFrame, letter: str) -> pd.DataFrame:
    """With columns called y0, y1 and so on: sktime's may be numbers."""
    return frame.set_axis([f"{letter}{place}" for place in range(frame.shape[1])], axis=1)


def _names(frame: pd.DataFrame) -> tuple[str, ...]:
    return tuple(frame.columns)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """A long table, in which a series is called by its place among the sorted ones, which is sktime's order."""
    times = frame.index.get_level_values(-1)
    keys = frame.index.droplevel(-1) if frame.index.nlevels > 1 else np.zeros(len(frame), int)
    series = pd.factorize(keys, sort=True)[0]
    times = times.to_timestamp() if isinstance(times, pd.PeriodIndex) else times
    table = frame.reset_index(drop=True).assign(**{SERIES: series, TIME: np.asarray(times)})
    return table.sort_values(SERIES, kind="stable")


def _require_one_end(table: pd.DataFrame) -> None:
    ends = table.groupby(SERIES)[TIME].max()
    if ends.nunique() > 1:
        raise DataError(
            f"sktime forecasts a panel from one time, and these series end at {ends.nunique()}, from {ends.min()} to "
            f"{ends.max()}: cut them to one end, or use Loopcast's own fit, which takes each from its own"
        )
