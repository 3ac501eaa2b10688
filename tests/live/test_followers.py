"""Every model that can be followed says, row by row, what `predict` says of the rows so far, to the bit."""

from dataclasses import replace

import numpy as np
import pytest

from live.made import HORIZON, SEASON, at, panel, send, state_of, values
from loopcast import (
    Auto,
    DataError,
    Drift,
    LengthError,
    Linear,
    Mean,
    Naive,
    NotFittedError,
    OptionError,
    Panel,
    PlainRecurrent,
    Pretrained,
    Recurrent,
    SeasonalNaive,
    Theta,
    Trees,
    WindowAverage,
    resume,
)
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")

OPTIONS = {"horizon": HORIZON, "season": SEASON}
LONG = {"horizon": 2 * HORIZON + 1, "season": SEASON}
FORECASTERS = {
    "naive": Naive(**OPTIONS),
    "seasonal naive": SeasonalNaive(**OPTIONS),
    "drift": Drift(**OPTIONS, upper=90.0),
    "window average": WindowAverage(window=5, **OPTIONS),
    "linear": Linear(**OPTIONS),
    "linear, as it is": Linear(**OPTIONS, scaling="none", context=3, lower=None),
    "theta": Theta(**OPTIONS),
    "pretrained": Pretrained(**OPTIONS, tune=0),
    "recurrent": Recurrent(**OPTIONS, updates=3, show_progress=False),
    "recurrent, gru": Recurrent(**OPTIONS, cell="gru", units=(5, 3), updates=3, show_progress=False),
    "trees": Trees(**OPTIONS, trees=20),
    "mean with trees": Mean(models=[Pretrained(season=SEASON, tune=0), Trees(season=SEASON, trees=9)], **OPTIONS),
    "mean": Mean(models=[Naive(integer=True), SeasonalNaive(season=SEASON), Linear(horizon=4, context=6)], **OPTIONS),
    "mean with a network": Mean(models=[Drift(), Pretrained(season=SEASON, tune=0)], **OPTIONS),
    "mean of networks": Mean(
        models=[Pretrained(season=SEASON, tune=0, integer=True), Recurrent(horizon=HORIZON, season=SEASON, updates=3)],
        **OPTIONS,
    ),
    "mean of means of networks": Mean(
        models=[
            Mean(models=[Pretrained(season=SEASON, tune=0), Pretrained(season=1, tune=0, alias="plain")]),
            Recurrent(horizon=HORIZON, season=SEASON, updates=3),
        ],
        weights="error",
        **OPTIONS,
    ),
    "mean of means": Mean(
        models=[Mean(models=[Naive(), Drift()]), WindowAverage(window=3)], weights="error", **OPTIONS
    ),
}


def with_gaps(rows, seed=0):
    """Gaps, also before the first value and of several seasons, and a change of sign."""
    came = values(rows, seed)
    came[np.random.default_rng(seed).random(rows) < 0.2] = np.nan
    came[:3], came[3], came[40:52] = np.nan, 50.0, np.nan
    came[70:] -= 60
    came[60:64] = 7.0
    return came


def panel_of(came):
    return Panel.from_array(np.asarray(came)[None, :, None], ids=["a"], start=at(0), freq="h")


def check_same(live, forecaster, came, level=(80, 95)):
    """What comes after `came` is what `predict` says; the intervals as long as nothing was judged by them."""
    ahead, seen = live.predict_one("a"), panel_of(came)
    np.testing.assert_array_equal(ahead.values, forecaster.predict(data=seen)[forecaster.name])
    if level:
        told = forecaster.predict(data=seen, level=level)
        for place, each in enumerate(level):
            np.testing.assert_array_equal(ahead.low[place], told[f"{forecaster.name}-lo-{each}"])
            np.testing.assert_array_equal(ahead.high[place], told[f"{forecaster.name}-hi-{each}"])


@pytest.fixture(scope="module", params=FORECASTERS)
def fitted(request):
    return FORECASTERS[request.param].fit(panel(60, 2))


def test_what_is_said_after_each_row_is_the_forecast_of_the_rows_so_far(fitted):
    came = with_gaps(90)
    live, least = fitted.live(), max(fitted.model.min_history, 4)
    for row, y in enumerate(came):
        live.update_one("a", at(row), y)
        if row + 1 >= least and row % 5 in (0, 3) and not isinstance(fitted, Theta):
            check_same(live, fitted, came[: row + 1], ())


@pytest.mark.parametrize("rows", [13, 130])
def test_a_history_is_followed_to_the_bits_of_predict_with_its_intervals(fitted, rows):
    came = with_gaps(rows)
    check_same(fitted.live(panel_of(came)), fitted, came)


