"""What others write never acts on a terminal out of a message, and no value of theirs drowns what is said of it."""

import numpy as np
import polars as pl
import pytest

from loopcast.columns import NO_BANDS, Columns
from loopcast.data.convert import as_panel
from loopcast.data.fill_table import fill_table
from loopcast.data.frequency import Frequency
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.prediction import missing_prediction, to_table
from loopcast.data.prediction_table import read_predictions
from loopcast.data.read import read
from loopcast.errors import LoopcastError, brief, printable, quote, quote_all, reason

EVIL = "\x1b[31m\n\r\u202e" + "x" * 500
NAMES = Columns(id=EVIL + "id", time=EVIL + "time", target=EVIL + "y")
HISTORY = pl.DataFrame({NAMES.id: [EVIL] * 3 + ["b"] * 3, NAMES.time: [1, 2, 3] * 2, NAMES.target: [1.0] * 6})
PANEL = Panel.from_table(HISTORY, NAMES)
COVARIATES = Columns(id=NAMES.id, time=NAMES.time, target=NAMES.target, future=[EVIL + "price"], static=[EVIL + "code"])


def changed(name: str, cells) -> pl.DataFrame:
    return HISTORY.with_columns(pl.Series(name, cells))


def with_covariates(**code) -> Panel:
    table = HISTORY.with_columns(
        pl.Series(EVIL + "price", [1.0] * 6), pl.Series(EVIL + "code", code.get("code", ["a"] * 6))
    )
    return Panel.from_table(table, COVARIATES)


def forecasts(**more) -> pl.DataFrame:
    return pl.DataFrame({NAMES.id: [EVIL, "b"], NAMES.time: [4, 4], EVIL + "M": [1.0, 2.0]} | more)


