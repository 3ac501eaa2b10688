"""Several targets, covariates, a calendar and holidays on the command line, run in this process."""

import json

import numpy as np
import polars as pl
import pytest

from loopcast.cli.main import run
from loopcast.cli.tables import USUAL_COLUMNS, SeriesAndCovariates
from loopcast.columns import Columns

SMALL = ("--units", "2", "--updates", "2", "--season", "4", "--quiet")
ROWS, STEPS = 60, 3


def rows(first, count, ids=("n", "s")):
    """Two targets that follow the wind, hour by hour, in each of two places."""
    times = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 5), "1h", eager=True)[first : first + count]
    wind = np.sin(np.arange(first, first + count))
    columns = {"ds": times, "a": 5 + 2 * wind, "b": 900 - 100 * wind, "wind": wind, "rain": wind**2}
    return pl.concat([pl.DataFrame({"unique_id": id_, **columns, "kind": f"of {id_}"}) for id_ in ids])


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "air.csv"
    rows(0, ROWS).write_csv(path)
    return path


@pytest.fixture
def ahead(tmp_path):
    path = tmp_path / "ahead.csv"
    rows(ROWS, STEPS).select("unique_id", "ds", "wind").write_csv(path)
    return path


def forecast(csv, *options, horizon=STEPS):
    return run(["forecast", str(csv), "--horizon", str(horizon), *SMALL, *map(str, options)])


WIND = ("--target", "a,b", "--future-covariates", "wind")


def test_a_forecast_has_each_target_and_is_compared_on_each(csv, ahead, tmp_path, capsys):
    output = tmp_path / "out.csv"
    assert (
        forecast(csv, *WIND, "--future", ahead, "--static", "kind", "--past-covariates", "rain", "--output", output)
        == 0
    )
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["unique_id", "ds", "target", "Recurrent"]
    assert sum(line.startswith(("n ", "s ")) for line in lines) == 2 * STEPS * 2
    assert "By target:" in lines
    assert sum(line.startswith("b ") and "Linear" in line for line in lines) == 1
    assert err == ""
    written = pl.read_csv(output)
    assert written["target"].unique(maintain_order=True).to_list() == ["a", "b"]
    assert written.filter(pl.col("target") == "b")["Recurrent"].min() > 100


def test_predict_takes_the_columns_of_the_model_and_gives_the_same(csv, ahead, tmp_path):
    model, first, again = tmp_path / "model", tmp_path / "first.csv", tmp_path / "again.csv"
    given = (*WIND, "--future", ahead, "--calendar", "hour", "--no-check", "--level", "none")
    assert forecast(csv, *given, "--save", model, "--output", first) == 0
    arguments = ["predict", str(model), str(csv), "--future", str(ahead), "--output"]
    assert run([*arguments, str(again)]) == 0
    assert again.read_text() == first.read_text()
    assert run([*arguments, str(tmp_path / "wide.parquet"), "--wide"]) == 0
    wide, long = pl.read_parquet(tmp_path / "wide.parquet"), pl.read_csv(first)
    assert wide.columns == ["unique_id", "ds", "Recurrent-a", "Recurrent-b"]
    np.testing.assert_allclose(wide["Recurrent-b"], long.filter(pl.col("target") == "b")["Recurrent"], rtol=1e-5)


def test_wide_is_printed_and_written_and_a_page_is_drawn_all_the_same(csv, tmp_path, capsys):
    page, picture = tmp_path / "page.html", tmp_path / "plot.svg"
    assert forecast(csv, "--target", "a,b", "--wide", "--no-check", "--report", page, "--plot", picture) == 0
    head = capsys.readouterr().out.splitlines()[0].split()
    assert head[2:4] == ["Recurrent-a", "Recurrent-a-lo-80"]
    assert "Forecast of a, b: 3 steps ahead" in page.read_text()
    assert picture.exists()


