from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from loopcast.data.panel import Panel
from loopcast.features.scaling import Scaling
from loopcast.models.plain import predict
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.predict import features, forecast
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network
from reference.compiled import denormalize, encode, step

SCALINGS = {
    "raw": Scaling(lags=2),
    "log": Scaling(transform="log", lags=4, center_window=1, season=3, constant_as_last=True),
    "linear": Scaling(lags=4, center_window=1, scale_window=5, season=3, constant_as_last=True),
    "raw, gaps": Scaling(lags=2, gaps=True),
    "log, gaps": Scaling(transform="log", lags=4, center_window=1, season=3, constant_as_last=True, gaps=True),
    "linear, gaps": Scaling(
        lags=4, center_window=1, scale_window=6, season=3, seasons=2, constant_as_last=True, gaps=True
    ),
}
LENGTHS = (3, 17, 1, 40)


def panel_of(lengths=LENGTHS, seed=0):
    from loopcast import Panel

    random = np.random.default_rng(seed)
    import polars as pl

    tables = [
        pl.DataFrame({"unique_id": [f"s{i}"] * n, "ds": range(n), "y": random.uniform(1, 9, n).astype(np.float32)})
        for i, n in enumerate(lengths)
    ]
    return Panel.from_table(pl.concat(tables), freq=1)


def model_of(scaling, cell="gru", context=None, outputs=4, members=2):
    network = Network(cell=cell, units=(6, 5), inputs=SCALINGS[scaling].features, outputs=outputs)
    weights = tuple(initial_weights(network, 3 + member) for member in range(members))
    return Ensemble(network=network, scaling=SCALINGS[scaling], context=context, members=weights)


def walked(model, values, horizon):
    """The forecast by hand: one step at a time from the first row on, every forecast fed back."""
    reach, network = model.scaling.lookback, model.network
    past = np.full(reach, np.nan, np.float32)
    start = 0 if model.context is None else max(len(values) - model.context, 0)
    states, ahead = [network.zero_state(1)] * len(model.members), []

    def advance(states, features):
        each = [step(network, *member, features) for member in zip(model.members, states, strict=True)]
        return [state for state, _ in each], np.mean([output for _, output in each], axis=0)

    for row, value in enumerate(values):
        past = np.append(past[1:], value)
        if row >= start:
            view = encode(model.scaling, past[None], network.outputs)
            states, output = advance(states, view.features)
    while len(ahead) < horizon:
        block = np.asarray(denormalize(model.scaling, view, output))[0]
        ahead.extend(block)
        for value in block:
            past = np.append(past[1:], value)
            view = encode(model.scaling, past[None], network.outputs)
            states, output = advance(states, view.features)
    return np.array(ahead[:horizon])


@pytest.mark.parametrize("horizon", [1, 4, 11])
@pytest.mark.parametrize(
    ("scaling", "cell", "context"), [("raw", "simple", 5), ("log", "gru", None), ("linear", "lstm", None)]
)
def test_a_forecast_is_a_walk_through_the_history_one_step_at_a_time(scaling, cell, context, horizon):
    model, panel = model_of(scaling, cell, context), panel_of()
    got = forecast(model, panel, horizon)[:, 0, :, 0]
    wanted = [walked(model, panel.series(i)[:, 0].astype(np.float32), horizon) for i in range(panel.n_series)]
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=1e-5)


def with_gaps(panel, share=0.4, seed=0):
    """A share of the values missing, and the last three, but none that a series begins with."""
    hidden = np.random.default_rng(seed).random(panel.values.shape) < share
    hidden[panel.offsets[:-1]] = False
    hidden[-3:] = True
    return replace(panel, values=np.where(hidden, np.float32(np.nan), panel.values))


@pytest.mark.parametrize(
    ("scaling", "cell", "context"),
    [("raw, gaps", "simple", 5), ("log, gaps", "gru", None), ("linear, gaps", "lstm", 9)],
)
def test_with_gaps_too_a_forecast_is_a_walk_through_the_history(scaling, cell, context):
    model, panel = model_of(scaling, cell, context), with_gaps(panel_of())
    got = forecast(model, panel, 7)[:, 0, :, 0]
    wanted = [walked(model, panel.series(i)[:, 0].astype(np.float32), 7) for i in range(panel.n_series)]
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=1e-5)


def test_a_carried_state_forecasts_with_gaps_as_one_that_starts_anew():
    model, panel = model_of("log, gaps"), with_gaps(panel_of((30, 40)))
    carried = forecast(model, panel, 5, (12, 7, 0))
    for cutoff, cutoffs in enumerate((12, 7, 0)):
        anew = forecast(model, panel.drop_last(cutoffs), 5)[:, 0]
        np.testing.assert_allclose(carried[:, cutoff], anew, rtol=1e-5, atol=1e-5)


def test_the_first_steps_are_the_same_whatever_the_horizon():
    model, panel = model_of("log"), panel_of()
    long = forecast(model, panel, 11)[:, 0]
    for horizon in (1, 4, 7):
        np.testing.assert_allclose(forecast(model, panel, horizon)[:, 0], long[:, :horizon], rtol=1e-6)


@pytest.mark.parametrize(("chunk", "segment"), [(1, 8), (2, 16), (256, 4)])
def test_how_much_is_taken_at_once_changes_nothing(monkeypatch, chunk, segment):
    model, panel = model_of("log", "lstm"), panel_of()
    whole = forecast(model, panel, 5)
    monkeypatch.setattr(predict, "CHUNK", chunk)
    monkeypatch.setattr(predict, "SEGMENT", segment)
    np.testing.assert_allclose(forecast(model, panel, 5), whole, rtol=1e-6)


def test_what_is_before_the_context_changes_nothing_but_lags():
    model = model_of("raw", "simple", context=5)
    series = np.random.default_rng(0).normal(size=(2, 20, 1)).astype(np.float32)
    changed = series.copy()
    changed[:, : -5 - 1] = 99.0
    np.testing.assert_array_equal(
        forecast(model, Panel.from_array(series), 3), forecast(model, Panel.from_array(changed), 3)
    )


def test_sixteen_threads_get_the_bits_that_one_gets():
    model, panel = model_of("log"), panel_of()
    alone = forecast(model, panel, 9)
    with ThreadPoolExecutor(16) as pool:
        for got in pool.map(lambda _: forecast(model, panel, 9), range(48)):
            np.testing.assert_array_equal(got, alone)


@pytest.mark.slow
def test_features_are_what_the_network_is_shown():
    model, panel = model_of("log"), panel_of()
    shown = features(model, panel)
    assert [len(rows) for rows in shown] == list(LENGTHS)
    for rows, got in zip(shown, forecast(model, panel, 1)[:, 0], strict=True):
        _, outputs = model.network.scan(model.members[0], model.network.zero_state(1), rows[None])
        assert np.isfinite(outputs).all()
        assert np.isfinite(got).all()
    last = panel.series(3)[-4:, 0]
    unit = np.abs(last).mean()
    curve = np.arcsinh(last / (0.02 * unit))
    np.testing.assert_allclose(shown[3][-1], curve - curve[-1], atol=1e-5)
