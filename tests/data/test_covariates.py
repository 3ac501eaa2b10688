"""Covariates of panels: read from tables and files, cut with the series, known ahead of them; and what is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast import Columns, Naive, Panel, read
from loopcast.data.convert import as_panel
from loopcast.data.read import read_future
from loopcast.errors import CalendarError, ColumnError, DataError, OptionError, ValuesError

COLUMNS = Columns(past=["visits"], future=["price", "promo"], static=["region", "size"])
START = dt.date(2024, 1, 1)


def day(number):
    return START + dt.timedelta(days=number)


def sales(days=6, **changes):
    """Two shops whose rows take turns."""
    rows = [(shop, day(t)) for t in range(days) for shop in "ab"]
    table = {
        "unique_id": [shop for shop, _ in rows],
        "ds": [time for _, time in rows],
        "y": np.arange(2.0 * days).tolist(),
        "visits": [float(10 * t + (shop == "b")) for t in range(days) for shop in "ab"],
        "price": [float(t % 3) for t in range(days) for _ in "ab"],
        "promo": [t % 2 == 0 for t in range(days) for _ in "ab"],
        "region": ["north" if shop == "a" else "south" for _ in range(days) for shop in "ab"],
        "size": [3.0 if shop == "a" else 5.0 for _ in range(days) for shop in "ab"],
    }
    return pl.DataFrame(table | changes)


def coming(days=2, first=6, shops="ab", **changes):
    rows = [(shop, day(t)) for t in range(first, first + days) for shop in shops]
    table = {
        "unique_id": [shop for shop, _ in rows],
        "ds": [time for _, time in rows],
        "price": [float(t) for t in range(len(rows))],
        "promo": [False] * len(rows),
    }
    return pl.DataFrame(table | changes)


def panel():
    return Panel.from_table(sales(), columns=COLUMNS)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_covariates_lie_in_the_rows_of_their_series(kind):
    made = Panel.from_table(kind(sales().to_dict(as_series=False)), columns=COLUMNS)
    covariates = made.covariates
    assert covariates.past[:, 0].tolist() == [0, 10, 20, 30, 40, 50, 1, 11, 21, 31, 41, 51]
    assert covariates.future[:6].tolist() == [[t % 3, t % 2 == 0] for t in range(6)]
    assert covariates.static.rows() == [("north", 3.0), ("south", 5.0)]
    assert made.future_lengths.tolist() == [0, 0]


@pytest.mark.parametrize("ending", [".csv", ".tsv.gz", ".parquet"])
def test_files_say_the_same(ending, tmp_path):
    path = tmp_path / f"sales{ending}"
    if ending == ".parquet":
        sales().write_parquet(path)
    else:
        sales().to_pandas().to_csv(path, sep="\t" if ending == ".tsv.gz" else ",", index=False)
    made, same = read(path, columns=COLUMNS), panel()
    np.testing.assert_array_equal(made.covariates.past, same.covariates.past)
    np.testing.assert_array_equal(made.covariates.future, same.covariates.future)
    assert made.covariates.static.rows() == same.covariates.static.rows()


def test_the_order_of_series_and_columns_is_no_matter():
    shuffled = sales().sort("unique_id", "ds", descending=[True, False]).select(sorted(sales().columns, reverse=True))
    made, same = Panel.from_table(shuffled, columns=COLUMNS), panel()
    for i, name in enumerate(same.ids.to_list()):
        [k] = [k for k, other in enumerate(made.ids.to_list()) if other == name]
        for ours, theirs in (
            (same.covariates.past, made.covariates.past),
            (same.covariates.future, made.covariates.future),
        ):
            np.testing.assert_array_equal(ours[6 * i : 6 * i + 6], theirs[6 * k : 6 * k + 6])


def test_absent_rows_are_rows_of_nothing():
    holes = [4, 5, 6]
    absent = Panel.from_table(
        sales().with_row_index().filter(~pl.col("index").is_in(holes)), columns=COLUMNS, gaps="insert"
    )
    empty = [
        pl.when(pl.int_range(pl.len()).is_in(holes)).then(None).otherwise(pl.col(n)).alias(n)
        for n in ("y", "visits", "price", "promo")
    ]
    missing = Panel.from_table(sales().with_columns(empty), columns=COLUMNS)
    np.testing.assert_array_equal(absent.values, missing.values)
    np.testing.assert_array_equal(absent.covariates.past, missing.covariates.past)
    np.testing.assert_array_equal(absent.covariates.future, missing.covariates.future)


def test_what_is_cut_off_the_end_is_known_ahead():
    cut = panel().drop_last(2)
    assert cut.future_lengths.tolist() == [2, 2]
    assert cut.covariates.past[:, 0].tolist() == [0, 10, 20, 30, 1, 11, 21, 31]
    assert cut.select(np.array([False, True])).covariates.static.rows() == [("south", 5.0)]
    apart = Panel.from_table(
        sales(z=[1.0] * 12), columns=Columns(target=["y", "z"], past=["visits"], static=["region"])
    ).to_univariate()
    assert apart.covariates.past[6:12, 0].tolist() == [0, 10, 20, 30, 40, 50]
    assert apart.covariates.static["region"].to_list() == ["north", "north", "south", "south"]


def test_what_is_known_ahead_comes_from_a_table_or_a_file(tmp_path):
    table = pl.concat([coming(), coming(first=2, price=[9.0] * 4), coming(shops="c")], how="vertical").sample(
        fraction=1.0, shuffle=True, seed=3
    )
    known = panel().with_future(table)
    assert known.future_lengths.tolist() == [2, 2]
    assert known.covariates.future[6:8, 0].tolist() == [0, 2]
    assert known.covariates.future[14:, 0].tolist() == [1, 3]
    table.write_csv(tmp_path / "ahead.csv")
    from_file = read_future(tmp_path / "ahead.csv", panel())
    np.testing.assert_array_equal(from_file.covariates.future, known.covariates.future)


@pytest.mark.parametrize(
    ("table", "error", "part"),
    [
        (
            coming().filter(~((pl.col("unique_id") == "b") & (pl.col("ds") == day(6)))),
            ValuesError,
            r"'b': .*2024-01-07 are missing",
        ),
        (coming(price=[1.0, None, 2.0, 3.0]), ValuesError, r"'b': .*'price' has no value at 2024-01-07"),
        (pl.concat([coming(), coming(1)]), CalendarError, r"'a': 2024-01-07 comes twice"),
        (
            coming().with_columns(pl.col("ds").cast(pl.Datetime) + pl.duration(hours=5)),
            CalendarError,
            "not on the calendar",
        ),
        (coming().with_columns(ds=pl.lit(3)), CalendarError, "Int"),
        (coming().drop("promo"), ColumnError, "'promo'"),
        (coming(price=[1.0, float("inf"), 2.0, 3.0]), ValuesError, "inf"),
        (coming(price=["high"] * 4), ValuesError, "'price'"),
        (coming(unique_id=["a", None, "a", "b"]), ColumnError, "the id is missing"),
    ],
)
def test_a_table_of_what_is_ahead_has_each_step_once(table, error, part):
    with pytest.raises(error, match=part):
        panel().with_future(table)


def test_a_horizon_for_which_one_series_knows_too_little_is_named():
    known = panel().with_future(pl.concat([coming(1), coming(1, first=7, shops="a")]))
    known.require_future(1)
    with pytest.raises(
        ValuesError, match=r"2 steps ahead .*'price', 'promo'.*'b' has none at 2024-01-08 \(1 of 2 series"
    ):
        known.require_future(2)
    with pytest.raises(OptionError, match="no future covariates"):
        Panel.from_table(sales(), columns=Columns(past=["visits"])).with_future(coming())


@pytest.mark.parametrize(
    ("changes", "error", "part"),
    [
        ({"visits": [None] * 12}, ValuesError, "past covariate 'visits' has no value"),
        ({"price": [2.0] * 12}, ValuesError, "future covariate 'price' is 2.0 everywhere"),
        ({"size": [1.0] * 12}, ValuesError, "static covariate 'size' is 1.0 everywhere"),
        ({"region": ["north"] * 12}, ValuesError, "'region' is north everywhere"),
    ],
)
def test_what_teaches_nothing_is_refused_by_a_fit(changes, error, part):
    made = Panel.from_table(sales(**changes), columns=COLUMNS)
    with pytest.raises(error, match=part):
        Naive().fit(made)
    Naive().fit_panel(made)


def test_a_category_of_thousands_of_values_is_refused():
    table = pl.DataFrame({"unique_id": np.repeat(np.arange(2001), 2), "ds": [0, 1] * 2001, "y": np.arange(4002.0)})
    made = Panel.from_table(
        table.with_columns(name=pl.col("unique_id").cast(pl.String)), columns=Columns(static=["name"])
    )
    with pytest.raises(ValuesError, match="'name' has 2,001 categories"):
        Naive().fit(made)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"visits": [float("inf")] * 12}, "inf"),
        ({"price": ["high"] * 12}, "'price'"),
        ({"region": ["north", "south"] * 5 + ["south", "south"]}, "does not change within a series"),
        ({"region": [None, "south"] * 6}, "'a', column 'region'"),
        ({"size": [float("nan"), 5.0] * 6}, "'a', column 'size'"),
        ({"y": [None] * 12}, "no value|none"),
    ],
)
def test_what_cannot_be_a_covariate_is_refused(changes, part):
    with pytest.raises(DataError, match=part):
        Naive().fit(Panel.from_table(sales(**changes), columns=COLUMNS))


@pytest.mark.parametrize(
    ("roles", "part"),
    [
        ({"target": "y", "past": ["y"]}, "'y' has two"),
        ({"past": ["price"], "future": ["price"]}, "'price' has two"),
        ({"past": "price"}, "past is a list"),
        ({"calendar": ["decade"]}, "calendar"),
        ({"calendar": ["hour", "hour"]}, "calendar"),
        ({"holidays": ""}, "holidays"),
        ({"holidays": []}, "holidays"),
        ({"holidays": ["DE", "DE"]}, "holidays"),
        ({"holidays": ["DE", 3]}, "holidays"),
        ({"holiday_window": 2}, 'name whose, holidays="DE"'),
        ({"holidays": "DE", "holiday_window": 15}, "0 to 14, got 15"),
        ({"holidays": "DE", "holiday_window": True}, "0 to 14, got True"),
        ({"calendar": [{}]}, "calendar"),
    ],
)
def test_a_column_has_one_role(roles, part):
    with pytest.raises(OptionError, match=part):
        Columns(**roles)


def test_a_missing_column_is_named():
    with pytest.raises(ColumnError, match="'wind'"):
        Panel.from_table(sales(), columns=Columns(past=["wind"]))


def test_other_data_has_the_same_covariates():
    with pytest.raises(DataError, match="covariates"):
        as_panel(Panel.from_table(sales(), columns=Columns(past=["visits"])), like=panel().schema)
