"""Files that are not written as Loopcast writes them, read as their reader says they are."""

import datetime as dt
import gzip

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.excel import to_excel
from loopcast.data.read import read, read_future, read_whole
from loopcast.data.read_options import ReadOptions
from loopcast.errors import CalendarError, ColumnError, DataError, LoopcastError, OptionError, ValuesError

DAYS = [dt.date(2024, 1, d) for d in (1, 2, 3)]


@pytest.fixture
def write(tmp_path):
    def write(content, name="sales.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# What a file holds, and the options by which it is 1.5, missing and 1200 on the first three days of 2024.
ALIKE = {
    "semicolons": ("ds;y\n2024-01-01;1.5\n2024-01-02;\n2024-01-03;1200\n", {"separator": ";"}),
    "decimal commas": (
        "ds;y\n2024-01-01;1,5\n2024-01-02;\n2024-01-03;1.200\n",
        {"separator": ";", "decimal": ",", "thousands": "."},
    ),
    "thousands": ('ds,y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,"1,200"\n', {"thousands": ","}),
    "narrow spaces": ("ds,y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,1\u202f200\n", {"thousands": " "}),
    "Latin-1": ("ds,y,é\n2024-01-01,1.5,\n2024-01-02,,\n2024-01-03,1200,\n".encode("latin-1"), {"encoding": "latin-1"}),
    "UTF-16": ("ds,y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,1200\n".encode("utf-16"), {"encoding": "utf-16"}),
    "days first": ("ds,y\n1.1.2024,1.5\n2.1.2024,\n3.1.2024,1200\n", {"time_format": "%d.%m.%Y"}),
    "words for missing": ("ds,y\n2024-01-01,1.5\n2024-01-02,n/a\n2024-01-03,1200\n", {"na": ["n/a"]}),
    "numbers for missing": ("ds,y\n2024-01-01,1.5\n2024-01-02,-200.0\n2024-01-03,1200\n", {"na": ["-200"]}),
    "commas for missing": (
        "ds;y\n2024-01-01;1,5\n2024-01-02;-9,90\n2024-01-03;1200\n",
        {"separator": ";", "decimal": ",", "na": ["-9.9"]},
    ),
    "a preamble": ("Export\n\nds,y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,1200\n", {"skip_rows": 2}),
    "spaces": ("ds , y\n2024-01-01 , 1.5\n2024-01-02,\n2024-01-03, 1200\n", {"strip": True}),
    "parts": (
        "year,month,day,y\n2024,1,1,1.5\n2024,1,2,\n2024,01,03,1200\n",
        {"time_parts": ["year", "month", "day"]},
    ),
    "parts in a format": (
        "day,year,y\n1 Jan,2024,1.5\n2 Jan,2024,\n3 Jan,2024,1200\n",
        {"time_parts": ["day", "year"], "time_format": "%d %b %Y"},
    ),
    "empty lines of separators": ("ds,y\n2024-01-01,1.5\n2024-01-02,\n2024-01-03,1200\n,\n,\n", {}),
}


@pytest.mark.parametrize("case", ALIKE)
def test_a_file_that_is_written_otherwise_is_read_as_it_is_stated(case, write):
    content, options = ALIKE[case]
    panel = read(write(content), options=ReadOptions(**options))
    assert panel.starts.to_list() == DAYS[:1]
    np.testing.assert_array_equal(panel.values[:, 0], [1.5, np.nan, 1200])


def test_without_a_header_columns_are_numbered(write):
    columns = Columns(time="column_1", target="column_2")
    panel = read(write("2024-01-01,1.5\n2024-01-02,7\n"), columns=columns, options=ReadOptions(header=False))
    assert panel.values[:, 0].tolist() == [1.5, 7]


def test_a_column_for_each_series_is_a_series_each(write):
    panel = read(write("ds;a;b\n1;1,5;2\n2;;3\n"), options=ReadOptions(separator=";", decimal=",", layout="wide"))
    assert panel.ids.to_list() == ["a", "b"]
    np.testing.assert_array_equal(panel.values[:, 0], [1.5, np.nan, 2, 3])


def test_series_of_a_wide_table_may_be_called_as_the_columns_of_a_long_one(write):
    panel = read(write("ds,unique_id,y,variable\n1,1,2,3\n2,4,5,6\n"), options=ReadOptions(layout="wide"))
    assert panel.ids.to_list() == ["unique_id", "y", "variable"]
    assert panel.values[:, 0].tolist() == [1, 4, 2, 5, 3, 6]


@pytest.mark.parametrize(
    ("parts", "first"),
    [
        ("2024,3", dt.date(2024, 3, 1)),
        ("2024,3,4", dt.date(2024, 3, 4)),
        ("2024,3,4,5", dt.datetime(2024, 3, 4, 5)),  # noqa: DTZ001
        ("2024,3,4,5,6", dt.datetime(2024, 3, 4, 5, 6)),  # noqa: DTZ001
    ],
)
def test_several_columns_make_a_time_as_fine_as_they_are(parts, first, write):
    names = ["year", "month", "day", "hour", "minute"][: parts.count(",") + 1]
    path = write(f"{','.join(names)},y\n{parts},1\n")
    panel = read(path, options=ReadOptions(time_parts=names), freq="MS" if len(names) < 3 else "D")
    assert panel.starts[0] == first


BAD = {
    "a point where decimals have a comma": (
        "ds,y\n1,1\n2,1.5\n",
        {"decimal": ","},
        ValuesError,
        "line 3 .*'1.5' is no number with ',' for decimals",
    ),
    "groups that are not of three": (
        'ds,y\n1,1\n2,"1.20"\n',
        {"decimal": ",", "thousands": "."},
        ValuesError,
        "line 3 .*'1.20' is no number with ',' for decimals and '.' between thousands",
    ),
    "another format": (
        "ds,y\n31.12.2024,1\n2025-01-01,2\n",
        {"time_format": "%d.%m.%Y"},
        CalendarError,
        "line 3 .*2025",
    ),
    "years of two digits": ("ds,y\n31.12.24,1\n", {"time_format": "%d.%m.%Y"}, CalendarError, "'31.12.24' is no time"),
    "parts that are no date": (
        "year,month,y\n2024,13,1\n",
        {"time_parts": ["year", "month"]},
        CalendarError,
        "'2024-13-01' is no time",
    ),
    "a part that is missing": ("year,y\n2024,1\n", {"time_parts": ["year", "month"]}, ColumnError, "no column 'month'"),
    "too many lines skipped": ("ds,y\n1,1\n", {"skip_rows": 2}, DataError, "no more than 2 lines"),
    "another encoding": (b"ds,y\n1,\xff\n", {"encoding": "ascii"}, DataError, "no text in ascii"),
    "a wide table of several roles": ("ds,a\n1,1\n", {"layout": "wide"}, ColumnError, "name no id, target"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_as_stated_is_refused_by_line(case, write):
    content, options, error, match = BAD[case]
    columns = Columns(target="a") if "roles" in case else Columns()
    with pytest.raises(error, match=match):
        read(write(content), columns=columns, options=ReadOptions(**options))


def test_the_line_of_an_error_counts_those_that_were_skipped(write):
    content = "Export\n2024-01-01,1\n2024-01-02,x\n"
    columns = Columns(time="column_1", target="column_2")
    with pytest.raises(ValuesError, match="line 3 of"):
        read(write(content), columns=columns, options=ReadOptions(skip_rows=1, header=False))
    with pytest.raises(ValuesError, match="series 'b', line 2 of"):
        read(write("ds,a,b\n1,1,x\n2,1,1\n"), options=ReadOptions(layout="wide"))


@pytest.mark.parametrize(
    "options",
    [
        {"separator": ";;"}, {"separator": "1"}, {"separator": "€"}, {"decimal": ";"}, {"thousands": "."},
        {"thousands": "-"}, {"encoding": "latin-x"}, {"skip_rows": -1}, {"skip_rows": True}, {"header": 1},
        {"skip_rows": 2**70}, {"encoding": "hex"}, {"encoding": "undefined"},
        {"layout": "tall"}, {"na": "NA"}, {"na": [""]}, {"na": ["NA", "NA"]}, {"time_parts": ["year"]},
        {"time_format": ""}, {"sheet": 1}, {"resample": "1h"}, {"aggregate": "mean"},
        {"aggregate": "mode", "resample": "1h"}, {"categories": ["promo"], "layout": "wide"}, {"max_unpacked": 0},
    ],
)  # fmt: skip
def test_an_option_that_means_nothing_is_refused_by_name(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        ReadOptions(**options)


# Rows at times that are on no calendar.


def jittered():
    """Two series, the second first, of which one has no row in a minute."""
    start = dt.datetime(2024, 1, 1)  # noqa: DTZ001
    seconds = {"b": (5, 50, 70, 200), "a": (0, 65, 125)}
    rows = [(name, start + dt.timedelta(seconds=at), float(at)) for name, each in seconds.items() for at in each]
    return pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row")


@pytest.mark.parametrize("aggregate", ["mean", "sum", "min", "max", "median", "first", "last"])
def test_each_step_has_what_was_asked_for_of_its_rows(aggregate, tmp_path):
    jittered().sample(fraction=1, shuffle=True, seed=1).sort("unique_id", descending=True).write_csv(tmp_path / "a.csv")
    panel = read(tmp_path / "a.csv", options=ReadOptions(resample="1min", aggregate=aggregate))
    wanted = getattr(pl.Series([5.0, 50.0]), aggregate, None)
    first = {"first": 5.0, "last": 50.0}.get(aggregate) or wanted()
    assert panel.ids.to_list() == ["b", "a"]
    assert str(panel.schema.freq) == "min"
    np.testing.assert_array_equal(panel.values[:, 0], [first, 70, np.nan, 200, 0, 65, 125])


def test_how_many_rows_and_empty_steps_there_were_is_said(tmp_path):
    jittered().write_csv(tmp_path / "a.csv")
    whole = read_whole(tmp_path / "a.csv", options=ReadOptions(resample="1min", aggregate="mean"))
    assert whole.notes == (
        "Resampled 7 rows to 7 steps of min, each the mean of its rows; 1 have none and are missing",
    )
    assert (
        read_whole(tmp_path / "a.csv", options=ReadOptions(resample="1D", aggregate="sum"), freq=None).panel.n_rows == 2
    )


def test_resampling_keeps_covariates_and_refuses_what_has_no_step(tmp_path):
    table = jittered().with_columns(wind=pl.col("y") * 2, kind=pl.col("unique_id"))
    table.write_csv(tmp_path / "a.csv")
    columns = Columns(past=["wind"], static=["kind"])
    panel = read(tmp_path / "a.csv", columns=columns, options=ReadOptions(resample="1min", aggregate="max"))
    np.testing.assert_array_equal(panel.covariates.past[:, 0], panel.values[:, 0] * 2)
    assert panel.covariates.static["kind"].to_list() == ["b", "a"]
    with pytest.raises(OptionError, match="leave freq"):
        read(tmp_path / "a.csv", freq="D", options=ReadOptions(resample="1min", aggregate="mean"))
    with pytest.raises(OptionError, match="rows are put into steps of"):
        read(tmp_path / "a.csv", options=ReadOptions(resample="ME", aggregate="mean"))
    with pytest.raises(CalendarError, match="holds dates, so resample is 1h, D"):
        read(tmp_path / "a.csv", options=ReadOptions(resample=3, aggregate="mean"))


def test_whole_numbers_are_resampled_too(write):
    panel = read(write("ds,y\n1,1\n2,3\n4,5\n9,7\n"), options=ReadOptions(resample=3, aggregate="mean"))
    assert panel.starts.to_list() == [0]
    np.testing.assert_array_equal(panel.values[:, 0], [2, 5, np.nan, 7])


# Covariates of text.

PROMO = "ds,y,promo,open,level\n1,1,gift,yes,TRUE\n2,2,none,no,FALSE\n3,3,sale,yes,TRUE\n4,4,,no,\n"


def test_text_becomes_a_column_for_each_value(write):
    columns = Columns(future=["promo", "open"], past=["level"])
    panel = read(write(PROMO), columns=columns, options=ReadOptions(categories=["promo"]))
    assert panel.schema.columns.future == ("promo=gift", "promo=none", "promo=sale", "open")
    wanted = [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1], [np.nan, np.nan, np.nan, 0]]
    np.testing.assert_array_equal(panel.covariates.future, wanted)
    np.testing.assert_array_equal(panel.covariates.past[:, 0], [1, 0, 1, np.nan])


def test_what_a_model_was_shown_is_made_again_of_the_text(write, tmp_path):
    panel = read(write(PROMO), columns=Columns(future=["promo"]), options=ReadOptions(categories=["promo"]))
    again = read(write(PROMO), columns=panel.schema.columns)
    np.testing.assert_array_equal(again.covariates.future, panel.covariates.future)
    ahead = read_future(write("ds,promo\n5,sale\n6,gift\n", "ahead.csv"), panel)
    np.testing.assert_array_equal(ahead.covariates.future[-2:], [[0, 0, 1], [1, 0, 0]])
    with pytest.raises(ValuesError, match=r"line 2 of .*'prize' is none of the values that the model knows"):
        read_future(write("ds,promo\n5,prize\n", "other.csv"), panel)


def test_a_static_category_stays_one_though_it_looks_like_a_number(write):
    content = "unique_id,ds,y,store\na,1,1,1\na,2,2,1\nb,1,3,2\nb,2,1,2\n"
    columns = Columns(static=["store"])
    assert read(write(content), columns=columns).covariates.static["store"].dtype == pl.Float64
    named = read(write(content), columns=columns, options=ReadOptions(categories=["store"]))
    assert named.covariates.static["store"].to_list() == ["1", "2"]


def test_categories_that_cannot_be_are_refused(write):
    with pytest.raises(OptionError, match="'promo' is none: name it as past, future or static"):
        read(write(PROMO), options=ReadOptions(categories=["promo"]))
    constant = write(PROMO.replace("gift", "none").replace("sale", "none"))
    with pytest.raises(ValuesError, match="has 1 different values"):
        read(constant, columns=Columns(past=["promo"]), options=ReadOptions(categories=["promo"]))


# Other formats.

TABLE = pl.DataFrame({"ds": DAYS, "y": [1.5, None, 1200.0]})


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.xlsx", "a.csv", "a.csv.gz"])
def test_a_table_is_read_from_every_format(name, tmp_path):
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(TABLE.write_csv().encode()))
    else:
        made = {"parquet": TABLE.write_parquet, "feather": TABLE.write_ipc, "csv": TABLE.write_csv}
        made.get(path.suffix[1:], lambda path: path.write_bytes(to_excel(TABLE)))(path)
    panel = read(path)
    assert str(panel.schema.freq) == "D"
    np.testing.assert_array_equal(panel.values[:, 0], [1.5, np.nan, 1200])


def test_an_excel_file_of_several_sheets_needs_the_name_of_one(tmp_path):
    import xlsxwriter

    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        TABLE.write_excel(book, "sales")
        TABLE.with_columns(y=pl.lit(7.0)).write_excel(book, "plan")
    with pytest.raises(DataError, match="has the sheets 'sales', 'plan': name one"):
        read(path)
    assert read(path, options=ReadOptions(sheet="plan")).values[:, 0].tolist() == [7, 7, 7]


def test_cells_of_text_in_an_excel_file_are_read_as_they_are_written(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(to_excel(pl.DataFrame({"Tag": ["1.1.2024", "2.1.2024"], "Umsatz": ["1.200,5", "n/a"]})))
    options = ReadOptions(decimal=",", thousands=".", na=["n/a"], time_format="%d.%m.%Y")
    panel = read(path, columns=Columns(time="Tag", target="Umsatz"), options=options)
    np.testing.assert_array_equal(panel.values[:, 0], [1200.5, np.nan])


@pytest.mark.parametrize("name", ["a.xlsx", "a.feather"])
def test_a_file_that_is_none_is_refused(name, write):
    with pytest.raises(DataError, match=r"is no (Excel|Feather) file"):
        read(write("ds,y\n1,1\n", name))


def test_without_its_libraries_an_excel_file_says_what_to_install(write, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "fastexcel", None)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(LoopcastError, match=r"pip install 'loopcast\[excel\]'"):
        read(write("x", "a.xlsx"))
    with pytest.raises(LoopcastError, match=r"pip install 'loopcast\[excel\]'"):
        to_excel(TABLE)
