"""Forecasts with several targets and with what is known besides them, by the network and the linear model."""

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, Linear, Panel, Recurrent, load, read
from loopcast.errors import DataError, OptionError, ValuesError
from loopcast.models.plain import forecaster as recurrent

STEPS = 4
QUICK = {"horizon": STEPS, "units": (8,), "epochs": 3, "members": 1, "season": 4, "show_progress": False}
COLUMNS = Columns(past=["visits"], future=["price"], static=["region", "size"])


def sales(length=60, seed=0, kinds=("x", "z", "x")):
    """Series that follow the price of the same step, and a second target that follows the first."""
    rng = np.random.default_rng(seed)
    tables = []
    for i, kind in enumerate(kinds):
        price, visits = rng.normal(size=length), rng.normal(size=length)
        y = 5 + 3 * price + rng.normal(0, 0.05, length)
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
                    "size": [float(i)] * length,
                }
            )
        )
    return pl.concat(tables)


def panel(columns=COLUMNS, **kwargs):
    return Panel.from_table(sales(**kwargs), columns=columns)


def models(**options):
    return [Recurrent(**QUICK | options), Linear(horizon=STEPS, season=4)]


def ahead_of(table, steps=STEPS):
    """A table less its last steps, and those."""
    last = pl.int_range(pl.len()).over("unique_id") >= pl.len().over("unique_id") - steps
    return table.filter(~last), table.filter(last)


@pytest.mark.parametrize("model", models(epochs=60, learning_rate=0.01), ids=lambda model: model.name)
def test_what_is_known_ahead_is_used(model):
    past, coming = ahead_of(sales())
    truth = coming["y"].to_numpy()
    ahead = model.fit(Panel.from_table(past, columns=COLUMNS)).predict(future=coming)[model.name].to_numpy()
    alone = model.with_options().fit(past).predict()[model.name].to_numpy()
    assert np.abs(ahead - truth).mean() < 0.5 * np.abs(alone - truth).mean()


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_a_forecast_does_not_depend_on_what_comes_after_it(model):
    whole = panel()
    fitted = model.fit(whole.drop_last(8))
    first = fitted.predict_panel(whole, STEPS, (8,)).values
    values, past, future = whole.values.copy(), whole.covariates.past.copy(), whole.covariates.future.copy()
    for i in range(whole.n_series):
        values[60 * i + 52 : 60 * i + 60] += 50
        past[60 * i + 52 : 60 * i + 60] += 50
        future[60 * i + 52 + STEPS : 60 * i + 60] += 50
    changed = replace(whole, values=values, covariates=replace(whole.covariates, past=past, future=future))
    np.testing.assert_array_equal(first, fitted.predict_panel(changed, STEPS, (8,)).values)
    np.testing.assert_allclose(
        fitted.predict_panel(whole.drop_last(8), STEPS).values[:, 0], first[:, 0], rtol=1e-5, atol=1e-5
    )
    again = model.with_options().fit(changed.drop_last(8)).predict_panel(changed, STEPS, (8,)).values
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("model", models(unknown_categories=True), ids=lambda model: model.name)
def test_a_model_file_gives_the_same_forecasts(model, tmp_path):
    past, coming = ahead_of(sales())
    fitted = model.fit(Panel.from_table(past, columns=replace(COLUMNS, target=["y", "z"])))
    fitted.save(tmp_path / "model.loopcast")
    again = load(tmp_path / "model.loopcast").predict(data=past, future=coming)
    np.testing.assert_allclose(again[model.name], fitted.predict(future=coming)[model.name], rtol=1e-5)
    assert again["target"].to_list()[:2] == ["y", "z"]


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_the_order_of_columns_in_the_table_is_no_matter(model):
    past, coming = ahead_of(sales())
    first = model.fit(Panel.from_table(past, columns=COLUMNS)).predict(future=coming)
    turned = Panel.from_table(past.select(past.columns[::-1]), columns=COLUMNS)
    assert model.with_options().fit(turned).predict(future=coming.select(coming.columns[::-1])).equals(first)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_what_is_needed_ahead_and_not_known_is_named(model):
    past, coming = ahead_of(sales())
    fitted = model.fit(Panel.from_table(past, columns=COLUMNS))
    with pytest.raises(ValuesError, match=r"4 steps ahead .*\('price'\).*'s0' has none at 56 \(3 of 3"):
        fitted.predict()
    with pytest.raises(ValuesError, match=r"'s2' has none at 58 \(1 of 3"):
        fitted.predict(future=coming.filter((pl.col("unique_id") != "s2") | (pl.col("ds") < 58)))
    with pytest.raises(OptionError, match=r"past covariates \('?visits'?\) .*horizon of the fit, 4, and 5 steps"):
        fitted.predict(5, future=coming)
    assert fitted.predict(2, future=coming.filter(pl.col("ds") < 58)).height == 6


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_without_past_covariates_forecasts_are_fed_back_with_what_is_known_ahead(model):
    columns = Columns(future=["price"], static=["region"])
    past, coming = ahead_of(sales(), 10)
    ahead = model.fit(Panel.from_table(past, columns=columns)).predict(10, future=coming)
    assert ahead[model.name].is_finite().all()
    changed = coming.with_columns(price=pl.when(pl.col("ds") == 59).then(9.0).otherwise("price"))
    other = model.predict(10, future=changed)
    same = (ahead[model.name] - other[model.name]).abs().to_numpy().reshape(3, 10)
    assert (same[:, :9] == 0).all()
    assert (same[:, 9] > 0).all()