def test_a_backtest_scores_each_target(csv, tmp_path, capsys):
    output, page = tmp_path / "all.csv", tmp_path / "page.html"
    options = ["--models", "Naive,Linear", "--season", "4", "--output", str(output), "--report", str(page), "--json"]
    assert run(["backtest", str(csv), "--horizon", "3", *WIND, "--quiet", *options, "--series", "s"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [row["target"] for row in result["targets"]] == ["a", "a", "b", "b"]
    assert all(row["mae"] is None for row in result["leaderboard"])
    assert pl.read_csv(output).columns[:5] == ["unique_id", "ds", "cutoff", "target", "y"]
    assert "Target by target" in page.read_text()


def test_auto_takes_several_targets_and_covariates(csv, ahead, capsys):
    options = ("--horizon", "3", "--model", "Auto", "--budget", "1s", "--no-check", "--season", "4", "--quiet")
    assert run(["forecast", str(csv), *WIND, "--future", str(ahead), *options]) == 0
    assert "Auto" in capsys.readouterr().out


def test_options_name_the_columns():
    given = SeriesAndCovariates(
        time="t",
        target="a, b",
        past_covariates="p",
        future_covariates="f,g",
        static="s",
        calendar="auto",
        holidays="DE, FR",
        holiday_window=2,
    )
    wanted = Columns(
        time="t",
        target=("a", "b"),
        past=["p"],
        future=["f", "g"],
        static=["s"],
        calendar="auto",
        holidays=["DE", "FR"],
        holiday_window=2,
    )
    assert given.columns() == wanted
    assert SeriesAndCovariates(holidays="DE").columns().holidays == "DE"
    assert SeriesAndCovariates(calendar="hour,month").columns().calendar == ("hour", "month")
    assert USUAL_COLUMNS.columns() == Columns()


NEEDS = "need the future covariates ('wind') of those steps, and series 'n' has none at 2024-01-03 12:00:00"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", "a,wind", "--future-covariates", "wind"), "a column has one role, and 'wind' has two"),
        (("--target", "a,a"), "'a' twice"),
        (("--target", "a,"), "--target is one name, or several"),
        (("--target", "a", "--past-covariates", "wind,,rain"), "--past-covariates is one name, or several"),
        (("--target", "a,c"), "no column 'c'"),
        (("--target", "a", "--past-covariates", "fog"), "no column 'fog'"),
        (("--target", "a", "--static", "wind"), "does not change within a series"),
        (("--target", "a", "--past-covariates", "kind"), "column 'kind'"),
        (("--target", "a", "--calendar", "minute"), 'calendar is "auto" alone, or a list of some of'),
        (("--target", "a", "--calendar", "auto,hour"), 'calendar is "auto" alone, or a list of some of'),
        (("--target", "a", "--future", "AHEAD"), "name them with --future-covariates"),
        (WIND, NEEDS),
        ((*WIND, "--no-check"), "--future FILE"),
    ],
)
def test_columns_that_cannot_be_are_refused_with_what_to_do(csv, ahead, capsys, options, says):
    assert forecast(csv, *(ahead if option == "AHEAD" else option for option in options)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("loopcast: ")
    assert len(err.splitlines()) == 1
    assert says in err


def test_a_backtest_needs_no_future_file_and_an_unknown_column_stops_it(csv, capsys):
    options = ["--horizon", "3", "--quiet", "--models", "Naive"]
    assert run(["backtest", str(csv), *options, *WIND]) == 0
    assert run(["backtest", str(csv), *options, "--target", "a,x"]) == 2
    assert "no column 'x'" in capsys.readouterr().err


ROW, NOON = pl.int_range(pl.len()), "2024-01-03 12:00:00"
BROKEN = {
    f"series 's' has none at {NOON} (1 of 2 series": lambda t: t.filter(pl.col("unique_id") == "n"),
    "series 's' has none at 2024-01-03 14": lambda t: t.filter((pl.col("unique_id") == "n") | (ROW < 5)),
    "no value at 2024-01-03 13:00:00": lambda t: t.with_columns(wind=pl.when(ROW != 4).then("wind")),
    "of 2024-01-03 13:00:00 are missing": lambda t: t.filter(ROW != 4),
    "not on the calendar of the data (frequency h)": lambda t: t.with_columns(pl.col("ds").dt.offset_by("30m")),
    f"of {NOON} are missing": lambda t: t.with_columns(pl.col("ds").dt.truncate("1d") + pl.duration(days=ROW % 3 + 1)),
    "no column 'wind' (did you mean 'winds'?)": lambda t: t.rename({"wind": "winds"}),
    "inf": lambda t: t.with_columns(wind=float("inf")),
    "strong": lambda t: t.with_columns(wind=pl.lit("strong")),
    "comes twice": lambda t: pl.concat([t, t[:1]]),
}


@pytest.mark.parametrize(("says", "change"), BROKEN.items())
def test_a_future_file_that_does_not_cover_the_horizon_is_refused_before_training(csv, ahead, capsys, says, change):
    change(pl.read_csv(ahead, try_parse_dates=True)).write_csv(ahead)
    assert forecast(csv, *WIND, "--future", ahead) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("loopcast: "), len(err.splitlines())) == ("", True, 1)
    assert says in err


