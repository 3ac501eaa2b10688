"""The adapter for sktime, by sktime's own checks and beside Loopcast's own forecasts.

Runs where sktime is installed; tests/others/test_environments.py runs it in an environment of its own.
"""

import doctest

import numpy as np
import pandas as pd
import pytest

import loopcast
from loopcast import DataError, Drift, OptionError, Panel, Recurrent, SeasonalNaive, Theta

pytest.importorskip("sktime", reason="sktime is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # of sktime's own


@pytest.fixture(scope="module")
def adapter():
    from loopcast.sktime import LoopcastForecaster

    return LoopcastForecaster


def air(periods=True):
    table = pd.read_csv("examples/air_passengers.csv", parse_dates=["ds"])
    y = table.set_index("ds")["y"].astype(float)
    y.index.freq = "MS"
    return y.to_period("M") if periods else y


def stores(ends=(40, 40)):
    """Two stores, the second one first: sktime sorts them."""
    parts = {name: np.arange(float(n)) % 4 + 10 * place for place, (name, n) in enumerate(zip("ba", ends, strict=True))}
    index = pd.MultiIndex.from_tuples([(name, t) for name, y in parts.items() for t in range(len(y))])
    return pd.DataFrame({"sales": np.concatenate(list(parts.values()))}, index=index.set_names(["store", "t"]))


def test_sktimes_own_checks_pass(adapter):
    from sktime.utils.estimator_checks import check_estimator

    results = check_estimator(adapter, verbose=False)
    assert len(results) > 500
    assert {name: str(said) for name, said in results.items() if said != "PASSED"} == {}


def test_the_examples_of_its_docstring_run():
    import loopcast.sktime

    assert doctest.testmod(loopcast.sktime).attempted > 0
    assert doctest.testmod(loopcast.sktime).failed == 0


@pytest.mark.parametrize("periods", [True, False])
def test_forecasts_and_quantiles_are_loopcasts_at_the_steps_that_are_asked_for(adapter, periods):
    y = air(periods)
    fitted = adapter(Theta()).fit(y, fh=[1, 3, 12])
    own = Theta().fit(Panel.from_series(air(periods=False))).predict(12, quantiles=[0.1, 0.9])
    np.testing.assert_array_equal(fitted.predict(), own["Theta"].to_numpy()[[0, 2, 11]])
    told = fitted.predict_quantiles(alpha=[0.9, 0.1]).to_numpy()
    np.testing.assert_array_equal(told, own[["Theta-q-90", "Theta-q-10"]].to_numpy()[[0, 2, 11]])
    assert str(fitted.predict().index[1])[:7] == "1961-03"
    interval = fitted.predict_interval(coverage=0.8)
    np.testing.assert_array_equal(interval.to_numpy(), told[:, ::-1])


def test_one_model_forecasts_all_series_of_a_panel_each_by_its_own_rows(adapter):
    fitted = adapter(SeasonalNaive(season=4)).fit(stores(), fh=[1, 2])
    told = fitted.predict()
    assert fitted.forecaster_.model.panel.n_series == 2
    assert told.loc["a", "sales"].to_list() == [10.0, 11.0]
    assert told.loc["b", "sales"].to_list() == [0.0, 1.0]


def test_series_that_end_at_different_times_are_refused(adapter):
    with pytest.raises(DataError, match=r"these series end at 2, from 29 to 39"):
        adapter(Drift()).fit(stores(ends=(40, 30)), fh=[1])


def test_x_is_what_is_known_ahead(adapter):
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"promotion": rng.integers(0, 2, 203).astype(float)})
    y = pd.Series(10 + 5 * x["promotion"][:200].to_numpy() + rng.normal(0, 0.1, 200))
    network = Recurrent(horizon=3, season=4, units=(8,), updates=300, show_progress=False)
    fitted = adapter(network).fit(y, X=x[:200], fh=[1, 2, 3])
    told = [fitted.predict(X=x[200:].assign(promotion=known)).mean() for known in (0.0, 1.0)]
    assert told[1] - told[0] > 3


def test_options_of_the_forecaster_are_set_as_those_of_a_part(adapter):
    one = adapter(SeasonalNaive(season=4))
    forecaster = one.forecaster
    assert one.set_params(forecaster__season=4).forecaster is forecaster
    assert one.set_params(forecaster__season=7).forecaster.season == 7
    assert forecaster.season == 4
    with pytest.raises(OptionError):
        one.set_params(forecaster__season=-1)


def test_it_stands_in_sktimes_pipelines_and_evaluations(adapter):
    from sktime.forecasting.compose import TransformedTargetForecaster
    from sktime.forecasting.model_evaluation import evaluate
    from sktime.split import ExpandingWindowSplitter
    from sktime.transformations.series.boxcox import LogTransformer

    pipeline = TransformedTargetForecaster([("log", LogTransformer()), ("model", adapter(loopcast.Linear(horizon=6)))])
    cutoffs = ExpandingWindowSplitter(fh=list(range(1, 7)), initial_window=120, step_length=12)
    found = evaluate(pipeline, cutoffs, air())
    assert (found["test_MeanAbsolutePercentageError"] < 0.15).all()
