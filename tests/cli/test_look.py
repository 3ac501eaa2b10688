"""loopcast look, and the command that an error ends with: what they say to type works."""

import datetime as dt
import json
import re
import shlex
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
import xlsxwriter

import loopcast
from loopcast import Columns, Panel
from loopcast.cli.main import run
from loopcast.data.look_closed import closing_column

DAYS = [dt.date(2023, 1, 1) + dt.timedelta(days=i) for i in range(60)]
HOURS = [dt.datetime(2023, 1, 1) + dt.timedelta(hours=i) for i in range(150)]  # noqa: DTZ001
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKS = [dt.date(2019, 1, 7) + dt.timedelta(weeks=i) for i in range(110)]
OFFSETS = [
    (dt.datetime(2023, 10, 27, tzinfo=dt.UTC) + dt.timedelta(hours=i)).astimezone(ZoneInfo("Europe/Berlin"))
    for i in range(150)
]
NUMBERS = 100 + np.random.default_rng(0).normal(0, 9, 150)
QUICK = ("--models", "Naive", "--n-windows", "1", "--level", "none", "--quiet")


def comma(number, thousands=""):
    """A number as it is written in Germany."""
    return f"{number:,.2f}".replace(",", "#").replace(".", ",").replace("#", thousands)


def lines(head, rows):
    return "\n".join([head, *rows]) + "\n"


def pairs(times, form="{}"):
    return [(form.format(time), number) for time, number in zip(times, NUMBERS, strict=False)]


# Files as they come, by name: what is in them.
DIRTY = {
    "german.csv": lines("Datum;Umsatz", [f"{t};{comma(y)}" for t, y in pairs(DAYS, "{:%d.%m.%Y}")]),
    "stores.csv": lines(
        "Datum;Filiale;Umsatz",
        [f"{t};Köln {k};{comma(1000 + y, '.')}" for k in (1, 2) for t, y in pairs(DAYS, "{:%d.%m.%Y}")],
    ).encode("cp1252"),
    "shop.csv": lines("ds,y", [f"{t},{y:.2f}" for t, y in zip(DAYS, NUMBERS, strict=False) if t.weekday() != 6]),
    "american.csv": lines(
        "date,store,sales", [f'{t},{k},"{1000 + y:,.2f}"' for k in "ab" for t, y in pairs(DAYS, "{:%m/%d/%Y}")]
    ),
    "swiss.csv": lines("Tag;Wert", [f"{t};1'{100 + i}.5" for i, (t, _) in enumerate(pairs(DAYS, "{:%d.%m.%y}"))]),
    "parts.csv": lines(
        "No,year,month,day,hour,pm2.5",
        [
            f"{i},{t.year},{t.month},{t.day},{t.hour},{'NA' if i % 17 == 3 else round(y, 1)}"
            for i, (t, y) in enumerate(zip(HOURS, NUMBERS, strict=True))
        ],
    ),
    "sensors.csv": lines(
        "Date;Time;CO(GT);;",
        [
            f"{t};{'-200' if i % 19 == 5 else comma(y)};;"
            for i, (t, y) in enumerate(pairs(HOURS, "{:%d/%m/%Y;%H.%M.%S}"))
        ]
        + [";;;;"] * 3,
    ),
    "wide.csv": lines("month,shop1,shop2", [f"{2010 + i // 12}-{i % 12 + 1:02d},{i % 7},{i % 5}" for i in range(60)]),
    "preamble.csv": lines(
        "Export of 2024\nUnit: MW\n\ntime;load", [f"{t};{y:.1f}" for t, y in pairs(HOURS, "{:%Y-%m-%d %H:%M}")]
    ),
    "jitter.csv": lines(
        "timestamp,value",
        [
            f"{t + dt.timedelta(minutes=7 * i % 50)},{y:.1f}"
            for i, (t, y) in enumerate(zip(HOURS, NUMBERS, strict=True))
        ],
    ),
    "gaps.csv": lines("ds,y", [f"{t},{y:.1f}" for i, (t, y) in enumerate(pairs(DAYS)) if i not in (10, 11, 40)]),
    "twice.csv": lines("date,amount", [f"{t},{y:.1f}" for t, y in [*pairs(DAYS), *pairs(DAYS)]]),
    "no_header.csv": lines("2022-12-31,7", [f"{t},{y:.1f}" for t, y in pairs(DAYS)]),
    "utf16.csv": lines("date\tamount", [f"{t}\t{y:.1f}" for t, y in pairs(DAYS)]).encode("utf-16"),
    "spaces.csv": lines("date , value ", [f"{t} , {y:.1f}" for t, y in pairs(DAYS)]),
    "named.tsv": lines("day\tsold", [f"{t}\t{y:.1f}" for t, y in pairs(DAYS, "{:%d %b %Y}")]),
    "afternoons.csv": lines("when,kw", [f"{t},{y:.1f}" for t, y in pairs(HOURS, "{:%m/%d/%Y %I:%M %p}")]),
    "quarters.csv": lines("period,gdp", [f"{2000 + i // 4}Q{i % 4 + 1},{i % 7}" for i in range(60)]),
    "quarters_first.csv": lines("period,gdp", [f"q{i % 4 + 1}/{2000 + i // 4},{i % 7}" for i in range(60)]),
    "year_and_week.csv": lines(
        "year,week,visits", [f"{t:%G},{t:%V},{y:.1f}" for t, y in zip(WEEKS, NUMBERS, strict=False)]
    ),
    "year_and_quarter.csv": lines("year,quarter,gdp", [f"{2000 + i // 4},Q{i % 4 + 1},{i % 7}" for i in range(60)]),
    "year_and_month.csv": lines("year,month,value", [f"{2000 + i // 12},{MONTHS[i % 12]},{i % 7}" for i in range(60)]),
    "day_and_hour.csv": lines(
        "date;hour;load", [f"{t:%d.%m.%Y};{t.hour};{y:.1f}" for t, y in zip(HOURS, NUMBERS, strict=True)]
    ),
    "hours_behind_days.csv": lines(
        "when,load", [f"{t:%d.%m.%Y %H},{y:.1f}" for t, y in zip(HOURS, NUMBERS, strict=True)]
    ),
    "year_month.csv": lines("period,value", [f"{2010 + i // 12}{i % 12 + 1:02d},{i % 7}" for i in range(60)]),
    "hour_numbers.csv": lines("time,value", [f"{t:%Y%m%d%H},{y:.1f}" for t, y in zip(HOURS, NUMBERS, strict=True)]),
    "epoch.csv": lines("timestamp,value", [f"{1_700_000_000 // 3600 * 3600 + 3600 * i},{i % 7}" for i in range(60)]),
    "clock_set_back.csv": lines(
        "time,load", [f"{t.isoformat()},{y:.1f}" for t, y in zip(OFFSETS, NUMBERS, strict=True)]
    ),
    "hint.csv": lines("sep=;\ndate;value", [f"{t};{y:.1f}" for t, y in pairs(DAYS)]),
    "months.csv": lines("period|value", [f"{i % 12 + 1:02d}/{2010 + i // 12}|{i % 7}" for i in range(60)]),
}


