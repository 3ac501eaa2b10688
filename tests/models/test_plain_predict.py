from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from loopcast.data.panel import Panel
from loopcast.models.plain import predict
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.predict import features, forecast
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network
from reference.compiled import step

LENGTHS = (3, 17, 1, 40)


def panel_of(lengths=LENGTHS, seed=0):
    random = np.random.default_rng(seed)
    rows = [random.uniform(-1, 1, (n, 1)) for n in lengths]
    longest = max(lengths)
    whole = Panel.from_array(np.stack([np.pad(each, ((0, longest - len(each)), (0, 0))) for each in rows]))
    return whole.take_heads(np.arange(len(lengths)), np.array(lengths), 0)


def model_of(cell="gru", context=None, outputs=4, members=2, lags=3):
    network = Network(cell=cell, units=(6, 5), inputs=lags, outputs=outputs)
    weights = tuple(initial_weights(network, 3 + member) for member in range(members))
    return Ensemble(network=network, lags=lags, context=context, members=weights)


def walked(model, values, horizon):
    """The forecast by hand: one step at a time from the first row on, every forecast fed back."""
    network, past = model.network, np.zeros(model.lags, np.float32)
    start = 0 if model.context is None else max(len(values) - model.context, 0)
    states, ahead = [network.zero_state(1)] * len(model.members), []

    def advance(states):
        each = [step(network, *member, past[None]) for member in zip(model.members, states, strict=True)]
        return [state for state, _ in each], np.mean([output for _, output in each], axis=0)[0]

    for row, value in enumerate(values):
        past = np.append(past[1:], value).astype(np.float32)
        if row >= start:
            states, output = advance(states)
    while len(ahead) < horizon:
        ahead.extend(output)
        for value in output:
            past = np.append(past[1:], value).astype(np.float32)
            states, output = advance(states)
    return np.array(ahead[:horizon])


@pytest.mark.parametrize("horizon", [1, 4, 11])
@pytest.mark.parametrize(("cell", "context"), [("simple", 5), ("gru", None)])
def test_a_forecast_is_a_walk_through_the_history_one_step_at_a_time(cell, context, horizon):
    model, panel = model_of(cell, context), panel_of()
    got = forecast(model, panel, horizon)[:, 0, :, 0]
    wanted = [walked(model, panel.series(i)[:, 0], horizon) for i in range(panel.n_series)]
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=1e-5)


def test_a_carried_state_forecasts_as_one_that_starts_anew():
    model, panel = model_of(), panel_of((30, 40))
    carried = forecast(model, panel, 5, (12, 7, 0))
    for cutoff, cutoffs in enumerate((12, 7, 0)):
        anew = forecast(model, panel.drop_last(cutoffs) if cutoffs else panel, 5)[:, 0]
        np.testing.assert_allclose(carried[:, cutoff], anew, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("chunk", "segment"), [(1, 8), (2, 16)])
def test_how_much_is_taken_at_once_changes_nothing(monkeypatch, chunk, segment):
    model, panel = model_of("lstm"), panel_of()
    whole = forecast(model, panel, 5)
    monkeypatch.setattr(predict, "CHUNK", chunk)
    monkeypatch.setattr(predict, "SEGMENT", segment)
    np.testing.assert_allclose(forecast(model, panel, 5), whole, rtol=1e-5, atol=1e-6)


def test_what_is_before_the_context_changes_nothing_but_lags():
    model = model_of("simple", context=5, lags=2)
    series = np.random.default_rng(0).normal(size=(2, 20, 1)).astype(np.float32)
    changed = series.copy()
    changed[:, : -5 - 1] = 99.0
    np.testing.assert_array_equal(
        forecast(model, Panel.from_array(series), 3), forecast(model, Panel.from_array(changed), 3)
    )


def test_sixteen_threads_get_the_bits_that_one_gets():
    model, panel = model_of(), panel_of()
    alone = forecast(model, panel, 9)
    with ThreadPoolExecutor(16) as pool:
        for got in pool.map(lambda _: forecast(model, panel, 9), range(48)):
            np.testing.assert_array_equal(got, alone)


@pytest.mark.parametrize("context", [None, 5])
def test_features_are_the_latest_values_at_each_step(context):
    model, panel = model_of(context=context), panel_of()
    for i, rows in enumerate(features(model, panel)):
        values = np.concatenate([np.zeros(2), panel.series(i)[:, 0]]).astype(np.float32)
        wanted = np.stack([values[t : t + 3] for t in range(len(values) - 2)])
        np.testing.assert_array_equal(rows, wanted if context is None else wanted[-5:])