def test_an_unseen_category_is_an_error_unless_unknown_ones_are_learned():
    other = panel(kinds=("x", "w", "x"))
    for model in models():
        with pytest.raises(OptionError, match=r"'s1': 'region' is 'w'"):
            model.fit(panel().drop_last(STEPS)).predict_panel(other, STEPS, (STEPS,))
    ready = Recurrent(**QUICK, unknown_categories=True).fit(panel().drop_last(STEPS))
    assert np.isfinite(ready.predict_panel(other, STEPS, (STEPS,)).values).all()


@pytest.mark.parametrize(
    ("options", "columns", "part"),
    [
        ({"strategy": "iterated"}, Columns(past=["visits"]), "past covariates"),
        ({"head": "recurrent"}, Columns(future=["price"]), "dense head"),
        ({"channels": "mixed"}, COLUMNS, "'joint', 'independent', got 'mixed'"),
        ({"unknown_categories": None}, COLUMNS, "unknown_categories is True or False"),
    ],
)
def test_options_that_leave_no_room_are_refused(options, columns, part):
    with pytest.raises(OptionError, match=part):
        Recurrent(**QUICK | options).fit(panel(columns))


def test_what_takes_features_alone_refuses_the_rest():
    model = Recurrent(**QUICK).fit(panel().drop_last(STEPS))
    for each in (model.stepper, model.to_keras):
        with pytest.raises(OptionError, match="takes the features of a step alone"):
            each()


def test_the_stepper_takes_past_covariates_and_several_targets():
    made = panel(Columns(target=["y", "z"], past=["visits"]))
    model = Recurrent(**QUICK, channels="joint").fit(made)
    assert "as asked" in model.describe()
    stepper = model.stepper()
    state = stepper.start
    for row in model.features()[1]:
        state, output = stepper(state, row)
    assert output.shape == (2 * STEPS,)


def combinations(quick):
    """Ways to see targets and distributions; those that are not `quick` wait for `make test-all`."""
    every = product(("joint", "independent"), ("point", "quantile", "student"))
    return [pytest.param(*pair, marks=[] if pair in quick else [pytest.mark.slow]) for pair in every]


@pytest.mark.parametrize(
    ("channels", "distribution"), combinations([("joint", "quantile"), ("independent", "student")])
)
def test_several_targets_have_a_channel_each(channels, distribution):
    made = panel(Columns(target=["y", "z"], future=["price"]))
    model = Recurrent(**QUICK, channels=channels, distribution=distribution).fit(made.drop_last(STEPS))
    assert model.predict_panel(made, STEPS, (8, STEPS)).values.shape == (3, 2, STEPS, 2)
    table = model.predict(data=made.drop_last(STEPS), level=[80])
    assert table.columns == ["unique_id", "ds", "target", "Recurrent", "Recurrent-lo-80", "Recurrent-hi-80"]
    assert table.height == 3 * STEPS * 2
    assert (table["Recurrent-lo-80"] <= table["Recurrent-hi-80"]).all()


def test_how_targets_are_seen_is_chosen_on_the_held_back_rows_and_said():
    model = Recurrent(**QUICK).fit(panel(Columns(target=["y", "z"])))
    assert "(loss on the held-back rows: joint" in model.describe()


