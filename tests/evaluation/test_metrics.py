"""Every metric, against utilsforecast and scoringrules, and by hand where these mean something else."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scoringrules
from utilsforecast import losses

from loopcast.errors import UndefinedMetricWarning
from loopcast.evaluation.evaluate import evaluate
from loopcast.evaluation.metrics import METRICS
from reference.forecasts import LEVELS, MODELS, forecasts, history

SEASON = 3
QUANTILES = {0.1: "{}-lo-80", 0.25: "{}-lo-50", 0.5: "{}", 0.75: "{}-hi-50", 0.9: "{}-hi-80"}
NEEDS = {"scale": "`data`", "level": "intervals", "reference": "`reference`"}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"


@pytest.fixture(scope="module")
def whole():
    return history(np.random.default_rng(1))


@pytest.fixture(scope="module")
def table(whole):
    return forecasts(np.random.default_rng(2), whole)


def ours(table, metric, **options):
    """A metric of each window, as utilsforecast gives it: a column per model."""
    scores = evaluate(table, metric, by=("series", "cutoff"), **options)
    name = scores.columns[-1]
    return scores.pivot("model", index=["unique_id", "cutoff"], values=name).sort("unique_id", "cutoff")


def agrees(mine, theirs, factor=1.0):
    theirs = theirs.sort("unique_id", "cutoff")
    for model in MODELS:
        np.testing.assert_allclose(mine[model], factor * theirs[model].to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "bias"])
def test_a_plain_error_is_that_of_utilsforecast(table, name):
    agrees(ours(table, name), getattr(losses, name)(table, list(MODELS)))


def test_mape_is_that_of_utilsforecast_in_percent(table):
    agrees(ours(table, "mape"), losses.mape(table, list(MODELS)), factor=100)


def test_smape_is_that_of_utilsforecast_times_two_hundred_as_theirs_goes_from_0_to_1(table):
    agrees(ours(table, "smape"), losses.smape(table, list(MODELS)), factor=200)


@pytest.mark.parametrize("name", ["mase", "rmsse"])
def test_a_scaled_error_is_that_of_utilsforecast(table, whole, name):
    theirs = getattr(losses, name)(table, list(MODELS), seasonality=SEASON, train_df=whole)
    agrees(ours(table, name, data=whole, season=SEASON), theirs)


def test_pinball_is_the_quantile_loss_of_utilsforecast(table):
    scores = evaluate(table, "pinball", by=("series", "cutoff"))
    for q, column in QUANTILES.items():
        theirs = losses.quantile_loss(table, {name: column.format(name) for name in MODELS}, q=q)
        mine = scores.pivot("model", index=["unique_id", "cutoff"], values=f"pinball-{q}")
        agrees(mine.sort("unique_id", "cutoff"), theirs)


def columns_by_model():
    return {name: [column.format(name) for column in QUANTILES.values()] for name in MODELS}


def test_crps_is_twice_the_multi_quantile_loss_of_utilsforecast(table):
    agrees(ours(table, "crps"), losses.mqloss(table, columns_by_model(), np.array(list(QUANTILES))), factor=2)


def test_wql_is_the_scaled_crps_of_utilsforecast(table):
    agrees(ours(table, "wql"), losses.scaled_crps(table, columns_by_model(), np.array(list(QUANTILES))))


def test_crps_is_that_of_scoringrules(table):
    scores = evaluate(table, "crps")
    for model in MODELS:
        quantiles = table.select(column.format(model) for column in QUANTILES.values()).to_numpy()
        theirs = scoringrules.crps_quantile(table["y"].to_numpy(), quantiles, np.array(list(QUANTILES)))
        assert scores.filter(model=model)["crps"].item() == pytest.approx(theirs.mean(), rel=1e-12)


def test_crps_is_the_weighted_interval_score_of_the_interval_scores_of_scoringrules(table):
    # its own weighted_interval_score adds the median itself and not its error (0.10, on NumPy), so it is summed here
    scores = evaluate(table, "crps")
    for model in MODELS:
        y = table["y"].to_numpy()
        total = 0.5 * np.abs(y - table[model].to_numpy())
        for level in LEVELS:
            low, high = (table[f"{model}-{end}-{level}"].to_numpy() for end in ("lo", "hi"))
            share = 1 - level / 100
            total += share / 2 * scoringrules.interval_score(y, low, high, share)
        theirs = (total / (len(LEVELS) + 0.5)).mean()
        assert scores.filter(model=model)["crps"].item() == pytest.approx(theirs, rel=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_coverage_is_that_of_utilsforecast_in_percent(table, level):
    scores = evaluate(table, "coverage", by=("series", "cutoff"))
    mine = scores.pivot("model", index=["unique_id", "cutoff"], values=f"coverage-{level}").sort("unique_id", "cutoff")
    agrees(mine, losses.coverage(table, list(MODELS), level=level), factor=100)


@pytest.mark.parametrize("level", LEVELS)
def test_msis_is_the_interval_score_of_scoringrules_over_the_scale(table, whole, level):
    mine = evaluate(table, "msis", by=("series", "cutoff"), data=whole, season=SEASON)
    for name, cutoff, values in mine.filter(model="A").select("unique_id", "cutoff", f"msis-{level}").iter_rows():
        window = table.filter(unique_id=name, cutoff=cutoff)
        past = whole.filter((pl.col("unique_id") == name) & (pl.col("ds") <= cutoff))["y"].to_numpy()
        scale = np.abs(past[SEASON:] - past[:-SEASON]).mean()
        low, high = window[f"A-lo-{level}"].to_numpy(), window[f"A-hi-{level}"].to_numpy()
        theirs = scoringrules.interval_score(window["y"].to_numpy(), low, high, 1 - level / 100)
        assert values == pytest.approx(theirs.mean() / scale, rel=1e-12)


def test_width_is_the_mean_distance_of_the_ends(table):
    found = evaluate(table, "width").filter(model="B")["width-80"].item()
    assert found == pytest.approx((table["B-hi-80"] - table["B-lo-80"]).mean(), rel=1e-12)


def one(y, f, **columns):
    return pl.DataFrame({"ds": range(10, 10 + len(y)), "y": y, "M": f} | columns)


def past(*y):
    return pl.DataFrame({"ds": range(10 - len(y), 10), "y": y})


def value(table, metric, **options):
    return evaluate(table, metric, **options)[0, -1]


def test_bias_is_positive_where_forecasts_are_too_high():
    assert value(one([1.0, 1.0], [3.0, 2.0]), "bias") == 1.5


def test_smape_of_zero_forecast_as_zero_is_zero():
    assert value(one([0.0, 1.0], [0.0, 3.0]), "smape") == 50


def test_mape_leaves_out_points_of_zero_and_says_so():
    with pytest.warns(UndefinedMetricWarning, match=r"mape divides by what came, which is 0 at 1 of 2 points .*at 10"):
        assert value(one([0.0, 2.0], [1.0, 3.0]), "mape") == 50


def test_wape_is_the_sum_of_errors_over_the_sum_of_sizes():
    assert value(one([10.0, 0.0, -30.0], [12.0, 1.0, -25.0]), "wape") == pytest.approx(100 * 8 / 40, rel=1e-15)


def test_wape_is_null_where_nothing_came():
    assert value(one([0.0, 0.0], [1.0, 1.0]), "wape") is None


def test_owa_is_the_mean_of_two_ratios_of_means_as_in_m4():
    table = one([10.0, 20.0], [12.0, 21.0]).with_columns(Naive2=pl.Series([9.0, 16.0]))
    scores = evaluate(table, ("owa", "smape", "mase"), data=past(1.0, 2.0, 4.0), reference="Naive2")
    (smape, mase), (other_smape, other_mase) = scores.select("smape", "mase").rows()
    assert smape == pytest.approx((200 * 2 / 22 + 200 * 1 / 41) / 2)
    assert other_mase == pytest.approx(((1 + 4) / 2) / 1.5)
    assert scores["owa"].to_list() == pytest.approx([(smape / other_smape + mase / other_mase) / 2, 1.0])


def test_owa_beside_a_perfect_reference_is_null_and_never_infinite():
    table = one([10.0, 20.0], [12.0, 21.0]).with_columns(Naive2=pl.col("y"))
    with pytest.warns(UndefinedMetricWarning, match="owa divides by the errors of the reference 'Naive2'"):
        assert evaluate(table, "owa", data=past(1.0, 2.0), reference="Naive2")["owa"].to_list() == [None, None]


def test_msis_of_m4_by_hand():
    table = one([1.0, 5.0], [2.0, 2.0], **{"M-lo-95": [0.0, 0.0], "M-hi-95": [3.0, 3.0]})
    assert value(table, "msis", data=past(0.0, 2.0, 4.0)) == pytest.approx((3 + (3 + 2 / 0.05 * 2)) / 2 / 2)


def test_a_series_on_the_edge_of_its_interval_is_covered():
    table = one([0.0, 3.0, 4.0], [1.0, 1.0, 1.0], **{"M-lo-80": [0.0] * 3, "M-hi-80": [3.0] * 3})
    assert value(table, "coverage") == pytest.approx(200 / 3)


def test_rmsse_takes_the_root_in_each_series_and_rmse_over_all():
    table = pl.DataFrame({"unique_id": ["a", "b"], "ds": [3, 3], "y": [0.0, 0.0], "M": [3.0, 4.0]})
    data = pl.DataFrame({"unique_id": list("aaabbb"), "ds": [0, 1, 2] * 2, "y": [0.0, 1, 2, 0, 1, 2]})
    scores = evaluate(table, ("rmse", "rmsse"), data=data)
    assert scores.row(0)[2:] == (math.sqrt((9 + 16) / 2), 3.5)


def test_mase_lets_every_series_count_alike_and_mae_every_point():
    ids, times = ["a", "a", "a", "b"], [3, 4, 5, 3]
    table = pl.DataFrame({"unique_id": ids, "ds": times, "y": [0.0] * 4, "M": [1.0, 1.0, 1.0, 5.0]})
    data = pl.DataFrame({"unique_id": list("aaabbb"), "ds": [0, 1, 2] * 2, "y": [0.0, 1, 2, 0, 1, 2]})
    scores = evaluate(table, ("mae", "mase"), data=data)
    assert scores.row(0)[2:] == (2.0, 3.0)


@pytest.mark.parametrize("name", METRICS)
def test_the_page_of_metrics_says_what_the_catalogue_says(name):
    metric = METRICS[name]
    needs = ", ".join(said for need, said in NEEDS.items() if need in metric.needs) or "nothing"
    says = metric.says.replace("|", "\\|")
    alike = "series" if metric.alike else "points"
    row = f"| `{name}` | {says} | {metric.sign} | {metric.best} | {needs} | {alike} | {metric.source} |"
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_lists_exactly_the_metrics():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line.split("`")[1] for line in lines if line.startswith("| `")] == list(METRICS)
