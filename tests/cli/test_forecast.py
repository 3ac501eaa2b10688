"""loopcast forecast and loopcast predict, run in this process."""

import json

import polars as pl
import pytest

from loopcast.cli.main import run

SMALL = ("--units", "2", "--updates", "2", "--quiet")


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "sales.csv"
    rows = {"unique_id": ["a"] * 40 + ["b"] * 40, "ds": [*range(40)] * 2, "y": [t % 4 + t / 10 for t in range(80)]}
    pl.DataFrame(rows).write_csv(path)
    return path


def forecast(csv, *options):
    return run(["forecast", str(csv), "--horizon", "3", *SMALL, *options])


def test_forecast_prints_the_forecast_the_errors_and_a_verdict(csv, capsys):
    assert forecast(csv, "--season", "4") == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    names = ["Recurrent", *(f"Recurrent-{end}-{level}" for level in (80, 95) for end in ("lo", "hi"))]
    assert lines[0].split() == ["unique_id", "ds", *names]
    assert [line.split()[:2] for line in lines[1:7]] == [[i, str(t)] for i in "ab" for t in (40, 41, 42)]
    for model in ("Recurrent", "Naive", "SeasonalNaive", "Linear"):
        assert any(line.startswith(f"{model} ") for line in lines)
    assert "Recurrent" in lines[-1]
    assert "MASE" in lines[-1]
    assert err == ""


def test_forecast_as_json_is_one_object_with_the_documented_keys(csv, capsys):
    assert forecast(csv, "--season", "4", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"loopcast", "models", "forecast", "check", "unchecked", "unsure"}
    ends = {f"Recurrent-{end}-{level}" for level in (80, 95) for end in ("lo", "hi")}
    assert set(result["forecast"][0]) == {"unique_id", "ds", "Recurrent", *ends}
    assert set(result["check"]) == {"measure", "leaderboard", "targets", "verdict", "notes"}
    models = {"Recurrent", "Naive", "SeasonalNaive", "Drift", "Linear"}
    assert {row["model"] for row in result["check"]["leaderboard"]} == models
    assert result["unchecked"] is None


def test_forecast_writes_what_it_is_asked_for_and_predict_repeats_it(csv, tmp_path, capsys):
    out, model, picture = tmp_path / "out.csv", tmp_path / "sales.loopcast", tmp_path / "plot.png"
    options = ("--no-check", "--output", str(out), "--save", str(model), "--plot", str(picture))
    assert forecast(csv, *options) == 0
    assert picture.stat().st_size > 1000
    again, page = tmp_path / "again.parquet", tmp_path / "p.html"
    asked = ("--level", "80,95", "--output", str(again), "--plot", str(tmp_path / "p.svg"), "--report", str(page))
    assert run(["predict", str(model), str(csv), *asked]) == 0
    assert "Recurrent" in page.read_text()
    assert pl.read_parquet(again).equals(pl.read_csv(out, schema=pl.read_parquet_schema(again)))
    assert run(["predict", str(model), str(csv), "--horizon", "5", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out.splitlines()[-1])["forecast"]) == 10


def test_forecast_takes_other_column_names_and_keeps_them(tmp_path, capsys):
    path = tmp_path / "shop.csv"
    pl.DataFrame({"shop": ["x"] * 30, "day": range(30), "sold": range(30)}).write_csv(path)
    assert forecast(path, "--no-check", "--id", "shop", "--time", "day", "--target", "sold") == 0
    assert capsys.readouterr().out.splitlines()[0].split()[:3] == ["shop", "day", "Recurrent"]


def test_a_target_without_a_name_is_refused(csv, capsys):
    assert forecast(csv, "--target", "y,") != 0
    assert "--target is one name, or several with commas between" in " ".join(capsys.readouterr().err.split())


def test_a_history_too_short_to_compare_on_is_forecast_and_that_is_said(csv, capsys):
    assert run(["forecast", str(csv), "--horizon", "8", "--season", "30", *SMALL]) == 0
    assert "Not compared with the baselines: even the longest series 'a' has 40 steps" in capsys.readouterr().out


def test_series_too_short_to_compare_on_are_left_out_of_the_comparison_alone(tmp_path, capsys):
    path = tmp_path / "sales.csv"
    rows = {"unique_id": ["long"] * 40 + ["new"] * 6, "ds": [*range(40), *range(6)], "y": [t % 4 for t in range(46)]}
    pl.DataFrame(rows).write_csv(path)
    assert forecast(path, "--season", "4", "--plot", str(tmp_path / "plot.svg")) == 0
    out = capsys.readouterr().out
    assert "Compared on 1 of 2 series: the others have fewer than 11 steps." in out
    assert sum(line.startswith("new ") for line in out.splitlines()) == 3
    assert "Linear" in out


