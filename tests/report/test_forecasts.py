"""Forecast tables become lines and bands, or are refused with a reason."""

import datetime as dt
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions as read_forecasts
from loopcast.errors import OptionError
from loopcast.report import matplotlib_renderer as static
from loopcast.report import plotly_renderer as interactive
from loopcast.report.forecasts import bands_of
from loopcast.report.plots import plot
from report.made import made_panel


def table(panel, horizon=3):
    """Two models, one with intervals."""
    line = panel.last(horizon)[:, :, 0]
    columns = {"Net": line, "Net-lo-95": line - 9, "Net-hi-95": line + 9, "Net-lo-80": line - 5, "Net-hi-80": line + 5}
    return forecast_table(panel, columns | {"Naive": line * 0})


def test_a_table_gives_a_line_for_each_model_and_bands_narrowest_first():
    panel = made_panel(ids=("a", "b"))
    net, naive = read_forecasts(table(panel), panel)
    assert (net.name, naive.name) == ("Net", "Naive")
    np.testing.assert_array_equal(net.values[:, 0], panel.last(3))
    assert [band.level for band in bands_of(net, 0, 0)] == [80, 95]
    np.testing.assert_array_equal(net.interval(95)[0], net.values - 9)
    assert bands_of(naive, 0, 0) == ()


def test_pandas_polars_and_pyarrow_tables_read_alike():
    panel = made_panel(ids=("a", "b"))
    frame = table(panel)
    expected = read_forecasts(frame, panel)[0].interval(80)[1]
    for other in (frame.to_pandas(), frame.to_arrow()):
        np.testing.assert_array_equal(read_forecasts(other, panel)[0].interval(80)[1], expected)


def test_a_pandas_history_and_its_forecast_fit_each_other():
    times = pd.date_range("2024-01-31 05:00", periods=30, freq="h", tz="Europe/Berlin")
    panel = Panel.from_table(pd.DataFrame({"unique_id": "a", "ds": times, "y": np.arange(30.0)}))
    assert read_forecasts(table(panel), panel)[0].values.ravel().tolist() == [27.0, 28.0, 29.0]


def test_series_in_another_order_find_their_history():
    panel = made_panel(ids=("a", "b"))
    swapped = pl.concat(reversed(table(panel).partition_by("unique_id", maintain_order=True)))
    np.testing.assert_array_equal(read_forecasts(swapped, panel)[0].values[:, 0], panel.last(3))


def test_one_series_without_an_id_is_read_too():
    panel = Panel.from_series(np.arange(9.0))
    assert read_forecasts(table(panel), panel)[0].values.ravel().tolist() == [6.0, 7.0, 8.0]


def test_a_model_whose_own_name_looks_like_a_bound_stays_a_model():
    panel = Panel.from_series(np.arange(9.0))
    frame = forecast_table(panel, {"A-lo-80": np.ones((1, 2)), "B": np.ones((1, 2)), "B-lo-80": np.ones((1, 2))})
    first, second = read_forecasts(frame, panel)
    assert (first.name, second.name, second.bands.levels) == ("A-lo-80", "B", ())


def test_forecasts_of_another_time_are_refused_with_the_time():
    panel = made_panel(ids=("a", "b"))
    with pytest.raises(OptionError, match="series 'a' has no row at 2019-10-01"):
        read_forecasts(table(panel), panel.drop_last(3))


def test_forecasts_of_other_series_are_refused():
    with pytest.raises(OptionError, match="'b' is in one of them only"):
        read_forecasts(table(made_panel(ids=("a", "b"))), made_panel(ids=("a",)))


def test_times_that_are_left_out_are_refused():
    panel = made_panel(ids=("a",))
    with pytest.raises(OptionError, match="no row at 2020-02-01"):
        read_forecasts(table(panel)[[0, 2]], panel)


@pytest.mark.parametrize("given", [7, [1.0, 2.0]])
def test_what_is_neither_table_nor_mapping_is_refused(given):
    with pytest.raises(OptionError, match="a table or arrays by name"):
        plot(made_panel(), given)


def test_a_table_without_a_model_is_refused():
    panel = made_panel(ids=("a",))
    with pytest.raises(OptionError, match="a column of numbers for each model"):
        read_forecasts(forecast_table(panel, {"y": np.ones((1, 2))}), panel)


def test_a_chart_holds_the_bands_of_its_series():
    panel = made_panel(ids=("a", "b"))
    chart = plot(panel, table(panel)).charts[1]
    assert chart.forecasts[0].times[0] == dt.date(2020, 1, 1)
    np.testing.assert_array_equal(chart.forecasts[0].bands[0].high, panel.last(3)[1, :, 0] + 5)


def test_both_renderers_draw_a_band_for_each_level(tmp_path):
    panel = made_panel(ids=("a", "b"))
    picture = plot(panel, table(panel))
    assert [len(axes.collections) for axes in static.draw(picture).axes] == [2, 2]
    filled = [trace for trace in interactive.draw(picture).data if trace.fill == "toself"]
    assert [trace.name for trace in filled] == ["Net, 80 %", "Net, 95 %"] * 2
    for ending in ("png", "svg", "html"):
        picture.save(tmp_path / f"plot.{ending}")
    assert ET.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")


def test_a_gap_in_a_band_splits_its_shape():
    panel = Panel.from_series(np.arange(9.0))
    low = np.array([[0.0, np.nan, 2.0, 3.0]])
    frame = forecast_table(panel, {"A": low, "A-lo-80": low, "A-hi-80": low + 1})
    (band,) = [trace for trace in interactive.draw(plot(panel, frame)).data if trace.fill == "toself"]
    assert list(band.x) == [9, 9, None, 11, 12, 12, 11, None]
    assert list(band.y) == [1, 0, None, 3, 4, 3, 2, None]


def test_a_notebook_gets_a_chart_that_loads_nothing():
    shown = plot(made_panel(ids=("a",)), table(made_panel(ids=("a",))))._repr_html_()
    assert shown.lstrip().startswith("<div")
    assert "Plotly.newPlot" in shown
    assert 'src="http' not in shown