def shops():
    """Three shops, in two regions, with promotions; `note` is another word in each row."""
    day = [(t, shop, k) for k, shop in enumerate("abc") for t in DAYS]
    promo, sale = ["none", "gift", "cut"], ["yes", "no"]
    rows = [
        f"{t},{shop},{NUMBERS[t.day] + k:.1f},{promo[t.day * t.month % 3]},{sale[(t.day + k) % 2]},"
        f"{str(t.day % 5 > 0).upper()},{'north' if k else 'south'},note {t} {k}"
        for t, shop, k in day
    ]
    return lines("day,shop,sales,promo,sale,open,region,note", rows)


@pytest.fixture(params=DIRTY)
def dirty(request, tmp_path):
    """A file as it comes."""
    path, content = tmp_path / request.param, DIRTY[request.param]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_the_next_command_of_a_look_forecasts_the_file(dirty, capsys):
    assert run(["look", str(dirty)]) == 0
    said = capsys.readouterr().out
    command = shlex.split(said.partition("\nNext: ")[2])
    assert command[:3] == ["loopcast", "forecast", str(dirty)]
    assert run(["backtest", *command[2:], *QUICK]) == 0  # with the same options, and nothing to compile
    assert "Naive" in capsys.readouterr().out


FREQUENCIES = {
    "quarters.csv": "QS-JAN",
    "quarters_first.csv": "QS-JAN",
    "year_and_week.csv": "W-MON",
    "year_and_quarter.csv": "QS-JAN",
    "year_and_month.csv": "MS",
    "day_and_hour.csv": "h",
    "hours_behind_days.csv": "h",
    "year_month.csv": "MS",
    "hour_numbers.csv": "h",
    "epoch.csv": "h",
    "clock_set_back.csv": "h",
}