def test_a_horizon_longer_than_what_a_comparison_leaves_is_no_error(csv, capsys):
    assert run(["forecast", str(csv), "--horizon", "20", "--season", "4", "--model", "Linear", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "Not compared with the baselines: even the longest series 'a' has 40 steps" in out
    assert "No intervals: calibrating intervals takes 20 rows and 25 before them" in out


def test_levels_are_those_asked_for_or_none(csv, capsys):
    assert forecast(csv, "--no-check", "--level", "90") == 0
    assert capsys.readouterr().out.splitlines()[0].split()[2:] == ["Recurrent", "Recurrent-lo-90", "Recurrent-hi-90"]
    assert forecast(csv, "--no-check", "--level", "none") == 0
    assert capsys.readouterr().out.splitlines()[0].split()[2:] == ["Recurrent"]


def test_a_level_that_was_asked_for_and_cannot_be_had_is_an_error(csv, capsys):
    asked = ("--horizon", "20", "--season", "4", "--model", "Linear", "--no-check", "--level", "90", "--quiet")
    assert run(["forecast", str(csv), *asked]) == 2
    assert "calibrating intervals takes 20 rows" in capsys.readouterr().err


def test_without_options_of_a_network_auto_chooses_and_says_what_it_took(csv, capsys):
    assert run(["forecast", str(csv), "--horizon", "3", "--season", "4", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[2:] == ["Auto", "Auto-lo-80", "Auto-hi-80", "Auto-lo-95", "Auto-hi-95"]
    assert sum(line.startswith("Auto took loopcast.") for line in lines) == 1
    assert any(line.startswith("Auto ") and len(line.split()) > 4 for line in lines)


def test_the_pretrained_network_is_a_model_of_its_own(csv, tmp_path, capsys):
    model = tmp_path / "model"
    asked = ("--horizon", "3", "--model", "Pretrained", "--season", "4", "--quiet", "--json")
    assert run(["forecast", str(csv), *asked, "--save", str(model)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "synthetic series" in result["models"]["Pretrained"]
    assert run(["predict", str(model), str(csv), "--level", "80,95", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["forecast"] == result["forecast"]


def test_auto_chooses_within_its_budget_and_can_be_kept(csv, tmp_path, capsys):
    model = tmp_path / "auto.loopcast"
    asked = ("--horizon", "2", "--model", "Auto", "--budget", "1s", "--no-check", "--save", str(model), "--quiet")
    assert run(["forecast", str(csv), *asked, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert "the best of" in result["models"]["Auto"]
    assert run(["predict", str(model), str(csv), "--level", "80,95", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["forecast"] == result["forecast"]


def test_a_long_forecast_is_cut_on_the_screen_and_that_is_said(csv, capsys):
    assert run(["forecast", str(csv), "--horizon", "33", "--no-check", *SMALL]) == 0
    assert "... and 6 more rows: --output FILE.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--output", "out.ods"], "--output is a file ending in .csv or .csv.gz or"),
        (["--plot", "out.pdf"], "--plot is a file ending in .png or .svg or .html, got out.pdf"),
        (["--output", "no/such/folder/out.csv"], "there is no folder"),
        (["--season", "0"], "season is a whole number"),
        (["--output", "a.csv", "--save", "a.csv"], "--output, --save are different files"),
        (["--units", "4,x"], "such as 24,168"),
        (["--units", "0"], "units"),
        (["--cell", "transformer"], "transformer"),
        (["--target", "price"], "price"),
        (["--freq", "D"], "freq"),
        (["--colour", "red"], "--colour"),
        (["--level", "high"], "--level is percentages"),
        (["--level", "80,80"], "each once"),
        (["--report", "page.pdf"], "--report is a file ending in .html"),
        (["--budget", "soon"], "such as 60s"),
        (["--model", "Auto", "--cell", "gru"], "--cell is an option of Recurrent"),
        (["--fail-if-worse-than", "Theta"], "is one of Naive"),
    ],
)
def test_what_the_caller_can_mend_is_said_in_two_lines_with_exit_code_2(csv, options, match, capsys):
    assert run(["forecast", str(csv), "--horizon", "3", *options]) == 2
    out, err = capsys.readouterr()
    assert match in err
    assert out == ""
    assert err.count("\n") <= 2


def test_the_input_is_not_overwritten(csv, capsys):
    before = csv.read_bytes()
    assert forecast(csv, "--output", str(csv)) == 2
    assert "would overwrite" in capsys.readouterr().err
    assert csv.read_bytes() == before


@pytest.mark.parametrize("content", ["", "unique_id,ds,y\n", "\x00\x01", "unique_id,ds,y\na,1,x\na,2,3\n"])
def test_a_file_that_is_no_table_of_series_is_bad_input(content, tmp_path, capsys):
    path = tmp_path / "data.csv"
    path.write_text(content)
    assert forecast(path) == 2
    assert capsys.readouterr().err.startswith("loopcast: ")


def test_a_foreign_model_is_bad_input(csv, capsys):
    assert run(["predict", str(csv), str(csv)]) == 2
    assert "not a model file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "match"), [("none.loopcast", "no such file"), (".", "a folder, and a model is one file")]
)
def test_a_model_that_is_not_there_is_bad_input(name, match, csv, tmp_path, capsys):
    assert run(["predict", str(tmp_path / name), str(csv)]) == 2
    err = capsys.readouterr().err
    assert match in err
    assert err.count("\n") == 1


def test_a_word_that_is_no_command_is_bad_input(capsys):
    assert run(["forcast", "x.csv"]) == 2
    assert 'Did you mean "forecast"?' in capsys.readouterr().err


def test_a_file_with_empty_cells_is_forecast_and_its_check_says_what_did_not_count(tmp_path, capsys):
    path = tmp_path / "gaps.csv"
    cells = ("" if t % 5 == 2 else f"{t % 4 + t / 10:.2f}" for t in range(60))
    path.write_text("ds,y\n" + "".join(f"{t},{cell}\n" for t, cell in enumerate(cells)))
    assert forecast(path, "--season", "4") == 0
    out, err = capsys.readouterr()
    assert "values to forecast are missing in the data and count for no model." in " ".join((out + err).split())
    assert "nan" not in out.lower()


def test_two_seasons_are_those_of_what_sees_both(csv, capsys):
    assert forecast(csv, "--season", "4,12", "--no-check", "--json") == 0
    assert "seasons of 4 and of 12 steps" in json.loads(capsys.readouterr().out)["models"]["Recurrent"]
    assert run(["forecast", str(csv), "--horizon", "3", "--season", "4,12", "--model", "Theta", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("season", "said"),
    [
        ("12,4", "the second of two seasons is the longer one"),
        ("4;12", "whole numbers with commas"),
        ("0", "season is"),
    ],
)
def test_seasons_that_mean_nothing_are_refused(csv, season, said, capsys):
    assert run(["forecast", str(csv), "--horizon", "3", "--season", season, "--quiet"]) != 0
    assert said in " ".join(capsys.readouterr().err.split())


def test_several_models_have_a_column_each_and_the_page_shows_the_baselines_too(csv, tmp_path, capsys):
    page, out = tmp_path / "page.html", tmp_path / "out.csv"
    asked = ("--model", "Theta,Linear", "--report", str(page), "--output", str(out), "--quiet", "--season", "4")
    assert run(["forecast", str(csv), "--horizon", "3", *asked]) == 0
    ends = [f"-{end}-{level}" for level in (80, 95) for end in ("lo", "hi")]
    wanted = [f"{name}{end}" for name in ("Theta", "Linear") for end in ("", *ends)]
    assert pl.read_csv(out).columns == ["unique_id", "ds", *wanted]
    shown = page.read_text()
    assert all(f'"name":"{name}"' in shown for name in ("Theta", "Linear", "Naive", "SeasonalNaive", "Drift"))


@pytest.mark.parametrize("option", [("--save", "m"), ("--explain",)])
def test_what_goes_with_one_model_is_refused_for_several(csv, tmp_path, capsys, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    assert run(["forecast", str(csv), "--horizon", "3", "--model", "Theta,Linear", *option]) == 2
    assert f"{option[0]} goes with one model, and --model names 2: name one" in capsys.readouterr().err


def test_the_late_rows_alone_are_learned_from(csv, capsys):
    """A mean of the last eight rows tells them from all."""
    asked = ("--model", "Drift", "--no-check", "--level", "none", "--quiet")
    told = []
    for more in (("--last", "8"), ("--since", "32"), ()):
        assert run(["forecast", str(csv), "--horizon", "1", *asked, *more]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]


def test_a_page_leaves_out_baselines_for_which_a_series_is_too_short(tmp_path, capsys):
    rows = {"unique_id": ["a"] * 40 + ["b"] * 5, "ds": [*range(40), *range(5)], "y": [float(t % 4) for t in range(45)]}
    pl.DataFrame(rows).write_csv(tmp_path / "sales.csv")
    asked = ("--horizon", "3", "--season", "12", "--model", "Pretrained", "--report", str(tmp_path / "p.html"))
    assert run(["forecast", str(tmp_path / "sales.csv"), *asked, "--quiet"]) == 0
    assert "Compared on 1 of 2 series" in capsys.readouterr().out
    page = (tmp_path / "p.html").read_text()
    shown = [f'"name":"{name}"' in page for name in ("Pretrained", "Naive", "SeasonalNaive")]
    assert shown == [True, True, False]
