"""Series of a model that learned from covariates and the calendar are followed to the bits of `predict`."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from live.made import HORIZON, SEASON, at, state_of, values
from loopcast import ColumnError, Columns, OptionError, Panel, Pretrained, ValuesError, resume
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")

COVARIATES = Columns(past=["load"], future=["wind", "open"], static=["size", "region"], calendar="auto")
CALENDAR = Columns(calendar="auto")
IDS = ("a", "b")


def table_of(rows, columns=COVARIATES):
    rng, parts = np.random.default_rng(1), []
    for place, id_ in enumerate(IDS):
        wind, load = rng.normal(5, 2, rows), rng.normal(0, 1, rows)
        wind[rng.random(rows) < 0.2], load[rng.random(rows) < 0.2] = np.nan, np.nan
        came = values(rows, seed=place) + np.nan_to_num(wind)
        came[rng.random(rows) < 0.1], came[0] = np.nan, 50.0
        given = {
            "load": load,
            "wind": wind,
            "open": rng.random(rows) < 0.7,
            "size": float(place),
            "region": ["n", "s"][place],
        }
        given = given if columns.covariates else {}
        times = [at(row) for row in range(rows)]
        parts.append(pl.DataFrame({"unique_id": id_, "ds": times, "y": came, **given}))
    return pl.concat(parts)


def fitted(columns):
    """A network with weights at random for what is known: what it says has to depend on that."""
    panel = Panel.from_table(table_of(100, columns), columns=columns)
    forecaster = Pretrained(season=SEASON, horizon=HORIZON, tune=0).fit(panel)
    model, encoding = forecaster.model, ExogenousEncoder.of(panel, unknown=True, gaps=True)
    widths = width_of_rows(encoding), width_of_steps(encoding, SEASON)
    network, weights = model.network.widened(model.weights, *widths)
    noise = np.random.default_rng(0).normal(0, 0.02, len(weights)).astype(np.float32)
    changed = replace(model, network=network, weights=weights + noise, encoding=encoding, calibration=None)
    return forecaster.set_model(changed)


@pytest.fixture(scope="module")
def forecaster():
    return fitted(COVARIATES)


def rows_of(table, names=()):
    return [(row["unique_id"], row["ds"], row["y"], {name: row[name] for name in names}) for row in table.to_dicts()]


def future_of(table, end):
    """What is known of the steps after a row."""
    return (
        table.filter((pl.col("ds") > at(end)) & (pl.col("ds") <= at(end + HORIZON)))
        .select("unique_id", "ds", "wind", "open")
        .with_columns(pl.col("wind").fill_null(5.0).fill_nan(5.0))
    )


def check_same(live, forecaster, table, end):
    """What comes after a row is what `predict` says of the rows so far and of what is known ahead."""
    seen, future = table.filter(pl.col("ds") <= at(end)), future_of(table, end)
    told = forecaster.predict(data=seen, future=future)
    assert live.predict(future=future)["Pretrained"].to_list() == told["Pretrained"].to_list()
    for id_ in IDS:
        own = future.filter(pl.col("unique_id") == id_)
        ahead = live.predict_one(id_, future={name: own[name].to_list() for name in ("wind", "open")})
        assert ahead.values.tolist() == told.filter(pl.col("unique_id") == id_)["Pretrained"].to_list()


NAMES = ("load", "wind", "open", "size", "region")


def test_what_is_said_after_each_row_is_the_forecast_of_the_rows_so_far(forecaster):
    table, live = table_of(60), forecaster.live()
    for row in range(45):
        for each in rows_of(table.filter(pl.col("ds") == at(row)), NAMES):
            live.update_one(*each)
        if row % 6 == 2:
            check_same(live, forecaster, table, row)


def test_a_history_a_table_a_fork_and_a_folder_go_on_alike(forecaster, tmp_path):
    table = table_of(90)
    begun = forecaster.live(table.filter(pl.col("ds") < at(40)), lateness=3)
    live = forecaster.live(lateness=3)
    for each in rows_of(table.filter(pl.col("ds") < at(40)), NAMES):
        live.update_one(*each)
    check_same(begun, forecaster, table, 39)
    check_same(live, forecaster, table, 39)
    fork = begun.fork()
    begun.save(tmp_path / "a.live")
    journaled = resume(tmp_path / "a.live", journal=True)
    rest = table.filter((pl.col("ds") >= at(40)) & (pl.col("ds") < at(70)))
    late = rest.sort(
        pl.col("ds").dt.epoch("s") // 3600 + pl.Series(np.random.default_rng(0).uniform(0, 2.9, len(rest)))
    )
    for each in rows_of(rest, NAMES):
        begun.update_one(*each)
    fork.update(rest)
    told = journaled.update(late)
    assert "late" not in set(told["status"])
    journaled.close()
    for each in (begun, fork, resume(tmp_path / "a.live")):
        assert state_of(each) == state_of(begun)
        check_same(each, forecaster, table, 69)


def test_a_calendar_alone_needs_nothing_of_rows():
    forecaster, table = fitted(CALENDAR), table_of(90, CALENDAR)
    one, tables, begun = (forecaster.live(lateness=2) for _ in range(3))
    begun = forecaster.live(table.filter(pl.col("ds") < at(60)), lateness=2)
    for each in rows_of(table.filter(pl.col("ds") < at(60))):
        one.update_one(*each)
    tables.update(table.filter(pl.col("ds") < at(60)))
    for live in (one, tables, begun):
        assert (
            live.predict()["Pretrained"].to_list()
            == forecaster.predict(data=table.filter(pl.col("ds") < at(60)))["Pretrained"].to_list()
        )
    assert state_of(one) == state_of(tables)
    assert one.predict(30).height == 60


def test_anomalies_are_those_of_a_stream_with_its_covariates(forecaster):
    table = table_of(60)
    told, live = forecaster.anomalies(table, level=99), forecaster.live(table.filter(pl.col("ds") < at(1)), level=99)
    assert told.height == 120
    assert told["surprise"].is_finite().sum() > 80
    whole = Panel.from_table(table, columns=COVARIATES)
    for found in live._state.series.values():  # all of it is known ahead, as it is of a table
        place = IDS.index(next(id_ for id_, each in live._state.series.items() if each is found))
        rows = slice(int(whole.offsets[place]), int(whole.offsets[place + 1]))
        found.known.coming = whole.covariates.future[rows]
        found.known.extend(0, 60)
        found.known.see(0)
    for each, row in zip(rows_of(table, NAMES), told.to_dicts(), strict=True):
        if each[1] > at(1):
            seen = live.update_one(*each)
            np.testing.assert_equal(row["surprise"], seen.surprise)
        elif each[1] == at(1):
            live.update_one(*each)


def test_covariates_that_cannot_be_taken_in_are_errors_and_change_nothing(forecaster):
    live, given = forecaster.live(), {"load": 1.0, "wind": 2.0, "open": True, "size": 1.0, "region": "n"}
    for wrong, error in (({}, ColumnError), ({"load": "x"}, ValuesError), ({**given, "size": None}, ColumnError),
                         ({**given, "rain": 1.0}, OptionError), ({**given, "wind": 1e39}, ValuesError)):  # fmt: skip
        with pytest.raises(error):
            live.update_one("a", at(0), 5.0, wrong)
    assert live.ids == []
    live.update_one("a", at(0), 5.0, given)
    with pytest.raises(ValuesError, match="'wind' is not known at"):
        live.predict_one("a")
    with pytest.raises(OptionError, match="9 values"):
        live.predict_one("a", future={"wind": [1.0], "open": [1.0]})
    plain = Pretrained(season=SEASON, horizon=HORIZON, tune=0).fit([1.0, 2.0, 3.0]).live()
    with pytest.raises(OptionError, match="without covariates"):
        plain.update_one("y", 3, 4.0, {"wind": 1.0})
