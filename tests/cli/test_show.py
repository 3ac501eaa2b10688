"""loopcast show, run in this process."""

import json

import numpy as np

from loopcast import Imputer, Naive, Panel
from loopcast.cli.main import run


def saved(path):
    panel = Panel.from_array(np.arange(20.0).reshape(1, 20, 1), start="2024-01-01", freq="D")
    model = Naive(horizon=2).fit(panel)
    model.save(path, tags={"owner": "anna"})
    return model


def test_a_file_says_what_was_fitted_on_what_and_its_tags(tmp_path, capsys):
    path = tmp_path / "model.loopcast"
    saved(path)
    assert run(["show", str(path)]) == 0
    said = capsys.readouterr().out
    assert "repeats the last value" in said
    assert "20 rows of 1 series, 2024-01-01" in said
    assert "owner" in said
    assert "anna" in said


def test_json_has_the_same_as_plain_values(tmp_path, capsys):
    path = tmp_path / "model.loopcast"
    saved(path)
    assert run(["show", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["frequency"], facts["tags"]) == ("Naive", "D", {"owner": "anna"})
    assert facts["options"]["horizon"] == 2
    assert facts["fitted"]["rows"] == 20


def test_a_file_that_is_no_model_is_named_in_one_line(tmp_path, capsys):
    path = tmp_path / "series.csv"
    path.write_text("ds,y\n1,2\n")
    assert run(["show", str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "series.csv" in err


def test_an_imputer_is_shown_too(tmp_path, capsys):
    path = tmp_path / "imputer.loopcast"
    values = np.sin(np.arange(60.0)).reshape(1, 60, 1)
    values[0, 20:23] = np.nan
    Imputer(units=(4,), updates=2, show_progress=False).fit(Panel.from_array(values)).save(path)
    assert run(["show", str(path)]) == 0
    said = capsys.readouterr().out
    assert "60 rows of 1 series" in said
