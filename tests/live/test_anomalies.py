"""Anomalies are what a stream would have said of each row as it came."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from live.made import at, fitted, panel, values
from loopcast import Naive, NotFittedError, OptionError, Panel, Pretrained, anomalies, load
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def strange(rows=120):
    came = values(rows)
    came[[50, 90]] += 60
    came[70:73] = np.nan
    return came


def test_each_row_is_judged_as_a_stream_would_judge_it():
    came = strange()
    told = fitted().anomalies(Panel.from_array(came[None, :, None], ids=["a"], start=at(0), freq="h"))
    assert told.columns == ["unique_id", "ds", "y", "anomaly", "surprise", "y-lo-99", "y-hi-99"]
    live = fitted().live(level=99)
    for row, y in enumerate(came.tolist()):
        low, high = (None, None) if row == 0 else (end[0, 0] for end in live.predict_one("a")[2:])
        seen = live.update_one("a", at(row), y)
        np.testing.assert_equal(told["surprise"][row], seen.surprise)
        if row:
            assert (told["y-lo-99"][row], told["y-hi-99"][row]) == (low, high)
            assert told["anomaly"][row] == (y < low or y > high)
    assert told["anomaly"][[50, 90]].all()
    assert not told["anomaly"][[0, 70, 71, 72]].any()


def test_the_series_of_the_fit_and_every_series_of_several_are_judged_alone():
    both = fitted(series=2)
    told, alone = both.anomalies(level=90), both.anomalies(panel(), level=90)
    assert told.filter(pl.col("unique_id") == "a").equals(alone)
    assert told.height == 120


def test_what_cannot_be_said_is_an_error(tmp_path):
    with pytest.raises(OptionError, match="one number"):
        fitted().anomalies(level=[80, 95])
    with pytest.raises(NotFittedError, match="calibrate"):
        anomalies(Naive().fit([1.0, 2.0]))
    fitted().save(tmp_path / "m")
    with pytest.raises(NotFittedError):
        load(tmp_path / "m").anomalies()


def test_the_command_shows_and_writes_them(tmp_path):
    table = pl.DataFrame({"ds": range(120), "y": strange()}).with_columns(pl.col("y").fill_nan(None))
    table.write_csv(tmp_path / "in.csv")
    arguments = ["anomalies", tmp_path / "in.csv", "--level", "99", "--season", "4", "--output", tmp_path / "out.csv",
                 "--report", tmp_path / "page.html"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "loopcast", *map(str, arguments)], capture_output=True, text=True, check=True
    )
    told = Pretrained(season=4, tune=0).fit(table).anomalies()
    assert f"{told['anomaly'].sum()} of 120 rows" in done.stdout
    assert f"{told['anomaly'].sum()} of 120 rows" in (tmp_path / "page.html").read_text()
    assert pl.read_csv(tmp_path / "out.csv")["anomaly"].to_list() == told["anomaly"].to_list()
