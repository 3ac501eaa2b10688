"""ONNX files that take values as they are: the encoding of series is in the graph, and says what `predict` says."""

import json

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from contracts.kinds import recurrent
from loopcast import OptionError, Panel, Pretrained
from loopcast.models.network.raw import track
from loopcast.nn.step_decoder import PROBABILITIES
from models.made_networks import network_of
from models.test_onnx import panel, plain, table_with_covariates
from nn.test_onnx_layers import session_of

NEAR, HORIZON = 5e-6, 9


class Runtime:
    """A file, as a program of another language would use it."""

    def __init__(self, model, path, batch=1):
        model.to_onnx(path, raw=True, horizon=HORIZON)
        self.session = session_of(path.read_bytes())
        self.sizes = {port.name: port.shape[-1] for port in self.session.get_inputs()}
        self.begin(batch)

    def begin(self, batch=1):
        self.state = np.zeros((batch, self.sizes["past_state"]), np.float32)
        self.record = np.zeros((batch, self.sizes["past_record"]))

    def take(self, *values):
        """The quantiles after one more value of each series, `[series, step, probability]`."""
        given = {"y": np.array(values, np.float64), "past_state": self.state, "past_record": self.record}
        said, self.state, self.record = self.session.run(["quantiles", "present_state", "present_record"], given)
        return said


def predicted(model, values):
    alone = Panel.from_series(values, freq=1)
    return model.model._predict(alone, (0,), HORIZON, PROBABILITIES).quantiles[0, 0, :, 0]


def check(model, values, runtime, rows):
    runtime.begin()
    for row, value in enumerate(values):
        said = runtime.take(value)[0]
        if row in rows and not np.isnan(values[: row + 1]).all():
            expected = predicted(model, values[: row + 1])
            np.testing.assert_allclose(said, expected, atol=NEAR * max(np.abs(expected).max(), 1e-9), rtol=0)


@pytest.mark.parametrize("seasons", [(1,), (4,), (4, 12)], ids=str)
def test_after_each_row_of_each_kind_of_series_it_says_what_predict_says(seasons, tmp_path):
    series = panel()
    model = Pretrained(seasons=seasons, tune=0).fit(series)
    runtime = Runtime(model, tmp_path / "m.onnx")
    for place in range(series.n_series):
        values = series.series(place)[:, 0]
        check(model, values, runtime, {*range(0, len(values), 13), 1, 2, 3, len(values) - 1})


@pytest.mark.parametrize("cell", ["gru", "simple"])
def test_a_network_of_another_cell_says_what_predict_says(cell, tmp_path):
    model = network_of(panel(), cell, (5, 3))
    check(model, panel().series(0)[:, 0], Runtime(model, tmp_path / "m.onnx"), {0, 17, 89})


def test_a_thousand_hours_with_a_day_and_a_week(tmp_path):
    t, rng = np.arange(1000), np.random.default_rng(0)
    values = 1e6 + 40 * np.sin(t * np.pi / 12) + 20 * (t % 168 > 120) + np.cumsum(rng.normal(0, 1, 1000))
    values[rng.random(1000) < 0.05] = np.nan
    model = Pretrained(seasons=(24, 168), tune=0).fit(panel())
    check(model, values, Runtime(model, tmp_path / "m.onnx"), {200, 400, 999})


def test_series_of_a_batch_may_begin_when_they_like(tmp_path):
    rng = np.random.default_rng(0)
    begins = rng.integers(0, 30, 64)
    values = rng.normal(20, 3, (64, 60)) + np.where(np.arange(64) % 3 == 0, -20, 0)[:, None]
    values[np.arange(60) < begins[:, None]] = np.nan
    values[1, :20] = 0.0
    model = Pretrained(season=4, tune=0).fit(panel())
    runtime = Runtime(model, tmp_path / "m.onnx", batch=64)
    said = [runtime.take(*column) for column in values.T]
    assert not said[0][begins > 0].any()  # nothing is known yet, and nothing is said
    for place in range(64):
        expected = predicted(model, values[place])
        np.testing.assert_allclose(said[-1][place], expected, atol=NEAR * np.abs(expected).max(), rtol=0)


