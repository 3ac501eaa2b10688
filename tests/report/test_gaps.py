"""Pictures of filled gaps: which series, which stretch, and what there is to see without any."""

import numpy as np
import pytest

from loopcast.columns import Bands
from loopcast.errors import OptionError
from loopcast.models.fill_gaps import FilledGaps
from loopcast.report.gaps import STEPS, plot_gaps


def filled(given, value, level=()):
    """Every gap filled with one value, in an interval that is 2 wide."""
    marks = np.isnan(given.reshape(-1, 1))
    values = np.where(marks, np.float32(value), np.float32(np.nan))
    bands = Bands.of(level)
    ends = np.stack([values - 1, values + 1] * len(bands.levels), axis=-1) if bands else np.empty((*values.shape, 0))
    return FilledGaps(values=values, marks=marks, bands=bands, ends=ends)


def test_series_with_most_gaps_come_first_and_lines_meet_the_values_beside_a_gap():
    given = np.arange(24.0).reshape(2, 12, 1)
    given[0, 5], given[1, 3:6] = np.nan, np.nan
    picture = plot_gaps(given, filled(given, 9.0, 90))
    assert [chart.title for chart in picture.charts] == ["1", "0"]
    line = picture.charts[0].forecasts[0]
    assert np.flatnonzero(~np.isnan(line.values)).tolist() == [2, 3, 4, 5, 6]
    assert [band.level for band in line.bands] == [90]


def test_a_long_series_is_shown_where_most_is_missing():
    given = np.arange(3.0 * STEPS).reshape(1, -1, 1)
    given[0, 2 * STEPS : 2 * STEPS + 50] = np.nan
    chart = plot_gaps(given, filled(given, 0.0)).charts[0]
    assert len(chart.history.times) == STEPS
    assert np.isnan(chart.history.values).sum() == 50


@pytest.mark.parametrize("ending", ["html", "png"])
def test_series_without_gaps_are_drawn_as_they_are(tmp_path, ending):
    given = np.arange(20.0).reshape(1, 20, 1)
    picture = plot_gaps(given, filled(given, 0.0))
    assert np.isnan(picture.charts[0].forecasts[0].values).all()
    picture.save(tmp_path / f"plot.{ending}")
    assert (tmp_path / f"plot.{ending}").stat().st_size > 1000


def test_filled_values_of_another_shape_are_refused():
    with pytest.raises(OptionError, match=r"of shape \(20, 1\), got \(19, 1\)"):
        plot_gaps(np.arange(20.0).reshape(1, 20, 1), filled(np.arange(19.0), 0.0))
