"""What a command writes never takes the place of what it reads, or of what is no file."""

import os
from pathlib import Path

import pytest

from loopcast.cli.main import run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes are POSIX's")


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """A folder with all that commands read, in which they run."""
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{row},{row % 4}" for row in range(40))
    Path("data.csv").write_text(f"ds,y\n{rows}\n")
    Path("future.csv").write_text("ds,x\n40,1\n")
    Path("model.csv").write_text("not read before outputs are checked")
    Path("link.csv").symlink_to("data.csv")
    Path("hard.csv").hardlink_to("model.csv")
    Path("sub").mkdir()
    return {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}


@pytest.mark.parametrize(
    "command",
    [
        "forecast data.csv --horizon 1 --output data.csv",
        "forecast data.csv --horizon 1 --output sub/../data.csv",
        "forecast data.csv --horizon 1 --save link.csv",
        "forecast link.csv --horizon 1 --output data.csv",
        "forecast data.csv --horizon 1 --future-covariates x --future future.csv --output future.csv",
        "predict model.csv data.csv --output model.csv",
        "predict model.csv data.csv --output hard.csv",
        "predict model.csv data.csv --future future.csv --output future.csv",
        "impute data.csv --model model.csv --output hard.csv",
        "impute data.csv --save data.csv",
        "backtest data.csv --horizon 1 --output link.csv",
    ],
)
def test_no_input_is_overwritten_however_it_is_spelled(command, inputs, capsys):
    assert run(command.split()) == 2
    assert "would overwrite a file that is read" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in Path().glob("*.csv")} == inputs


def test_two_outputs_are_two_files(inputs, capsys):
    assert run(["forecast", "data.csv", "--horizon", "1", "--output", "new.csv", "--save", "sub/../new.csv"]) == 2
    assert "different files" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--save /dev/full", "--save pipe", "--output closed.csv", "--save sub"])
def test_what_is_no_file_to_be_written_is_refused_before_any_work(option, inputs, capsys):
    os.mkfifo("pipe")
    Path("closed.csv").touch(0o400)
    assert run(f"forecast data.csv --horizon 1 {option}".split()) == 2
    assert f"{option.split()[0]}: {option.split()[1]} is" in capsys.readouterr().err
    assert not Path("/dev/full").is_file()
