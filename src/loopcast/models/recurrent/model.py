"""What `Recurrent` learned: networks, how they see a series, and how forecasts are read off them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError
from loopcast.models.model import Model
from loopcast.models.recurrent.ensemble import Ensemble
from loopcast.models.recurrent.predict import features, forecast, quantiles
from loopcast.models.recurrent.setup import SHORTER_CONTEXT
from loopcast.storage.codec import MAY_MISS
from loopcast.training.history import Epoch

MEDIAN = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class RecurrentModel(Model):
    """ensemble: the networks. best_epoch: how many epochs were found best.

    history: float64 `[epoch, 6]`, the fields of `Epoch` in their order, NaN for no validation loss.
    """

    ensemble: Ensemble
    best_epoch: int
    history: np.ndarray = field(metadata=MAY_MISS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.history.ndim != 2 or self.history.shape[1] != len(Epoch.__dataclass_fields__):
            raise OptionError(f"a history is [epoch, {len(Epoch.__dataclass_fields__)}], got {self.history.shape}")
        if not 1 <= self.best_epoch <= len(self.history):
            raise OptionError(f"the best epoch is one of {len(self.history)}, got {self.best_epoch}")

    def features(self, panel: Panel) -> list[np.ndarray]:
        """What the networks see of each series, float32 `[time, feature]` each."""
        panel.require_any_value(f"{self.name} needs a value of each series")
        trimmed = self._view(panel).trim_leading_missing()
        self._require_known_gaps(trimmed)
        return features(self.ensemble, trimmed)

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        trimmed = self._usable(panel, horizon, cutoffs)
        if probabilities and horizon <= self.own_horizon:
            wanted = np.array((*probabilities, MEDIAN))
            each = merge_targets(quantiles(self.ensemble, trimmed, horizon, wanted, cutoffs), panel)
            return Prediction(
                name=self.name,
                panel=panel,
                cutoffs=cutoffs,
                values=each[..., -1],
                probabilities=probabilities,
                quantiles=each[..., :-1],
            )
        values = merge_targets(forecast(self.ensemble, trimmed, horizon, cutoffs), panel)
        return Prediction(name=self.name, panel=panel, cutoffs=cutoffs, values=values)

    def _view(self, panel: Panel) -> Panel:
        """A panel as the networks see it: each target by itself where they see one at a time."""
        return panel.to_univariate() if self.ensemble.channels == 1 else panel

    def _usable(self, panel: Panel, horizon: int, cutoffs: Sequence[int]) -> Panel:
        """The series as the networks see them; errors where they cannot forecast so far from these cutoffs."""
        ensemble = self.ensemble
        if ensemble.encoding is not None:
            ensemble.encoding.require_reach(ensemble.horizon, horizon)
        panel.require_future(max(0, horizon - cutoffs[-1]))  # here, where series have their own names
        trimmed = self._view(panel).trim_leading_missing()
        why = "a row before the first cutoff" if ensemble.context is None else f"context={ensemble.context}"
        trimmed.require_rows((ensemble.context or 1) + cutoffs[0], why, SHORTER_CONTEXT)
        self._require_known_gaps(trimmed.drop_last(cutoffs[-1]) if cutoffs[-1] else trimmed)
        return trimmed

    def _require_known_gaps(self, panel: Panel) -> None:
        """ValuesError where a value is missing and the networks were not made for that."""
        if not self.ensemble.scaling.gaps:
            cure = "fit it with gaps=True, or on data with missing values as they come, or fill them"
            panel.require_observed(f"{self.name} was fitted on series without missing values", cure)


def merge_targets(ahead: np.ndarray, panel: Panel) -> np.ndarray:
    """Undo `Panel.to_univariate`: the forecasts of targets that stood apart, back as channels of `panel`.

    ahead: `[series, cutoff, step, channel, ...]`.
    """
    if len(ahead) == panel.n_series:
        return ahead
    apart = ahead[:, :, :, 0].reshape(panel.n_series, panel.n_channels, *ahead.shape[1:3], *ahead.shape[4:])
    return np.moveaxis(apart, 1, 3)


def history_array(epochs: Sequence[Epoch]) -> np.ndarray:
    """Epochs as the rows of one array."""
    rows = [[np.nan if value is None else float(value) for value in vars(epoch).values()] for epoch in epochs]
    return np.array(rows, np.float64)
