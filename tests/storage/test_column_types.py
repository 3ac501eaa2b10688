"""What can be fitted can be forecast, saved and loaded, whatever types its columns have."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from dateutil import tz

from loopcast.errors import CalendarError
from loopcast.models.baselines import Naive
from loopcast.models.load import load

DAYS = pd.date_range("2024-01-01", periods=10)
TABLE = pd.DataFrame({"unique_id": "a", "ds": DAYS, "y": np.arange(10.0)})
ARROW = pa.Table.from_pandas(TABLE)
FRAME = pl.DataFrame(ARROW)


def arrow_times(kind, zone=None):
    return TABLE.assign(ds=pd.Series(DAYS.tz_localize(zone)).astype(pd.ArrowDtype(kind)))


TABLES = {
    "dateutil's UTC": TABLE.assign(ds=DAYS.tz_localize(tz.tzutc())),
    "dateutil's UTC, nanoseconds": TABLE.assign(ds=DAYS.as_unit("ns").tz_localize(tz.tzutc())),
    "dateutil's offset": TABLE.assign(ds=DAYS.tz_localize(tz.tzoffset("here", 3600))),
    "an offset": TABLE.assign(ds=DAYS.tz_localize(dt.timezone(dt.timedelta(hours=2)))),
    "pandas, Arrow times": arrow_times(pa.timestamp("us")),
    "pandas, Arrow times in a zone": arrow_times(pa.timestamp("us", tz="UTC"), "UTC"),
    "pandas, Arrow days": arrow_times(pa.date32()),
    "pandas, Arrow ids": TABLE.astype({"unique_id": pd.ArrowDtype(pa.large_string())}),
    "pandas, numbers as categories": TABLE.assign(unique_id=pd.Categorical([7] * 10)),
    "Arrow, times in a zone": ARROW.set_column(1, "ds", ARROW["ds"].cast(pa.timestamp("us", tz="Europe/Berlin"))),
    "Arrow, times at an offset": ARROW.set_column(1, "ds", ARROW["ds"].cast(pa.timestamp("ms", tz="+01:00"))),
    "Arrow, days": ARROW.set_column(1, "ds", ARROW["ds"].cast(pa.date32())),
    "Arrow, dictionary ids": ARROW.set_column(0, "unique_id", ARROW["unique_id"].dictionary_encode()),
    "polars, categories": FRAME.cast({"unique_id": pl.Categorical}),
    "polars, an enumeration": FRAME.cast({"unique_id": pl.Enum(["b", "a"])}),
    "polars, times in a zone": FRAME.with_columns(pl.col("ds").dt.replace_time_zone("Asia/Kolkata")),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_fit_on_any_type_of_ids_and_times_forecasts_the_same_from_its_file(table, tmp_path):
    fitted = Naive(horizon=2).fit(table)
    fitted.save(tmp_path / "model")
    wanted, got = fitted.predict(), load(tmp_path / "model").predict(data=table)
    assert type(got) is type(table)
    assert got.equals(wanted)


def test_a_zone_without_a_name_is_refused_before_the_fit_and_the_cure_works():
    berlin = DAYS.tz_localize(tz.gettz("Europe/Berlin"))
    with pytest.raises(CalendarError, match=r"no name.*tz_convert\('Europe/Berlin'\)"):
        Naive().fit(TABLE.assign(ds=berlin))
    Naive().fit(TABLE.assign(ds=berlin.tz_convert("Europe/Berlin")))