def test_another_runtime_says_the_same(tmp_path):
    runtime = Runtime(network_of(panel(), "gru", (5, 3)), tmp_path / "m.onnx")
    said = [runtime.take(value) for value in panel().series(1)[4:16, 0]]
    runtime.session = ReferenceEvaluator(str(tmp_path / "m.onnx"))  # onnx's own, in NumPy
    runtime.begin()
    again = [runtime.take(value) for value in panel().series(1)[4:16, 0]]
    np.testing.assert_allclose(again, said, rtol=NEAR, atol=NEAR)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_of_whole_series_it_says_and_keeps_what_their_rows_one_by_one_do(cell, tmp_path):
    series = panel()
    model = Pretrained(season=4, tune=0).fit(series) if cell == "lstm" else recurrent(updates=1, cell=cell).fit(series)
    model.to_onnx(tmp_path / "h.onnx", raw=True, kind="history", horizon=HORIZON)
    session = session_of((tmp_path / "h.onnx").read_bytes())
    lengths = [1, 7, 40]
    rows = np.random.default_rng(0).normal(10, 3, size=(3, max(lengths)))
    for place, length in enumerate(lengths):
        rows[place, :-length] = np.nan
    rows[2, 20:23] = np.nan
    said, state, record = session.run(None, {"y": rows})
    for place, length in enumerate(lengths):
        step = Runtime(model, tmp_path / "s.onnx")
        for value in rows[place, -length:]:
            alone = step.take(value)[0]
        np.testing.assert_allclose(said[place], alone, rtol=NEAR, atol=NEAR)
        np.testing.assert_allclose(state[place], step.state[0], rtol=NEAR, atol=NEAR)
        np.testing.assert_allclose(record[place], step.record[0], rtol=1e-12)
    one = session.run(None, {"y": rows[:, -1:]})[0]
    np.testing.assert_allclose(one[0], said[0], rtol=NEAR, atol=NEAR)


@pytest.mark.parametrize(("name", "other"), [("SLOW", 0.3), ("FAST", 0.4), ("SMALLEST_SHARE", 0.9)])
def test_another_encoding_is_found_out(name, other, tmp_path, monkeypatch):
    monkeypatch.setattr(track, name, other)
    values = panel().series(0)[:, 0]
    model = Pretrained(season=4, tune=0).fit(panel())
    with pytest.raises(AssertionError, match="Not equal"):
        check(model, values, Runtime(model, tmp_path / "m.onnx"), {len(values) - 1})


def test_the_file_says_what_its_record_holds(tmp_path):
    model = Pretrained(season=12, horizon=HORIZON, tune=0).fit(panel())
    model.to_onnx(tmp_path / "m.onnx", raw=True)
    made = onnx.load(tmp_path / "m.onnx")
    said = {each.key: each.value for each in made.metadata_props}
    sizes = {port.name: port.type.tensor_type.shape.dim[-1].dim_value for port in made.graph.input}
    assert sizes["past_record"] == sum(json.loads(said["record"]).values())
    assert (said["raw"], made.graph.output[0].type.tensor_type.shape.dim[1].dim_value) == ("true", HORIZON)
    assert (tmp_path / "m.onnx").stat().st_size < 4 * model.model.network.parameters + 150_000


def test_what_cannot_take_raw_values_says_what_to_do(tmp_path):
    path = tmp_path / "m.onnx"
    with pytest.raises(OptionError, match="raw=False takes what encoded"):
        recurrent(updates=1).fit(table_with_covariates()).to_onnx(path, raw=True, horizon=3)
    with pytest.raises(OptionError, match="leave raw out"):
        plain().to_onnx(path, raw=True)
    with pytest.raises(OptionError, match=r"horizon is of raw=True"):
        Pretrained(tune=0).fit(panel()).to_onnx(path, horizon=3)
    with pytest.raises(OptionError, match="say how many"):
        Pretrained(tune=0).fit(panel()).to_onnx(path, raw=True)
    assert not list(tmp_path.iterdir())
