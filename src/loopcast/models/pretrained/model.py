"""What a pretrained or tuned network says of series, from their history alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtri

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError
from loopcast.features.causal.track import Periods
from loopcast.kernels import why_not_built
from loopcast.models.model import Model
from loopcast.models.pretrained.histories import Questions, ask
from loopcast.nn.direct_scan import DirectScan
from loopcast.nn.origin_network import OriginNetwork, OriginWeights
from loopcast.nn.step_decoder import PROBABILITIES


@dataclass(frozen=True, kw_only=True, eq=False)
class PretrainedModel(Model):
    """network: the architecture; weights: all of its numbers, float32; periods: of the series."""

    network: OriginNetwork
    weights: np.ndarray
    periods: Periods

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights.shape != (self.network.parameters,) or self.weights.dtype != np.float32:
            raise OptionError(f"the weights are float32 [{self.network.parameters}], got {self.weights.shape}")

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        panel.require_rows(cutoffs[0] + 1, "a row before the first cutoff", "ask for later cutoffs")
        alone = panel.to_univariate() if panel.n_channels > 1 else panel
        wanted = (0.5, *probabilities)
        found = np.zeros((alone.n_series, len(cutoffs), horizon, len(wanted)))
        for questions in ask(alone, self.periods, cutoffs, horizon):
            values = questions.read(interpolate(self._answers(questions), np.array(wanted)))
            found[questions.series] = np.where((questions.origins < 0)[..., None, None], 0.0, values)
        apart = found.reshape(panel.n_series, panel.n_channels, *found.shape[1:])
        each = np.moveaxis(apart, 1, 3)  # [series, cutoff, step, channel, probability]
        return Prediction(
            name=self.name,
            panel=panel,
            cutoffs=cutoffs,
            values=each[..., 0],
            probabilities=probabilities,
            quantiles=each[..., 1:] if probabilities else None,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Without what is made of the weights when it is first asked for: pointers do not travel."""
        return {name: value for name, value in vars(self).items() if name not in ("_parts", "_direct")}

    def _answers(self, questions: Questions) -> np.ndarray:
        """Quantiles of PROBABILITIES, `[series, cutoff, step, probability]`, in units of the scale."""
        told, at = questions.told, np.maximum(questions.origins, 0)[..., None]
        hidden = np.take_along_axis(self._scan(told.inputs), at, axis=1)
        seen = np.take_along_axis(told.inputs, at, axis=1)
        said: np.ndarray = self.network.quantiles(self._parts, hidden, seen, told.candidates, told.codes, xp=np)
        return said

    def _scan(self, inputs: np.ndarray) -> np.ndarray:
        """What the decoder reads at each row, by the kernels where they are built."""
        if why_not_built() is None:
            return self._direct(inputs)
        zero = self.network.recurrent.zero_state(len(inputs))
        return np.asarray(self.network.scan(self._parts, zero, inputs)[1])

    @cached_property
    def _parts(self) -> OriginWeights:
        return self.network.from_vector(self.weights)

    @cached_property
    def _direct(self) -> DirectScan:
        return DirectScan(self.network.recurrent.cell, self._parts.recurrent.layers)


def interpolate(quantiles: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Quantiles `[..., probability]` at other probabilities, straight lines on the scale of a normal distribution.

    quantiles: at PROBABILITIES; beyond the outer two as the outer two lie apart.
    """
    known, wanted = ndtri(np.array(PROBABILITIES)), ndtri(probabilities)
    left = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    share = (wanted - known[left]) / (known[left + 1] - known[left])
    low, high = quantiles[..., left].astype(np.float64), quantiles[..., left + 1]
    between: np.ndarray = low + share * (high - low)
    return between
