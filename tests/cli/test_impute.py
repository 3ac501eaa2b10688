"""loopcast impute, run in this process."""

import json

import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast.cli.main import run

QUICK = ("--updates", "3", "--quiet")  # what is tested is not how well gaps are filled


@pytest.fixture
def csv(tmp_path):
    path, rng = tmp_path / "air.csv", np.random.default_rng(0)
    t = np.arange(120)
    rows = {"site": ["x"] * 120, "hour": t, "co": np.sin(t / 4), "no2": np.cos(t / 4), "note": [f"n{i}" for i in t]}
    hide = {
        name: pl.when(pl.Series(rng.uniform(size=120) < 0.2)).then(None).otherwise(pl.col(name))
        for name in ("co", "no2")
    }
    pl.DataFrame(rows).with_columns(**hide).write_csv(path)
    return path


def impute(csv, *options):
    return run(["impute", str(csv), "--id", "site", "--time", "hour", "--target", "co,no2", *QUICK, *options])


def test_it_says_what_it_filled_and_how_far_off_each_way_is(csv, capsys):
    assert impute(csv) == 0
    out, err = capsys.readouterr()
    missing = pl.read_csv(csv).select("co", "no2").null_count().sum_horizontal()[0]
    assert out.startswith(f"Filled {missing} of 240 values in 1 series.")
    assert {"network", "linear", "seasonal", "mean"} < set(out.split())
    assert err == ""


def test_the_table_comes_back_with_only_its_empty_cells_changed_and_marked(csv, tmp_path):
    output = tmp_path / "filled.csv"
    assert impute(csv, "--output", str(output), "--level", "80") == 0
    came, got = pl.read_csv(csv), pl.read_csv(output)
    assert got.columns[:5] == came.columns
    assert got["note"].equals(came["note"])
    for name in ("co", "no2"):
        assert got[name].null_count() == 0
        assert got.filter(came[name].is_not_null())[name].equals(came[name].drop_nulls())
        assert got[f"{name}-imputed"].equals(came[name].is_null().rename(f"{name}-imputed"))
        assert got[f"{name}-lo-80"].is_null().equals(came[name].is_not_null())


def test_times_without_a_row_are_filled_where_asked(csv, tmp_path, capsys):
    gapped, output = tmp_path / "gapped.csv", tmp_path / "filled.parquet"
    pl.read_csv(csv).filter(pl.col("hour") != 50).write_csv(gapped)
    assert impute(gapped) == 2
    assert "--gaps insert" in capsys.readouterr().err
    assert impute(gapped, "--gaps", "insert", "--output", str(output)) == 0
    got = pl.read_parquet(output)
    assert got["hour"].to_list() == list(range(120))
    assert got["note"][50] is None


def test_it_draws_the_gaps_and_prints_json(csv, tmp_path, capsys):
    page = tmp_path / "page.html"
    assert impute(csv, "--report", str(page), "--mode", "causal", "--best", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"loopcast", "chosen", "scores", "series", "values", "filled"}
    assert {row["method"] for row in result["scores"]} == {"network", "last value"}
    assert "How far off each method is" in page.read_text()


def test_what_was_learned_fills_another_file_without_training_and_columns_are_found_by_name(csv, tmp_path, capsys):
    model, one, other = tmp_path / "m.loopcast", tmp_path / "one.csv", tmp_path / "other.csv"
    assert impute(csv, "--save", str(model), "--output", str(one)) == 0
    turned = tmp_path / "turned.csv"
    pl.read_csv(csv).select("note", "no2", "hour", "co", "site").write_csv(turned)
    assert run(["impute", str(turned), "--model", str(model), "--target", "no2,co", "--output", str(other)]) == 0
    assert pl.read_csv(other).select(pl.read_csv(one).columns).equals(pl.read_csv(one))
    assert "Filled" in capsys.readouterr().out


def test_targets_in_another_order_are_filled_each_in_its_own_column(csv, tmp_path):
    output = tmp_path / "filled.csv"
    options = ["--id", "site", "--time", "hour", "--target", "no2,co", *QUICK, "--output", str(output)]
    assert run(["impute", str(csv), *options]) == 0
    came, got = pl.read_csv(csv), pl.read_csv(output)
    assert got.columns[:5] == came.columns
    for name in ("co", "no2"):
        assert got.filter(came[name].is_not_null())[name].equals(came[name].drop_nulls())


def test_a_model_of_another_kind_other_columns_and_options_of_training_are_refused(csv, tmp_path, capsys):
    model, naive = tmp_path / "m.loopcast", tmp_path / "naive.loopcast"
    assert impute(csv, "--save", str(model)) == 0
    loopcast.Naive().fit(np.arange(9.0)).save(naive)
    for options, match in {
        ("impute", str(csv), "--model", str(naive)): "does not fill gaps: load, or loopcast predict",
        ("impute", str(csv), "--model", str(model), "--updates", "5"): "--updates is for training",
        ("impute", str(csv), "--model", str(model), "--target", "co"): "the model was fitted on 'co', 'no2'",
        ("predict", str(model), str(csv)): "does not forecast: load_imputer, or loopcast impute",
    }.items():
        assert run(list(options)) == 2
        assert match in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--output", "out.txt"], "--output is a file ending in"),
        (["--level", "99.9"], "go up to 99%"),
        (["--mode", "both"], "both"),
        (["--season", "0"], "season is a whole number"),
    ],
)
def test_what_the_caller_can_mend_is_said_with_exit_code_2(csv, options, match, capsys, tmp_path):
    report = ["--report", str(tmp_path / "p.html")] if "--level" in options else []
    assert impute(csv, *options, *report) == 2
    assert match in capsys.readouterr().err
