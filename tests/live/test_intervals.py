"""Live intervals are those of `predict` until values judge them, and then keep what they promise."""

import numpy as np
import polars as pl
import pytest

from live.made import HORIZON, Following, at, engine_of, fitted, panel, values
from loopcast import OptionError, Panel, Pretrained, ValuesError
from loopcast.columns import Bands
from loopcast.intervals.tracking import RATE, tracked_leads
from loopcast.kernels import LIBRARY
from loopcast.nn.step_decoder import PROBABILITIES
from reference.tracking import Tracker

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")

LEVELS = (50, 80, 95)


@pytest.mark.parametrize("rows", [1, 3, 30, 60])
@pytest.mark.parametrize("options", [{}, {"integer": True}, {"lower": 49.0, "upper": 55.0}, {"lower": None}])
def test_before_anything_is_judged_forecasts_and_intervals_are_those_of_predict(rows, options):
    clipped = np.clip(values(rows), 49.0, 55.0) if "upper" in options else values(rows)
    seen = Panel.from_array(clipped[None, :, None], ids=["a"], start=at(0), freq="h")
    forecaster = Pretrained(season=4, horizon=HORIZON, tune=0, **options).fit(seen)
    live = forecaster.live(seen, level=LEVELS)
    told = forecaster.predict(level=LEVELS)
    assert live.predict(level=LEVELS).drop("cutoff").equals(told)
    ahead = live.predict_one("a")
    assert ahead.cutoff == at(rows - 1)
    assert ahead.values.tolist() == told["Pretrained"].to_list()
    for place, level in enumerate(LEVELS):
        np.testing.assert_allclose(ahead.low[place], told[f"Pretrained-lo-{level}"], rtol=1e-12)
        np.testing.assert_allclose(ahead.high[place], told[f"Pretrained-hi-{level}"], rtol=1e-12)


@pytest.mark.parametrize("calibrate", [True, False])
def test_without_a_calibration_too_and_for_any_number_of_steps(calibrate):
    seen = panel(40)
    forecaster = Pretrained(season=4, horizon=HORIZON).fit_panel(seen, calibrate=calibrate)
    assert (forecaster.model.calibration is None) == (not calibrate)
    live = forecaster.live(seen)
    for steps in (1, 4, HORIZON, 40):
        assert live.predict(steps, level=80).drop("cutoff").equals(forecaster.predict(steps, level=80))


def test_thetas_surprises_and_drifts_are_those_of_a_plain_loop():
    forecaster = Pretrained(season=4, horizon=HORIZON).fit_panel(panel(30), calibrate=False)
    rng, rows = np.random.default_rng(3), 400
    came = 50 + rng.standard_t(3, rows) * 4
    came[rng.random(rows) < 0.1] = np.nan
    came[0] = 50.0
    live = forecaster.live(level=LEVELS, most_series=1)
    plain = Following(engine_of(forecaster.model, 1, PROBABILITIES))
    tracker = Tracker(tracked_leads(HORIZON).tolist(), LEVELS)
    low, high, forecast, drifts = None, None, None, 0
    for row in range(rows):
        if row > 350:  # always a little above
            came[row] = forecast[0] + 0.75 * (high[1][0] - forecast[0])
        y = float(came[row])
        seen = live.update_one("a", at(row), y)
        if forecast is not None and not np.isnan(y):
            told, times = plain.read(1)[0, 1:], forecaster.model.widening.at(np.array(row))
            surprise = tracker.surprise(y, PROBABILITIES, told[5] + times * (told - told[5]))
            assert seen.surprise == pytest.approx(surprise, abs=1e-9)
            drift = tracker.drift(surprise)
            assert seen.drift == drift
            drifts += drift
        else:
            assert np.isnan(seen.surprise)
        tracker.judge(row, y)
        plain.take(y)
        ends = Bands.of(LEVELS).probabilities
        told = forecaster.model.predict(Panel.from_array(came[None, : row + 1, None]), HORIZON, (0,), ends)
        forecast, ends = told.values[0, 0, :, 0], told.quantiles[0, 0, :, 0].T
        low, high = ends[0::2], ends[1::2]
        tracker.issue(row, forecast, low, high)
        ahead = live.predict_one("a")
        np.testing.assert_array_equal(ahead.values, forecast)
        each = [tracker.interval(forecast, low[i], high[i], level) for i, level in enumerate(LEVELS)]
        for place in range(len(LEVELS)):  # an interval holds those of lower levels
            within = np.minimum.reduce([below for below, _ in each[: place + 1]])
            np.testing.assert_allclose(ahead.low[place], np.maximum(within, 0), rtol=1e-9, atol=1e-9)
            over = np.maximum.reduce([above for _, above in each[: place + 1]])
            np.testing.assert_allclose(ahead.high[place], over, rtol=1e-9)
    state = live._state
    kept = state.engines[0].tracked(state.records.block(state.series["a"].first.block))
    theta = [[tracker.theta[h, level] for level in LEVELS] for h in tracker.leads]
    np.testing.assert_allclose(kept.theta, theta, atol=1e-12)
    np.testing.assert_array_equal(kept.judged, list(tracker.judged.values()))
    assert kept.fact("drifts") == drifts > 0
    health = live.health()
    assert health["missed-80"].item() == pytest.approx(tracker.missed[1, 80] / tracker.judged[1])