def test_forks_and_what_is_saved_go_on_alike_and_late_rows_end_as_rows_in_order(fitted, tmp_path):
    came = with_gaps(100)
    ordered, live = (fitted.live(panel_of(came[:60]), lateness=4) for _ in range(2))
    fork = live.fork()
    live.save(tmp_path / "a.live")
    resumed = resume(tmp_path / "a.live")
    send(ordered, list(enumerate(came[60:], 60)))
    late = sorted(range(60, 100), key=lambda row: row + 3.9 * np.random.default_rng(row).random())
    for each in (fork, resumed, live):
        assert "late" not in send(each, [(row, came[row]) for row in late])
        assert state_of(each) == state_of(ordered)
        assert (each.predict_one("a").high == ordered.predict_one("a").high).all()
    if not isinstance(fitted, Theta):
        check_same(live, fitted, came, ())


def test_theta_keeps_the_parameters_of_its_history_and_moves_the_rest(monkeypatch):
    from loopcast.models import theta, theta_fit

    came = with_gaps(66)
    forecaster = FORECASTERS["theta"].fit(panel())
    live = forecaster.live(panel_of(came[:40]))
    send(live, list(enumerate(came[40:], 40)))
    flat = theta._Flat.of([theta._trimmed(came[:40])[0]], SEASON)
    parameters = theta_fit.fit(flat.histories, theta_fit.lines_of(flat.histories))
    monkeypatch.setattr(theta_fit, "fit", lambda histories, lines: parameters)
    monkeypatch.setattr(theta.SeasonalPattern, "of", lambda values, season: flat.patterns[0])
    monkeypatch.setattr(theta.np, "nanmax", lambda values: flat.unit[0])
    check_same(live, forecaster, came, ())


def test_a_mean_of_theta_and_others_is_that_of_their_histories():
    came, forecaster = with_gaps(40), Mean(models=[Naive(), Theta(season=SEASON)], **OPTIONS).fit(panel())
    check_same(forecaster.live(panel_of(came)), forecaster, came)


def test_what_auto_chose_is_followed():
    forecaster = Auto(horizon=HORIZON, season=SEASON, budget=0.001).fit(panel(60, 2))
    check_same(forecaster.live(panel(60)), forecaster, values(60))


def test_surprises_are_few_on_what_a_model_is_for_and_large_where_it_breaks():
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 1, 600)) + 1000
    live = Naive(horizon=3).fit(panel_of(walk[:200])).live(panel_of(walk[:200]))
    surprises = np.array([live.update_one("a", at(row), float(walk[row])).surprise for row in range(200, 600)])
    assert surprises.std() == pytest.approx(1, abs=0.15)
    assert live.update_one("a", at(600), float(walk[-1] + 30)).surprise > 5


def test_too_few_rows_for_a_model_are_an_error_until_there_are_enough():
    live = SeasonalNaive(**OPTIONS).fit(panel()).live()
    for row in range(SEASON - 1):
        assert np.isnan(live.update_one("a", at(row), 1.0).surprise)
    with pytest.raises(LengthError, match="looks at the last 4"):
        live.predict_one("a")
    live.update_one("a", at(SEASON - 1), 1.0)
    assert live.predict_one("a").values.tolist() == [1.0] * HORIZON


def test_a_model_that_cannot_say_how_sure_it_is_is_followed_without_intervals():
    forecaster = Drift(horizon=HORIZON).fit([1.0, 2.0, 4.0])
    with pytest.raises(NotFittedError, match="no level"):
        forecaster.live()
    live = forecaster.live([1.0, 2.0, 4.0], level=())
    assert np.isnan(live.update_one("y", 3, 9.0).surprise)
    assert live.predict_one("y").values.shape == (HORIZON,)
    with pytest.raises(NotFittedError):
        Naive(horizon=3).fit(panel()).live(panel()).predict(40, level=80)


def test_a_model_that_cannot_be_followed_says_which_can():
    trained = Mean(models=[Naive(), PlainRecurrent(horizon=2, units=(4,), epochs=1)]).fit(panel())
    with pytest.raises(OptionError, match="PlainRecurrent cannot be followed live: Pretrained, Recurrent, Trees"):
        trained.live()
    known = replace(panel().schema.columns, calendar=("hour",))
    with pytest.raises(OptionError, match="without them"):
        Linear(horizon=2).fit(replace(panel(), schema=replace(panel().schema, columns=known))).live()


def test_values_beyond_the_bounds_of_a_model_are_refused():
    with pytest.raises(DataError, match="out of the bounds"):
        FORECASTERS["drift"].fit(panel()).live(panel()).update_one("a", at(60), 91.0)
