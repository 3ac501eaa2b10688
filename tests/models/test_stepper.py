import itertools
import threading

import numpy as np
import pytest

from loopcast import PlainRecurrent, generate_time_series, kernels
from loopcast.errors import OptionError
from loopcast.models.plain.ensemble import scan, zero_states
from loopcast.models.plain.stepper import Stepper
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network

CELL_NAMES = ("simple", "gru", "lstm")


def network_of(cell, units, head="dense", inputs=3):
    return Network(cell=cell, units=units, inputs=inputs, outputs=5, head=head)


def members_of(network, count):
    """Weights as after training: no bias at zero, where a mistake could hide."""
    rng = np.random.default_rng(7)
    drawn = [initial_weights(network, seed) for seed in range(count)]
    return tuple(
        weights._replace(
            layers=tuple(
                layer._replace(bias=rng.normal(0, 0.5, layer.bias.shape).astype(np.float32)) for layer in weights.layers
            )
        )
        for weights in drawn
    )


def walked(stepper, inputs):
    state, outputs = stepper.start, []
    for row in inputs:
        state, output = stepper(state, row)
        outputs.append(output)
    return np.array(outputs)


def case(cell, units, head="dense", count=1, steps=9):
    network = network_of(cell, units, head)
    members = members_of(network, count)
    inputs = np.random.default_rng(1).normal(size=(steps, network.inputs)).astype(np.float32)
    _, outputs = scan(network, members, zero_states(network, members, 1), inputs[None])
    return network, members, inputs, np.asarray(outputs)[0]


@pytest.mark.parametrize(
    ("cell", "units", "head", "count"),
    [
        *itertools.product(CELL_NAMES, [(1,), (17, 3), (16, 40)], ["dense"], [1]),
        *itertools.product(CELL_NAMES, [(), (5,)], ["recurrent"], [1, 3]),
        ("lstm", (20, 20), "dense", 3),
    ],
)
def test_steps_one_by_one_give_what_a_scan_gives(cell, units, head, count):
    network, members, inputs, outputs = case(cell, units, head, count)
    np.testing.assert_allclose(walked(Stepper(network, members), inputs), outputs, atol=1e-6)


@pytest.mark.parametrize("cell", CELL_NAMES)
def test_without_kernels_a_compiled_program_takes_the_same_steps(cell, monkeypatch, tmp_path):
    network, members, inputs, outputs = case(cell, (7, 4), count=2)
    monkeypatch.setattr(kernels, "LIBRARY", tmp_path / "absent.so")
    np.testing.assert_allclose(walked(Stepper(network, members), inputs), outputs, atol=1e-6)


def test_a_network_without_recurrent_layers_steps_too():
    network, members, inputs, outputs = case("simple", (), "dense")
    np.testing.assert_allclose(walked(Stepper(network, members), inputs), outputs, atol=1e-6)


def test_a_state_that_was_kept_goes_on_from_where_it_was():
    network, members, inputs, outputs = case("lstm", (6,))
    stepper = Stepper(network, members)
    state = stepper.start
    for row in inputs[:4]:
        state, _ = stepper(state, row)
    kept = np.frombuffer(state.tobytes(), np.float32)
    walked(stepper, inputs)
    _, output = Stepper(network, members)(kept, inputs[4])
    np.testing.assert_allclose(output, outputs[4], atol=1e-6)
    assert not stepper.start.any()


def test_nan_stays_with_the_series_that_had_it():
    network, members, inputs, outputs = case("gru", (6,))
    stepper = Stepper(network, members)
    _, output = stepper(stepper.start, np.full(3, np.nan, np.float32))
    assert np.isnan(output).all()
    np.testing.assert_allclose(walked(stepper, inputs), outputs, atol=1e-6)


def test_threads_may_share_a_stepper():
    network, members, inputs, outputs = case("lstm", (20, 20), steps=300)
    stepper, got = Stepper(network, members), {}
    threads = [threading.Thread(target=lambda k=k: got.update({k: walked(stepper, inputs)})) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    for result in got.values():
        np.testing.assert_allclose(result, outputs, atol=1e-6)


@pytest.mark.parametrize(("numbers", "width"), [(0, 3), (1, 2), (1, 4)])
def test_other_shapes_are_refused_with_both(numbers, width):
    network = network_of("lstm", (6,))
    stepper = Stepper(network, members_of(network, 1))
    state = stepper.start if numbers else stepper.start[1:]
    with pytest.raises(OptionError, match=r"\(3,\), got .*"):
        stepper(state, np.zeros(width, np.float32))


def test_a_fitted_model_gives_steps_that_lead_to_its_forecast():
    series = generate_time_series(32, 40, seed=0)
    model = PlainRecurrent(horizon=4, units=(6,), epochs=1, patience=None, members=2).fit(series)
    stepper = model.stepper()
    outputs = walked(stepper, model.features()[3])
    np.testing.assert_allclose(outputs[-1], model.predict_panel(model.model.panel, 4).values[:, 0][3, :, 0], atol=1e-5)