def away(ahead, rng):
    """Always outside of what was issued last."""
    return ahead.high[-1, 0] + 1.0


def inside(ahead, rng):
    return ahead.values[0]


def alternating(ahead, rng):
    return ahead.high[0, 0] * (1 + 1e-9) + 1e-9 if rng.random() < 0.5 else ahead.values[0]


def growing(ahead, rng):
    return ahead.values[0] + rng.normal() * np.exp(rng.uniform(0, 8))


@pytest.mark.parametrize("adversary", [away, inside, alternating, growing])
def test_whatever_comes_the_share_that_misses_is_as_promised(adversary):
    rng, live = np.random.default_rng(0), fitted().live(panel(), level=LEVELS)
    for row in range(60, 1560):
        y = adversary(live.predict_one("a"), rng)
        live.update_one("a", at(row), float(np.clip(y, -1e30, 1e30)))
    state = live._state
    kept = state.engines[0].tracked(state.records.block(state.series["a"].first.block))
    leads = tracked_leads(HORIZON)
    bound = (14 + 2 * RATE * (leads + 1)) / (RATE * kept.judged)
    misses = kept.missed / kept.judged[:, None]
    promised = np.array([(100 - level) / 100 for level in LEVELS])
    assert (np.abs(misses - promised) <= bound[:, None]).all()


def test_on_noise_that_does_not_change_intervals_hold_what_they_say_and_no_drift_is_found():
    rng, live = np.random.default_rng(1), fitted().live(panel(), level=LEVELS)
    seen = [live.update_one("a", at(row), float(rng.normal(50, 3))) for row in range(60, 5060)]
    health = live.health()
    for level, slack in ((50, 0.02), (80, 0.012), (95, 0.008)):
        assert health[f"missed-{level}"].item() == pytest.approx((100 - level) / 100, abs=slack)
    late = np.array([each.surprise for each in seen[1000:]])
    assert late.std() == pytest.approx(1, abs=0.1)
    assert sum(each.drift for each in seen) <= 1


def test_a_drift_that_forecasts_do_not_follow_is_found():
    rng, live = np.random.default_rng(1), fitted().live(panel())
    still = [live.update_one("a", at(row), float(rng.normal(50, 3))).drift for row in range(60, 560)]
    assert not any(still)
    after = range(560, 630)  # a third of the noise a row: a larger shift is in the next forecast
    found = [live.update_one("a", at(row), float(rng.normal(50, 3) + row - 559)).drift for row in after]
    assert any(found)


def test_a_level_that_is_not_tracked_is_refused():
    live = fitted().live(panel())
    with pytest.raises(OptionError, match="90"):
        live.predict(level=90)


def test_a_series_without_a_value_is_not_forecast():
    live = fitted().live()
    live.update_one("a", at(0), None)
    with pytest.raises(ValuesError, match="no value"):
        live.predict_one("a")
    live.update_one("a", at(1), 0.0)
    assert live.predict_one("a").values.tolist() == [0.0] * HORIZON


def test_tables_of_verdicts_have_what_single_rows_have():
    one, table = fitted().live(panel()), fitted().live(panel())
    came = values(20, seed=9)
    rows = pl.DataFrame({"unique_id": ["a"] * 20, "ds": [at(60 + i) for i in range(20)], "y": came})
    told = table.update(rows)
    assert told.columns == ["unique_id", "ds", "y", "status", "forecast", "surprise"]
    for i, y in enumerate(came):
        forecast = one.predict_one("a").values[0]
        seen = one.update_one("a", at(60 + i), y)
        assert (told["status"][i], told["forecast"][i]) == ("taken", forecast)
        assert told["surprise"][i] == (None if np.isnan(seen.surprise) else seen.surprise)
