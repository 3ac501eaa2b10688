"""--explain of loopcast forecast and loopcast predict."""

import json
import re

import polars as pl
import pytest

from loopcast.cli.main import run

AIR = "examples/air_passengers.csv"


def test_it_prints_a_sum_for_each_series(capsys):
    assert run(["forecast", AIR, "--horizon", "3", "--model", "Linear", "--explain", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "What the forecasts are made of, on average over the steps:\n  air_passengers: " in out
    assert " = level 432.0, trend +" in out


def test_json_has_every_contribution_and_only_when_asked(capsys):
    asked = ["forecast", AIR, "--horizon", "2", "--model", "Linear", "--json", "--quiet"]
    assert run(asked) == 0
    assert "explanation" not in json.loads(capsys.readouterr().out)
    assert run([*asked, "--explain"]) == 0
    found = json.loads(capsys.readouterr().out)
    sums = pl.DataFrame(found["explanation"]).group_by("ds", maintain_order=True).agg(pl.col("contribution").sum())
    assert sums["contribution"].to_list() == pytest.approx([row["Linear"] for row in found["forecast"]])


def test_the_report_has_the_sections_and_a_saved_model_explains_too(tmp_path, capsys):
    model, page, table = tmp_path / "model", tmp_path / "page.html", tmp_path / "forecast.csv"
    fitted = ["forecast", AIR, "--horizon", "3", "--model", "Pretrained", "--save", str(model), "--quiet"]
    assert run([*fitted, "--report", str(page)]) == 0
    assert "What the forecasts are made of" not in page.read_text()
    asked = ["predict", str(model), AIR, "--explain", "--report", str(page), "--output", str(table)]
    assert run(asked) == 0
    assert re.search(r"air_passengers: 4\d\d\.\d = level 470\.7, season -\d\d\.\d, ", capsys.readouterr().out)
    assert "What the forecasts are made of" in page.read_text()
    assert pl.read_csv(table).columns == ["unique_id", "ds", "Pretrained"]


def test_a_model_that_cannot_be_explained_is_refused_before_it_is_trained(capsys):
    assert run(["forecast", AIR, "--horizon", "3", "--model", "Trees", "--explain"]) == 2
    out, err = capsys.readouterr()
    assert "Trees does not say what its forecasts are made of: Linear, Pretrained" in err
    assert "Training" not in err
    assert out == ""
