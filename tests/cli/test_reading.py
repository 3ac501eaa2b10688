"""Options of commands that say how a file is written, run in this process."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from loopcast.cli.main import run

QUICK = ("--horizon", "2", "--models", "Naive,Drift", "--level", "none", "--quiet")
GERMAN = "Tag;Umsatz;Aktion\n" + "".join(
    f"{t % 28 + 1}.{t // 28 + 1}.2023;1.{100 + t % 7 * 13},5;{'ja' if t % 5 else 'Rabatt'}\n" for t in range(84)
)
OPTIONS = ("--time", "Tag", "--target", "Umsatz", "--separator", ";", "--decimal", ",", "--thousands", ".",
           "--time-format", "%d.%m.%Y", "--resample", "3D", "--aggregate", "sum")  # fmt: skip


@pytest.fixture
def german(tmp_path):
    path = tmp_path / "german.csv"
    path.write_text(GERMAN)
    return path


def standard(monkeypatch, text):
    """Standard input that holds a text."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))


def test_a_file_is_read_as_stated_and_what_was_done_to_its_rows_is_said(german, capsys):
    assert run(["backtest", str(german), *QUICK, *OPTIONS, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["series"] == 1
    assert err.startswith("Resampled 84 rows to 30 steps of 3D, each the sum of its rows; ")
    assert len(err.splitlines()) == 1


def test_standard_input_and_output_take_a_table_each(german, monkeypatch, capsysbinary):
    standard(monkeypatch, GERMAN)
    assert run(["backtest", "-", *QUICK, *OPTIONS, "--output", "-"]) == 0
    out = capsysbinary.readouterr().out
    table = pl.read_csv(out)
    assert table.columns == ["Tag", "cutoff", "Umsatz", "Naive", "Drift"]
    assert table.height == 6


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.tsv", "o.parquet", "o.feather", "o.xlsx"])
def test_results_are_written_in_the_format_of_the_ending(german, name, tmp_path):
    output = tmp_path / name
    assert run(["backtest", str(german), *QUICK, *OPTIONS, "--output", str(output)]) == 0
    data = output.read_bytes()
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    read = {".parquet": pl.read_parquet, ".feather": pl.read_ipc, ".xlsx": pl.read_excel}.get(output.suffix)
    table = read(io.BytesIO(data)) if read else pl.read_csv(data, separator="\t" if "tsv" in name else ",")
    assert table.columns == ["Tag", "cutoff", "Umsatz", "Naive", "Drift"]
    assert table.height == 6


def test_text_is_shown_to_models_as_categories_and_again_to_saved_ones(german, tmp_path, capsys):
    known = ["--time", "Tag", "--target", "Umsatz", "--separator", ";", "--decimal", ",", "--thousands", "."]
    known += ["--time-format", "%d.%m.%Y", "--gaps", "insert"]
    shown = [*known, "--past-covariates", "Aktion", "--categories", "Aktion"]
    assert run(["backtest", str(german), *QUICK, *shown, "--json"]) == 0
    from loopcast import Columns, Linear, ReadOptions, read

    options = ReadOptions(separator=";", decimal=",", thousands=".", time_format="%d.%m.%Y", categories=["Aktion"])
    columns = Columns(time="Tag", target="Umsatz", past=["Aktion"])
    model = Linear(horizon=2).fit(read(german, columns=columns, gaps="insert", options=options))
    model.save(tmp_path / "model")
    assert model.model.schema.columns.past == ("Aktion=Rabatt", "Aktion=ja")
    capsys.readouterr()
    assert run(["predict", str(tmp_path / "model"), str(german), *known[4:], "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["forecast"]) == 2


def test_gaps_are_filled_in_a_file_that_is_written_otherwise(tmp_path):
    rng, path, output = np.random.default_rng(0), tmp_path / "air.csv", tmp_path / "filled.csv"
    rows = [f"{t};{'' if t % 9 == 4 else str(round(rng.normal(), 2)).replace('.', ',')};x{t}" for t in range(90)]
    path.write_text("\n".join(["ds;y;note", *rows]) + "\n")
    options = ["--separator", ";", "--decimal", ",", "--updates", "2", "--quiet", "--output", str(output)]
    assert run(["impute", str(path), *options]) == 0
    filled = pl.read_csv(output)
    assert filled.columns[:4] == ["ds", "y", "note", "y-imputed"]
    assert filled["y"].null_count() == 0
    assert filled["note"].to_list() == [f"x{t}" for t in range(90)]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--separator", ";;"), "separator is one character"),
        (("--decimal", ";"), "--decimal"),
        (("--resample", "1h"), "resample and aggregate go together"),
        (("--encoding", "latin-x"), "no encoding 'latin-x'"),
        (("--na", "NA,"), "--na is one name"),
        (("--output", "out.ods"), "--output is a file ending in"),
    ],
)
def test_options_that_mean_nothing_end_in_one_line(german, options, says, capsys):
    assert run(["backtest", str(german), *QUICK, *options]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines()) <= 2) == ("", True)
    assert says in err
