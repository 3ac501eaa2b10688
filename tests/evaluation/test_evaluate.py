"""Tables of scores: what comes in, what goes out, what is refused."""

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import (
    CalendarError,
    ColumnError,
    DataError,
    LoopcastError,
    OptionError,
    UndefinedMetricWarning,
    ValuesError,
)
from loopcast.evaluation.evaluate import evaluate
from loopcast.evaluation.metrics import METRICS
from reference.forecasts import forecasts, history

EVERYTHING = {"metrics": list(METRICS), "season": 3, "reference": "A"}


@pytest.fixture(scope="module")
def whole():
    return history(np.random.default_rng(3))


@pytest.fixture(scope="module")
def table(whole):
    return forecasts(np.random.default_rng(4), whole)


def small(**columns):
    return pl.DataFrame(
        {"unique_id": list("aabb"), "ds": [5, 6, 5, 6], "y": [1.0, 2.0, 3.0, 4.0], "M": [1.0, 1.0, 1.0, 1.0]} | columns
    )


def slow_mase(table, whole, season, model):
    """MASE by a loop: windows, then series, then the mean."""
    by_series = {}
    for (name, cutoff), window in table.group_by("unique_id", "cutoff", maintain_order=True):
        past = whole.filter((pl.col("unique_id") == name) & (pl.col("ds") <= cutoff))["y"].to_list()
        changes = [abs(past[t] - past[t - season]) for t in range(season, len(past))]
        errors = [abs(y - f) for y, f in window.select("y", model).iter_rows()]
        by_series.setdefault(name, []).append(sum(errors) / len(errors) / (sum(changes) / len(changes)))
    return np.mean([np.mean(windows) for windows in by_series.values()])


SCALED = [name for name, metric in METRICS.items() if "scale" in metric.needs]


@pytest.mark.parametrize("cutoffs", [False, True])
@pytest.mark.parametrize("metric", SCALED)
def test_no_scale_knows_what_was_to_be_forecast(table, whole, metric, cutoffs):
    one = table.filter(pl.col("cutoff") == pl.col("cutoff").min().over("unique_id"))
    one = one.with_columns(
        pl.when(pl.col("ds") == pl.col("ds").min().over("unique_id")).then(None).otherwise("y").alias("y")
    )
    last = one.group_by("unique_id").agg(pl.col("cutoff").first())
    known = whole.join(last, on="unique_id").filter(pl.col("ds") <= pl.col("cutoff")).drop("cutoff")
    wild = whole.join(last, on="unique_id").with_columns(
        y=pl.when(pl.col("ds") > pl.col("cutoff")).then(pl.col("y") * 1e6).otherwise("y")
    )
    asked = one if cutoffs else one.drop("cutoff")
    options = {"metrics": metric, "season": 3, "reference": "A", "missing": "skip", "by": "series"}
    right = evaluate(one, data=known, **options)
    assert_frame_equal(evaluate(asked, data=whole, **options), right)
    assert_frame_equal(evaluate(asked, data=wild.drop("cutoff"), **options), right)


def test_forecasts_of_another_calendar_than_the_history_are_refused():
    history = pl.DataFrame({"unique_id": list("aabb"), "ds": [0, 2, 0, 2], "y": [1.0, 2.0, 3.0, 5.0]})
    with pytest.raises(CalendarError, match="first forecast, 5 of series 'a'"):
        evaluate(small(), "mase", data=history)


def test_the_scale_of_each_window_is_that_of_its_own_past(table, whole):
    scores = evaluate(table, "mase", data=whole, season=4)
    for model, found in scores.select("model", "mase").iter_rows():
        assert found == pytest.approx(slow_mase(table, whole, 4, model), rel=1e-12)


def test_the_scale_knows_nothing_after_the_cutoff(table, whole):
    cutoff = pl.col("unique_id").replace_strict(
        dict(table.group_by("unique_id").agg(pl.col("cutoff").max()).iter_rows())
    )
    later = whole.with_columns(y=pl.when(pl.col("ds") > cutoff).then(1e6).otherwise(pl.col("y")))
    assert_frame_equal(evaluate(table, "mase", data=whole), evaluate(table, "mase", data=later))


