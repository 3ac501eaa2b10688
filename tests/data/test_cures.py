"""The cure that an error of `data` names, applied as it is named, makes the same data good."""

# ruff: noqa: DTZ001 (times without a zone are a case of their own)

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import polars.selectors
import pytest

from loopcast.columns import Columns
from loopcast.data.convert import as_panel
from loopcast.data.fill_table import fill_table
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions
from loopcast.data.read import read
from loopcast.data.read_options import ReadOptions
from loopcast.errors import CalendarError, ColumnError, DataError, LoopcastError, OptionError, ValuesError

DAYS = [dt.date(2024, 1, d) for d in range(1, 5)]
TABLE = pl.DataFrame({"ds": DAYS, "y": [1.0, 2.0, 3.0, 4.0]})
LONG = pl.DataFrame({"unique_id": list("aabb"), "ds": [1, 2, 1, 2], "y": [1.0, 2.0, 3.0, 4.0], "z": [1.0] * 4})

NUMBERS = {
    "1.200,50": "1200.50",
    "1 200": "1200",
    "1\u00a0200": "1200",
    "1'200": "1200",
    "1.200.300": "1200300",
    "EUR 5": "5",
    "€5": "5",
    "-$5": "-5",
    "12 %": "12",
    "12%": "12",
    "5 kg": "5",
    "(3)": "-3",
    "(€ 1.200,50)": "-1200.50",
    "5-": "-5",
    "\u22125": "-5",
    "\u0663": "3",
    "1_000": "1000",
    "1,5": "1.5",
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_that_is_written_otherwise_is_asked_for_as_it_is_to_be_written(text, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(f'ds,y\n1,1\n2,"{text}"\n', encoding="utf-8")
    with pytest.raises(ValuesError, match=r"line 3 of .*is not a number: ") as caught:
        read(path)
    assert "missing" not in str(caught.value)
    written = re.search(r"(?:write|comma:) (-?[\d.]+)$", str(caught.value))[1]
    assert written == NUMBERS[text]
    path.write_text(f"ds,y\n1,1\n2,{written}\n")
    assert read(path).values[1, 0] == float(written)


@pytest.mark.parametrize("text", ["NA", "n/a", "NULL", "none", "-", "#DIV/0!", "#N/A", "?", " "])
def test_a_word_for_a_missing_value_is_asked_to_be_left_empty(text, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(f"ds,y\n1,1\n2,{text}\n")
    with pytest.raises(ValuesError, match="write a missing value as NaN or leave it empty"):
        read(path)
    for cure in ("NaN", ""):
        path.write_text(f"ds,y\n1,1\n2,{cure}\n")
        assert np.isnan(read(path).values[1, 0])


@pytest.mark.parametrize("text", ["many", "12:30", "0x1F", "1/2", "1.5.2024", "1,200,5", "a1b2"])
def test_other_text_is_not_read_as_a_number(text, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(f'ds,y\n1,1\n2,"{text}"\n')
    with pytest.raises(ValuesError, match="write a plain number such as"):
        read(path)


TIMES = {
    "days first": ["31/12/2020", "01/01/2021"],
    "months first": ["12/31/2020", "1/1/2021"],
    "either": ["01/02/2020", "02/02/2020"],
    "German": ["31.12.2020", "01.01.2021"],
    "short years": ["31.12.20", "01.01.21"],
    "names of months": ["31 Dec 2020", "1 January 2021"],
    "American": ["Dec 31, 2020", "January 1, 2021"],
    "months alone": ["12/2020", "01/2021"],
    "named months alone": ["Dec 2020", "Jan 2021"],
    "quarters": ["2020-Q4", "2021-Q1"],
    "weeks": ["2020-W53", "2021-W01"],
    "a clock": ["31.12.2020 23:00", "01.01.2021 00:00"],
    "afternoons": ["12/31/2020 11:00:00 PM", "1/1/2021 12:00:00 AM"],
    "hours alone": ["2020-12-31 23", "2021-01-01 00"],
    "basic": ["20201231T230000", "20210101T000000"],
    "spaces": [" 2020-12-31", "2021-01-01 "],
    "floats": ["2020.0", "2021.0"],
    "single digits": ["2020-12-1", "2020-12-2"],
}


@pytest.mark.parametrize("case", TIMES)
def test_text_that_is_a_time_in_another_format_comes_with_the_line_that_reads_it(case):
    table = pl.DataFrame({"ds": TIMES[case], "y": [1.0, 2.0]})
    with pytest.raises(CalendarError, match=r"Convert the column first, with_columns\(\) of ") as caught:
        Panel.from_table(table)
    lines = str(caught.value).partition("with_columns() of ")[2].split(" or, whichever is meant, ")
    assert len(lines) == (2 if case == "either" else 1)
    for line in lines:
        converted = table.with_columns(eval(line, {"pl": pl}))
        assert converted.columns == table.columns
        assert Panel.from_table(converted).n_rows == 2


def jittered(series: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    start = dt.datetime(2024, 1, 1)
    stamps = [start + dt.timedelta(seconds=60 * i + float(rng.uniform(1, 50))) for i in range(30)]
    parts = [pl.DataFrame({"unique_id": name, "ds": stamps, "y": 1.0}) for name in "ab"[:series]]
    return pl.concat(parts) if series > 1 else parts[0].drop("unique_id")


@pytest.mark.parametrize("series", [1, 2])
def test_times_that_jitter_come_with_lines_that_put_them_on_a_calendar(series):
    table = jittered(series)
    with pytest.raises(CalendarError, match=r"as by the mean of each 1m") as caught:
        Panel.from_table(table)
    with_polars, with_pandas = re.search(r"\(polars: (.*); pandas: (.*)\), with gaps", str(caught.value)).groups()
    for line, given in ((with_polars, table), (with_pandas, table.to_pandas())):
        panel = Panel.from_table(eval(line, {"pl": pl, "table": given}), gaps="insert")
        assert (panel.n_series, str(panel.schema.freq)) == (series, "min")
        np.testing.assert_array_equal(panel.lengths, 30)


@pytest.mark.parametrize("series", [1, 2])
@pytest.mark.parametrize("fault", ["twice", "back"])
def test_times_that_repeat_or_go_back_come_with_lines_that_mend_them(fault, series):
    days = DAYS[:2] + ([DAYS[1]] if fault == "twice" else []) + [DAYS[3], DAYS[2]][:: 1 if fault == "back" else -1]
    parts = [pl.DataFrame({"unique_id": name, "ds": days, "y": 1.0}) for name in "ab"[:series]]
    table = pl.concat(parts) if series == 2 else parts[0].drop("unique_id")
    with pytest.raises(CalendarError, match=r"keep one row|sort each series") as caught:
        Panel.from_table(table)
    with_polars = re.search(r"\(polars: (.*); pandas", str(caught.value))[1]
    with_pandas = re.search(r"; pandas: (table\.\w+\(.*?\))\)", str(caught.value))[1]
    for line, given in ((with_polars, table), (with_pandas, table.to_pandas())):
        assert Panel.from_table(eval(line, {"table": given})).lengths.tolist() == [4] * series


def panel_with_price() -> Panel:
    return Panel.from_table(TABLE.with_columns(price=pl.col("y")), Columns(future=["price"]))


FORECASTS = pl.DataFrame({"unique_id": ["a", "b"], "ds": [3, 3], "M": [1.0, 2.0]})
HISTORY = Panel.from_table(LONG.drop("z"))
NANOSECONDS = TABLE.with_columns(ds=pl.Series([1_001, 2_002, 3_003, 4_004]).cast(pl.Datetime("ns")))
FLOATS = TABLE.with_columns(ds=pl.Series([1.0, 2.0, 3.0, 4.0]))

# What is asked, the error, what it names, and the same with that cure.
CURES = {
    "freq stated otherwise": (
        lambda: Panel.from_table(TABLE, freq="MS"),
        CalendarError,
        "state freq='D', or leave freq out",
        lambda: Panel.from_table(TABLE, freq="D"),
    ),
    "a day of the month": (
        lambda: Panel.from_table(pl.DataFrame({"ds": ["2024-01-15", "2024-02-15"], "y": [1.0, 2.0]}), freq="MS"),
        CalendarError,
        "state freq='MS-15'",
        lambda: Panel.from_table(pl.DataFrame({"ds": ["2024-01-15", "2024-02-15"], "y": [1.0, 2.0]}), freq="MS-15"),
    ),
    "a stray row": (
        lambda: Panel.from_table(pl.DataFrame({"ds": [1, 2, 3, 5, 6], "y": 1.0}), freq=2),
        CalendarError,
        "freq=1|gaps",
        lambda: Panel.from_table(pl.DataFrame({"ds": [1, 2, 3, 5, 6], "y": 1.0}), freq=1, gaps="insert"),
    ),
    "a gap": (
        lambda: Panel.from_table(TABLE[[0, 1, 3]]),
        CalendarError,
        'gaps="insert"',
        lambda: Panel.from_table(TABLE[[0, 1, 3]], gaps="insert"),
    ),
    "one row": (
        lambda: Panel.from_table(TABLE[:1]),
        CalendarError,
        "freq='D'",
        lambda: Panel.from_table(TABLE[:1], freq="D"),
    ),
    "freq of numbers": (
        lambda: Panel.from_table(TABLE, freq=1),
        CalendarError,
        "freq='D'",
        lambda: Panel.from_table(TABLE, freq="D"),
    ),
    "freq of dates": (
        lambda: Panel.from_table(LONG, freq="D"),
        CalendarError,
        "freq=1",
        lambda: Panel.from_table(LONG, freq=1),
    ),
    "dates and hours": (
        lambda: Panel.from_table(TABLE, freq="24h"),
        CalendarError,
        re.escape("cast(pl.Datetime)"),
        lambda: Panel.from_table(TABLE.with_columns(pl.col("ds").cast(pl.Datetime)), freq="24h"),
    ),
    "milliseconds": (
        lambda: Panel.from_table(TABLE.with_columns(pl.col("ds").cast(pl.Datetime("ms")))[:1], freq="5us"),
        CalendarError,
        re.escape('pl.Datetime("us")'),
        lambda: Panel.from_table(TABLE.with_columns(pl.col("ds").cast(pl.Datetime("us")))[:1], freq="5us"),
    ),
    "nanoseconds": (
        lambda: Panel.from_table(NANOSECONDS, freq="us"),
        CalendarError,
        re.escape("polars: .dt.round('1us')"),
        lambda: Panel.from_table(NANOSECONDS.with_columns(pl.col("ds").dt.round("1us")), freq="us"),
    ),
    "times that are floats": (
        lambda: Panel.from_table(FLOATS),
        CalendarError,
        re.escape("pl.col('ds').cast(pl.Int64)"),
        lambda: Panel.from_table(FLOATS.with_columns(pl.col("ds").cast(pl.Int64))),
    ),
    "times that are categories": (
        lambda: Panel.from_table(TABLE.with_columns(pl.col("ds").cast(pl.String).cast(pl.Categorical))),
        CalendarError,
        re.escape("pl.col('ds').cast(pl.String)"),
        lambda: Panel.from_table(TABLE.with_columns(pl.col("ds").cast(pl.String))),
    ),
    "times that are durations": (
        lambda: Panel.from_table(TABLE.with_columns(ds=pl.col("ds") - DAYS[0])),
        CalendarError,
        re.escape("pl.datetime(2024, 1, 1) + pl.col('ds')"),
        lambda: Panel.from_table(TABLE.with_columns(ds=pl.datetime(2024, 1, 1) + (pl.col("ds") - DAYS[0]))),
    ),
    "periods": (
        lambda: Panel.from_table(pd.DataFrame({"ds": pd.period_range("2024", periods=3, freq="M"), "y": 1.0})),
        CalendarError,
        r"\.dt\.to_timestamp",
        lambda: Panel.from_table(
            pd.DataFrame({"ds": pd.period_range("2024", periods=3, freq="M").to_timestamp(), "y": 1.0})
        ),
    ),
    "offsets that differ": (
        lambda: Panel.from_table(
            pl.DataFrame(
                {"ds": ["2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"], "y": 1.0}
            )
        ),
        CalendarError,
        re.escape("pl.col('ds').str.to_datetime(time_zone=\"Europe/Berlin\")"),
        lambda: Panel.from_table(
            pl.DataFrame(
                {"ds": ["2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"], "y": 1.0}
            ).with_columns(pl.col("ds").str.to_datetime(time_zone="Europe/Berlin"))
        ),
    ),
    "an offset of no zone": (
        lambda: Panel.from_table(pl.DataFrame({"ds": ["2024-03-30T00:00+05:17", "2024-03-31T00:00+05:17"], "y": 1.0})),
        CalendarError,
        re.escape("pl.col('ds').str.to_datetime(time_zone=\"UTC\")"),
        lambda: Panel.from_table(
            pl.DataFrame({"ds": ["2024-03-30T00:00+05:17", "2024-03-31T00:00+05:17"], "y": 1.0}).with_columns(
                pl.col("ds").str.to_datetime(time_zone="UTC")
            )
        ),
    ),
    "large integers": (
        lambda: Panel.from_table(pl.DataFrame({"ds": [2**63 - 2, 2**63 - 1], "y": 1.0})),
        CalendarError,
        "subtract a first time",
        lambda: Panel.from_table(pl.DataFrame({"ds": [0, 1], "y": 1.0})),
    ),
    "integers that outgrow their type": (
        lambda: forecast_table(
            Panel.from_table(pl.DataFrame({"ds": pl.Series([120, 121], dtype=pl.Int8), "y": 1.0})),
            {"m": np.zeros((1, 9))},
        ),
        CalendarError,
        "as 64 bits",
        lambda: forecast_table(Panel.from_table(pl.DataFrame({"ds": [120, 121], "y": 1.0})), {"m": np.zeros((1, 9))}),
    ),
    "a series that ends on no step of its own": (
        lambda: Panel.from_table(LONG.with_columns(ds=pl.Series([0, 2, 1, 3])), freq=2, gaps="insert", end="global"),
        CalendarError,
        "leave end out",
        lambda: Panel.from_table(LONG.with_columns(ds=pl.Series([0, 2, 1, 3])), freq=2, gaps="insert"),
    ),
    "true and false": (
        lambda: Panel.from_table(TABLE.with_columns(y=pl.col("y") > 2)),
        ValuesError,
        "cast it to 0 and 1",
        lambda: Panel.from_table(TABLE.with_columns(y=(pl.col("y") > 2).cast(pl.Int8))),
    ),
    "numbers as text": (
        lambda: Panel.from_table(TABLE.with_columns(pl.col("y").cast(pl.String))),
        ValuesError,
        "cast it to a float column",
        lambda: Panel.from_table(TABLE.with_columns(pl.col("y").cast(pl.String).cast(pl.Float64))),
    ),
    "infinity": (
        lambda: Panel.from_series([1.0, np.inf]),
        ValuesError,
        "give NaN where it is missing",
        lambda: Panel.from_series([1.0, np.nan]),
    ),
    "too large": (
        lambda: Panel.from_series([1.0, 1e60]),
        ValuesError,
        "divide the column",
        lambda: Panel.from_series([1e-60, 1.0]),
    ),
    "an array of objects": (
        lambda: Panel.from_array(np.ones((1, 2, 1), object)),
        ValuesError,
        re.escape("array.astype(float)"),
        lambda: Panel.from_array(np.ones((1, 2, 1), object).astype(float)),
    ),
    "ids that are floats": (
        lambda: Panel.from_table(LONG.with_columns(unique_id=pl.col("ds") / 2)),
        ColumnError,
        "cast it to text",
        lambda: Panel.from_table(LONG.with_columns(unique_id=pl.Series([0.5, 0.5, 1.0, 1.0]).cast(pl.String))),
    ),
    "a start without a step": (
        lambda: Panel.from_series([1.0, 2.0], start="2024-01-01"),
        CalendarError,
        "freq='D'",
        lambda: Panel.from_series([1.0, 2.0], start="2024-01-01", freq="D"),
    ),
    "a series of several levels": (
        lambda: Panel.from_series(LONG.to_pandas().set_index(["unique_id", "ds"])["y"]),
        ColumnError,
        re.escape("series.reset_index()"),
        lambda: Panel.from_table(LONG.to_pandas().set_index(["unique_id", "ds"])["y"].reset_index()),
    ),
    "an empty target of several": (
        lambda: Panel.from_table(LONG.with_columns(z=None), Columns(target=["y", "z"])),
        ValuesError,
        "leave it out of target",
        lambda: Panel.from_table(LONG.with_columns(z=None), Columns(target=["y"])),
    ),
    "a wide table by name": (
        lambda: Panel.from_wide(LONG.rename({"ds": "day"})),
        ColumnError,
        "time=",
        lambda: Panel.from_wide(LONG.rename({"ds": "day"}).drop("unique_id")[:2], time="day"),
    ),
    "a lazy frame": (
        lambda: Panel.from_table(TABLE.lazy()),
        DataError,
        r"table\.collect\(\)",
        lambda: Panel.from_table(TABLE.lazy().collect()),
    ),
    "a static covariate that changes": (
        lambda: Panel.from_table(LONG.with_columns(z=pl.col("y")), Columns(static=["z"])),
        ValuesError,
        "name it as past or future",
        lambda: Panel.from_table(LONG.with_columns(z=pl.col("y")), Columns(past=["z"])),
    ),
    "a static covariate that is a date": (
        lambda: Panel.from_table(LONG.with_columns(z=DAYS[0]), Columns(static=["z"])),
        ValuesError,
        "cast it to text",
        lambda: Panel.from_table(LONG.with_columns(z=pl.lit("2024-01-01")), Columns(static=["z"])),
    ),
    "no static row": (
        lambda: Panel.from_table(LONG, Columns(static=["c"]), static=pl.DataFrame({"unique_id": ["a"], "c": ["x"]})),
        DataError,
        "add one",
        lambda: Panel.from_table(
            LONG, Columns(static=["c"]), static=pl.DataFrame({"unique_id": ["a", "b"], "c": ["x", "y"]})
        ),
    ),
    "two static rows": (
        lambda: Panel.from_table(
            LONG, Columns(static=["c"]), static=pl.DataFrame({"unique_id": list("aab"), "c": list("xxy")})
        ),
        DataError,
        "keep one",
        lambda: Panel.from_table(
            LONG, Columns(static=["c"]), static=pl.DataFrame({"unique_id": ["a", "b"], "c": ["x", "y"]})
        ),
    ),
    "static covariates that are not named": (
        lambda: Panel.from_table(LONG, static=pl.DataFrame({"unique_id": ["a", "b"], "c": ["x", "y"]})),
        OptionError,
        re.escape("Columns(static=[...])"),
        lambda: Panel.from_table(
            LONG, Columns(static=["c"]), static=pl.DataFrame({"unique_id": ["a", "b"], "c": ["x", "y"]})
        ),
    ),
    "a future row off the calendar": (
        lambda: panel_with_price().with_future(pl.DataFrame({"ds": [dt.datetime(2024, 1, 5, 7)], "price": [1.0]})),
        CalendarError,
        "correct it, or drop the row",
        lambda: panel_with_price().with_future(pl.DataFrame({"ds": [dt.date(2024, 1, 5)], "price": [1.0]})),
    ),
    "a future time twice": (
        lambda: panel_with_price().with_future(pl.DataFrame({"ds": [dt.date(2024, 1, 5)] * 2, "price": [1.0, 1.0]})),
        CalendarError,
        "keep one row",
        lambda: panel_with_price().with_future(pl.DataFrame({"ds": [dt.date(2024, 1, 5)], "price": [1.0]})),
    ),
    "a future step left out": (
        lambda: panel_with_price().with_future(pl.DataFrame({"ds": [dt.date(2024, 1, 6)], "price": [1.0]})),
        ValuesError,
        "add it",
        lambda: panel_with_price().with_future(
            pl.DataFrame({"ds": [dt.date(2024, 1, 5), dt.date(2024, 1, 6)], "price": [1.0, 1.0]})
        ),
    ),
    "no future covariates": (
        lambda: as_panel(TABLE).with_future(TABLE),
        OptionError,
        re.escape("Columns(future=[...])"),
        lambda: panel_with_price().with_future(pl.DataFrame({"ds": [dt.date(2024, 1, 5)], "price": [1.0]})),
    ),
    "targets in another order": (
        lambda: as_panel(
            np.ones((1, 4, 2)), like=Panel.from_array(np.ones((1, 4, 2)), targets=["a", "b"]).channel("a").schema
        ),
        DataError,
        r"Columns\(target=\.\.\.\)",
        lambda: as_panel(np.ones((1, 4, 2)), like=Panel.from_array(np.ones((1, 4, 2)), targets=["a", "b"]).schema),
    ),
    "columns of a panel": (
        lambda: as_panel(HISTORY, columns=Columns()),
        OptionError,
        "leave columns out",
        lambda: as_panel(HISTORY),
    ),
    "forecasts twice": (
        lambda: read_predictions(pl.concat([FORECASTS, FORECASTS]), HISTORY),
        OptionError,
        "keep one",
        lambda: read_predictions(FORECASTS, HISTORY),
    ),
    "forecasts as text": (
        lambda: read_predictions(FORECASTS.with_columns(N=pl.lit("x")), HISTORY),
        OptionError,
        "cast it, or drop it",
        lambda: read_predictions(FORECASTS, HISTORY),
    ),
    "a forecast that is called as a key": (
        lambda: forecast_table(HISTORY, {"ds": np.zeros((2, 1))}),
        DataError,
        "another column of the table",
        lambda: forecast_table(HISTORY, {"M": np.zeros((2, 1))}),
    ),
    "a target called target": (
        lambda: forecast_table(
            Panel.from_table(LONG.rename({"ds": "target"}), Columns(time="target", target=["y", "z"])),
            {"M": np.zeros((2, 1, 2))},
        ),
        DataError,
        "rename that column",
        lambda: forecast_table(Panel.from_table(LONG, Columns(target=["y", "z"])), {"M": np.zeros((2, 1, 2))}),
    ),
    "a filled table of another panel": (
        lambda: fill_table(TABLE, HISTORY, HISTORY.values.copy(), np.zeros((4, 1), bool)),
        LoopcastError,
        "table|column",
        lambda: fill_table(LONG, HISTORY, HISTORY.values.copy(), np.zeros((4, 1), bool)),
    ),
    "a filled table with such a column": (
        lambda: fill_table(
            LONG.with_columns(pl.lit(1).alias("y-imputed")), HISTORY, HISTORY.values.copy(), np.zeros((4, 1), bool)
        ),
        DataError,
        "rename that one",
        lambda: fill_table(
            LONG.with_columns(pl.lit(1).alias("z")), HISTORY, HISTORY.values.copy(), np.zeros((4, 1), bool)
        ),
    ),
    "a mark on a value": (
        lambda: fill_table(LONG, HISTORY, HISTORY.values.copy(), np.ones((4, 1), bool)),
        ValuesError,
        "mark only what was missing",
        lambda: fill_table(LONG, HISTORY, HISTORY.values.copy(), np.isnan(HISTORY.values)),
    ),
    "fewer rows than were asked for": (
        lambda: HISTORY.last(3),
        LoopcastError,
        "ask for fewer steps",
        lambda: HISTORY.last(2),
    ),
    "parts that do not fit": (
        lambda: replace(HISTORY, values=HISTORY.values[:3]),
        DataError,
        "offsets go up",
        lambda: replace(HISTORY, values=HISTORY.values[:4]),
    ),
}


@pytest.mark.parametrize("case", CURES)
def test_the_cure_that_is_named_cures(case):
    bad, error, named, cured = CURES[case]
    with pytest.raises(error, match=named):
        bad()
    cured()


FILES = {
    "old Macs": (b"ds,y\r1,1\r2,2\r", "save it with LF", b"ds,y\n1,1\n2,2\n"),
    "a short line": (b"ds,y\n1\n2,2\n", "complete the line", b"ds,y\n1,\n2,2\n"),
    "a decimal comma": (b"ds,y\n1,1,5\n2,2\n", "quote a field|decimals with a point", b"ds,y\n1,1.5\n2,2\n"),
    "an open quote": (b'ds,y\n1,"1\n2,2\n', "correct the quotes", b'ds,y\n1,"1"\n2,2\n'),
    "a name twice": (b"ds,y,y\n1,1,1\n2,2,2\n", "rename or drop all but one", b"ds,y\n1,1\n2,2\n"),
    "another name": (b"day,y\n1,1\n2,2\n", "its columns are 'day', 'y'", b"ds,y\n1,1\n2,2\n"),
    "no rows": (b"ds,y\n", "at least one", b"ds,y\n1,1\n2,2\n"),
    "an empty file": (b"", "a header and at least one row", b"ds,y\n1,1\n2,2\n"),
    "a missing time": (b"ds,y\n,1\n2,2\n3,3\n", "give it or drop the row", b"ds,y\n2,2\n3,3\n"),
    "a missing id": (b"unique_id,ds,y\n,1,1\nb,1,2\nb,2,2\n", "drop the row", b"unique_id,ds,y\nb,1,2\nb,2,2\n"),
    "a day that is not there": (
        b"ds,y\n2024-02-30,1\n2024-03-01,1\n2024-03-02,2\n",
        "drop the row",
        b"ds,y\n2024-03-01,1\n2024-03-02,2\n",
    ),
    "spaces around a number": (b"ds,y\n1, 1\n2,2\n", "remove the spaces", b"ds,y\n1,1\n2,2\n"),
}


@pytest.mark.parametrize("case", FILES)
def test_the_cure_that_is_named_for_a_file_cures(case, tmp_path):
    bad, named, cured = FILES[case]
    path = tmp_path / "sales.csv"
    path.write_bytes(bad)
    with pytest.raises(DataError, match=named):
        read(path)
    path.write_bytes(cured)
    assert read(path).n_rows == 2


# What a file holds, what the error says, and the options that it names.
STATED = {
    "semicolons": (b"ds;y\n1;1\n2;2\n", "separator=';' (--separator ';')", ReadOptions(separator=";")),
    "semicolons and decimal commas": (
        b"ds;y\n1;1,5\n2;2,5\n",
        "decimal=',' (--decimal ,)",
        ReadOptions(separator=";", decimal=","),
    ),
    "tabs": (b"ds\ty\n1\t1\n2\t2\n", "separator='\\t'", ReadOptions(separator="\t")),
    "UTF-16": ("ds,y\n1,1\n2,2\n".encode("utf-16"), "encoding='utf-16'", ReadOptions(encoding="utf-16")),
    "Latin-1": (
        "ds,y,é\n1,1,\n2,2,\n".encode("latin-1"),
        "encoding='cp1252' (--encoding cp1252)",
        ReadOptions(encoding="cp1252"),
    ),
    "days first": (
        b"ds,y\n30.12.2020,1\n31.12.2020,2\n",
        "time_format='%d.%m.%Y' (--time-format %d.%m.%Y)",
        ReadOptions(time_format="%d.%m.%Y"),
    ),
    "months alone": (b"ds,y\n11/2020,1\n12/2020,2\n", "time_format='%m/%Y'", ReadOptions(time_format="%m/%Y")),
    "times that jitter": (
        b"ds,y\n2024-01-01 00:00:07,1\n2024-01-01 00:01:02,2\n2024-01-01 00:01:58,2\n2024-01-01 00:03:30,2\n",
        "ReadOptions(resample='1min', aggregate='mean') (--resample 1min --aggregate mean)",
        ReadOptions(resample="1min", aggregate="mean"),
    ),
}


@pytest.mark.parametrize("case", STATED)
def test_the_option_that_is_named_for_a_file_reads_it(case, tmp_path):
    content, named, options = STATED[case]
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(named)):
        read(path)
    assert read(path, options=options).n_rows in (2, 4)
