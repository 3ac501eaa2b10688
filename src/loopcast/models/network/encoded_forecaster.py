"""What forecasters whose model reads encoded series offer to runtimes that are not ours."""

from abc import ABC
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from loopcast.columns import Columns
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.ports import EncodedPorts
from loopcast.models.two_seasons import TwoSeasons

if TYPE_CHECKING:  # a forecast does without
    import keras


@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedForecaster(TwoSeasons, ABC):
    """A forecaster whose `fit` leaves a `NetworkModel`."""

    def encoded(
        self, horizon: int | None = None, *, data: Any = None, future: Any = None, columns: Columns | None = None
    ) -> EncodedPorts:
        """What the network reads to forecast: arrays for `to_onnx` and `to_keras`, and how to read what these give.

        horizon, data, future, columns: as of `predict`. Of what comes out, `ports` are the arrays by name, and
        `read(quantiles)` the values float64 `[series, step, probability]` at its `probabilities`, of several targets a
        series each.

        >>> from loopcast import Panel, Pretrained
        >>> model = Pretrained(horizon=4, season=4).fit(Panel.from_series([float(i % 4) for i in range(40)]))
        >>> {name: array.shape for name, array in model.encoded().ports.items()}
        {'features': (1, 39, 41), 'lengths': (1,), 'candidates': (1, 4, 10), 'codes': (1, 4, 8)}
        """
        panel = self._history(data, future, columns)
        return self._network_model.encoded(panel, self.steps_ahead(horizon))

    def to_keras(self) -> "keras.Model":
        """The network as a Keras model of stock layers, with the same weights.

        It takes a dict of `features` float32 `[series, time, feature]`, of series of equal lengths, and of `candidates`
        and `codes` float32 `[series, step, number]`, as `encoded` has them; and gives the quantiles `[series, step,
        probability]` of the steps after the last row, which that reads. Keras's other backends, and `.keras` files,
        take it. Like `to_onnx` it holds neither the encoding, nor a calibration, nor bounds.
        """
        return self._network_model.to_keras()

    @property
    def _network_model(self) -> NetworkModel:
        return cast("NetworkModel", self.model)
