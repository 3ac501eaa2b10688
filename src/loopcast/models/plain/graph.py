"""A plain network's members as a graph of ONNX operators: raw values in, the mean of their forecasts out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from loopcast.models.plain.ensemble import Ensemble
from loopcast.nn.network import Weights
from loopcast.nn.onnx_graph import Graph, Kind
from loopcast.nn.onnx_layers import dense_head, recurrent_layers, rows_first, state_sizes


def why_no_graph(ensemble: Ensemble) -> str | None:
    """Why there is none, in a sentence; None where there is."""
    if ensemble.network.layer_units:
        return None
    return "without a recurrent layer it is a linear map of the lags: give it units, or take to_keras()"


def ensemble_graph(ensemble: Ensemble, kind: Kind) -> Graph:
    """Ports: `features` and the state, or `lengths`, in; `forecast` and the state, of all members, out."""
    network, graph, batch = ensemble.network, Graph(), "batch"
    own = state_sizes(network.cell, ensemble.members[0].layers)
    numbers = sum(own) * len(ensemble.members)
    if kind == "step":
        inputs = graph.port("features", np.float32, batch, network.inputs)
        packed, lengths = graph.port("past_state", np.float32, batch, numbers), ""
        states = graph.split(packed, [sum(own)] * len(ensemble.members))
        rows = graph.apply("Unsqueeze", inputs, graph.integers(0))
    else:
        rows = rows_first(graph, graph.port("features", np.float32, batch, "time", network.inputs))
        states, lengths = ("",) * len(ensemble.members), graph.port("lengths", np.int32, batch)
    each = [
        _member(graph, ensemble, f"member{place}.", weights, (rows, state, lengths))
        for place, (weights, state) in enumerate(zip(ensemble.members, states, strict=True))
    ]
    said = graph.apply("Mean", *(output for _, output in each))
    by_step = graph.apply("Reshape", said, graph.integers(0, ensemble.horizon, ensemble.channels))
    graph.give(by_step, "forecast", np.float32, batch, ensemble.horizon, ensemble.channels)
    graph.give(graph.join(after for after, _ in each), "present_state", np.float32, batch, numbers)
    return graph


def ensemble_facts(ensemble: Ensemble) -> Mapping[str, Any]:
    """What a file says of the networks and their ports."""
    network = ensemble.network
    return {
        "cell": network.cell,
        "units": network.layer_units,
        "targets": ensemble.channels,
        "features": [
            f"target {channel}, {lag} rows ago"
            for channel in range(1, ensemble.channels + 1)
            for lag in range(ensemble.lags - 1, -1, -1)
        ],
        "context": ensemble.context,
        "members": len(ensemble.members),
    }


def _member(
    graph: Graph, ensemble: Ensemble, name: str, weights: Weights, reads: tuple[str, str, str]
) -> tuple[str, str]:
    """Its state and its output after the last row; reads: rows, the state before them, and how many of them count."""
    rows, state, lengths = reads
    after, hidden = recurrent_layers(graph, name, ensemble.network.cell, weights.layers, rows, (state, lengths))
    return after, hidden if weights.dense is None else dense_head(graph, name, weights.dense, hidden)
