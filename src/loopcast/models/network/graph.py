"""A network with a shared decoder as a graph of ONNX operators, and what a file says of it."""

from collections.abc import Mapping, Sequence

import numpy as np

from loopcast.features.causal.ahead import CANDIDATES, CODES
from loopcast.features.causal.inputs import INPUTS
from loopcast.features.causal.names import CANDIDATE_NAMES, CODE_NAMES, INPUT_NAMES
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known_names import names_of_rows, names_of_steps
from loopcast.models.network.raw.record import layout
from loopcast.nn.onnx_graph import Export, Graph, Kind
from loopcast.nn.onnx_layers import last_rows, recurrent_layers, rows_first, state_sizes, step_decoder
from loopcast.nn.origin_shape import OriginParts, OriginShape
from loopcast.nn.step_decoder import PROBABILITIES


def why_no_network_graph(shape: OriginShape, export: Export) -> str | None:
    """Why there is none, in a sentence; None where there is."""
    if not export.raw:
        return None
    if (shape.inputs, shape.candidates, shape.codes) == (INPUTS, CANDIDATES, CODES):
        return None
    return (
        "it also sees covariates, the calendar or other targets, whose encoding stays in Python: raw=False takes what "
        "encoded() makes of them"
    )


def network_graph(shape: OriginShape, parts: OriginParts, kind: Kind) -> Graph:
    """Ports: `features`, `candidates`, `codes`, and the state, or `lengths`, in; `quantiles` and the state out."""
    graph, batch = Graph(), "batch"
    numbers = sum(state_sizes(shape.cell, parts.layers))
    if kind == "step":
        inputs, lengths = graph.port("features", np.float32, batch, shape.inputs), ""
        state = graph.port("past_state", np.float32, batch, numbers)
        rows = graph.apply("Unsqueeze", inputs, graph.integers(0))
    else:
        each, state = graph.port("features", np.float32, batch, "time", shape.inputs), ""
        lengths = graph.port("lengths", np.int32, batch)
        rows, inputs = rows_first(graph, each), last_rows(graph, each, lengths)
    candidates = graph.port("candidates", np.float32, batch, "step", shape.candidates)
    codes = graph.port("codes", np.float32, batch, "step", shape.codes)
    after, hidden = recurrent_layers(graph, "", shape.cell, parts.layers, rows, (state, lengths))
    known = graph.join([hidden, inputs])
    said = step_decoder(graph, shape.decoder, parts.decoder, known, candidates, codes)
    graph.give(said, "quantiles", np.float32, batch, "step", len(PROBABILITIES))
    graph.give(after, "present_state", np.float32, batch, numbers)
    return graph


Facts = dict[str, str | Sequence[int | float | str] | Mapping[str, int]]


def network_facts(shape: OriginShape, periods: Periods, encoding: ExogenousEncoder | None, channels: str) -> Facts:
    """What a file says of the network and its ports."""
    return _facts(shape, periods, channels) | {
        "features": (*INPUT_NAMES, *names_of_rows(encoding)),
        "candidates": CANDIDATE_NAMES,
        "codes": (*CODE_NAMES, *names_of_steps(encoding, periods.season)),
    }


def raw_facts(shape: OriginShape, periods: Periods, channels: str) -> Facts:
    """The same of a graph that takes values as they are: what its record holds, in its order."""
    return _facts(shape, periods, channels) | {"record": layout(periods)}


def _facts(shape: OriginShape, periods: Periods, channels: str) -> Facts:
    return {
        "cell": shape.cell,
        "units": shape.units,
        "seasons": (periods.season, periods.second) if periods.second else (periods.season,),
        "targets": channels,
        "probabilities": PROBABILITIES,
    }
