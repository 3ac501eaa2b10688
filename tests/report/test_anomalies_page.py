"""The page of anomalies: where they are, that it loads nothing, and that names stay text."""

import re

import numpy as np
import polars as pl
import pytest

from live.made import at, values
from loopcast import Naive, Panel, Pretrained, anomalies
from loopcast.kernels import LIBRARY
from loopcast.live.anomalies import judge
from loopcast.report.anomalies_page import anomalies_page, chart_of, rows_of

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


@pytest.fixture(scope="module")
def fitted():
    came = np.stack([values(900, 1), values(900, 2)])
    came[1, [50, 700, 850]] += 80
    came[1, 300] = np.nan
    panel = Panel.from_array(came[:, :, None], ids=["calm", "<b>wild</b>"], start=at(0), freq="h")
    return Pretrained(season=4, tune=0).fit(panel)


def page_of(forecaster, command=""):
    return anomalies_page(judge(forecaster), description=forecaster.describe(), command=command).decode()


def test_it_shows_the_series_with_most_first_and_the_rows_that_surprised_most(fitted):
    text, found = page_of(fitted, "loopcast anomalies a.csv"), anomalies(fitted)
    count = found["anomaly"].sum()
    assert f"{count:,} of 1,800 rows are outside of their 99 % interval." in text
    assert text.index("&lt;b&gt;wild") < text.index("<figcaption>calm")
    assert text.count('<th scope="row">') >= count
    assert "loopcast anomalies a.csv" in text
    judged = judge(fitted)
    worst = found.filter(pl.col("anomaly")).sort(pl.col("surprise").abs(), descending=True, maintain_order=True)
    assert [float(row[4]) for row in rows_of(judged)] == pytest.approx(worst["surprise"].to_list(), rel=1e-5)
    chart = chart_of(judged, 1)
    assert len(chart.history.values) == 600
    marks = ~np.isnan(chart.forecasts[0].values)
    assert (marks == judged.anomalous[900:, 0][chart_first(judged) :][:600]).all()


def chart_first(judged):
    from loopcast.report.gaps import densest_window

    return densest_window(judged.anomalous[900:, 0])


def test_it_loads_nothing_runs_no_script_and_names_are_text(fitted):
    text = page_of(fitted)
    assert "<b>" not in text
    assert "<script" not in text
    assert not re.findall(r"(?:src|href)=[\"'](?!#|data:)", text)


def test_a_series_without_any_is_shown_as_it_is():
    still = Naive(horizon=2).fit([5.0] * 60)
    text = page_of(still)
    assert "0 of 60 rows" in text
    assert "The most surprising" not in text


def test_targets_are_shown_as_series_of_their_own():
    came = np.stack([values(300, 1), values(300, 2)], axis=1)[None]
    came[0, 200, 1] += 80
    panel = Panel.from_array(came, ids=["pump"], targets=["flow", "level"], start=at(0), freq="h")
    fitted = Pretrained(season=4, tune=0).fit(panel)
    text, found = page_of(fitted), anomalies(fitted)
    assert "<title>Anomalies in flow, level" in text
    assert "<figcaption>pump, level" in text
    rows = rows_of(judge(fitted).to_univariate())
    worst = found.filter(pl.col("anomaly")).sort(pl.col("surprise").abs(), descending=True, maintain_order=True)
    assert [row[0] for row in rows] == [f"pump, {name}" for name in worst["target"]]
