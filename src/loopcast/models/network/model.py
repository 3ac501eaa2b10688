"""What a network with a shared decoder says of series: a pretrained one, or one trained on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from loopcast.data.explanation import Contributions
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.kernels import why_not_built
from loopcast.models.model import Model
from loopcast.models.network.direct import SameArray, direct_parts, outputs_of
from loopcast.models.network.explain import explain_network
from loopcast.models.network.histories import Asked, Questions
from loopcast.models.network.ports import EncodedPorts
from loopcast.models.network.reading import read_values
from loopcast.models.network.targets import Channels
from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.direct_scan import DirectScan
from loopcast.nn.onnx_graph import Export, Graph
from loopcast.nn.origin_shape import OriginParts, OriginShape
from loopcast.validation import check_positive

if TYPE_CHECKING:  # a forecast does without
    import keras

ANY = 1_000_000  # steps ahead: the network has a distribution of its own at each


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkModel(Model):
    """network: the architecture; weights: all of its numbers, float32; periods: of the series.

    encoding: how covariates and the calendar are shown; None where the network does without. channels: whether it sees
    several targets together, or each alone.
    """

    network: OriginShape
    weights: np.ndarray
    periods: Periods
    encoding: ExogenousEncoder | None = None
    channels: Channels = "independent"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights.shape != (self.network.parameters,) or self.weights.dtype != np.float32:
            raise OptionError(f"the weights are float32 [{self.network.parameters}], got {self.weights.shape}")

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        wanted = np.array((0.5, *probabilities))
        asked = Asked(periods=self.periods, encoding=self.encoding, channels=self.channels)
        each = asked.answers(
            panel, cutoffs, horizon, len(wanted), lambda some: read_values(some, self._answers(some), wanted)
        )
        return Prediction(
            name=self.name,
            panel=panel,
            cutoffs=cutoffs,
            values=each[..., 0],
            probabilities=probabilities,
            quantiles=each[..., 1:] if probabilities else None,
        )

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        return explain_network(self, panel, horizon)

    def seasons_seen(self) -> Periods:
        return self.periods

    def encoded(self, panel: Panel, horizon: int) -> EncodedPorts:
        """What the network reads to forecast so many steps after the end of each series: what its graph takes."""
        steps = check_positive("horizon", horizon)
        panel.require_any_value(f"{self.name} needs a value of each series")
        return EncodedPorts.of(panel, steps, self.periods, self.encoding, self.channels)

    def why_not_onnx(self, export: Export) -> str | None:
        """Where raw values are wanted of what cannot take them."""
        from loopcast.models.network.graph import why_no_network_graph  # which a forecast does without

        return why_no_network_graph(self.network, export)

    def onnx_graph(self, export: Export) -> tuple[Graph, Mapping[str, Any]]:
        """Of what `encoded` gives, or of values as they are; and what the file says of it."""
        from loopcast.models.network.graph import network_facts, network_graph, raw_facts
        from loopcast.models.network.raw.graph import RawNetwork, raw_graph

        if export.raw:
            graph = raw_graph(RawNetwork(self.network, self._parts, self.periods), export.kind, export.horizon)
            return graph, raw_facts(self.network, self.periods, self.channels)
        graph = network_graph(self.network, self._parts, export.kind)
        return graph, network_facts(self.network, self.periods, self.encoding, self.channels)

    def to_keras(self) -> "keras.Model":
        """The network as a Keras model of stock layers; see `EncodedForecaster.to_keras`."""
        from loopcast.nn.keras_export import stock_origin_model

        return stock_origin_model(self.network, self._parts)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is made of the weights when it is first asked for."""
        return {name: value for name, value in vars(self).items() if name != "_parts"}

    def _answers(self, questions: Questions) -> np.ndarray:
        """Quantiles of PROBABILITIES at each origin, `[origin, step, probability]`, in units of the scale."""
        inputs = questions.told.inputs
        if why_not_built() is None:
            return self.answers_of(questions, outputs_of(self.network, SameArray(self.weights), inputs))
        return self.answers_of(questions, self.scan(None, inputs)[1])

    def answers_of(self, questions: Questions, outputs: np.ndarray) -> np.ndarray:
        """The same, of what the layers gave at each row, `[series, time, unit]`."""
        told, at = questions.told, questions.at
        hidden, seen = outputs[at], told.inputs[at]
        if why_not_built() is None:
            return self._direct[1](hidden, seen, told.candidates, told.codes)
        decoder = self.network.decoder
        said: np.ndarray = decoder.apply(self._parts.decoder, hidden, seen, told.candidates, told.codes, xp=np)
        return said

    def scan(self, state: Any, inputs: np.ndarray) -> tuple[Any, np.ndarray]:
        """From a state, None before the first row, to that after the last row, and to what the decoder reads at each.

        By the kernels where they are built, else by JAX. A state has arrays `[series, unit]`, in tuples of layers.
        """
        if why_not_built() is None:
            direct = self._direct[0]
            return direct.scan(direct.zero_state(len(inputs)) if state is None else state, inputs)
        from loopcast.nn.origin_network import OriginNetwork

        network = OriginNetwork(shape=self.network)
        before = network.recurrent.zero_state(len(inputs)) if state is None else state
        after, outputs = network.scan(network.from_vector(self.weights), before, inputs)
        return after, np.asarray(outputs)

    @cached_property
    def _parts(self) -> OriginParts:
        return self.network.parts(self.weights)

    @property
    def _direct(self) -> tuple[DirectScan, DirectDecoder]:
        return direct_parts(self.network, SameArray(self.weights))
