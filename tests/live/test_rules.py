"""A row that is not simply the next one is put where it belongs, left out, or refused; nothing is half done."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

from live.made import HOUR, at, fitted, panel, send, state_of, values
from loopcast import CalendarError, ColumnError, DataError, OptionError, Pretrained
from loopcast import ValuesError as BadValueError
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


@pytest.fixture(scope="module")
def forecaster():
    return fitted()


def test_each_row_has_the_status_that_the_rules_give_it(forecaster):
    live = forecaster.live(panel(), lateness=3)
    rows = [
        (60, 1.0),
        (62, 3.0),
        (62, 3.0),
        (61, None),
        (61, 2.0),
        (61, 2.0),
        (58, 9.0),
        (59, 9.0),
        (62, 4.0),
        (63, None),
    ]
    wanted = ["taken", "taken", "duplicate", "duplicate", "revised", "duplicate", "late", "revised", "revised", "taken"]
    assert send(live, rows) == wanted
    assert live.health().select("rows", "duplicates", "late", "revised").row(0) == (64, 3, 1, 3)


def test_without_lateness_a_correction_is_late_and_a_repetition_a_duplicate(forecaster):
    live = forecaster.live(panel())
    assert send(live, [(60, 1.0), (60, 1.0), (60, 2.0), (59, 1.0), (61, 5.0)]) == [
        "taken",
        "duplicate",
        "late",
        "late",
        "taken",
    ]


@pytest.mark.parametrize("lateness", [1, 2, 5, 8])
@pytest.mark.parametrize("history", [0, 3, 60])
def test_rows_in_any_order_within_lateness_leave_the_bits_of_rows_in_order(forecaster, lateness, history):
    rng = np.random.default_rng(lateness)
    came = values(60 + 80, seed=3)
    came[rng.random(len(came)) < 0.1] = np.nan
    begin = panel(history) if history else None
    rows = list(range(history, history + 80))
    ordered, shuffled = (forecaster.live(begin, lateness=lateness) for _ in range(2))
    send(ordered, [(row, came[row]) for row in rows])
    late = sorted(rows, key=lambda row: row + rng.uniform(0, lateness))
    for row in late:
        if rng.random() < 0.2 and row > history + lateness:
            shuffled.update_one("a", at(row), 7.0)  # and then the right value
        shuffled.update_one("a", at(row), came[row])
    assert shuffled.health()["late"].item() == 0
    assert state_of(shuffled) == state_of(ordered)
    assert (shuffled.predict_one("a").high == ordered.predict_one("a").high).all()


def test_too_late_rows_and_duplicates_change_nothing(forecaster):
    live, same = (forecaster.live(panel(), lateness=2) for _ in range(2))
    send(live, [(60 + i, float(i)) for i in range(20)])
    send(same, [(60 + i, float(i)) for i in range(20)])
    assert send(same, [(row, 99.0) for row in range(40, 77)]) == ["late"] * 37
    assert send(same, [(77 + i, 17.0 + i) for i in range(3)]) == ["duplicate"] * 3
    assert state_of(same) == state_of(live)


@pytest.mark.parametrize(
    ("row", "error"),
    [(("a", at(60), np.inf), BadValueError), (("a", at(60), 1.1e38), BadValueError),
     (("a", at(60), "5"), BadValueError), (("a", at(60), True), BadValueError),
     (("a", at(60) + HOUR / 2, 5.0), CalendarError), (("a", at(60).replace(tzinfo=None), 5.0), CalendarError),
     (("a", at(60 + 1002), 5.0), CalendarError), (("a", at(10**7), 5.0), CalendarError),
     (("a", 7, 5.0), CalendarError), ((7, at(60), 5.0), ColumnError), (((1, 2), at(60), 5.0), ColumnError),
     ((None, at(60), 5.0), ColumnError), ((1.5, at(60), 5.0), ColumnError),
     ((["a"], at(60), 5.0), ColumnError), (("a", at(60), 10**5000), BadValueError)],
)  # fmt: skip
def test_a_bad_row_is_an_error_and_changes_nothing(forecaster, row, error):
    live = forecaster.live(panel(), lateness=2)
    before = state_of(live)
    with pytest.raises(error):
        live.update_one(*row)
    assert (state_of(live), live.ids) == (before, ["a"])


@pytest.mark.parametrize("bad", [("a", at(61), np.inf), ("a", at(61) + HOUR / 2, 5.0), ("a", at(10**6), 5.0)])
def test_a_bad_row_in_a_table_leaves_the_others_out_too(forecaster, bad):
    live = forecaster.live(panel(), lateness=2)
    before = state_of(live)
    rows = [("a", at(60), 1.0), ("b", at(3), 1.0), bad]
    with pytest.raises(DataError):
        live.update(pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row"))
    assert (state_of(live), live.ids) == (before, ["a"])


@pytest.mark.parametrize(
    "times", [[60.0], [60], [at(60).replace(tzinfo=None)], [str(at(60).replace(tzinfo=None))], ["then"], [None]]
)
def test_a_table_with_times_of_another_kind_or_zone_is_refused(forecaster, times):
    with pytest.raises(CalendarError):
        forecaster.live(panel()).update(pl.DataFrame({"unique_id": ["a"], "ds": times, "y": [1.0]}))


def test_gaps_are_an_error_where_that_was_asked_for(forecaster):
    live = forecaster.live(panel(), gaps="error")
    with pytest.raises(CalendarError, match="2 missing"):
        live.update_one("a", at(62), 1.0)
    assert send(live, [(60, None), (61, 1.0)]) == ["taken", "taken"]


def test_steps_that_were_left_out_are_missing_values(forecaster):
    gap, nothing = forecaster.live(panel()), forecaster.live(panel())
    send(gap, [(63, 1.0)])
    send(nothing, [(60, None), (61, np.nan), (62, None), (63, 1.0)])
    assert state_of(gap) == state_of(nothing)


def test_unknown_series_are_refused_where_that_was_asked_for_and_ids_cannot_flood(forecaster):
    with pytest.raises(OptionError, match="refuse"):
        forecaster.live(panel(), new="refuse").update_one("b", at(0), 1.0)
    live = forecaster.live(panel(), most_series=3)
    ids = ["a", "b", "a", "c", "d"]
    with pytest.raises(OptionError, match="most_series"):
        live.update(pl.DataFrame({"unique_id": ids, "ds": [at(60)] * 2 + [at(61)] + [at(0)] * 2, "y": [1.0] * 5}))
    assert live.ids == ["a"]
    live.update(pl.DataFrame({"unique_id": ids[:4], "ds": [at(60)] * 2 + [at(61)] + [at(0)], "y": [1.0] * 4}))
    assert live.ids == ["a", "b", "c"]


def test_series_do_not_touch_each_other(forecaster):
    alone, among = forecaster.live(), forecaster.live(lateness=0)
    for row, y in enumerate(values(50)):
        alone.update_one("a", at(row), y)
        for id_, other in (("b", 1e37), ("c", None), ("d", 1e-40), ("e", -5.0)):
            among.update_one(id_, at(row), other)
        among.update_one("a", at(row), y)
        among.update_one("b", at(row), 1e37)
    assert among.fork(["a"]).predict_one("a").high.tolist() == alone.predict_one("a").high.tolist()
    assert state_of(among.fork(["a"])) == state_of(alone)


def test_any_grouping_of_rows_leaves_the_same_bits(forecaster):
    rows = [(id_, at(row), float(y)) for row, y in enumerate(values(40)) for id_ in "abc"]
    one, table, by_series = (forecaster.live(lateness=2) for _ in range(3))
    for row in rows:
        one.update_one(*row)
    for begin in range(0, len(rows), 17):
        table.update(pl.DataFrame(rows[begin : begin + 17], schema=["unique_id", "ds", "y"], orient="row"))
    for row in sorted(rows, key=lambda row: row[0]):
        by_series.update_one(*row)
    assert state_of(one) == state_of(table) == state_of(by_series)


def test_threads_leave_the_bits_of_one(forecaster):
    serial, threaded = (forecaster.live(lateness=2) for _ in range(2))

    def feed(live, id_):
        return [live.update_one(id_, at(row), float(y)) for row, y in enumerate(values(150, seed=ord(id_)))]

    alone = [feed(serial, id_) for id_ in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda id_: feed(threaded, id_), "abcdefgh"))
    assert str(together) == str(alone)
    for id_ in "abcdefgh":
        assert state_of(threaded.fork([id_])) == state_of(serial.fork([id_]))


def test_a_thousand_forks_leave_their_parent_as_it_was(forecaster):
    live = forecaster.live(panel(30, 2), lateness=3)
    before = state_of(live)
    for i in range(1000):
        fork = live.fork(["a"])
        fork.update_one("a", at(30), float(i))
    assert fork.ids == ["a"]
    assert state_of(live) == before
    with pytest.raises(OptionError, match="no series 'z'"):
        live.fork(["a", "z"])


def test_what_has_not_come_until_a_time_is_missing(forecaster):
    advanced, told = forecaster.live(panel(30, 2)), forecaster.live(panel(30, 2))
    for live in (advanced, told):
        live.update_one("b", at(30), 1.0)
    advanced.advance(at(32) + HOUR / 2)
    for id_, first in (("a", 30), ("b", 31)):
        send(told, [(row, None) for row in range(first, 33)], id_)
    assert state_of(advanced) == state_of(told)
    before = state_of(advanced)
    advanced.advance(at(5))
    with pytest.raises(CalendarError, match="longest_gap"):
        advanced.advance(at(5000))
    assert state_of(advanced) == before


def test_health_says_who_is_behind(forecaster):
    live = forecaster.live(panel(30, 2), lateness=2)
    send(live, [(30 + i, 1.0) for i in range(5)], "b")
    rows = live.health().select("unique_id", "last", "behind", "stale").rows()
    assert rows == [("a", at(29), 5, True), ("b", at(34), 0, False)]


def test_a_series_that_was_forgotten_begins_anew(forecaster):
    live = forecaster.live(panel(30, 2))
    live.forget(["a"])
    assert live.ids == ["b"]
    with pytest.raises(OptionError, match="no series"):
        live.forget(["b", "a"])
    assert live.ids == ["b"]
    live.update_one("a", at(3) + HOUR / 3, 5.0)
    fresh = forecaster.live()
    fresh.update_one("a", at(3) + HOUR / 3, 5.0)
    assert state_of(live.fork(["a"])) == state_of(fresh)


def test_a_table_without_ids_is_one_series():
    table = pl.DataFrame({"ds": range(30), "y": values(30)})
    live = Pretrained(season=4, horizon=2).fit(table).live(table)
    told = live.update(pl.DataFrame({"ds": [30, 31], "y": [5.0, None]}))
    assert told["status"].to_list() == ["taken", "taken"]
    assert live.predict().columns == ["ds", "cutoff", "Pretrained"]
    assert live.update_one("y", 32, 1.0).status == "taken"


@pytest.mark.parametrize("kind", ["pandas", "pyarrow"])
def test_tables_of_other_libraries_come_back_as_they_came(kind):
    table = pl.DataFrame(
        {"unique_id": ["a"] * 30, "ds": [at(i) for i in range(30)], "y": values(30), "note": ["x"] * 30}
    )
    came = table.to_pandas() if kind == "pandas" else table.to_arrow()
    live = Pretrained(season=4, horizon=2, tune=0).fit(came).live(came)
    again = live.update(came)
    assert type(again) is type(came)
    assert type(live.predict()) is type(live.health()) is type(came)
    status = again["status"].to_list() if kind == "pandas" else again["status"].to_pylist()
    assert status == ["late"] * 29 + ["duplicate"]


@pytest.mark.parametrize(
    "options",
    [{"level": 0}, {"lateness": -1}, {"lateness": 1.5}, {"new": "no"}, {"gaps": "fill"}, {"longest_gap": True},
     {"most_series": None}, {"horizon": 3}],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(forecaster, options):
    with pytest.raises(OptionError):
        forecaster.live(**options)


def test_a_value_beyond_bounds_that_were_asked_for_is_refused():
    live = Pretrained(horizon=2, upper=100.0).fit(panel()).live(panel())
    with pytest.raises(DataError, match="out of the bounds"):
        live.update_one("a", at(60), 101.0)
    assert live.update_one("a", at(60), 99.0).status == "taken"