WAYS = {
    "text among numbers": lambda: Panel.from_table(changed(NAMES.target, [EVIL] * 6), NAMES),
    "a unit": lambda: Panel.from_table(changed(NAMES.target, ["5 " + EVIL] * 6), NAMES),
    "no time": lambda: Panel.from_table(changed(NAMES.time, [EVIL] * 6), NAMES),
    "days": lambda: Panel.from_table(changed(NAMES.time, ["31/12/2020", "1/1/2021", "2/1/2021"] * 2), NAMES),
    "months": lambda: Panel.from_table(changed(NAMES.time, [202301, 202302, 202303] * 2), NAMES),
    "a time twice": lambda: Panel.from_table(changed(NAMES.time, [1, 1, 2] * 2), NAMES),
    "a time back": lambda: Panel.from_table(changed(NAMES.time, [2, 1, 3] * 2), NAMES),
    "a gap": lambda: Panel.from_table(changed(NAMES.time, [1, 2, 4] * 2), NAMES),
    "off the calendar": lambda: Panel.from_table(changed(NAMES.time, [1, 2, 4] * 2), NAMES, freq=2),
    "an infinite value": lambda: Panel.from_table(changed(NAMES.target, [np.inf] * 6), NAMES),
    "a missing id": lambda: Panel.from_table(changed(NAMES.id, [None] * 6), NAMES),
    "ids of another type": lambda: Panel.from_table(changed(NAMES.id, [{EVIL: 1}] * 6), NAMES),
    "times of another type": lambda: Panel.from_table(
        changed(NAMES.time, pl.Series([EVIL] * 6, dtype=pl.Enum([EVIL]))), NAMES
    ),
    "a missing column": lambda: Panel.from_table(HISTORY.drop(NAMES.target), NAMES),
    "another column": lambda: Panel.from_table(HISTORY, Columns(time="ds" + EVIL)),
    "many columns": lambda: Panel.from_table(pl.DataFrame({f"{i}{EVIL}": [1] for i in range(300)})),
    "an index": lambda: Panel.from_table(HISTORY.to_pandas().set_index(NAMES.id), NAMES),
    "a pandas index without a name": lambda: Panel.from_table(
        HISTORY.to_pandas().set_index(NAMES.id).rename_axis(None), NAMES
    ),
    "a wide table": lambda: Panel.from_wide(HISTORY, time=EVIL),
    "a static covariate that changes": lambda: with_covariates(code=[EVIL, "a", "b"] * 2),
    "a static covariate of another type": lambda: with_covariates(code=pl.Series([{EVIL: 1}] * 6)),
    "a constant covariate": lambda: with_covariates().require_informative(),
    "no future": lambda: with_covariates().require_future(2),
    "a future of text": lambda: with_covariates().with_future(forecasts(**{EVIL + "price": [EVIL, "b"]})),
    "rows": lambda: PANEL.last(9),
    "no value": lambda: as_panel([np.nan]).require_any_value("a series begins with its first value"),
    "a channel": lambda: PANEL.channel(EVIL),
    "a frequency": lambda: Frequency.parse(EVIL),
    "an anchor": lambda: Frequency.parse("MS-FEB"),
    "a role twice": lambda: Columns(id=EVIL, time=EVIL),
    "a target twice": lambda: Columns(target=[EVIL, EVIL]),
    "one target": lambda: Columns(target=[f"{i}{EVIL}" for i in range(300)]).one_target,
    "a calendar": lambda: Columns(calendar=[EVIL]),
    "a start": lambda: Panel.from_series([1.0], start=EVIL),
    "a name of a forecast": lambda: forecast_table(PANEL, {NAMES.time: np.zeros((2, 1))}),
    "an alias twice": lambda: to_table([missing_prediction(EVIL, PANEL, (0,), 1, NO_BANDS)] * 2),
    "forecasts of text": lambda: read_predictions(forecasts(**{EVIL + "M": [EVIL, "b"]}), PANEL),
    "forecasts of another series": lambda: read_predictions(forecasts(**{NAMES.id: [EVIL + "c", "b"]}), PANEL),
    "forecasts without a time": lambda: read_predictions(forecasts().drop(NAMES.time), PANEL),
    "an older forecast": lambda: read_predictions(forecasts(**{NAMES.time: [1, 4]}), PANEL),
    "a filled column": lambda: fill_table(
        HISTORY.with_columns(pl.lit(1).alias(f"{NAMES.target}-imputed")),
        PANEL,
        PANEL.values.copy(),
        np.zeros((6, 1), bool),
    ),
    "a mark": lambda: fill_table(HISTORY, PANEL, PANEL.values.copy(), np.ones((6, 1), bool)),
    "another model's targets": lambda: as_panel(
        np.ones((1, 3, 2)), like=Panel.from_array(np.ones((1, 3, 2)), targets=[EVIL, "b"]).channel(EVIL).schema
    ),
    "a file that is not there": lambda: read(EVIL[:60] + ".csv"),
    "a file of another ending": lambda: read(EVIL[:60]),
}


@pytest.mark.parametrize("case", WAYS)
def test_no_message_holds_what_acts_on_a_terminal_or_a_value_at_length(case):
    with pytest.raises(LoopcastError) as caught:
        WAYS[case]()
    message = str(caught.value)
    assert message.isprintable(), message
    assert "x" * 81 not in message
    assert len(message) < 3000


@pytest.mark.parametrize(
    "content",
    [
        b"ds,y\n1,1,1\n",
        b"ds,y\n1\n2,2\n",
        b'ds,y\n1,"a\n',
        b"ds;y\n1;1\n",
        b"ds,y\r1,1\r",
        b"ds,y\n1,\xff\n",
        b"",
        b"x",
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_names_of_files_are_printable_in_messages(content, ending, tmp_path):
    path = tmp_path / f"\x1b[31m\n{ending}"
    path.write_bytes(content)
    with pytest.raises(LoopcastError) as caught:
        read(path)
    assert str(caught.value).isprintable()


def test_what_is_quoted_is_cut_at_80_characters_and_10_entries():
    assert quote("a" * 78) == repr("a" * 78)
    assert quote("a" * 79) == "'" + "a" * 78 + "…"
    assert quote(np.zeros((9, 9))).isprintable()
    assert len(quote(EVIL)) == 80
    assert quote_all("abc") == "'a', 'b', 'c'"
    assert quote_all(range(10)).endswith("9")
    assert quote_all(range(11)).endswith("9, …")
    assert printable("Zürich 東京") == "Zürich 東京"
    assert brief("a\x1b") == "a\\x1b"
    assert reason(ValueError("one\ntwo")) == "one"
