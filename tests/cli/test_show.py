"""loopcast show, as a shell runs it."""

import json
import subprocess
import sys

import numpy as np

from loopcast import Imputer, Naive, Panel


def show(*arguments):
    code = "from loopcast.cli.main import main; main()"
    return subprocess.run([sys.executable, "-c", code, "show", *arguments], capture_output=True, text=True, check=False)


def saved(path):
    panel = Panel.from_array(np.arange(20.0).reshape(1, 20, 1), start="2024-01-01", freq="D")
    model = Naive(horizon=2).fit(panel)
    model.save(path, tags={"owner": "anna"})
    return model


def test_a_file_says_what_was_fitted_on_what_and_its_tags(tmp_path):
    path = tmp_path / "model.loopcast"
    saved(path)
    done = show(str(path))
    assert done.returncode == 0, done.stderr
    assert "repeats the last value" in done.stdout
    assert "20 rows of 1 series, 2024-01-01" in done.stdout
    assert "owner" in done.stdout
    assert "anna" in done.stdout


def test_json_has_the_same_as_plain_values(tmp_path):
    path = tmp_path / "model.loopcast"
    saved(path)
    facts = json.loads(show(str(path), "--json").stdout)
    assert (facts["kind"], facts["frequency"], facts["tags"]) == ("Naive", "D", {"owner": "anna"})
    assert facts["options"]["horizon"] == 2
    assert facts["fitted"]["rows"] == 20


def test_a_file_that_is_no_model_is_named_in_one_line(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("ds,y\n1,2\n")
    done = show(str(path))
    assert done.returncode != 0
    assert "series.csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_imputer_is_shown_too(tmp_path):
    path = tmp_path / "imputer.loopcast"
    values = np.sin(np.arange(60.0)).reshape(1, 60, 1)
    values[0, 20:23] = np.nan
    Imputer(units=(4,), updates=2, show_progress=False).fit(Panel.from_array(values)).save(path)
    done = show(str(path))
    assert done.returncode == 0, done.stderr
    assert "60 rows of 1 series" in done.stdout
