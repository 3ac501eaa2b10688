"""Series that are followed row by row have the bits of a forecast of all rows so far."""

from dataclasses import replace

import numpy as np
import pytest

from live.made import Following, engine_of
from loopcast import OptionError, Panel, Pretrained
from loopcast.intervals.widening import NO_WIDENING
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")

ROWS, STEPS, PROBABILITIES = 2000, 24, (0.005, 0.1, 0.9)


def model_of(seasons):
    """Without a calibration: what the network says itself."""
    panel = Panel.from_array(np.arange(1.0, 9.0)[None, :, None])
    return replace(Pretrained(seasons=seasons).fit(panel).model, calibration=None, own_widening=NO_WIDENING)


def positive(rng, t, season):
    return np.exp(3 + 0.5 * np.sin(2 * np.pi * t / season) + rng.normal(0, 0.1, len(t)))


def with_gaps(rng, t, season):
    return np.where(rng.random(len(t)) < 0.2, np.nan, positive(rng, t, season))


def late_negative(rng, t, season):
    return np.where(t > 700, -1.0, 1.0) * with_gaps(rng, t, season)


def begins_late(rng, t, season):
    return np.where(t < 50, 0.0, np.where(t < 60, np.nan, positive(rng, t, season)))


def repeats(rng, t, season):
    return np.where(t < 900, rng.uniform(1, 9, season)[t % season], positive(rng, t, season))


def high(rng, t, season):
    return 1e9 + positive(rng, t, season)


KINDS = (positive, with_gaps, late_negative, begins_late, repeats, high)


@pytest.mark.parametrize("seasons", [(1,), (12,), (24, 168)])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_after_each_row_is_the_forecast_of_the_rows_so_far(kind, seasons):
    values = kind(np.random.default_rng(0), np.arange(ROWS), seasons[0])
    model = model_of(seasons)
    first = int(np.flatnonzero(~np.isnan(values))[0])
    cutoffs = range(ROWS - 1 - first, -1, -1)
    told = model.predict(Panel.from_array(values[None, :, None]), STEPS, cutoffs, PROBABILITIES)
    series = Following(engine_of(model, STEPS, PROBABILITIES))
    read = []
    for y in values:
        series.take(y)
        read.append(series.read(STEPS))
    streamed = np.array(read)[first:]
    np.testing.assert_array_equal(streamed[..., 0], told.values[0, :, :, 0])
    np.testing.assert_array_equal(streamed[..., 1:], told.quantiles[0, :, :, 0])


def test_many_series_at_once_have_the_bits_of_each_alone():
    rng, t = np.random.default_rng(1), np.arange(200)
    values = np.stack([kind(rng, t, 12) for kind in KINDS])
    model = model_of((12,))
    told = model.predict(Panel.from_array(values[:, :, None]), STEPS, (0,), PROBABILITIES)
    engine = engine_of(model, STEPS, PROBABILITIES)
    for place, each in enumerate(values):
        series = Following(engine)
        for y in each:
            series.take(y)
        np.testing.assert_array_equal(series.read(STEPS)[:, 0], told.values[place, 0, :, 0])


def test_a_fork_goes_its_own_way_and_its_parent_stays():
    engine, values = engine_of(model_of((12,)), STEPS), positive(np.random.default_rng(0), np.arange(100), 12)
    alone, series = Following(engine), Following(engine)
    for y in values[:80]:
        alone.take(y)
        series.take(y)
    for _ in range(50):
        fork = series.fork()
        for _ in range(5):
            fork.take(-1e6)
    same = series.fork()
    assert (same.block == alone.block).all()
    for y in values[80:]:
        for each in (alone, series, same):
            each.take(y)
    for each in (series, same):
        np.testing.assert_array_equal(each.read(STEPS), alone.read(STEPS))


def test_nothing_seen_is_forecast_to_be_zero_and_fewer_steps_are_the_first_ones():
    series = Following(engine_of(model_of((12,)), STEPS, (0.9,)))
    series.take(np.nan)
    series.take(0.0)
    assert (series.read(STEPS) == np.zeros((STEPS, 2))).all()
    series.take(5.0)
    series.take(7.0)
    np.testing.assert_array_equal(series.read(5), series.read(STEPS)[:5])


def test_more_steps_than_there_is_room_for_are_refused():
    series = Following(engine_of(model_of((12,)), 3))
    with pytest.raises(OptionError, match="steps is 0 to 3"):
        series.read(4)
    with pytest.raises(OptionError, match="got -1"):
        series.read(-1)
    with pytest.raises(OptionError, match="most_steps"):
        engine_of(model_of((12,)), 0)
