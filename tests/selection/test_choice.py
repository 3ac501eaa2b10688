"""The mean of the networks that were trained: compared without another fit, and taken where it did better."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.evaluation.backtest import backtest
from loopcast.models.baselines import Naive
from loopcast.models.mean import Mean, MeanModel
from loopcast.models.pretrained.forecaster import Pretrained
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.selection.auto import Auto
from loopcast.selection.choice import mean_of_trained, usual, with_mean

TUNED = Pretrained(horizon=3, season=4, alias="Tuned", lower=None)
TRAINED = Recurrent(horizon=3, season=4, updates=5, units=(4,), show_progress=False, lower=None)


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    return Panel.from_array((rng.normal(size=(3, 60)).cumsum(axis=1) + np.arange(60) % 4)[:, :, None])


@pytest.fixture(scope="module")
def compared(panel):
    return backtest([Naive(), TUNED, TRAINED], panel, horizon=3, n_windows=2, step_size=3, show_progress=False)


def test_the_mean_in_a_comparison_is_that_of_what_its_members_said(compared):
    mean = mean_of_trained([Naive(), TUNED, TRAINED])
    table = with_mean(compared, mean).table
    np.testing.assert_array_equal(table["Mean"], (table["Tuned"] + table["Recurrent"]) / 2)
    assert table.columns[:-1] == compared.table.columns


def test_of_one_network_there_is_no_mean(compared):
    assert mean_of_trained([Naive(), TUNED]) is None
    assert with_mean(compared, None) is compared


def test_it_stands_for_the_pretrained_network_where_there_is_one():
    mean = mean_of_trained([TUNED, TRAINED])
    assert usual([Naive(), TUNED, TRAINED], mean) == "Mean"
    assert usual([Naive(), TUNED], None) == "Tuned"


@pytest.mark.parametrize(
    ("calendar", "names"), [((), ["Tuned", "Recurrent"]), ("auto", ["Tuned", "Recurrent", "Trees"])]
)
def test_trees_are_grown_where_more_is_known_than_values(calendar, names):
    times = [dt.datetime(2024, 1, 1) + i * dt.timedelta(hours=1) for i in range(1200)]  # noqa: DTZ001 - no zone
    table = pl.DataFrame({"ds": times, "y": np.arange(1200.0)})
    candidates = Auto(horizon=3).candidates(Panel.from_table(table, Columns(calendar=calendar)))
    assert [each.name for each in mean_of_trained(candidates).models] == names


def test_what_auto_takes_is_the_mean_fitted_on_everything(panel, monkeypatch):
    monkeypatch.setattr(Auto, "candidates", lambda self, panel: [Naive(), TUNED, TRAINED])
    monkeypatch.setattr("loopcast.selection.auto.choose", lambda board, usual, count: (usual, "{where}"))
    monkeypatch.setattr("loopcast.selection.plan.enough", lambda panel: True)
    auto = Auto(horizon=3, season=4, lower=None, show_progress=False).fit(panel)
    alone = Mean(models=[TUNED, TRAINED], horizon=3, season=4, lower=None).fit(panel)
    assert isinstance(auto.model, MeanModel)
    np.testing.assert_array_equal(auto.predict_panel(panel, 3).values, alone.predict_panel(panel, 3).values)


def test_series_too_short_to_compare_are_forecast_by_the_pretrained_network_where_trees_could_be_grown_too():
    times = [dt.datetime(2024, 1, 1) + i * dt.timedelta(hours=1) for i in range(3)]  # noqa: DTZ001 - no zone
    rows = {"unique_id": np.repeat(np.arange(400), 3), "ds": times * 400, "y": np.arange(1200.0) % 7}
    panel = Panel.from_table(pl.DataFrame(rows), Columns(calendar=("hour",)))
    auto = Auto(horizon=2, show_progress=False)
    assert auto.candidates(panel)[-1].name == "Trees"
    assert isinstance(auto.fit(panel).model.recipe, Pretrained)