@pytest.mark.parametrize("name", FREQUENCIES)
def test_times_that_are_written_as_labels_or_numbers_are_on_their_calendar(name, tmp_path, capsys):
    path = tmp_path / name
    path.write_text(DIRTY[name])
    assert run(["look", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["frequency"], facts["missing"]) == (FREQUENCIES[name], 0)


NAMED = {
    "quarters.csv": ("--time", "period", "--target", "gdp"),
    "german.csv": ("--time", "Datum", "--target", "Umsatz"),
    "sensors.csv": ("--time", "Date,Time", "--target", "CO(GT)"),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_command_that_an_error_names_works_where_the_columns_were_named_already(name, tmp_path, capsys):
    path = tmp_path / name
    path.write_text(DIRTY[name])
    assert run(["backtest", str(path), "--horizon", "3", *NAMED[name], *QUICK]) == 2
    command = shlex.split(capsys.readouterr().err.partition("\nThis reads it: ")[2])
    assert run(command[1:]) == 0


@pytest.mark.parametrize("stated", [("--freq", "h"), ("--freq", "2D"), ("--closed", "mon")])
def test_no_command_is_named_that_would_fail_on_the_calendar_that_was_stated(stated, tmp_path, capsys):
    path = tmp_path / "sales.csv"
    path.write_text(lines("date,sales", [f"{t},{y:.1f}" for t, y in pairs(DAYS)]))
    assert run(["backtest", str(path), "--horizon", "3", *stated, *QUICK]) == 2
    assert "This reads it" not in capsys.readouterr().err


def sheet(path, before, *, by=lambda t: t):
    """A sheet of days and numbers below some rows of titles."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet()
        for row, cells in enumerate(
            [*before, ("Date", "north", "south"), *((by(t), y, 2 * y) for t, y in zip(DAYS, NUMBERS, strict=False))]
        ):
            page.write_row(row, 0, cells)


@pytest.mark.parametrize("before", [(), [("Sales 2023",), ("from the ERP",), ()], [("", "Sales")]])
def test_a_sheet_below_rows_of_titles_is_read(before, tmp_path, capsys):
    path = tmp_path / "sales.xlsx"
    sheet(path, before)
    assert run(["look", str(path)]) == 0
    said = capsys.readouterr().out
    assert ("--skip-rows" in said) == bool(before)
    command = shlex.split(said.partition("\nNext: ")[2])
    assert run(["backtest", *command[2:], *QUICK]) == 0


def test_whole_numbers_of_a_sheet_are_times_as_those_of_a_text_are(tmp_path, capsys):
    path = tmp_path / "pop.xlsx"
    sheet(path, (), by=lambda t: 1960 + (t - DAYS[0]).days)
    assert run(["look", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["first"], facts["last"], facts["frequency"]) == ("1960", "2019", "1")
    path.rename(path.with_suffix(".csv"))
    assert run(["look", str(path.with_suffix(".csv"))]) == 2
    assert ".xlsx" in capsys.readouterr().err


def test_a_look_says_which_columns_tell_series_apart_only_together(tmp_path, capsys):
    path = tmp_path / "sales.csv"
    rows = [f"{region},{product},{t},{y:.1f}" for region in "NS" for product in "xy" for t, y in pairs(DAYS)]
    path.write_text(lines("region,product,date,units", rows))
    assert run(["look", str(path)]) == 0
    assert "told apart by region and product together" in capsys.readouterr().out


NO_WAY = {
    "percent": ("date,rate", "{t},{y:.1f}%", "line 2 of .*'%' is no part of it"),
    "euro": ("date;rate", "{t};{y:.1f} €", "line 2 of .*'€' is no part of it"),
    "total": ("date,north", "{t},{y:.1f}", "line 62 of .*'Total' is no time"),
    "empty": ("date,rate", None, "it has no rows below its header"),
}


@pytest.mark.parametrize("name", NO_WAY)
def test_a_file_that_no_options_read_is_refused_for_what_is_wrong_in_it(name, tmp_path, capsys):
    head, row, said = NO_WAY[name]
    path = tmp_path / "sales.csv"
    rows = [row.format(t=t, y=y) for t, y in pairs(DAYS)] if row else []
    path.write_text(lines(head, [*rows, "Total,9"] if name == "total" else rows), encoding="utf-8")
    assert run(["look", str(path)]) == 2
    out, err = capsys.readouterr()
    assert re.search(said, err)
    assert "date (empty)" not in out or name == "empty"


@pytest.mark.parametrize(
    ("first", "said"), [(44927, "44927 is 2023-01-01"), (1_699_999_200_000, "is 2023-11-14T22:00:00")]
)
def test_a_look_says_what_whole_numbers_count_that_no_format_reads(first, said, tmp_path, capsys):
    path = tmp_path / "sales.csv"
    path.write_text(lines("day,value", [f"{first + i},{i % 7}" for i in range(60)]))
    assert run(["look", str(path)]) == 0
    assert said in capsys.readouterr().out


def test_the_next_command_is_typed_as_it_is(tmp_path, capsys):
    path = tmp_path / "german.csv"
    path.write_text(DIRTY[path.name])
    assert run(["look", str(path)]) == 0
    command = shlex.split(capsys.readouterr().out.partition("\nNext: ")[2])
    assert run([*command[1:], "--model", "Pretrained", "--no-check"]) == 0
    assert "2023-03-02" in capsys.readouterr().out


def test_the_command_that_an_error_names_works(dirty, capsys):
    assert run(["backtest", str(dirty), "--horizon", "3", *QUICK]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 2)
    command = shlex.split(err.partition("\nThis reads it: ")[2])
    assert command[:3] == ["loopcast", "backtest", str(dirty)]
    assert run(command[1:]) == 0


def test_the_command_with_columns_of_text_forecasts_with_them(tmp_path, capsys):
    path = tmp_path / "shops.csv"
    path.write_text(shops())
    assert run(["look", str(path)]) == 0
    said = capsys.readouterr().out
    assert "promo (categories), sale (yes or no), open (yes or no), region (one for each series), note (text)" in said
    command = shlex.split(said.partition("\nWith its text too: ")[2])
    assert run([*command[1:], "--model", "Linear", "--no-check", "--save", str(tmp_path / "model")]) == 0
    columns = loopcast.load(tmp_path / "model").model.schema.columns
    assert columns.past == ("sale", "open", "promo=cut", "promo=gift", "promo=none")
    assert columns.static == ("region",)


def test_text_that_is_named_as_a_covariate_is_a_category_in_the_command_that_an_error_names(tmp_path, capsys):
    path = tmp_path / "shops.csv"
    path.write_text(shops())
    asked = ["--horizon", "3", "--id", "shop", "--time", "day", "--target", "sales", "--past-covariates", "promo,sale"]
    assert run(["backtest", str(path), *asked, *QUICK]) == 2
    command = shlex.split(capsys.readouterr().err.partition("\nThis reads it: ")[2])
    assert command[command.index("--categories") + 1] == "promo"
    assert run(command[1:]) == 0


@pytest.mark.parametrize(("column", "words"), [("open", "01"), ("shut", "10"), ("open", ("no", "yes"))])
@pytest.mark.parametrize("nothing", ["0", ""])
def test_a_column_that_says_when_a_shop_is_closed_is_named_with_the_options_that_use_it(
    column, words, nothing, tmp_path, capsys
):
    path, ahead = tmp_path / "shop.csv", tmp_path / "ahead.csv"
    rows = [(t, t.weekday() != 6 and t.day != 9) for t in DAYS]
    path.write_text(
        lines(f"day,sales,{column}", [f"{t},{t.day if there else nothing},{words[there]}" for t, there in rows])
    )
    later = [DAYS[-1] + dt.timedelta(days=i) for i in range(1, 8)]
    ahead.write_text(lines(f"day,{column}", [f"{t},{words[t.weekday() != 6]}" for t in later]))
    assert run(["look", str(path)]) == 0
    said = capsys.readouterr().out
    assert (
        f"sales is 0 or empty, as on closed days: a forecast knows those ahead with --future-covariates {column}"
        in said
    )
    command = shlex.split(said.partition("\nNext: ")[2].splitlines()[0])
    more = ("--future-covariates", column, "--future", str(ahead), "--model", "Linear", "--no-check")
    assert run([*command[1:], *more]) == 0
    assert "2023-03-08" in capsys.readouterr().out


def test_a_column_of_which_neither_value_means_closed_is_not_said_to():
    panel = Panel.from_table(
        pl.DataFrame({"ds": range(40), "y": [0.0, 3, 0, 5] * 10, "promo": [1.0, 0, 0, 1] * 10}), Columns(past=["promo"])
    )
    assert closing_column(panel) is None


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("one word", ["x"] * 60),
        ("as many words as rows", [f"w{i}" for i in range(60)]),
        ("a word, and nothing", ["x", ""] * 30),
    ],
)
def test_text_that_teaches_nothing_is_not_proposed(head, words, tmp_path, capsys):
    path = tmp_path / "day.csv"
    rows = [f"{t},{y:.1f},{word}" for (t, y), word in zip(pairs(DAYS), words, strict=True)]
    path.write_text(lines(f"day,sales,{head}", rows))
    assert run(["look", str(path)]) == 0
    assert "With its text too" not in capsys.readouterr().out


def looked(tmp_path, capsys, name):
    path, content = tmp_path / name, DIRTY[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert run(["look", str(path), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_look_says_what_the_columns_span_frequency_and_gaps_are(tmp_path, capsys):
    facts = looked(tmp_path, capsys, "parts.csv")
    assert facts["columns"] == dict.fromkeys(("year", "month", "day", "hour"), "time") | {
        "No": "numbers",
        "pm2.5": "target",
    }
    assert (facts["series"], facts["rows"], facts["frequency"], facts["missing"]) == (1, 150, "h", 9)
    assert (facts["first"], facts["last"]) == ("2023-01-01 00:00:00", "2023-01-07 05:00:00")


def test_what_a_reader_has_to_decide_is_said(tmp_path, capsys):
    notes = " ".join(looked(tmp_path, capsys, "sensors.csv")["notes"])
    assert "--na -200" in notes
    assert "--aggregate sum" in " ".join(looked(tmp_path, capsys, "twice.csv")["notes"])


def test_days_that_may_be_months_are_said_to_be_either(tmp_path, capsys):
    path = tmp_path / "either.csv"
    path.write_text(lines("date,value", [f"0{i}/01/2020,{i * i}" for i in range(1, 10)]))
    assert run(["look", str(path)]) == 0
    said = capsys.readouterr().out
    assert "--time-format %d/%m/%Y" in said.partition("Next:")[2]
    assert "--time-format %m/%d/%Y" in said.partition("Next:")[0]


def test_what_the_reader_knows_stays_so(tmp_path, capsys):
    path = tmp_path / "two.csv"
    path.write_text(lines("day;a;b", [f"{t};{comma(y)};7,5" for t, y in pairs(DAYS)]))
    assert run(["look", str(path), "--target", "b"]) == 0
    assert "--target b" in capsys.readouterr().out


def test_a_file_in_which_there_is_no_series_ends_in_one_line(tmp_path, capsys):
    path = tmp_path / "words.csv"
    path.write_text("a,b\nx,y\nz,w\n")
    assert run(["look", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert run(["backtest", str(path), "--horizon", "2"]) == 2
    assert "This reads it" not in capsys.readouterr().err


def test_the_cure_of_an_error_takes_the_place_of_what_was_stated(tmp_path, capsys):
    path = tmp_path / "german.csv"
    path.write_text(DIRTY["german.csv"])
    options = ["--horizon", "2", "--models", "Naive", "--quiet"]
    assert run(["backtest", str(path), *options, "--time-format=%Y", "--target", "Umsatz"]) == 2
    assert "This reads it" not in capsys.readouterr().err  # what is stated is not changed
    assert run(["backtest", str(path), *options, "--target", "Umsatz"]) == 2
    command = shlex.split(capsys.readouterr().err.partition("\nThis reads it: ")[2])
    assert command.count("--target") == 1
    assert run(command[1:]) == 0


def test_an_excel_file_is_looked_at_too(tmp_path, capsys):
    path = tmp_path / "sales.xlsx"
    pl.DataFrame({"Tag": DAYS, "Umsatz": NUMBERS[:60]}).write_excel(path)
    assert run(["look", str(path)]) == 0
    command = shlex.split(capsys.readouterr().out.partition("\nNext: ")[2])
    assert run(["backtest", *command[2:], *QUICK]) == 0
