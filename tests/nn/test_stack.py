from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import pytest

from loopcast import kernels
from loopcast.errors import OptionError
from loopcast.nn.cells import CELLS
from loopcast.nn.shapes import CellWeights, DenseWeights
from loopcast.nn.stack import Backend, scan_stack, select_backend
from reference import recurrence


def layers(cell, widths, seed=0):
    random = np.random.default_rng(seed)

    def draw(*shape):
        return random.normal(0, 0.5, shape).astype(np.float32)

    kind, weights = CELLS[cell], []
    for width, units in pairwise(widths):
        columns = kind.gates * units
        bias = draw(columns) if kind.bias_rows == 1 else draw(kind.bias_rows, columns)
        weights.append(CellWeights(draw(width, columns), draw(units, columns), bias))
    states = [tuple(draw(6, units) for _ in range(kind.states)) for units in widths[1:]]
    return weights, states, draw(6, 13, widths[0])


@pytest.mark.parametrize("path", ["auto", "never"])
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("last_only", [True, False])
@pytest.mark.parametrize("headed", [True, False])
def test_a_stack_on_either_path_is_a_plain_loop_over_layers_and_steps(cell, path, last_only, headed):
    weights, states, inputs = layers(cell, (3, 7, 5))
    observed = np.random.default_rng(1).random((6, 13)) > 0.3
    hidden, finals = inputs, []
    for layer, state in zip(weights, states, strict=True):
        final, hidden = recurrence.run(cell, layer, state, hidden, observed)
        finals.append(final)
    head = DenseWeights(np.eye(5, 4, dtype=np.float32), np.arange(4, dtype=np.float32)) if headed else None
    got_states, got = scan_stack(
        cell, weights, states, jnp.asarray(inputs), jnp.asarray(observed), head=head, last_only=last_only, fused=path
    )
    outputs = hidden[..., :4] + np.arange(4) if headed else hidden
    np.testing.assert_allclose(got, outputs[:, -1:] if last_only else outputs, atol=3e-6)
    for state, final in zip(got_states, finals, strict=True):
        for part, wanted in zip(state, final, strict=True):
            np.testing.assert_allclose(part, wanted, atol=3e-6)


def test_without_the_library_the_scan_runs_and_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(kernels, "LIBRARY", tmp_path / "loopcast_kernels.so")
    weights, states, inputs = layers("gru", (3, 7))
    path = select_backend("gru", weights, states, inputs, "auto", masked=False)
    assert path.describe("ran").startswith("A compiled scan ran: the kernels are not built: there is no ")
    _, got = scan_stack("gru", weights, states, jnp.asarray(inputs))
    _, wanted = recurrence.run("gru", weights[0], states[0], inputs)
    np.testing.assert_allclose(got, wanted, atol=3e-6)
    with pytest.raises(OptionError, match="not built"):
        scan_stack("gru", weights, states, jnp.asarray(inputs), fused="always")


@pytest.mark.skipif(not kernels.LIBRARY.exists(), reason="the kernels are not built")
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("masked", [True, False])
def test_on_a_cpu_the_kernels_run_unless_told_not_to(cell, masked):
    case = layers(cell, (3, 7))
    for fused_option in ("auto", "always"):
        assert select_backend(cell, *case, fused_option, masked=masked, platform="cpu") == Backend(name="kernels")
    never = select_backend(cell, *case, "never", masked=masked, platform="cpu")
    assert never.describe("ran") == 'A compiled scan ran: fused="never" asks for the scan.'


def test_on_a_gpu_cudnn_runs_an_unmasked_lstm():
    case = layers("lstm", (3, 7, 5))
    path = select_backend("lstm", *case, "auto", masked=False, platform="gpu")
    assert path.describe("ran") == "cuDNN ran: the kernels run on a CPU, and JAX uses a GPU."
    assert select_backend("lstm", *case, "never", masked=False, platform="gpu").name == "scan"
    with pytest.raises(OptionError, match="on a CPU"):
        select_backend("lstm", *case, "always", masked=False, platform="gpu")


@pytest.mark.parametrize(
    ("cell", "widths", "dtype", "masked", "words"),
    [
        ("gru", (3, 7), np.float32, False, "cuDNN's LSTM, not its 'gru'"),
        ("simple", (3, 7), np.float32, False, "cuDNN's LSTM, not its 'simple'"),
        ("lstm", (3, 7), np.float32, True, "no mask"),
        ("lstm", (3, 7), np.float64, False, "float64"),
        ("lstm", (0, 7), np.float32, False, "empty work"),
        ("lstm", (3,), np.float32, False, "0 layers"),
    ],
)
def test_on_a_gpu_the_scan_runs_what_cudnn_cannot_and_says_why(cell, widths, dtype, masked, words):
    weights, states, inputs = layers(cell, widths)
    path = select_backend(cell, weights, states, inputs.astype(dtype), "auto", masked=masked, platform="gpu")
    assert path.name == "scan"
    assert path.reason.startswith("the kernels run on a CPU, and JAX uses a GPU, and ")
    assert words in path.reason


def test_on_other_devices_the_scan_runs():
    path = select_backend("lstm", *layers("lstm", (3, 7)), "auto", masked=False, platform="tpu")
    assert path == Backend(name="scan", reason="the kernels run on a CPU, and JAX uses a TPU")
