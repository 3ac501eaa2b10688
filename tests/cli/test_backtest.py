"""loopcast backtest, run in this process."""

import json

import polars as pl
import pytest

from loopcast.cli.main import run

MODELS = ("--models", "Naive,SeasonalNaive,Drift")


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "sales.csv"
    rows = {"unique_id": ["a"] * 60 + ["b"] * 60, "ds": [*range(60)] * 2, "y": [t % 4 + t / 10 for t in range(120)]}
    pl.DataFrame(rows).write_csv(path)
    return path


def backtest(csv, *options):
    """With these options, of which a later one takes the place of an earlier one of its name; a flag comes last."""
    given = {"--horizon": "3", "--season": "4"} | dict(zip(options[::2], options[1::2], strict=False))
    flags = [options[-1]] if len(options) % 2 else []
    return run(["backtest", str(csv), "--quiet", *(word for pair in given.items() for word in pair), *flags])


def test_it_prints_a_leaderboard_with_the_best_model_first_and_a_verdict(csv, capsys):
    assert backtest(csv, *MODELS) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "Forecasts of 3 steps from 3 cutoffs of 2 series (less error is better):"
    assert [line.split()[0] for line in lines[2:5]] == ["SeasonalNaive", "Drift", "Naive"]
    assert {"MASE", "sMAPE", "coverage-80", "coverage-95", "fit_seconds"} < set(lines[1].split())
    assert lines[-1].startswith("Use SeasonalNaive")
    assert err == ""


def test_as_json_it_is_one_object_with_the_documented_keys(csv, capsys):
    assert backtest(csv, *MODELS, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    keys = {"horizon", "n_windows", "step_size", "season", "series", "models"}
    keys |= {"measure", "leaderboard", "targets", "verdict", "notes"}
    assert set(result) == {"loopcast", *keys}
    assert result["models"]["Drift"]["code"] == "loopcast.Drift(horizon=3)"


def test_it_writes_every_forecast_and_a_page(csv, tmp_path):
    output, page = tmp_path / "all.csv", tmp_path / "page.html"
    assert backtest(csv, *MODELS, "--output", str(output), "--report", str(page), "--series", "b") == 0
    table = pl.read_csv(output)
    assert table.height == 2 * 3 * 3
    assert table.columns[:6] == ["unique_id", "ds", "cutoff", "y", "Naive", "Naive-lo-80"]
    assert "SeasonalNaive" in page.read_text()


def test_a_network_is_compared_and_its_seeds_are_spread(csv, capsys):
    assert backtest(csv, "--models", "Naive,GRU", "--seeds", "2", "--n-windows", "1", "--level", "none", "--json") == 0
    rows = {row["model"]: row for row in json.loads(capsys.readouterr().out)["leaderboard"]}
    assert rows["GRU"]["seed_spread"] > 0
    assert rows["Naive"]["seed_spread"] is None


@pytest.mark.parametrize(("baseline", "code"), [("Naive", 0), ("SeasonalNaive", 3)])
def test_a_pipeline_fails_where_the_first_model_is_worse_than_the_one_named(csv, capsys, baseline, code):
    assert backtest(csv, "--models", "Drift", "--fail-if-worse-than", baseline) == code
    err = capsys.readouterr().err
    assert ("Drift is worse than SeasonalNaive: MASE" in err) == (code == 3)


def test_what_is_finished_is_kept_in_a_folder(csv, tmp_path, capsys):
    folder = tmp_path / "kept"
    assert backtest(csv, *MODELS, "--cache-dir", str(folder)) == 0
    first = capsys.readouterr().out
    assert len(list(folder.glob("*.result"))) == 3
    assert backtest(csv, *MODELS, "--cache-dir", str(folder)) == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--models", "Naive,Prophet"], "there is no model 'Prophet'"),
        (["--models", "Naive,Naive"], "named once"),
        (["--n-windows", "0"], "n_windows is a whole number"),
        (["--n-windows", "99"], "99 windows of 3 steps need series of"),
        (["--horizon", "0"], "horizon is a whole number"),
        (["--refit", "often"], "--refit is never, always or a number"),
        (["--level", "0"], "percentages from 1 to below 100"),
        (["--budget", "0s"], "a time budget"),
        (["--report", "page.txt"], "--report is a file ending in .html"),
        (["--fail-if-worse-than", "Prophet"], "there is no model 'Prophet'"),
        (["--models", "Naive", "--fail-if-worse-than", "Naive"], "another model to compare it with"),
    ],
)
def test_what_the_caller_can_mend_is_said_with_exit_code_2(csv, options, match, capsys):
    assert backtest(csv, *MODELS, *options) == 2
    assert match in capsys.readouterr().err


def test_in_processes_it_writes_the_same_forecasts(csv, tmp_path):
    outputs = [tmp_path / f"{jobs}.csv" for jobs in (1, 2)]
    for jobs, output in enumerate(outputs, 1):
        assert backtest(csv, *MODELS, "--jobs", str(jobs), "--output", str(output)) == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
