"""Series of a model that learned from covariates and the calendar are followed to the bits of `predict`."""

import numpy as np
import polars as pl
import pytest

from live.made import HORIZON, SEASON, at, state_of
from live.made_covariates import CALENDAR, COVARIATES, HOLIDAYS, IDS, fitted, table_of
from loopcast import (
    CalendarError,
    ColumnError,
    Mean,
    OptionError,
    Panel,
    Pretrained,
    Recurrent,
    Trees,
    ValuesError,
    resume,
)
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


OTHERS = {
    "trees": Trees(season=SEASON, horizon=HORIZON, trees=20),
    "mean": Mean(
        models=[Recurrent(season=SEASON, horizon=HORIZON, updates=5), Trees(season=SEASON, horizon=HORIZON, trees=9)],
        horizon=HORIZON,
        season=SEASON,
    ),
}


@pytest.fixture(scope="module", params=["network", *OTHERS])
def forecaster(request):
    if request.param == "network":
        return fitted(COVARIATES)
    return OTHERS[request.param].fit(table_of(100), columns=COVARIATES)


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
    assert live.predict(future=future)[forecaster.name].to_list() == told[forecaster.name].to_list()
    for id_ in IDS:
        own = future.filter(pl.col("unique_id") == id_)
        ahead = live.predict_one(id_, future={name: own[name].to_list() for name in ("wind", "open")})
        assert ahead.values.tolist() == told.filter(pl.col("unique_id") == id_)[forecaster.name].to_list()


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


@pytest.mark.parametrize("columns", [CALENDAR, HOLIDAYS], ids=["calendar", "holidays"])
def test_a_calendar_alone_needs_nothing_of_rows(columns):
    forecaster, table = fitted(columns), table_of(90, columns)
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
        found.first.known.coming = whole.covariates.future[rows]
        found.first.known.extend(0, 60)
        found.first.known.see(0)
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
    plain = Pretrained(season=SEASON, horizon=HORIZON, tune=0).fit([1.0, 2.0, 3.0]).live([1.0, 2.0, 3.0])
    with pytest.raises(OptionError, match="without 'wind' as a covariate"):
        plain.update_one("y", 3, 4.0, {"wind": 1.0})
    with pytest.raises(OptionError, match="no future covariate"):
        plain.know("y", 4, {"wind": 1.0})
    with pytest.raises(ColumnError, match="the model has none"):
        plain.predict_one("y", future={"wind": [1.0] * HORIZON})


def test_covariates_that_a_model_does_without_may_come_as_they_may_for_predict(tmp_path):
    """Whether a network uses them is for held-back rows to say: what sends rows need not know."""
    table = table_of(60)
    begin, rest, last = table.filter(pl.col("ds") < at(40)), table.filter(pl.col("ds") == at(40)), future_of(table, 40)
    model = Pretrained(season=SEASON, horizon=HORIZON, tune=0).fit(begin, columns=COVARIATES)
    bare, given, whole = (model.live(begin) for _ in range(3))
    given.save(tmp_path / "a.live")
    given = resume(tmp_path / "a.live", journal=True)
    whole.update(rest)
    for row in rest.to_dicts():
        id_, time, y = row.pop("unique_id"), row.pop("ds"), row.pop("y")
        bare.update_one(id_, time, y)
        given.update_one(id_, time, y, row)
        given.know(id_, at(41), {"wind": 1.0})
        with pytest.raises(OptionError, match="without 'rain' as a covariate"):
            given.update_one(id_, at(41), y, {"rain": 1.0})
    given.close()
    assert state_of(given) == state_of(bare) == state_of(whole) == state_of(resume(tmp_path / "a.live"))
    told = bare.predict()
    assert given.predict(future=last).equals(told)
    future = {name: [1.0] * HORIZON for name in COVARIATES.future}
    np.testing.assert_array_equal(given.predict_one("a", future=future).values, bare.predict_one("a").values)


def test_what_is_known_ahead_is_what_a_history_with_it_has_and_survives(forecaster, tmp_path):
    table = table_of(60).with_columns(pl.col("wind").fill_nan(None).fill_null(5.0))
    begin, coming = table.filter(pl.col("ds") < at(40)), future_of(table, 39)
    whole = Panel.from_table(begin, columns=COVARIATES).with_future(coming)
    told, live = forecaster.live(whole), forecaster.live(begin)
    live.save(tmp_path / "a.live")
    journaled = resume(tmp_path / "a.live", journal=True)
    for each in (live, journaled):
        for row in coming.to_dicts():
            each.know(row["unique_id"], row["ds"], {"wind": row["wind"], "open": row["open"]})
    journaled.close()
    for each in (live, resume(tmp_path / "a.live")):
        assert each.predict().equals(told.predict())
        for id_ in IDS:
            one, other = (state.update_one(id_, at(40), 50.0, {"load": 1.0}) for state in (each.fork(), told.fork()))
            assert one.status == other.status
    with pytest.raises(CalendarError, match="is past it"):
        live.know("a", at(39), {"wind": 1.0})
    with pytest.raises(OptionError, match="no future covariate"):
        live.know("a", at(41), {"load": 1.0})


def test_a_row_is_judged_by_what_was_known_of_it_when_the_row_before_it_came(forecaster):
    table = table_of(60).with_columns(pl.col("wind").fill_nan(None).fill_null(5.0)).filter(pl.col("unique_id") == "a")
    begin, (row, after) = table.filter(pl.col("ds") < at(40)), table[40:42].to_dicts()
    in_time, too_late, never = (forecaster.live(begin) for _ in range(3))
    surprises = []
    for live, early, late in ((in_time, True, False), (too_late, False, True), (never, False, False)):
        if early:
            live.know("a", at(41), {"wind": 30.0, "open": 1})
        live.update_one("a", at(40), row["y"], {"load": row["load"], "wind": row["wind"]})
        if late:
            live.know("a", at(41), {"wind": 30.0, "open": 1})
        surprises.append(live.update_one("a", at(41), 50.0, {"load": after["load"]}).surprise)
    assert surprises[0] != surprises[2]
    assert surprises[1] == surprises[2]
