"""Rows that come in tables leave, and are told, what they would one by one, in as many threads as there are."""

import numpy as np
import polars as pl
import pytest

from live.made import at, fitted, panel, state_of, values
from loopcast import DataError, Linear
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def rows_of(seed, series=150, rows=12):
    """Rows of many series, new and known, some late, some again, some anew, some after a gap, some missing."""
    rng, found = np.random.default_rng(seed), []
    for row in range(rows):
        for i in rng.permutation(series).tolist():
            step = max(60 + row + int(rng.choice([0, 0, 0, 0, -1, -2, -5, 2])), 58)
            y = None if rng.random() < 0.1 else float(rng.choice([50.0, 51.0, rng.normal(50, 3)]))
            found += [(f"s{i}" if i else "a", at(step), y)] * (1 + (rng.random() < 0.05))
    return found


def table_of(rows):
    return pl.DataFrame(
        rows, schema={"unique_id": pl.String, "ds": pl.Datetime("us", "UTC"), "y": pl.Float64}, orient="row"
    )


@pytest.mark.parametrize("lateness", [0, 3])
@pytest.mark.parametrize("forecaster", [fitted(), Linear(horizon=9).fit(panel())], ids=["pretrained", "linear"])
def test_a_table_is_taken_in_as_its_rows_one_by_one(forecaster, lateness):
    one, table = (forecaster.live(panel(), lateness=lateness) for _ in range(2))
    rows = rows_of(lateness)
    seen = [one.update_one(*row) for row in rows]
    told = [table.update(table_of(rows[begin : begin + 700])) for begin in range(0, len(rows), 700)]
    together = pl.concat(told)
    assert together["status"].to_list() == [each.status for each in seen]
    np.testing.assert_array_equal(together["surprise"].fill_null(np.nan), [each.surprise for each in seen])
    assert state_of(table) == state_of(one)
    assert {"taken", "duplicate", "late"} < set(together["status"]) or not lateness
    assert ("revised" in set(together["status"])) == (lateness > 0)


@pytest.mark.parametrize("place", [0, 5, 400])
@pytest.mark.parametrize("bad", [("s1", at(4000), 1.0), ("s1", at(90.5), 1.0), ("new", at(90), np.inf)])
def test_the_first_row_that_cannot_be_taken_in_leaves_all_out(place, bad):
    live, rows = fitted().live(), rows_of(1, rows=4)
    before = state_of(live)
    other, first = fitted().live(), [*rows[:place], ("s1", at(90), 1.0)]
    for row in first:
        other.update_one(*row)
    with pytest.raises(DataError) as one:
        other.update_one(*bad)
    with pytest.raises(DataError) as many:
        live.update(table_of([*first, bad, *rows[place:], ("s2", at(9000), 1.0)]))
    assert str(many.value).split(":")[0] == str(one.value).split(":")[0] or "inf" in str(many.value)
    assert (state_of(live), live.ids) == (before, [])


def test_days_by_the_clock_on_the_wall_are_numbered_as_one_by_one():
    import datetime as dt
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Berlin")
    times = [dt.datetime(2024, 3, 25, tzinfo=zone) + dt.timedelta(days=i) for i in range(30)]
    begin = pl.DataFrame({"ds": times[:10], "y": values(10)}).with_columns(pl.col("ds").dt.convert_time_zone(str(zone)))
    forecaster = Linear(horizon=2, context=2).fit(begin)
    one, table = (forecaster.live(begin, level=()) for _ in range(2))
    rest = pl.DataFrame({"ds": times[10:], "y": values(20)}).with_columns(pl.col("ds").dt.convert_time_zone(str(zone)))
    for time, y in rest.rows():
        assert one.update_one("y", time, y).status == "taken"
    assert set(table.update(rest)["status"]) == {"taken"}
    assert state_of(table) == state_of(one)
