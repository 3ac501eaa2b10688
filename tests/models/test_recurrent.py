"""A recurrent network trained on a panel: its options, what each part of its training sees, targets and covariates.

What holds for every forecaster is in tests/contracts.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, LengthError, OptionError, Panel, Recurrent, SeasonalNaive, load
from loopcast.models.network.targets import apart
from loopcast.models.recurrent import plan as plans

QUICK = {"season": 4, "units": (6,), "updates": 6, "show_progress": False}
LENGTHS = (40, 30, 55, 23, 47)


def table(lengths=LENGTHS, seed=0, level=50.0):
    """Positive seasonal series of unequal lengths with a trend, one after the other."""
    random = np.random.default_rng(seed)
    parts = []
    for i, n in enumerate(lengths):
        t = np.arange(n)
        y = level + t + 9 * np.sin(t * np.pi / 2) + random.normal(0, 2, n)
        parts.append(pl.DataFrame({"unique_id": [f"s{i}"] * n, "ds": t, "y": y}))
    return pl.concat(parts)


@pytest.fixture(scope="module")
def model():
    return Recurrent(horizon=5, **QUICK).fit(table())


def test_a_shorter_horizon_gives_the_first_steps_of_a_longer_one_to_the_bit(model):
    long = model.predict(12)
    for horizon in (2, 5):
        short = model.predict(horizon)
        first = long.group_by("unique_id", maintain_order=True).head(horizon)
        assert short.equals(first)


def test_series_that_it_never_saw_are_forecast_from_their_first_row_on(model):
    new = table(lengths=(33, 8, 1), seed=9).with_columns(pl.col("unique_id").str.replace("s", "new"))
    forecast = model.predict(3, data=new, level=80)
    assert forecast["ds"].to_list() == [33, 34, 35, 8, 9, 10, 1, 2, 3]
    assert (forecast["Recurrent-lo-80"] < forecast["Recurrent-hi-80"]).all()


def test_it_learns_what_a_seasonal_forecast_does_not_see():
    """Each series grows by a rate of its own, which SeasonalNaive leaves out."""
    t, rates = np.arange(60), np.linspace(0.01, 0.05, 20)[:, None]
    rng = np.random.default_rng(0)
    values = 100 * np.exp(rates * t) * (1 + 0.1 * np.sin(t * np.pi / 2)) * np.exp(0.01 * rng.normal(size=(20, 60)))
    panel = Panel.from_array(values[..., None])
    errors = {}
    for each in (Recurrent(horizon=6, season=4, updates=150, show_progress=False), SeasonalNaive(season=4, horizon=6)):
        forecast = each.fit(panel.drop_last(6)).predict_panel(panel, 6, (6,)).values
        errors[each.name] = np.abs(forecast[:, 0] - panel.actuals((6,), 6)[:, 0]).mean()
    assert errors["Recurrent"] < 0.4 * errors["SeasonalNaive"]


def test_held_back_rows_are_seen_by_nothing_that_is_judged_on_them(monkeypatch):
    """The first training sees no row of the tail, whatever it holds; the second one sees all."""
    whole = Panel.from_table(table())
    seen = []
    learn = plans.TrainingPlan._run
    monkeypatch.setattr(
        plans.TrainingPlan,
        "_run",
        lambda self, sight, panel, *rest: seen.append(panel) or learn(self, sight, panel, *rest),
    )
    held = {}
    for tail in (None, 1e9, -1e9, "noise"):
        values = whole.values.copy()
        fit = Recurrent(horizon=3, lower=None, **QUICK)
        rows = fit._held_rows(whole)
        for end in whole.offsets[1:]:
            if tail is not None:
                values[end - rows : end] = np.random.default_rng(1).normal(size=(rows, 1)) if tail == "noise" else tail
        held[tail] = fit._fit(replace(whole, values=values)).held_out.weights
    assert all((weights == held[None]).all() for weights in held.values())
    first, second = seen[:2]
    assert (second.lengths == whole.lengths).all()
    assert set(first.lengths) == {n - rows for n in LENGTHS if n > rows + 5}


def test_the_calibration_is_of_the_network_that_had_not_seen_the_rows():
    fit = Recurrent(horizon=3, **QUICK)
    panel = Panel.from_table(table())
    left = fit._fit(panel)
    calibration = fit.fit(panel).model.calibration
    center, scale = left.held_out.center_and_scale(panel, 3, (3,), calibration.usual)
    off = ((panel.actuals((3,), 3) - center) / scale)[..., 0].reshape(-1, 3)
    for path in off[np.isfinite(off).all(axis=1)]:
        assert np.isclose(calibration.errors[..., 0], path, rtol=1e-4, atol=1e-6).all(axis=1).any()


def sales(length=60, seed=0, kinds=("x", "z", "x")):
    """Series that follow the price of the same step, and a second target that is the first one of the step before."""
    rng = np.random.default_rng(seed)
    tables = []
    for i, kind in enumerate(kinds):
        price, visits = rng.normal(size=length), rng.normal(size=length)
        y = 20 + 3 * price + rng.normal(0, 0.05, length)
        tables.append(
            pl.DataFrame(
                {
                    "unique_id": [f"s{i}"] * length,
                    "ds": np.arange(length),
                    "y": y,
                    "z": 2 * np.roll(y, 1) + 1,
                    "visits": visits,
                    "price": price,
                    "region": [kind] * length,
                }
            )
        )
    return pl.concat(tables)


def test_targets_alone_are_one_network_for_all_of_them():
    """A target that stands alone is seen as one of a panel of more series would be."""
    both = Panel.from_table(sales(), columns=Columns(target=["y", "z"]))
    together = Recurrent(horizon=4, channels="independent", **QUICK).fit(both)
    alone = Recurrent(horizon=4, **QUICK).fit(both.to_univariate())
    theirs = alone.predict_panel(both.to_univariate(), 4).values[:, 0].reshape(3, 2, 4).swapaxes(1, 2)
    np.testing.assert_array_equal(together.predict_panel(both, 4).values[:, 0], theirs)


def test_joint_targets_show_each_what_the_others_were():
    both = Panel.from_table(sales(), columns=Columns(target=["y", "z"], past=["visits"]))
    seen = apart(both, "joint")
    assert seen.schema.columns.past == ("visits", "other target 1")
    np.testing.assert_array_equal(seen.covariates.past[:60, 1], both.series(0)[:, 1])
    np.testing.assert_array_equal(seen.covariates.past[60:120, 1], both.series(0)[:, 0])


def test_one_target_that_leads_another_is_made_use_of():
    """z is twice what y was a step before, so that its next value is known."""
    both = Panel.from_table(sales(200), columns=Columns(target=["y", "z"]))
    fit = Recurrent(horizon=1, season=1, cell="lstm", updates=170, learning_rate=0.02, show_progress=False)
    errors, cutoffs = {}, tuple(range(20, 0, -1))
    for channels in (None, "independent"):
        fitted = fit.with_options(channels=channels).fit(both.drop_last(20))
        forecast = fitted.predict_panel(both, 1, cutoffs).values[:, :, 0, 1]
        came = both.actuals(cutoffs, 1)[:, :, 0, 1]
        errors[channels] = np.abs(forecast - came).mean()
        if channels is None:  # both ways are tried
            assert "each with what the others were (error on the held-back rows: joint" in fitted.describe()
            assert fitted.model.recipe.channels == fitted.model.channels == "joint"
    assert errors[None] < 0.5 * errors["independent"]


def test_what_is_known_ahead_is_made_use_of(tmp_path):
    data = sales(120)
    last = pl.int_range(pl.len()).over("unique_id") >= pl.len().over("unique_id") - 4
    past, coming = data.filter(~last), data.filter(last)
    columns = Columns(past=["visits"], future=["price"], static=["region"])
    fit = Recurrent(horizon=4, season=4, updates=120, learning_rate=0.01, show_progress=False)
    known = fit.fit(past, columns=columns)
    truth = coming["y"].to_numpy()
    off = np.abs(known.predict(future=coming)["Recurrent"].to_numpy() - truth).mean()
    alone = np.abs(fit.with_options().fit(past).predict()["Recurrent"].to_numpy() - truth).mean()
    assert off < 0.4 * alone
    assert "also shows visits; price; region" in known.describe()
    known.save(tmp_path / "model.loopcast")
    again = load(tmp_path / "model.loopcast").predict(data=past, future=coming)
    assert again["Recurrent"].to_list() == known.predict(future=coming)["Recurrent"].to_list()


def test_a_category_that_the_fit_did_not_have_is_none_of_those_it_had():
    columns = Columns(static=["region"])
    fitted = Recurrent(horizon=4, **QUICK).fit(sales(), columns=columns)
    other = fitted.predict(data=sales(kinds=("x", "w", "x")), columns=columns)
    usual = fitted.predict()
    assert other["Recurrent"].is_finite().all()
    assert other["Recurrent"].to_list()[:4] == usual["Recurrent"].to_list()[:4]
    assert other["Recurrent"].to_list()[4:8] != usual["Recurrent"].to_list()[4:8]


def test_a_covariate_that_hardly_changes_cannot_blow_up_a_forecast():
    rng = np.random.default_rng(0)
    data = sales().with_columns(price=pl.lit(1000.0) + pl.Series(rng.normal(0, 1e-9, 180)))
    fitted = Recurrent(horizon=4, **QUICK).fit(data, columns=Columns(future=["price"]))
    coming = pl.DataFrame({"unique_id": ["s0"] * 4, "ds": range(60, 64), "price": [1001.0] * 4})
    ahead = fitted.predict(data=data.filter(pl.col("unique_id") == "s0"), future=coming)["Recurrent"]
    assert ahead.is_between(0, 100).all()


@pytest.mark.parametrize("cell", ["gru", "simple"])
def test_other_cells_and_layers_forecast_and_are_kept(cell, tmp_path):
    fitted = Recurrent(horizon=2, cell=cell, **QUICK | {"units": (5, 3)}).fit(table())
    assert f"{cell.upper()} 5-3" in fitted.describe()
    fitted.save(tmp_path / "model.loopcast")
    again = load(tmp_path / "model.loopcast")
    assert again.predict(data=table(), level=80).equals(fitted.predict(level=80))


@pytest.mark.parametrize("rows", [2, 3, 9])
def test_a_few_rows_are_enough(rows):
    forecast = Recurrent(horizon=6, **QUICK).fit(table(lengths=(rows, 1, 2))).predict(level=80)
    assert forecast["Recurrent"].is_finite().all()
    assert (forecast["Recurrent-lo-80"] < forecast["Recurrent-hi-80"]).all()


def test_one_row_is_nothing_to_learn_from():
    with pytest.raises(LengthError, match="series of 2 rows or more"):
        Recurrent(horizon=3, **QUICK).fit(Panel.from_array(np.ones((2, 1, 1))))


def test_other_seeds_give_other_networks_and_the_same_seed_the_same_bits(model):
    assert Recurrent(horizon=5, **QUICK).fit(table()).predict().equals(model.predict())
    assert not Recurrent(horizon=5, seed=1, **QUICK).fit(table()).predict().equals(model.predict())


def test_describe_says_what_it_is_and_how_it_learned(model):
    for words in ("GRU 6", "seasons of 4 steps", "in 6 updates without the last", "then in 1 on all", "seed 0"):
        assert words in model.describe()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("cell", "rnn"),
        ("units", [20]),
        ("units", ()),
        ("units", (0,)),
        ("updates", 0),
        ("updates", 2.5),
        ("batch_size", -1),
        ("learning_rate", 0.0),
        ("learning_rate", float("inf")),
        ("channels", "mixed"),
        ("seed", -1),
        ("seed", True),
        ("show_progress", 1),
        ("horizon", 0),
        ("season", 0),
        ("seasons", (7, 3)),
    ],
)
def test_an_option_that_means_nothing_is_refused_by_name(option, value):
    with pytest.raises(OptionError, match=option.removesuffix("s")):
        Recurrent(**{"horizon": 2, option: value})