def test_targets_alone_are_one_network_for_all_of_them():
    """A target that stands alone is seen as one of a panel of more series would be."""
    made = Panel.from_table(sales(), columns=Columns(target=["y", "z"]))
    model = Recurrent(**QUICK, channels="independent").fit(made)
    apart = Recurrent(**QUICK).fit(made.to_univariate())
    theirs = apart.predict_panel(made.to_univariate(), STEPS).values[:, 0].reshape(3, 2, STEPS).swapaxes(1, 2)
    np.testing.assert_allclose(model.predict_panel(made, STEPS).values[:, 0], theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_targets_miss_values_independently():
    table = sales().with_columns(z=pl.when(pl.col("ds") % 3 == 0).then(None).otherwise("z"))
    made = Panel.from_table(table, columns=Columns(target=["y", "z"], past=["visits"]))
    for model in (Recurrent(**QUICK, channels="joint"), Recurrent(**QUICK, channels="independent")):
        assert np.isfinite(model.fit(made).predict_panel(made, STEPS).values[:, 0]).all()


def test_other_covariates_than_those_of_the_fit_are_refused():
    model = Linear(horizon=STEPS, season=4).fit(panel(Columns(past=["visits"])))
    with pytest.raises(DataError, match=r"fitted with the past covariates \['visits'\], and this data has \['price'\]"):
        model.predict(data=panel(Columns(past=["price"])))


def test_a_covariate_may_miss_values_where_it_did_in_the_fit():
    table = sales().with_columns(price=pl.when(pl.col("ds") % 7 == 0).then(None).otherwise("price"))
    made = Panel.from_table(table, columns=Columns(future=["price"]))
    for model in models():
        assert np.isfinite(model.fit(made.drop_last(STEPS)).predict_panel(made, STEPS, (STEPS,)).values).all()
    whole = Recurrent(**QUICK).fit(panel(Columns(future=["price"])))
    with pytest.raises(ValuesError, match="'price' is missing, and the model was fitted where none was"):
        whole.predict_panel(made.drop_last(STEPS), STEPS).values[:, 0]
    ready = Recurrent(**QUICK).configured_for(made)
    assert ready.gaps is True


def test_what_one_target_had_before_another_began_is_kept():
    """Two series; of the second, one target ends where the other begins."""
    values = np.full((2, 60, 2), np.nan, np.float32)
    values[0] = 1000 + np.arange(60)[:, None]
    values[1, :20, 0], values[1, 20:, 1] = 50.0, np.sin(np.arange(40))
    values[1, :20, 0] += np.sin(np.arange(20))
    model = Recurrent(**QUICK | {"season": 1, "lags": 2}, channels="joint").fit(Panel.from_array(values))
    assert np.abs(model.predict_panel(Panel.from_array(values), STEPS).values[:, 0][1, :, 0] - 50).max() < 10


def test_with_nothing_held_back_there_is_no_choice_and_it_says_so():
    model = Recurrent(**QUICK, patience=None).fit(panel(Columns(target=["y", "z"])))
    assert "joint, by one state (no rows are held back" in model.describe()
    assert model.model.ensemble.channels == 2


def test_both_ways_to_see_targets_are_judged_on_the_same_rows(monkeypatch):
    seen = []
    monkeypatch.setattr(recurrent, "select_best", lambda each: seen.extend(each) or each[0])
    rng = np.random.default_rng(0)
    Recurrent(**QUICK | {"epochs": 1}).fit(Panel.from_array(rng.normal(size=(4, 60, 3))))
    assert [way.channels for way in seen] == ["joint", "independent"]
    assert len({reason for way in seen for reason in way.setup.reasons if "held back to choose" in reason}) == 1


def test_categories_stay_words_where_a_file_has_only_numbers(tmp_path):
    table = sales().with_columns(region=pl.col("region").replace({"x": "1", "z": "A"}))
    table.write_csv(tmp_path / "sales.csv")
    table.filter(pl.col("region") == "1").write_csv(tmp_path / "numbers.csv")
    columns = Columns(static=["region"])
    for model in models(unknown_categories=True):
        model.fit(read(tmp_path / "sales.csv", columns=columns))
        some = model.predict(data=read(tmp_path / "numbers.csv", columns=columns))
        every = model.predict().filter(pl.col("unique_id") != "s1")
        np.testing.assert_allclose(some[model.name], every[model.name], rtol=1e-5)
    sized = Linear(horizon=STEPS, season=4).fit(panel(Columns(static=["size"])))
    words = Panel.from_table(sales().with_columns(size=pl.lit("big")), columns=Columns(static=["size"]))
    with pytest.raises(ValuesError, match="'size' has categories here, such as 'big', and numbers in the fit"):
        sized.predict_panel(words, 1).values[:, 0]


def test_a_role_that_changed_is_refused():
    model = Linear(horizon=STEPS, season=4).fit(panel(Columns(past=["visits"])))
    with pytest.raises(DataError, match=r"past covariates \['visits'\], and this data has \[\]"):
        model.predict(data=panel(Columns(future=["visits"])))


def test_the_linear_baseline_takes_gaps_of_covariates_that_only_later_rows_have():
    table = sales().with_columns(visits=pl.when(pl.col("ds") == 57).then(None).otherwise("visits"))
    made = Panel.from_table(table, columns=Columns(past=["visits"]))
    model = Linear(horizon=2, season=4).fit_panel(made.drop_last(6))
    assert np.isfinite(model.predict_panel(made, 2, (4, 2)).values).all()


def test_missing_covariates_are_refused_where_missing_values_are():
    table = sales().with_columns(visits=pl.when(pl.col("ds") == 30).then(None).otherwise("visits"))
    with pytest.raises(ValuesError, match="missing covariates with gaps=False"):
        Recurrent(**QUICK, gaps=False).fit(Panel.from_table(table, columns=Columns(past=["visits"])))
