"""Models as ONNX files, run by ONNX Runtime: they say what `predict` says of every kind of series."""

import datetime as dt
import json
import sys

import numpy as np
import onnx
import polars as pl
import pytest

import loopcast
from contracts.kinds import recurrent
from loopcast import Auto, Columns, Mean, Naive, NotFittedError, OptionError, Panel, PlainRecurrent, Pretrained, load
from loopcast.nn.step_decoder import PROBABILITIES
from models.made_networks import network_of
from nn.test_onnx_layers import session_of

NEAR, HORIZON = 5e-6, 5


def panel(channels=1, lengths=(90, 40, 7, 1, 66, 50)):
    """With missing values, zeros at the beginning, a negative value, a series that repeats itself."""
    rng, t = np.random.default_rng(0), np.arange(max(lengths))
    series = [[50 + 9 * np.sin(t[:n] * np.pi / 2 + c) + rng.normal(0, 2, n) for c in range(channels)] for n in lengths]
    each = [np.stack(parts, axis=-1) for parts in series]
    each[0][[30, 31, 89]] = np.nan
    each[1][:6] = 0.0
    each[4][33] = -8.0
    each[5][10:] = (np.arange(40) % 4 + 1.0)[:, None]
    return panel_of(each)


def panel_of(series):
    """Series `[time, target]` each."""
    names = [f"y{place}" for place in range(series[0].shape[1])]
    parts = [
        pl.DataFrame(rows, schema=names).with_columns(unique_id=pl.lit(f"s{place}"), ds=pl.Series(range(len(rows))))
        for place, rows in enumerate(series)
    ]
    return Panel.from_table(pl.concat(parts).fill_nan(None), Columns(target=tuple(names)))


def run(model, kind, encoded, tmp_path):
    """Quantiles, as either kind of file has them."""
    path = tmp_path / f"{kind}.onnx"
    model.to_onnx(path, kind=kind)
    session = session_of(path.read_bytes())
    if kind == "history":
        return session.run(["quantiles"], encoded.ports)[0]
    numbers, parts = session.get_inputs()[1].shape[1], []
    for place, rows in enumerate(encoded.lengths):
        own = slice(place, place + 1)
        state, ahead = (
            np.zeros((1, numbers), np.float32),
            {"candidates": encoded.candidates[own], "codes": encoded.codes[own]},
        )
        for t in range(rows):
            given = {"features": encoded.features[own, t], "past_state": state} | ahead
            said, state = session.run(["quantiles", "present_state"], given)
        parts.append(said)
    return np.concatenate(parts)


def check(model, panel, tmp_path, kinds=("step", "history")):
    encoded = model.encoded(HORIZON, data=panel)
    told = model.model._predict(panel, (0,), HORIZON, PROBABILITIES)
    expected = np.moveaxis(told.quantiles[:, 0], 2, 1).reshape(-1, HORIZON, len(PROBABILITIES))
    for kind in kinds:
        values = encoded.read(run(model, kind, encoded, tmp_path))
        np.testing.assert_allclose(values, expected, rtol=NEAR, atol=NEAR * np.abs(expected).max())
        np.testing.assert_allclose(values[..., 5], np.moveaxis(told.values[:, 0], 2, 1).reshape(-1, HORIZON), rtol=1e-5)


def test_the_pretrained_network_says_what_predict_says_of_every_kind_of_series(tmp_path):
    check(Pretrained(season=4, horizon=HORIZON, tune=0).fit(panel()), panel(), tmp_path)


def test_two_seasons_and_a_loaded_model(tmp_path):
    Pretrained(seasons=(4, 12), horizon=HORIZON, tune=0).fit(panel()).save(tmp_path / "m.loopcast")
    check(load(tmp_path / "m.loopcast"), panel(), tmp_path)


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_a_network_of_each_cell_says_what_predict_says(cell, tmp_path):
    check(network_of(panel(), cell, (5, 3)), panel(), tmp_path)


def test_several_targets_are_a_series_each(tmp_path):
    check(network_of(panel(2), "gru", (5,)), panel(2), tmp_path)


def test_several_targets_seen_together_are_a_series_each_with_what_the_others_were(tmp_path):
    check(recurrent(channels="joint", updates=1).fit(panel(2)), panel(2), tmp_path)


def test_covariates_and_the_calendar_are_ports_too_and_have_names(tmp_path):
    known = table_with_covariates()
    model = recurrent(updates=1).fit(known)
    check(model, known, tmp_path)
    said = metadata(tmp_path / "step.onnx")
    graph = onnx.load(tmp_path / "step.onnx").graph
    sizes = {port.name: port.type.tensor_type.shape.dim[-1].dim_value for port in graph.input}
    assert sizes["features"] == len(json.loads(said["features"])) == model.model.network.inputs
    assert sizes["codes"] == len(json.loads(said["codes"])) == model.model.network.codes
    assert sizes["candidates"] == len(json.loads(said["candidates"]))
    assert "price, change from a season before" in json.loads(said["codes"])
    assert "age of visitors" in json.loads(said["features"])


