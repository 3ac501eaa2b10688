"""Forecasts with several targets and with what is known besides them, by the network and the linear model."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, Linear, Panel, Recurrent, load, read
from loopcast.errors import DataError, OptionError, ValuesError

STEPS = 4
QUICK = {"horizon": STEPS, "units": (8,), "updates": 4, "season": 4, "show_progress": False}
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


@pytest.mark.parametrize("model", models(updates=200, learning_rate=0.01), ids=lambda model: model.name)
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


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
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


def test_an_unseen_category_is_an_error_of_the_linear_model_and_none_of_those_known_to_the_network():
    other = panel(kinds=("x", "w", "x"))
    network, linear = (model.fit(panel().drop_last(STEPS)) for model in models())
    with pytest.raises(OptionError, match=r"'s1': 'region' is 'w'.*or a Recurrent"):
        linear.predict_panel(other, STEPS, (STEPS,))
    assert np.isfinite(network.predict_panel(other, STEPS, (STEPS,)).values).all()


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


def test_categories_stay_words_where_a_file_has_only_numbers(tmp_path):
    table = sales().with_columns(region=pl.col("region").replace({"x": "1", "z": "A"}))
    table.write_csv(tmp_path / "sales.csv")
    table.filter(pl.col("region") == "1").write_csv(tmp_path / "numbers.csv")
    columns = Columns(static=["region"])
    for model in models():
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
