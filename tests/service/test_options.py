"""Options of requests beside those of the commands, and the recipes that say how to do the same by hand."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from loopcast.cli.main import app
from loopcast.cli.main import run as command
from loopcast.columns import Columns
from loopcast.errors import DataError, OptionError
from loopcast.service import recipe
from loopcast.service.limits import Limits
from loopcast.service.options import OPTIONS, ForecastOptions, validated
from loopcast.service.request import Work
from loopcast.service.work import done

AIR = Path(__file__).parents[2] / "examples" / "air_passengers.csv"
REMEMBERED = vars(Columns()).keys() | {"past_covariates", "future_covariates"}  # by a look of the page
OWN = {"forecast": {"model"}}  # whose default is the service's own


@pytest.mark.parametrize("task", ["forecast", "backtest", "impute", "anomalies", "look"])
def test_an_option_has_the_name_and_the_default_that_the_command_has(task):
    arguments = app[task].assemble_argument_collection()
    known = {argument.name.removeprefix("--").replace("-", "_"): argument.field_info.default for argument in arguments}
    for name, field in OPTIONS[task].model_fields.items():
        if task == "look" and name in REMEMBERED:
            continue
        assert name in known, name
        if field.is_required() or name in OWN.get(task, ()):
            continue
        assert str(field.default) == str(known[name]), name


def test_a_list_is_what_the_command_line_writes_with_commas():
    asked = validated(ForecastOptions, {"horizon": "3", "level": [80, 95], "target": ["a", "b"], "units": "4,5"})
    assert (asked.level, asked.columns().targets, asked.network()) == ("80,95", ("a", "b"), {"units": (4, 5)})
    with pytest.raises(OptionError, match="horizon: Input should be greater"):
        validated(ForecastOptions, {"horizon": 0})


def forecast(**options):
    work = Work(task="forecast", options=options, path=AIR, limits=Limits(), name=str(AIR))
    return done(work)


@pytest.mark.parametrize("model", ["pretrained", "Auto"])
def test_the_command_and_the_lines_of_python_that_are_said_do_the_same(model, tmp_path):
    asked, result = forecast(horizon=2, model=model)
    command_line = recipe.command(asked, str(AIR)).split()
    assert command([*command_line[1:], "--quiet", "--output", str(tmp_path / "a.csv")]) == 0
    ours = result.table()
    assert pl.read_csv(tmp_path / "a.csv", try_parse_dates=True).equals(ours)
    lines = recipe.python(asked, str(AIR)).replace("print(", "table = (")
    told = {}
    exec(lines, told)
    assert told["table"].equals(ours)


def test_an_option_that_is_misspelled_is_named_before_the_one_that_is_missing_for_it():
    with pytest.raises(OptionError, match=r"^horizn: no option is called so.* \(and 1 more\)"):
        validated(ForecastOptions, {"horizn": 2})


def test_closed_days_are_read_as_the_command_reads_them_and_are_never_a_file(tmp_path, monkeypatch):
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(60)]
    shop = tmp_path / "shop.csv"
    pl.DataFrame({"ds": [day for day in days if day.weekday() != 6]}).with_columns(y=pl.int_range(pl.len())).write_csv(
        shop
    )
    work = Work(task="forecast", options={"horizon": 7, "closed": "sun"}, path=shop, limits=Limits(), name=str(shop))
    asked, result = done(work)
    assert 6 not in {day.weekday() for day in result.table()["ds"]}
    assert recipe.command(asked, "a.csv").split()[3:5] == ["--closed", "sun"]
    assert "freq='B-SUN'" in recipe.python(asked, "a.csv")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "days").write_text("sun\n")
    with pytest.raises(OptionError, match="'days'"):
        validated(ForecastOptions, {"horizon": 7, "closed": "days"}).step("days")
    with pytest.raises(OptionError, match="no daily step"):
        validated(ForecastOptions, {"horizon": 7, "closed": "sun", "freq": "h"}).step("sun")


def test_no_cure_is_named_that_would_fail_on_the_calendar_that_was_stated(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("date,sales\n" + "".join(f"2024-01-{day:02d},{day % 7}\n" for day in range(1, 29)))
    for freq, cured in ((None, True), ("D", True), ("h", False)):
        options = {"horizon": 2, **({"freq": freq} if freq else {})}
        with pytest.raises(DataError) as caught:
            done(Work(task="forecast", options=options, path=path, limits=Limits()))
        assert hasattr(caught.value, "cure") == cured


def test_limits_are_kept_before_anything_is_computed():
    limits = Limits(rows=100, series=1, horizon=50)
    for options, said in ({"horizon": 51}, "at most 50 steps"), ({"horizon": 2}, "at most 100 rows"):
        work = Work(task="forecast", options=options, path=AIR, limits=limits)
        with pytest.raises(ValueError, match=said):
            done(work)


def test_the_command_line_loads_no_server():
    code = "import sys, loopcast.cli.main; assert not {'fastapi', 'pydantic', 'uvicorn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
