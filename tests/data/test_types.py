"""Columns of any type that a library has are taken for what they are, or refused with an error of Loopcast's own."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from loopcast.columns import Columns
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.errors import CalendarError, ColumnError, LoopcastError, OptionError, ValuesError

DAYS = [dt.date(2024, 1, d) for d in (1, 2, 3)]


def panel_of(y, make=pd.DataFrame) -> Panel:
    return Panel.from_table(make({"ds": DAYS, "y": y}))


NUMBERS = {
    "Decimal, then a float": [Decimal("1.5"), Decimal("2.5"), 3.5],
    "a float, then Decimal": [1.5, Decimal("2.5"), Decimal("3.5")],
    "Decimal and whole numbers": [1.5, 2.5, Decimal("3.5")],
    "long doubles": np.array([1.5, 2.5, 3.5], np.longdouble),
    "long doubles among objects": pd.Series([np.longdouble(1.5), 2.5, Decimal("3.5")], dtype=object),
    "arrow decimals": pd.Series(
        [Decimal("1.5"), Decimal("2.5"), Decimal("3.5")], dtype=pd.ArrowDtype(pa.decimal128(9, 1))
    ),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_of_any_type_are_numbers(case):
    assert panel_of(NUMBERS[case]).values[:, 0].tolist() == [1.5, 2.5, 3.5]


def test_whole_numbers_beyond_64_bits_are_numbers_and_infinite_where_no_float_holds_them():
    assert panel_of([2**70, 1, 2]).values[0, 0] == 2**70
    assert panel_of([2**63, 2**64 - 1, 2]).values[0, 0] == 2**63
    with pytest.raises(ValuesError, match="row 1"):
        panel_of([1, 2**2000, 2])
    with pytest.raises(ValuesError, match="row 1"):
        panel_of([1.0, -(2**2000), 2])
    with pytest.raises(LoopcastError):
        Panel.from_table(pd.DataFrame({"unique_id": [2**70] * 3, "ds": DAYS, "y": 1.0}))
    with pytest.raises(CalendarError):
        Panel.from_table(pd.DataFrame({"ds": [1, 2**70, 3], "y": 1.0}))


def test_arrow_dictionaries_are_categories():
    ids = pd.Series(["b", "b", "a"]).astype(pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))
    panel = Panel.from_table(pd.DataFrame({"unique_id": ids, "ds": DAYS, "y": 1.0}))
    assert panel.ids.to_list() == ["b", "a"]
    assert forecast_table(panel, {"m": np.zeros((2, 1))})["unique_id"].tolist() == ["b", "a"]


SURROGATE = "a\udc80"


def test_half_a_surrogate_pair_is_refused_wherever_it_is():
    cells = pd.Series(["1", SURROGATE, "2"], dtype=object)
    ways = [
        (ColumnError, lambda: Panel.from_table(pd.DataFrame({"unique_id": cells, "ds": DAYS, "y": 1.0}))),
        (ColumnError, lambda: panel_of(cells)),
        (ColumnError, lambda: Panel.from_table(pd.DataFrame({"ds": cells, "y": 1.0}))),
        (
            ColumnError,
            lambda: Panel.from_wide(pd.DataFrame([DAYS, [1.0] * 3], index=pd.Index(["ds", SURROGATE], dtype=object)).T),
        ),
        (ColumnError, lambda: Panel.from_array(np.ones((1, 3, 1)), ids=[SURROGATE])),
        (ColumnError, lambda: Panel.from_series(pd.Series([1.0, 2.0], name=SURROGATE))),
        (OptionError, lambda: Columns(target=SURROGATE)),
        (OptionError, lambda: Panel.from_array(np.ones((1, 3, 1)), targets=[SURROGATE])),
        (OptionError, lambda: Panel.from_series([1.0, 2.0], name=SURROGATE)),
    ]
    for error, way in ways:
        with pytest.raises(error) as caught:
            way()
        str(caught.value).encode()


ARROW_TYPES = [
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.bool_(), pa.string(), pa.large_string(), pa.binary()),
    *(pa.date32(), pa.date64(), pa.time64("us"), pa.timestamp("s"), pa.timestamp("ns", "UTC"), pa.duration("us")),
    *(pa.timestamp("us", "+05:30"), pa.timestamp("us", "Europe/Berlin"), pa.null(), pa.decimal128(20, 2)),
    *(pa.decimal256(50, 2), pa.list_(pa.int64())),
]
PANDAS_TYPES = [
    *("Int8", "UInt64", "Float32", "string", "object", "category", "float16", "complex64", "bool", "datetime64[s]"),
    *("datetime64[ns, Asia/Kolkata]", "timedelta64[s]", "Sparse[float64]"),
    *map(pd.ArrowDtype, (pa.int8(), pa.float16(), pa.timestamp("s"), pa.timestamp("ns", "UTC"), pa.duration("us"))),
]
COLUMNS = [
    *(pd.Series([None] * 3, dtype=pd.ArrowDtype(each)) for each in ARROW_TYPES),
    *(pd.Series([1, 2, 3]).astype(each) for each in PANDAS_TYPES),
    pd.Series(pd.period_range("2024-01-01", periods=3, freq="D")),
    pd.Series([True, False, None], dtype="boolean"),
    pd.Series(pd.arrays.ArrowExtensionArray(pa.array([1, 2, 3]).dictionary_encode())),
    pd.Series(["1", "2", "3"]).astype(pd.ArrowDtype(pa.large_string())),
    pd.Series([b"1", b"2", b"3"], dtype=pd.ArrowDtype(pa.binary())),
    pd.Series([Decimal(1), Decimal(2), Decimal(3)], dtype=pd.ArrowDtype(pa.decimal256(50, 2))),
    pd.Series([[1], [2], [3]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    pd.Series([dt.time(1), dt.time(2), dt.time(3)], dtype=pd.ArrowDtype(pa.time64("us"))),
    pd.Series(DAYS, dtype=pd.ArrowDtype(pa.date32())),
    pd.Series([pd.NaT, None, float("nan")], dtype=object),
    pd.Series([{"a": 1}, {1}, b"x"], dtype=object),
]
POLARS_TYPES = [
    *(pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Date, pl.Time, pl.Datetime("ms"), pl.Duration, pl.Decimal(20, 2)),
    pl.Datetime("ns", "Asia/Kathmandu"),
]
POLARS = [
    *(pl.Series([1, 2, 3], dtype=each) for each in POLARS_TYPES),
    *(pl.Series(["1", "2", "3"], dtype=each) for each in (pl.String, pl.Categorical, pl.Enum(["1", "2", "3"]))),
    *map(pl.Series, ([True, False, None], [b"1", b"2", b"3"], [None] * 3, [[1], [2], [3]], [{"a": 1}] * 3)),
    pl.Series([[1], [2], [3]], dtype=pl.Array(pl.Int64, 1)),
    pl.Series([1, "a", {}], dtype=pl.Object),
]
ROLES = [
    Columns(id="it", time="t", target="y"), Columns(time="it"), Columns(time="t", target="it"),
    Columns(time="t", past=["it"]), Columns(time="t", future=["it"]), Columns(time="t", static=["it"]),
]  # fmt: skip


def require_taken_or_refused(table, columns: Columns) -> None:
    """A panel and a forecast of it, or an error that is Loopcast's own."""
    refused = ""
    try:
        panel = Panel.from_table(table, columns)
        repr(panel)
        forecast_table(panel, {"m": np.zeros((panel.n_series, 2))})
    except LoopcastError as error:
        refused = str(error)
    assert not refused or len(refused.split()) > 5


@pytest.mark.parametrize("columns", ROLES, ids=repr)
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.dtype))
def test_any_type_of_pandas_is_taken_or_refused_in_words(column, columns):
    require_taken_or_refused(pd.DataFrame({"it": column, "t": [1, 2, 3], "y": 1.0}), columns)
    require_taken_or_refused(
        pd.DataFrame({"it": column.iloc[[0, 0, 0]].reset_index(drop=True), "t": [1, 2, 3], "y": 1.0}), columns
    )


@pytest.mark.parametrize("columns", ROLES, ids=repr)
@pytest.mark.parametrize("column", POLARS, ids=lambda column: str(column.dtype))
def test_any_type_of_polars_and_pyarrow_is_taken_or_refused_in_words(column, columns):
    for cells in (column, column.gather([0, 0, 0])):
        table = pl.DataFrame({"it": cells, "t": [1, 2, 3], "y": [1.0, 2.0, 3.0]})
        require_taken_or_refused(table, columns)
        if column.dtype not in (pl.Object, pl.Int128):  # which Arrow has none of
            require_taken_or_refused(table.to_arrow(), columns)
