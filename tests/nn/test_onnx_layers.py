"""A network's graph of ONNX operators, run by ONNX Runtime, against the kernels."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from loopcast.features.causal.track import Periods
from loopcast.kernels import LIBRARY
from loopcast.models.network.graph import network_facts, network_graph
from loopcast.nn import onnx_layers
from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.direct_scan import DirectScan
from loopcast.nn.onnx_file import onnx_bytes
from loopcast.nn.origin_shape import OriginShape

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
TIME, STEPS, NEAR = 1000, 3, 5e-6
CELLS = ("simple", "gru", "lstm")


def network(cell, seed=0, units=(9, 6)):
    shape = OriginShape(inputs=5, units=units, candidates=4, codes=3, cell=cell)
    rng = np.random.default_rng(seed)
    return shape, shape.parts(rng.normal(0, 0.35, shape.parameters).astype(np.float32))


def rows(rng, batch, shape, time=TIME):
    return {
        "features": rng.normal(0, 1, (batch, time, shape.inputs)).astype(np.float32),
        "candidates": rng.normal(0, 3, (batch, STEPS, shape.candidates)).astype(np.float32),
        "codes": rng.normal(0, 1, (batch, STEPS, shape.codes)).astype(np.float32),
    }


def session_of(content):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def session(shape, parts, kind):
    return session_of(onnx_bytes(network_graph(shape, parts, kind), "net", "1", {}))


def stepped(shape, parts, given):
    """State and quantiles after all rows, one at a time; a forecast is asked for at the last one alone."""
    run = session(shape, parts, "step")
    state = np.zeros((len(given["features"]), sum(onnx_layers.state_sizes(shape.cell, parts.layers))), np.float32)
    time = given["features"].shape[1]
    for t in range(time):
        asked = {name: given[name] if t == time - 1 else given[name][:, :0] for name in ("candidates", "codes")}
        features = np.ascontiguousarray(given["features"][:, t])
        quantiles, state = run.run(["quantiles", "present_state"], {"features": features, "past_state": state} | asked)
    return state, quantiles


def native(shape, parts, given, lengths):
    hidden = DirectScan(shape.cell, parts.layers)(given["features"])
    at = np.arange(len(lengths)), lengths - 1
    decoder = DirectDecoder(shape.decoder, parts.decoder)
    return hidden[at], decoder(hidden[at], given["features"][at], given["candidates"], given["codes"])


@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize("cell", CELLS)
def test_a_thousand_rows_one_by_one_or_at_once_say_what_the_kernels_say(cell, batch):
    shape, parts = network(cell)
    given = rows(np.random.default_rng(batch), batch, shape)
    lengths = np.full(batch, TIME, np.int32)
    hidden, expected = native(shape, parts, given, lengths)
    whole, state = session(shape, parts, "history").run(["quantiles", "present_state"], given | {"lengths": lengths})
    after, said = stepped(shape, parts, given)
    np.testing.assert_allclose(whole, expected, atol=NEAR, rtol=NEAR)
    np.testing.assert_allclose(said, expected, atol=NEAR, rtol=NEAR)
    np.testing.assert_allclose(after, state, atol=NEAR)
    last = shape.units[-1]
    h = slice(-last, None) if cell != "lstm" else slice(-2 * last, -last)
    np.testing.assert_allclose(state[:, h], hidden, atol=NEAR)


@pytest.mark.parametrize("cell", CELLS)
def test_series_of_unequal_lengths_end_where_their_lengths_say(cell):
    shape, parts = network(cell)
    given = rows(np.random.default_rng(3), 6, shape, time=40)
    lengths = np.array([40, 1, 17, 2, 39, 8], np.int32)
    _, expected = native(shape, parts, given, lengths)
    said = session(shape, parts, "history").run(["quantiles"], given | {"lengths": lengths})[0]
    np.testing.assert_allclose(said, expected, atol=NEAR, rtol=NEAR)


@pytest.mark.parametrize(
    ("cell", "gates", "attributes"),
    [("lstm", (0, 1, 2, 3), {}), ("lstm", (0, 3, 2, 1), {}), ("gru", (1, 0, 2), {"linear_before_reset": 1}),
     ("gru", (0, 1, 2), {"linear_before_reset": 0}), ("simple", (0,), {"activations": ["Relu"]})],
)  # fmt: skip
def test_another_order_of_gates_or_another_kind_of_cell_is_found_out(cell, gates, attributes, monkeypatch):
    shape, parts = network(cell)
    given, lengths = rows(np.random.default_rng(1), 4, shape, time=30), np.full(4, 30, np.int32)
    _, expected = native(shape, parts, given, lengths)
    monkeypatch.setitem(onnx_layers.GATES, cell, gates)
    monkeypatch.setitem(onnx_layers.ATTRIBUTES, cell, attributes)
    said = session(shape, parts, "history").run(["quantiles"], given | {"lengths": lengths})[0]
    assert np.abs(said - expected).max() > 1000 * NEAR


@pytest.mark.parametrize("kind", ["step", "history"])
def test_the_file_is_what_onnx_asks_for_and_says_what_it_is(kind):
    shape, parts = network("gru")
    facts = {name: json.dumps(fact) for name, fact in network_facts(shape, Periods(season=12), None, "joint").items()}
    content = onnx_bytes(network_graph(shape, parts, kind), "air", "0.1.0", facts)
    made = onnx.load_from_string(content)
    onnx.checker.check_model(made, full_check=True)
    assert (made.graph.name, made.producer_name, made.producer_version) == ("air", "loopcast", "0.1.0")
    assert [(each.domain, each.version) for each in made.opset_import] == [("", 18)]
    said = {each.key: json.loads(each.value) for each in made.metadata_props}
    assert (said["seasons"], said["probabilities"][5]) == ([12], 0.5)
    assert len(content) < 4 * shape.parameters + 10_000
