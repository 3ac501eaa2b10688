"""Names of others in what a command prints and writes: whatever they hold, they are text."""

import os
import subprocess
import sys

import polars as pl
import pytest

from loopcast import Naive, read
from loopcast.cli import printing
from loopcast.cli.main import run

ESCAPES = "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202etxt"
PROGRAM = "from loopcast.cli.main import main; main()"


def series_file(folder, ids):
    rows = [f"{name},{row},{row % 4}" for name in ids for row in range(40)]
    path = folder / "data.csv"
    path.write_text("\n".join(["unique_id,ds,y", *rows]) + "\n", encoding="utf-8")
    return path


BACKTEST = ["--horizon", "2", "--models", "Naive,Drift", "--level", "none"]
QUICK = ["--horizon", "2", "--updates", "2", "--units", "2", "--no-check", "--level", "none", "--quiet"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_ids_that_the_terminal_has_no_letters_for_are_spelled_out(encoding, tmp_path):
    path, model = series_file(tmp_path, ["日本→é"]), tmp_path / "model"
    Naive(horizon=2).fit(read(path)).save(model)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "predict", str(model), str(path)],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "日本→é".encode(encoding, "backslashreplace") in done.stdout


def test_no_escape_sequence_of_an_id_or_column_reaches_the_terminal(tmp_path, capsys):
    path = series_file(tmp_path, [ESCAPES, "plain"])
    assert run(["forecast", str(path), *QUICK]) == 0
    bad = tmp_path / "bad.csv"
    bad.write_text(f"ds,{ESCAPES}\n1,2\n", encoding="utf-8")
    assert run(["backtest", str(bad), "--target", ESCAPES, *BACKTEST]) == 2
    assert run(["backtest", f"{ESCAPES}.csv", *BACKTEST]) == 2
    said = "".join(capsys.readouterr())
    assert "\\x1b[31mred" in said
    assert not set("\x1b\x07\x9b\u202e") & set(said)


def test_a_cell_of_several_lines_is_one_line_of_a_table(capsys):
    printing.show(pl.DataFrame({"a\nb": ["one\ttwo\r\nthree"]}))
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["a\\nb", "one\\ttwo\\r\\nthree"]


FORMULAS = pl.DataFrame(
    {
        "=id": ["=1+1", "+a", "-cmd", "@sum", "a=b", "-3.5", None],
        "kind": pl.Series(["=x", *"abcdef"], dtype=pl.Categorical),
        "y": [-1.0, -2.0, 3.0, None, 4.0, 5.0, 6.0],
    }
)


def test_text_that_a_spreadsheet_would_compute_is_marked_where_that_is_asked_for_and_numbers_are_not(tmp_path):
    printing.write_table(FORMULAS, tmp_path / "plain.csv")
    assert pl.read_csv(tmp_path / "plain.csv")["=id"][0] == "=1+1"
    printing.write_table(FORMULAS, tmp_path / "safe.csv", safe_csv=True)
    safe = pl.read_csv(tmp_path / "safe.csv")
    assert safe["'=id"].to_list() == ["'=1+1", "'+a", "'-cmd", "'@sum", "a=b", "-3.5", None]
    assert safe["kind"].to_list() == ["'=x", *"abcdef"]
    assert safe["y"].to_list() == FORMULAS["y"].to_list()
    printing.write_table(FORMULAS, tmp_path / "table.parquet", safe_csv=True)
    assert pl.read_parquet(tmp_path / "table.parquet")["=id"].to_list() == FORMULAS["=id"].to_list()


def test_commands_mark_such_text_with_safe_csv(tmp_path):
    path, output = series_file(tmp_path, ["=1+1"]), tmp_path / "out.csv"
    for options, first in (([], "=1+1"), (["--safe-csv"], "'=1+1")):
        assert run(["backtest", str(path), *BACKTEST, "--output", str(output), *options]) == 0
        assert pl.read_csv(output)["unique_id"][0] == first
