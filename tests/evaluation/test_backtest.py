"""A rolling origin: the same forecasts as cutoff by cutoff, failures told, finished parts kept."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.evaluation.backtest import backtest, cross_validation
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.models.linear import Linear
from loopcast.models.plain import predict
from loopcast.models.plain.forecaster import PlainRecurrent

SMALL = {"units": (6,), "epochs": 3, "cell": "gru"}


def series(count=3, length=40, seed=0):
    rng = np.random.default_rng(seed)
    lengths = [length + 3 * i for i in range(count)]
    return pl.concat(
        pl.DataFrame({"unique_id": [f"s{i}"] * n, "ds": range(n), "y": rng.normal(size=n).cumsum()})
        for i, n in enumerate(lengths)
    )


def test_the_table_has_a_row_per_series_cutoff_and_time_and_what_came():
    table = series()
    got = cross_validation([Naive(), Drift()], table, 4, n_windows=3, step_size=2)
    assert got.columns == ["unique_id", "ds", "cutoff", "y", "Naive", "Drift"]
    assert got.height == 3 * 3 * 4
    for i in range(3):
        own = table.filter(pl.col("unique_id") == f"s{i}")["y"].to_numpy()
        end = len(own)
        for cutoff in (end - 9, end - 7, end - 5):
            rows = got.filter((pl.col("unique_id") == f"s{i}") & (pl.col("cutoff") == cutoff))
            assert rows["ds"].to_list() == list(range(cutoff + 1, cutoff + 5))
            np.testing.assert_allclose(rows["y"], own[cutoff + 1 : cutoff + 5], rtol=1e-6)
            np.testing.assert_allclose(rows["Naive"], own[cutoff], rtol=1e-6)


@pytest.mark.parametrize("refit", [False, True, 2])
def test_each_cutoff_sees_the_fit_that_refit_asks_for(refit):
    panel = Panel.from_table(series())
    got = cross_validation(Linear(horizon=3), panel, 3, n_windows=3, step_size=3, refit=refit)
    fitted_at = {False: (9, 9, 9), True: (9, 6, 3), 2: (9, 9, 3)}[refit]
    for window, (cutoffs, fit) in enumerate(zip((9, 6, 3), fitted_at, strict=True)):
        model = Linear(horizon=3).fit(panel.drop_last(fit))
        wanted = model.predict_panel(panel.drop_last(cutoffs), 3).values[:, 0][:, :, 0]
        np.testing.assert_allclose(got["Linear"].to_numpy().reshape(3, 3, 3)[:, window], wanted, rtol=1e-5)


@pytest.mark.parametrize("context", [None, 8])
def test_a_network_that_carries_its_state_forecasts_as_one_that_starts_anew_at_each_cutoff(context):
    panel = Panel.from_table(series(count=5, length=60))
    model = PlainRecurrent(horizon=4, context=context, **SMALL).fit(panel)
    got = model.predict_panel(panel, 10, (30, 23, 10)).values
    for window, cutoffs in enumerate((30, 23, 10)):
        wanted = model.predict_panel(panel.drop_last(cutoffs), 10).values[:, 0]
        np.testing.assert_allclose(got[:, window], wanted, rtol=1e-5, atol=1e-5)


def test_more_cutoffs_take_no_more_of_the_history_in(monkeypatch):
    taken = []

    def counting(network, members, carry, values, observed):
        taken.append(values.shape[-1])
        return absorb(network, members, carry, values, observed)

    panel, absorb = Panel.from_table(series(count=2, length=200)), predict.update_state
    model = PlainRecurrent(horizon=2, **SMALL).fit(panel)
    monkeypatch.setattr(predict, "update_state", counting)
    model.predict_panel(panel, 2, range(72, 1, -1))
    many = sum(taken)
    taken.clear()
    model.predict_panel(panel, 2, (72,))
    assert many == sum(taken) + 70


@dataclass(frozen=True, kw_only=True, eq=False)
class Moody(Naive):
    """Fails where it is fitted on more than `least` rows of the first series."""

    least: int = 0

    def _fit(self, panel):
        if panel.lengths[0] > self.least:
            raise ValuesError("not today")
        return super()._fit(panel)


def test_a_model_that_fails_at_one_cutoff_is_reported_and_the_others_are_kept():
    done = backtest([Moody(least=36), Naive()], series(), 2, n_windows=3, step_size=2, refit=True, level=[80])
    moody, naive = done.models
    assert moody.failures == ("cutoff 2 steps before the end: not today",)
    assert naive.failures == ()
    last = pl.col("cutoff") == pl.col("cutoff").max().over("unique_id")
    assert done.table.filter(last)["Moody"].null_count() == 6
    assert done.table.filter(~last)["Moody"].null_count() == 0
    assert done.table["Naive"].null_count() == 0
    assert done.table.filter(last)["Moody-hi-80"].null_count() == 6


def test_where_every_model_fails_the_first_error_is_raised():
    with pytest.raises(ValuesError, match="not today"):
        backtest([Moody()], series(), 2)


def test_what_is_finished_is_not_computed_again(tmp_path, monkeypatch):
    panel, models = Panel.from_table(series()), [Linear(horizon=2), Naive()]
    first = backtest(models, panel, 2, n_windows=2, refit=True, level=[80], cache_dir=tmp_path)
    monkeypatch.setattr(Linear, "_fit", None)
    again = backtest(models, panel, 2, n_windows=2, refit=True, level=[80], cache_dir=tmp_path)
    assert again.table.equals(first.table)
    assert again.models == first.models


def test_an_interruption_keeps_the_cutoffs_before_it(tmp_path, monkeypatch):
    fits = []

    def fit(self, panel):
        fits.append(panel.n_rows)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return plain(self, panel)

    plain = Naive._fit
    monkeypatch.setattr(Naive, "_fit", fit)
    with pytest.raises(KeyboardInterrupt):
        backtest(Naive(), series(), 2, n_windows=4, refit=True, cache_dir=tmp_path)
    backtest(Naive(), series(), 2, n_windows=4, refit=True, cache_dir=tmp_path)
    assert len(fits) == 5  # the third again, and the fourth


@pytest.mark.parametrize("change", [{"data": series(seed=1)}, {"horizon": 3}, {"models": Linear(horizon=1, ridge=2.0)}])
def test_what_was_kept_for_something_else_is_not_used(tmp_path, change):
    asked = {"models": Linear(horizon=1), "data": series(), "horizon": 2}
    backtest(**asked, cache_dir=tmp_path)
    got = backtest(**(asked | change), cache_dir=tmp_path)
    assert got.table.equals(backtest(**(asked | change)).table)


def test_further_seeds_have_tables_of_their_own_for_models_that_draw():
    done = backtest([PlainRecurrent(horizon=2, **SMALL), Naive()], series(), 2, seeds=2)
    assert [[each.name for each in group] for group in done.seeds] == [["PlainRecurrent"]]
    assert not np.array_equal(done.seeds[0][0].values, done.predictions[0].values)


def test_short_series_are_an_error_or_left_out_with_a_note():
    table = pl.concat([series(count=2), pl.DataFrame({"unique_id": ["x"] * 6, "ds": range(6), "y": np.arange(6.0)})])
    with pytest.raises(LengthError, match="need series of 11 rows, and series 'x' has 6"):
        backtest(Naive(), table, 4, n_windows=2, step_size=1, skip_short=False)
    done = backtest(Naive(), table, 4, n_windows=2, step_size=1, skip_short=True)
    assert done.panel.n_series == 2
    assert done.notes == ("Compared on 2 of 3 series: the others have fewer than 11 steps.",)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"models": [Naive(), Drift(alias="Naive")]}, "different names"),
        ({"models": []}, "different names"),
        ({"models": ["Naive"]}, "models are forecasters"),
        ({"horizon": 0}, "horizon is a whole number"),
        ({"n_windows": 0}, "n_windows is a whole number"),
        ({"step_size": 0}, "step_size is a whole number"),
        ({"refit": 0.5}, "refit is a whole number"),
        ({"level": [80, 80]}, "each once"),
        ({"seeds": 0}, "seeds is a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, match):
    with pytest.raises(OptionError, match=match):
        backtest(**({"models": Naive(), "data": series(), "horizon": 2} | options))


def test_a_horizon_longer_than_the_history_says_how_many_rows_are_needed():
    with pytest.raises(LengthError, match="need series of 200 rows"):
        backtest(Naive(), series(), 99)


def test_intervals_are_calibrated_before_the_first_cutoff():
    table = series(count=30, length=60)
    changed = table.with_columns(
        pl.when(pl.col("ds") >= pl.col("ds").max().over("unique_id") - 3).then(1e6).otherwise(pl.col("y")).alias("y")
    )
    got, other = (cross_validation(Naive(), data, 4, level=[80]) for data in (table, changed))
    assert got["Naive-hi-80"].equals(other["Naive-hi-80"])


def test_a_table_without_an_id_comes_back_without_one_and_pandas_as_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"ds": pandas.date_range("2020-01-01", periods=40, tz="Europe/Berlin"), "y": range(40)})
    got = SeasonalNaive(season=7).cross_validation(frame, 3, n_windows=2)
    assert list(got.columns) == ["ds", "cutoff", "y", "SeasonalNaive"]
    assert str(got["cutoff"].dt.tz) == "Europe/Berlin"
    assert got["cutoff"].iloc[0] == pandas.Timestamp("2020-02-03", tz="Europe/Berlin")


def test_origins_say_what_is_to_come_at_each_cutoff():
    origins = RollingOrigin(horizon=3, n_windows=4, step_size=2, refit=2)
    assert origins.cutoffs == (9, 7, 5, 3)
    assert origins.fit_groups == [(9, 7), (5, 3)]