def test_pairs_with_a_missing_value_do_not_count_in_the_scale():
    table = pl.DataFrame({"ds": [5], "y": [1.0], "M": [4.0]})
    data = pl.DataFrame({"ds": range(5), "y": [1.0, 3.0, None, 4.0, 8.0]})
    assert evaluate(table, "mase", data=data)["mase"].item() == 3 / ((2 + 4) / 2)


def test_a_small_series_beside_a_large_one_keeps_its_scale():
    table = pl.DataFrame({"unique_id": ["big", "small"], "ds": [3, 3], "y": [0.0, 0.0], "M": [1.0, 1e-9]})
    data = pl.DataFrame(
        {"unique_id": ["big"] * 3 + ["small"] * 3, "ds": [0, 1, 2] * 2, "y": [0.0, 1e15, 0.0, 0.0, 1e-9, 0.0]}
    )
    found = evaluate(table, "mase", by="series", data=data).filter(unique_id="small")["mase"].item()
    assert found == pytest.approx(1, rel=1e-6)


def test_the_season_is_the_usual_one_of_the_calendar():
    times = [dt.date(2020 + i // 12, i % 12 + 1, 1) for i in range(26)]
    data = pl.DataFrame({"ds": times, "y": np.random.default_rng(0).normal(size=26)})
    table = data[24:].with_columns(M=0.0)
    assert_frame_equal(evaluate(table, data=data[:24]), evaluate(table, data=data[:24], season=12))


@pytest.mark.parametrize("by", [(), "series", ("step",), ("cutoff", "series"), ("series", "step", "cutoff")])
def test_a_table_comes_out_as_the_kind_that_came_in(table, whole, by):
    as_polars = evaluate(table, by=by, data=whole, **EVERYTHING)
    as_pandas = evaluate(table.to_pandas().set_axis(range(7, 7 + table.height)), by=by, data=whole, **EVERYTHING)
    as_arrow = evaluate(table.to_arrow(), by=by, data=whole.to_pandas(), **EVERYTHING)
    assert isinstance(as_polars, pl.DataFrame)
    pd.testing.assert_frame_equal(as_pandas, as_polars.to_pandas(), check_dtype=False)
    assert_frame_equal(pl.DataFrame(as_arrow), as_polars)


def test_rows_and_columns_come_in_the_order_asked_for(table):
    scores = evaluate(table, ("rmse", "coverage", "mae"), by=("step", "series"))
    assert scores.columns == ["model", "step", "unique_id", "points", "rmse", "coverage-50", "coverage-80", "mae"]
    assert scores["model"].unique(maintain_order=True).to_list() == ["A", "B"]
    assert scores["step"][:6].to_list() == [1, 1, 1, 2, 2, 2]
    assert scores["unique_id"][:3].to_list() == ["s0", "s1", "s2"]


def test_ids_and_cutoffs_come_back_as_they_were():
    table = pd.DataFrame(
        {
            "unique_id": pd.Categorical(["b", "b", "a"], categories=["a", "b"]),
            "ds": pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-02"]).tz_localize("Europe/Berlin"),
            "cutoff": pd.to_datetime(["2020-01-01"] * 3).tz_localize("Europe/Berlin"),
            "y": [1.0, 2.0, 3.0],
            "M": [1.0, 1.0, 1.0],
        }
    )
    scores = evaluate(table, "mae", by=("series", "cutoff"))
    assert scores["unique_id"].dtype == table["unique_id"].dtype
    assert scores["cutoff"].dtype == table["cutoff"].dtype
    assert scores["unique_id"].to_list() == ["b", "a"]


def test_steps_are_counted_in_each_series_and_cutoff_by_time(table):
    scores = evaluate(table, "mae", by="step").filter(model="A")
    ahead = table.with_columns(step=pl.col("ds") - pl.col("cutoff"), error=(pl.col("y") - pl.col("A")).abs())
    expected = ahead.group_by("step").agg(pl.col("error").mean()).sort("step")
    np.testing.assert_allclose(scores["mae"], expected["error"], rtol=1e-12)
    assert scores["step"].to_list() == [1, 2, 3, 4]


def test_other_names_of_columns_are_kept():
    table = small().rename({"unique_id": "shop", "ds": "week", "y": "sales"})
    data = pl.DataFrame({"shop": list("aaabbb"), "week": [2, 3, 4] * 2, "sales": [0.0, 1, 2, 0, 1, 2]})
    named = Columns(id="shop", time="week", target="sales")
    scores = evaluate(table, ("mae", "mase"), by="series", data=data, columns=named)
    assert scores.rows() == [("M", "a", 2, 0.5, 0.5), ("M", "b", 2, 2.5, 2.5)]


def test_a_panel_and_a_table_of_histories_are_the_same(table, whole):
    assert_frame_equal(evaluate(table, data=whole), evaluate(table, data=Panel.from_table(whole)))


def test_a_model_without_intervals_has_null_in_their_place(table):
    scores = evaluate(table.with_columns(C=pl.col("y")), ("mae", "coverage", "crps"))
    assert scores.filter(model="C").row(0) == ("C", 36, 0.0, None, None, None)


def test_each_model_may_have_levels_of_its_own():
    table = small(**{"M-lo-80": [0.0] * 4, "M-hi-80": [2.0] * 4, "N": [1.0] * 4, "N-lo-95": [0.0] * 4})
    scores = evaluate(table.with_columns(pl.lit(9.0).alias("N-hi-95")), "coverage")
    assert scores.rows() == [("M", 4, 50.0, None), ("N", 4, None, 100.0)]


class TestMissing:
    def test_is_refused_by_series_time_and_column_with_a_count(self):
        table = small(M=[1.0, 1.0, None, float("nan")])
        with pytest.raises(
            ValuesError, match=r"series 'b' at 5 has no value in column 'M' \(2 values are missing in all"
        ):
            evaluate(table, "mae")

    def test_target_is_refused_with_its_cutoff(self):
        table = small(y=[1.0, None, 1.0, 1.0], cutoff=[4] * 4)
        with pytest.raises(ValuesError, match=r"series 'a' at 6 \(cutoff 4\) has no value in column 'y'"):
            evaluate(table, "mae")

    def test_rows_are_left_out_for_all_models_alike_where_that_is_asked_for(self):
        table = small(N=[None, 2.0, 3.0, 4.0], y=[1.0, 2.0, None, 5.0])
        scores = evaluate(table, "mae", missing="skip")
        assert scores.rows() == [("M", 2, 2.5), ("N", 2, 0.5)]

    def test_rows_left_out_do_not_change_the_steps_of_others(self):
        scores = evaluate(small(M=[None, 1.0, None, 1.0]), "mae", by="step", missing="skip")
        assert scores.rows() == [("M", 2, 2, 2.0)]

    def test_ends_of_intervals_matter_only_where_they_are_scored(self):
        table = small(**{"M-lo-80": [None, 0.0, 0.0, 0.0], "M-hi-80": [2.0] * 4})
        assert evaluate(table, "mae")["points"].item() == 4
        with pytest.raises(ValuesError, match="'M-lo-80'"):
            evaluate(table, "width")

    def test_everything_is_refused(self):
        with pytest.raises(ValuesError, match="nothing to score"):
            evaluate(small(M=[None] * 4), "mae", missing="skip")


class TestUndefined:
    data = pl.DataFrame({"unique_id": list("aaabbb"), "ds": [2, 3, 4] * 2, "y": [0.0, 1, 2, 7, 7, 7]})

    def test_scores_are_null_by_series_and_left_out_of_means_with_a_warning(self):
        with pytest.warns(UndefinedMetricWarning, match=r"mase, rmsse: undefined for 1 of 2 series \('b'\)"):
            scores = evaluate(small(), ("mase", "rmsse"), by="series", data=self.data)
        assert scores["mase"].to_list() == [0.5, None]
        with pytest.warns(UndefinedMetricWarning):
            assert evaluate(small(), "mase", data=self.data)["mase"].item() == 0.5

    @pytest.mark.parametrize("data", [data.with_columns(y=pl.lit(None, float)), data.with_columns(y=1.0)])
    def test_without_any_scale_a_score_is_null(self, data):
        with pytest.warns(UndefinedMetricWarning, match=r"2 of 2 series \('a' and 1 more\)"):
            assert evaluate(small(), "mase", data=data)["mase"].item() is None

    def test_a_series_shorter_than_a_season_has_no_scale(self):
        with pytest.warns(UndefinedMetricWarning):
            assert evaluate(small(), "mase", data=self.data, season=3)["mase"].item() is None

    def test_a_cutoff_before_the_history_has_no_scale(self):
        with pytest.warns(UndefinedMetricWarning):
            scores = evaluate(small(cutoff=[1] * 4), "mase", data=self.data)
        assert scores["mase"].item() is None

    def test_wql_of_nothing_but_zeros_is_null(self):
        table = small(y=[0.0] * 4, **{"M-lo-80": [0.0] * 4, "M-hi-80": [2.0] * 4})
        with pytest.warns(UndefinedMetricWarning, match=r"wql divides by the sum of \|y\|"):
            assert evaluate(table, "wql")["wql"].item() is None


@pytest.mark.parametrize(
    ("table", "options", "error", "match"),
    [
        (small(), {"metrics": "mases"}, OptionError, r"metrics are some of mae, .*did you mean 'mase'\?"),
        (small(), {"metrics": ()}, OptionError, "at least 1"),
        (small(), {"metrics": ("mae", "mae")}, OptionError, "different names"),
        (small(), {"by": "horizon"}, OptionError, "by are some of series, target, step, cutoff; got 'horizon'"),
        (small(), {"by": "cutoff"}, OptionError, "needs a column 'cutoff'"),
        (small().drop("unique_id")[:2], {"by": "series"}, OptionError, "is one series"),
        (small(), {"missing": "drop"}, OptionError, 'missing is "error" or "skip"'),
        (small(), {"metrics": "mase"}, OptionError, "mase divide by .* give the histories"),
        (small(), {"metrics": "owa", "reference": "Naive2"}, OptionError, "one of M; got 'Naive2'"),
        (small(), {"columns": "y"}, OptionError, "columns is a Columns"),
        (small(), {"metrics": "coverage"}, ColumnError, "need intervals, in columns such as 'M-lo-80'"),
        (small().drop("M"), {}, ColumnError, "no column of forecasts; its columns are 'unique_id', 'ds', 'y'"),
        (small().drop("y"), {}, ColumnError, "no column 'y'"),
        (small(region=["x"] * 4), {}, ColumnError, "column 'region' holds String, not numbers"),
        (small(**{"M-lo-80": [0.0] * 4}), {}, ColumnError, "'M-lo-80' and not the other end"),
        (small(**{"N-lo-80": [0.0] * 4}), {}, ColumnError, "the table has no column 'N'"),
        (small(**{"M-lo-80": [0.0] * 4, "M-lo-80.0": [0.0] * 4}), {}, ColumnError, "the same end"),
        (small(**{"M-lo-100": [0.0] * 4}), {}, ColumnError, "above 0 and below 100"),
        (small(ds=[5, 5, 5, 6]), {}, CalendarError, "series 'a' at 5 comes twice"),
        (small(M=[1.0, np.inf, 1.0, 1.0]), {}, ValuesError, "series 'a' at 6: column 'M' is inf"),
        (small()[:0], {}, DataError, "no rows"),
        ([1.0, 2.0], {}, DataError, "got list"),
        (pd.DataFrame(np.ones((1, 2)), columns=["y", "y"]).assign(ds=1, M=1.0), {}, ColumnError, "2 columns named 'y'"),
        (
            small().rename({"unique_id": "mae"}),
            {"by": "series", "columns": Columns(id="mae")},
            ColumnError,
            "id cannot be called 'mae'",
        ),
        (small().to_pandas().rename(columns={"M": 7}), {}, ColumnError, "named in words, got 7"),
    ],
)
def test_what_cannot_be_scored_is_refused(table, options, error, match):
    with pytest.raises(error, match=match):
        evaluate(table, **({"metrics": "mae"} | options))


@pytest.mark.parametrize(
    ("data", "error", "match"),
    [
        (
            pl.DataFrame({"unique_id": ["a"] * 3, "ds": [2, 3, 4], "y": [0.0, 1, 2]}),
            DataError,
            "series 'b' has forecasts",
        ),
        (pl.DataFrame({"unique_id": [1] * 3, "ds": [2, 3, 4], "y": [0.0, 1, 2]}), DataError, "cast one"),
        (np.zeros((2, 5, 2)), DataError, "histories have 2 targets"),
        (TestUndefined.data.with_columns(pl.col("ds").cast(pl.Date)), CalendarError, "cutoffs are Int64 and"),
        (TestUndefined.data.with_columns(pl.col("ds") * 2 + 1), CalendarError, "not on the calendar"),
    ],
)
def test_histories_that_do_not_fit_the_forecasts_are_refused(data, error, match):
    with pytest.raises(error, match=match):
        evaluate(small(cutoff=[4] * 4), "mase", data=data)


def test_forecasts_of_one_series_do_not_fit_histories_of_two():
    with pytest.raises(DataError, match="is one series"):
        evaluate(small().drop("unique_id")[:2], "mase", data=TestUndefined.data)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    whole = history(rng)
    table = forecasts(rng, whole)
    options = {"by": ("series", "step"), "data": whole} | EVERYTHING
    order = ("model", "unique_id", "step")
    shuffled = evaluate(table.sample(fraction=1, shuffle=True, seed=seed), **options)
    assert_frame_equal(evaluate(table, **options).sort(order), shuffled.sort(order), rel_tol=1e-9)


SCALED = ["smape", "mape", "mase", "rmsse", "owa", "wql", "msis", "coverage"]


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), power=st.integers(-20, 20))
def test_relative_scores_do_not_depend_on_the_unit(seed, power):
    rng = np.random.default_rng(seed)
    whole = history(rng)
    table = forecasts(rng, whole)
    numbers = ~pl.selectors.by_name("unique_id", "cutoff", "ds", require_all=False)
    options = {"metrics": SCALED, "by": "series", "season": 2, "reference": "B"}
    scaled = evaluate(
        table.with_columns(numbers * 2.0**power), data=whole.with_columns(numbers * 2.0**power), **options
    )
    assert_frame_equal(evaluate(table, data=whole, **options), scaled, rel_tol=1e-9)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_another_model_leaves_the_scores_of_others_alone(seed):
    rng = np.random.default_rng(seed)
    whole = history(rng)
    table = forecasts(rng, whole)
    more = table.with_columns(C=pl.lit(3.0), **{"C-lo-80": pl.lit(2.0), "C-hi-80": pl.lit(4.0)})
    options = {"by": "series", "data": whole} | EVERYTHING
    assert_frame_equal(evaluate(table, **options), evaluate(more, **options).filter(pl.col("model") != "C"))


@pytest.mark.parametrize("dtype", ["Float64", "float32", "double[pyarrow]", "Int64", "object"])
def test_pandas_numbers_of_any_type_are_read_and_their_gaps_too(dtype):
    table = small().to_pandas()
    table["M"] = table["M"].astype(dtype)
    assert evaluate(table, "mae")["mae"].item() == 1.5
    table.loc[0, "M"] = None
    with pytest.raises(ValuesError, match="series 'a' at 5 has no value in column 'M'"):
        evaluate(table, "mae")


def test_a_perfect_forecast_has_no_error_and_needs_no_warning(table, whole):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = evaluate(table.select("unique_id", "cutoff", "ds", "y", M="y"), data=whole)
    assert scores.row(0) == ("M", 36, 0.0, 0.0, 0.0, 0.0)


def test_the_warning_is_no_error_of_the_library():
    assert not issubclass(UndefinedMetricWarning, LoopcastError)
