"""What `PlainRecurrent` learned: networks, and how forecasts are read off them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError
from loopcast.forks import check_not_forked
from loopcast.models.model import Model
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.graph import ensemble_facts, ensemble_graph, why_no_graph
from loopcast.models.plain.predict import features, forecast
from loopcast.models.plain.setup import FILL, SHORTER_CONTEXT
from loopcast.nn.onnx_graph import Export, Graph
from loopcast.storage.codec import MAY_MISS
from loopcast.training.history import Epoch


@dataclass(frozen=True, kw_only=True, eq=False)
class PlainModel(Model):
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
        check_not_forked()
        panel.require_observed(f"{self.name} sees raw values", FILL)
        return features(self.ensemble, panel)

    def why_not_onnx(self, export: Export) -> str | None:
        """Where it has no recurrent layer."""
        return "its features are raw values: leave raw out" if export.raw else why_no_graph(self.ensemble)

    def onnx_graph(self, export: Export) -> tuple[Graph, Mapping[str, Any]]:
        """Of what `features` gives, and what the file says of it."""
        return ensemble_graph(self.ensemble, export.kind), ensemble_facts(self.ensemble)

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        context = self.ensemble.context
        why = "a row before the first cutoff" if context is None else f"context={context}"
        panel.require_rows((context or 1) + cutoffs[0], why, SHORTER_CONTEXT)
        seen = panel.drop_last(cutoffs[-1]) if cutoffs[-1] else panel
        seen.require_observed(f"{self.name} sees raw values", FILL)
        values = forecast(self.ensemble, panel, horizon, cutoffs)
        return Prediction(name=self.name, panel=panel, cutoffs=cutoffs, values=values)


def history_array(epochs: Sequence[Epoch]) -> np.ndarray:
    """Epochs as the rows of one array."""
    rows = [[np.nan if value is None else float(value) for value in vars(epoch).values()] for epoch in epochs]
    return np.array(rows, np.float64)
