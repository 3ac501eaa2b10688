"""A run is kept in a file, and repeated from it."""

import tomllib

import polars as pl
import pytest

from loopcast.cli.config import with_config
from loopcast.cli.main import app, run


@pytest.fixture
def sales(tmp_path):
    path = tmp_path / "sales.csv"
    pl.DataFrame({"ds": range(40), "y": [t % 4 + t / 10 for t in range(40)]}).write_csv(path)
    return path


def test_a_run_that_was_kept_is_repeated_from_any_folder(sales, tmp_path, capsys, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    asked = ["forecast", "sales.csv", "--horizon", "3", "--model=Naive,Drift", "--no-check", "--quiet", "--output", "-"]
    assert run([*asked, "--level", "80", "--lower=-5", "--write-config", "runs/run.toml"]) == 0
    said = capsys.readouterr().out
    monkeypatch.chdir("/")
    assert run(["forecast", "--config", str(tmp_path / "runs" / "run.toml")]) == 0
    assert capsys.readouterr().out == said
    kept = tomllib.loads((tmp_path / "runs" / "run.toml").read_text())
    assert kept == {
        "command": "forecast", "file": "../sales.csv", "horizon": 3, "level": "80", "model": "Naive,Drift",
        "lower": "-5", "check": False, "output": "./-", "quiet": True,
    }  # fmt: skip


def test_what_is_typed_comes_before_what_a_file_says(sales, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('file = "sales.csv"\nhorizon = 3\ncheck = false\nna = ["NA", "-200"]\n')
    whole = with_config(app, ["forecast", "other.csv", "--config", str(config), "--check", "--horizon", "5"])
    assert whole[:2] == ["forecast", "other.csv"]
    assert set(whole[2:]) == {"--horizon=5", "--na=NA,-200", "--check"}
    assert with_config(app, ["forecast", "--config", str(config)])[1] == str(tmp_path / "sales.csv")


def test_files_of_a_list_are_kept_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tokens = ["forecast-files", "a.parquet", "b.parquet", "--output", "out", "--horizon", "2"]
    whole = with_config(app, [*tokens, "--write-config", "run.toml"])
    assert tomllib.loads((tmp_path / "run.toml").read_text())["files"] == ["a.parquet", "b.parquet"]
    again = with_config(app, ["forecast-files", "--config", "run.toml"])
    assert again == whole == ["forecast-files", "a.parquet", "b.parquet", "--output=out", "--horizon=2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("horizn = 3\n", "has no 'horizn'; did you mean 'horizon'?"),
        ("horizon = \n", "is no TOML"),
        ('command = "backtest"\n', "is of loopcast backtest, and this is loopcast forecast"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text, said, tmp_path, capsys):
    (tmp_path / "run.toml").write_text(text)
    assert run(["forecast", "--config", str(tmp_path / "run.toml")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["--config", "run.toml"], "goes with a command"),
        (["forecast", "--config"], "--config is one file"),
        (["forecast", "--config", "a.toml", "--config", "b.toml"], "--config is one file"),
        (["forecast", "a.csv", "b.csv", "--write-config", "r.toml"], "one argument too many"),
        (["forecast", "a.csv", "--horizn", "3", "--write-config", "r.toml"], "did you mean '--horizon'?"),
        (["forecast", "a.csv", "--write-config", "r.toml"], "--horizon"),
        (["forecast", "a.csv", "--horizon", "3", "--write-config", "r.txt"], "ending in .toml"),
    ],
)
def test_what_cannot_be_kept_or_read_is_refused_and_nothing_is_written(tokens, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(tokens) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
