"""Several models asked for one table."""

import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast.errors import OptionError


@pytest.fixture(scope="module")
def table():
    steps = np.arange(48)
    values = np.concatenate([steps % 12 + steps / 10, 3 * (steps % 6) + 5.0])
    return pl.DataFrame({"unique_id": np.repeat(["a", "b"], 48), "ds": np.tile(steps, 2), "y": values})


def test_each_model_has_the_columns_that_it_has_alone(table):
    models = [loopcast.SeasonalNaive(season=12), loopcast.Linear(horizon=4)]
    together = loopcast.forecast(models, table, 4, level=80, quantiles=[0.5])
    alone = [each.with_options(horizon=4).fit(table).predict(level=80, quantiles=[0.5]) for each in models]
    assert together.select("unique_id", "ds").equals(alone[0].select("unique_id", "ds"))
    for one in alone:
        own = one.drop("unique_id", "ds")
        assert together.select(own.columns).equals(own)


def test_the_models_that_were_given_stay_unfitted(table):
    model = loopcast.Naive()
    loopcast.forecast(model, table, 2)
    with pytest.raises(loopcast.errors.NotFittedError):
        model.predict(2)


def test_models_are_told_apart_by_their_names(table):
    with pytest.raises(OptionError, match="different names"):
        loopcast.forecast([loopcast.Naive(), loopcast.Naive()], table, 2)


def test_future_covariates_come_in_a_table(table):
    priced = table.with_columns(price=pl.col("ds") % 5 + 0.0)
    columns = loopcast.Columns(future=["price"])
    panel = loopcast.Panel.from_table(priced, columns)
    ahead = panel.future_frame(3).with_columns(price=pl.col("ds") % 5 + 0.0)
    table_ahead = loopcast.forecast(loopcast.Linear(horizon=3), priced, 3, future=ahead, columns=columns)
    assert table_ahead.equals(loopcast.Linear(horizon=3).fit(priced, columns=columns).predict(future=ahead))


def test_a_table_where_the_horizon_belongs_is_told_its_name(table):
    model = loopcast.Naive().fit(table)
    with pytest.raises(OptionError, match="data="):
        model.predict(table)


def test_a_forecaster_without_a_horizon_has_to_be_told_one(table):
    with pytest.raises(OptionError, match="horizon"):
        loopcast.Naive().fit(table).predict()