def test_rows_that_hold_covariates_alone_belong_into_a_file_of_their_own(csv, capsys):
    later = rows(ROWS, STEPS).with_columns(a=None, b=None).select(pl.read_csv(csv).columns)
    with csv.open("a") as file:
        file.write(later.write_csv(include_header=False))
    assert forecast(csv, *WIND) == 2
    assert "the last 3 rows of series 'n' have no value of a target" in capsys.readouterr().err


def test_an_error_in_the_file_of_what_is_known_ahead_says_that_it_is_written_as_the_other_one(csv, ahead, capsys):
    ahead.write_text(ahead.read_text("utf-8").replace(",", ";"), "utf-8")
    assert forecast(csv, *WIND, "--future", ahead, "--no-check", "--level", "none") == 2
    assert "write both alike" in capsys.readouterr().err


def test_a_future_file_may_have_more_than_the_horizon(csv, ahead):
    rows(0, ROWS + 20, ids=("s", "n", "other")).select("unique_id", "ds", "wind").write_csv(ahead)
    assert forecast(csv, *WIND, "--future", ahead, "--no-check", "--level", "none") == 0


def test_infinity_in_a_target_is_named(csv, capsys):
    pl.read_csv(csv).with_columns(b=pl.when(pl.int_range(pl.len()) == 7).then(float("inf")).otherwise("b")).write_csv(
        csv
    )
    assert forecast(csv, "--target", "a,b") == 2
    assert "column 'b': inf" in capsys.readouterr().err


def test_thousands_of_categories_are_refused(tmp_path, capsys):
    path = tmp_path / "many.csv"
    many = pl.DataFrame({"unique_id": np.repeat(np.arange(1100), 12), "ds": np.tile(np.arange(12), 1100)})
    many.with_columns(y=pl.col("ds") % 4, kind="k" + pl.col("unique_id").cast(pl.String)).write_csv(path)
    assert forecast(path, "--static", "kind", horizon=2) == 2
    assert "'kind' has 1,100 categories" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["b,a", "a", "a,b,rain"])
def test_predict_says_which_targets_a_model_has(csv, tmp_path, capsys, target):
    model = tmp_path / "model"
    assert forecast(csv, "--target", "a,b", "--no-check", "--save", model) == 0
    capsys.readouterr()
    assert run(["predict", str(model), str(csv), "--target", target]) == 2
    assert "forecasts a, b, in this order; leave --target out" in capsys.readouterr().err
    assert run(["predict", str(model), str(csv), "--future", str(csv)]) == 2
    assert "trained without any, so leave --future out" in capsys.readouterr().err


def test_predict_without_a_future_file_says_what_it_needs(csv, ahead, tmp_path, capsys):
    model = tmp_path / "model"
    assert forecast(csv, *WIND, "--future", ahead, "--no-check", "--save", model) == 0
    assert run(["predict", str(model), str(csv)]) == 2
    assert NEEDS in capsys.readouterr().err