def table_with_covariates():
    rng = np.random.default_rng(1)
    rows, series = 60, ("north", "south")
    table = pl.DataFrame({
        "unique_id": np.repeat(series, rows), "ds": np.tile(days_from(dt.date(2024, 1, 1), rows), 2),
        "y": rng.normal(20, 3, 2 * rows), "visitors": rng.normal(0, 1, 2 * rows), "price": rng.normal(5, 1, 2 * rows),
        "region": np.repeat(["n", "s"], rows),
    })  # fmt: skip
    columns = Columns(past=("visitors",), future=("price",), static=("region",), calendar=("weekday",))
    panel = Panel.from_table(table, columns)
    days = days_from(dt.date(2024, 3, 1), HORIZON)
    ahead = pl.DataFrame(
        {"unique_id": np.repeat(series, HORIZON), "ds": np.tile(days, 2), "price": rng.normal(5, 1, 2 * HORIZON)}
    )
    return panel.with_future(ahead)


def days_from(first, count):
    return pl.date_range(first, first + dt.timedelta(count - 1), eager=True)


def metadata(path):
    return {each.key: each.value for each in onnx.load(path).metadata_props}


def test_what_auto_took_is_written_too(tmp_path):
    taken = Pretrained(season=4, tune=0).fit(panel()).model
    auto = Auto(horizon=HORIZON).set_model(taken)
    for name, model in (("a", auto), ("p", Pretrained(season=4, horizon=HORIZON).set_model(taken))):
        model.to_onnx(tmp_path / name, raw=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "p").read_bytes()
    assert taken.encoded(panel(), HORIZON).ports.keys() == {"features", "lengths", "candidates", "codes"}


def test_a_file_says_what_it_is(tmp_path):
    model = Pretrained(season=4, horizon=HORIZON, tune=0, alias="Flow").fit(panel())
    model.to_onnx(tmp_path / "m.onnx")
    said = metadata(tmp_path / "m.onnx")
    assert (said["name"], said["kind"], said["loopcast"], said["cell"]) == (
        "Flow",
        "step",
        loopcast.__version__,
        "lstm",
    )
    assert (json.loads(said["seasons"]), json.loads(said["probabilities"])) == ([4], list(PROBABILITIES))
    assert (tmp_path / "m.onnx").stat().st_size < 4 * model.model.network.parameters + 12_000


def plain(channels=1, **options):
    small = {"horizon": 3, "units": (5,), "epochs": 1, "patience": None, "show_progress": False}
    series = [np.sin(np.arange(n) / 3)[:, None] + np.zeros((1, channels)) for n in (40, 40, 25)]
    return PlainRecurrent(**small | options).fit(panel_of(series))


@pytest.mark.parametrize(
    "options",
    [{}, {"cell": "gru", "units": (4, 3), "lags": 3}, {"cell": "simple", "head": "recurrent", "members": 2},
     {"strategy": "direct", "channels": 2, "lags": 2, "context": 12}],
)  # fmt: skip
def test_a_plain_network_takes_raw_values_and_gives_them(options, tmp_path):
    model = plain(**options)
    expected, features = model.predict_panel(model.model.panel, 3).values[:, 0], model.features()
    model.to_onnx(tmp_path / "h.onnx", kind="history")
    model.to_onnx(tmp_path / "s.onnx")
    lengths = np.array([len(rows) for rows in features], np.int32)
    padded = np.stack([np.pad(rows, ((0, lengths.max() - len(rows)), (0, 0))) for rows in features])
    whole = session_of((tmp_path / "h.onnx").read_bytes()).run(["forecast"], {"features": padded, "lengths": lengths})[
        0
    ]
    np.testing.assert_allclose(whole, expected, atol=NEAR)
    step = session_of((tmp_path / "s.onnx").read_bytes())
    state = np.zeros((1, step.get_inputs()[1].shape[1]), np.float32)
    for row in features[2]:
        forecast, state = step.run(["forecast", "present_state"], {"features": row[None], "past_state": state})
    np.testing.assert_allclose(forecast[0], expected[2], atol=NEAR)


@pytest.mark.parametrize("model", [Naive(), Mean(models=[Naive(), Pretrained(tune=0)])])
def test_what_is_no_network_says_which_are(model, tmp_path):
    with pytest.raises(OptionError, match=r"no single network; Pretrained, Recurrent"):
        model.fit(panel()).to_onnx(tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_a_plain_network_without_layers_says_what_to_take(tmp_path):
    with pytest.raises(OptionError, match="without a recurrent layer"):
        plain(units=()).to_onnx(tmp_path / "m.onnx")


def test_another_kind_or_a_missing_library_is_an_error_that_names_the_cure(tmp_path, monkeypatch):
    model = Pretrained(season=4, horizon=HORIZON, tune=0).fit(panel())
    with pytest.raises(OptionError, match="'step', 'history', got 'whole'"):
        model.to_onnx(tmp_path / "m.onnx", kind="whole")
    with pytest.raises(NotFittedError):
        Pretrained().to_onnx(tmp_path / "m.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(OptionError, match=r'pip install "loopcast\[onnx\]"'):
        model.to_onnx(tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())
