"""Recurrent layers, the decoder that steps share, and a dense head, as ONNX operators."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from loopcast.nn.onnx_graph import Graph
from loopcast.nn.shapes import SHAPES, CellWeights, DenseWeights
from loopcast.nn.step_decoder import MEDIAN_GAIN, SIDE, StepDecoder, StepWeights

OPERATORS = {"simple": "RNN", "gru": "GRU", "lstm": "LSTM"}
# Where ONNX's gates lie among Keras's. LSTM: i, o, f, c there and i, f, c, o here; GRU: z, r, h in both.
GATES = {"simple": (0,), "gru": (0, 1, 2), "lstm": (0, 3, 1, 2)}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "simple": {"activations": ["Tanh"]},
    "gru": {"linear_before_reset": 1},
    "lstm": {},
}


def state_sizes(cell: str, layers: Sequence[CellWeights]) -> list[int]:
    """How many numbers each array of the state has: of each layer h, and of an LSTM then c."""
    return [int(layer.recurrent_kernel.shape[0]) for layer in layers for _ in range(SHAPES[cell].states)]


def onnx_weights(cell: str, layer: CellWeights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel `[1, gates * units, input]`, recurrent kernel `[1, gates * units, unit]`, both biases end to end."""
    units, order = int(layer.recurrent_kernel.shape[0]), GATES[cell]

    def gates(array: Any) -> np.ndarray:
        parts = np.split(np.asarray(array, np.float32), len(order), axis=-1)
        return np.concatenate([parts[place] for place in order], axis=-1)

    bias = np.zeros((2, len(order) * units), np.float32)  # of the input, and of the state
    rows = np.asarray(layer.bias).reshape(SHAPES[cell].bias_rows, -1)
    bias[: len(rows)] = gates(rows)
    return gates(layer.kernel).T[None], gates(layer.recurrent_kernel).T[None], bias.reshape(1, -1)


def recurrent_layers(
    graph: Graph, name: str, cell: str, layers: Sequence[CellWeights], inputs: str, ends: tuple[str, str]
) -> tuple[str, str]:
    """Layers over `inputs` `[time, batch, input]`: their state after the last row, and the last layer's output then.

    name: before those of the weights. ends: the state before the first row, packed `[batch, number]`, empty for zeros;
    and how many rows count, int32 `[batch]`, empty for all.
    """
    state, lengths = ends
    sizes, kinds = state_sizes(cell, layers), SHAPES[cell].states
    first = graph.integers(0)
    before = (
        [graph.apply("Unsqueeze", part, first) for part in graph.split(state, sizes)] if state else [""] * len(sizes)
    )
    hidden, after = inputs, []
    for depth, layer in enumerate(layers):
        weights = [
            graph.constant(f"{name}layer{depth}.{part}", array)
            for part, array in zip("WRB", onnx_weights(cell, layer), strict=True)
        ]
        own = before[depth * kinds : (depth + 1) * kinds]
        made = graph.apply_many(
            OPERATORS[cell], 1 + kinds, hidden, *weights, lengths, *own,
            hidden_size=int(layer.recurrent_kernel.shape[0]), **ATTRIBUTES[cell],
        )  # fmt: skip
        hidden = graph.apply("Squeeze", made[0], graph.integers(1))  # of its one direction
        after += [graph.apply("Squeeze", part, first) for part in made[1:]]
    return graph.join(after), after[-kinds]


def step_decoder(
    graph: Graph, decoder: StepDecoder, weights: StepWeights, known: str, candidates: str, codes: str
) -> str:
    """`StepDecoder.apply` of what is known of a row, its state and its inputs `[batch, number]`, and of `candidates`
    and `codes` `[batch, step, number]`: quantiles `[batch, step, probability]`.
    """
    part = {name: graph.constant(f"decoder.{name}", array) for name, array in weights._asdict().items()}
    row = _dense(graph, known, part["state"], part["bias"])
    bent = graph.apply("Asinh", candidates)
    ahead = graph.apply("MatMul", graph.join([bent, codes]), part["step"])
    first = graph.apply("Tanh", graph.apply("Add", graph.apply("Unsqueeze", row, graph.integers(1)), ahead))
    second = graph.apply("Tanh", _dense(graph, first, part["second"], part["second_bias"]))
    out = _dense(graph, graph.apply("Add", first, second), part["readout"], part["readout_bias"])
    level, shares, gaps = graph.split(out, (1, decoder.candidates, 2 * SIDE))
    own = graph.apply("Mul", level, graph.number(MEDIAN_GAIN, np.float32))
    mixed = graph.apply("ReduceSum", graph.apply("Mul", shares, candidates), graph.integers(-1), keepdims=1)
    outward = graph.constant("decoder.outward", outward_sums())
    spread = graph.apply("MatMul", graph.apply("Softplus", gaps), outward)
    return graph.apply("Add", graph.apply("Add", own, mixed), spread)


def outward_sums() -> np.ndarray:
    """What each gap adds to each quantile, `[2 * SIDE, quantile]`: those below the median are counted outwards too."""
    ones = np.triu(np.ones((SIDE, SIDE), np.float32))
    sums = np.zeros((2 * SIDE, 2 * SIDE + 1), np.float32)
    sums[:SIDE, :SIDE], sums[SIDE:, SIDE + 1 :] = -ones[:, ::-1], ones
    return sums


def dense_head(graph: Graph, name: str, dense: DenseWeights, hidden: str) -> str:
    """`[batch, unit] -> [batch, output]`"""
    return _dense(
        graph, hidden, graph.constant(f"{name}dense.W", dense.kernel), graph.constant(f"{name}dense.b", dense.bias)
    )


def _dense(graph: Graph, hidden: str, kernel: str, bias: str) -> str:
    return graph.apply("Add", graph.apply("MatMul", hidden, kernel), bias)


def rows_first(graph: Graph, inputs: str) -> str:
    """`[batch, time, input]` as ONNX reads sequences, `[time, batch, input]`."""
    return graph.apply("Transpose", inputs, perm=[1, 0, 2])


def last_rows(graph: Graph, inputs: str, lengths: str) -> str:
    """The last of `lengths` `[batch]` rows of `inputs` `[batch, time, input]`, `[batch, input]`."""
    counts = graph.apply("Cast", lengths, to=np.int64)
    last = graph.apply("Sub", counts, graph.number(1, np.int64))
    return graph.apply("GatherND", inputs, graph.apply("Unsqueeze", last, graph.integers(1)), batch_dims=1)
