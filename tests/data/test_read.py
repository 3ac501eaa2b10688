"""Panels out of files, and what a file that is not what it seems is answered."""

import gzip
import re
import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.output import forecast_table
from loopcast.data.read import read
from loopcast.data.read_options import ReadOptions
from loopcast.errors import CalendarError, ColumnError, DataError, ValuesError

GOOD = "unique_id,ds,y\na,2020-01-01,1.5\na,2020-01-02,\nb,2020-01-01,nan\nb,2020-01-02,-2e3\n"
AIR_PASSENGERS = Path(__file__).parents[2] / "examples" / "air_passengers.csv"


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "sales.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", GOOD.encode()),
        ("A.CSV", GOOD.encode()),
        ("a.csv.gz", gzip.compress(GOOD.encode(), mtime=0)),
        ("a.tsv", GOOD.replace(",", "\t").encode()),
        ("a.tsv.gz", gzip.compress(GOOD.replace(",", "\t").encode(), mtime=0)),
        ("windows.csv", GOOD.replace("\n", "\r\n").encode()),
        ("spreadsheet.csv", b"\xef\xbb\xbf" + GOOD.encode()),
        ("no_last_newline.csv", GOOD.rstrip().encode()),
        ("empty_lines_at_the_end.csv", (GOOD + "\n\r\n").encode()),
        ("quoted.csv", re.sub(r"[^,\n]+", r'"\g<0>"', GOOD).encode()),
    ],
)
def test_text_files_are_read(write, name, content):
    panel = read(write(content, name))
    assert panel.ids.to_list() == ["a", "b"]
    np.testing.assert_equal(panel.values[:, 0], np.array([1.5, np.nan, np.nan, -2000], np.float32))
    assert panel.starts.dtype == pl.Date


def test_parquet_is_read_and_answers_in_polars(tmp_path):
    frame = pl.DataFrame({"unique_id": [7, 7], "ds": [1, 2], "y": [1.0, 2.0], "other": ["x", "y"]})
    frame.write_parquet(tmp_path / "sales.parquet")
    panel = read(tmp_path / "sales.parquet")
    assert forecast_table(panel, {"m": np.zeros((1, 1))}).equals(
        pl.DataFrame({"unique_id": [7], "ds": [3], "m": [0.0]})
    )


def test_the_example_is_monthly():
    panel = read(str(AIR_PASSENGERS))
    assert (panel.n_rows, str(panel.schema.freq), panel.season) == (144, "MS", 12)
    assert panel.values[:3, 0].tolist() == [112, 118, 132]


def test_whole_numbers_stay_whole_numbers_and_other_columns_are_left_out(write):
    panel = read(write("year,ds,y,note\n1,1949,1,\n2,1950,2,fine\n"))
    assert panel.starts.to_list() == [1949]
    assert panel.schema.freq.alias == 1


def test_ids_in_text_files_are_text(write):
    assert read(write("unique_id,ds,y\n007,1,1\n007,2,2\n")).ids.to_list() == ["007"]


BAD = {
    "text": (GOOD.replace("-2e3", "n/a"), ValuesError, ["series 'b'", "line 5 of", "'y'", "'n/a'", "leave it empty"]),
    "a quoted decimal comma": (GOOD.replace("1.5", '"1,5"'), ValuesError, ["line 2 of", "'1,5'", "point, not a comma"]),
    "thousands": (GOOD.replace("1.5", '"1,500"'), ValuesError, ["'1,500'", "thousands without a comma"]),
    "spaces around a number": (GOOD.replace("1.5", " 1.5"), ValuesError, ["' 1.5'", "remove the spaces"]),
    "line ends of old Macs": (GOOD.replace("\n", "\r"), DataError, ["line 1 of", "CR alone"]),
    "a decimal comma": (GOOD.replace("1.5", "1,5"), DataError, ["line 2 of", "4 fields", "header has 3", "decimals"]),
    "infinity": (GOOD.replace("1.5", "inf"), ValuesError, ["series 'a'", "line 2 of", "inf"]),
    "too large": (GOOD.replace("1.5", "1e60"), ValuesError, ["series 'a'", "line 2 of", "1e+60", "largest 3.4e+38"]),
    "a short line": (
        GOOD.replace("b,2020-01-01,nan", "b,2020-01-01"),
        DataError,
        ["line 4 of", "2 fields", "complete"],
    ),
    "a cut last line": (GOOD + "b,2020-01-03", DataError, ["line 6 of", "2 fields"]),
    "an empty line": (GOOD.replace("b,2020-01-01", "\nb,2020-01-01"), DataError, ["line 4 of", "0 fields", "remove"]),
    "an open quote": (GOOD.replace("1.5", '"1.5'), DataError, ["line 2 of", "quote", "correct"]),
    "no rows": ("unique_id,ds,y\n", DataError, ["no rows"]),
    "nothing": ("", DataError, ["empty"]),
    "only line ends": ("\n\n", DataError, ["empty"]),
    "a missing column": ("id,date,y\na,1,1\n", ColumnError, ["no column 'ds'", "'id', 'date', 'y'", "Columns("]),
    "a column named twice": ("ds,y,y\n1,1,1\n2,2,2\n", ColumnError, ["2 columns named 'y'"]),
    "semicolons": (
        GOOD.replace(",", ";"),
        DataError,
        ["line 1 of", "a semicolon", "a comma was expected", "separator=';' (--separator ';')"],
    ),
    "semicolons and decimal commas": (
        GOOD.replace(",", ";").replace(".", ","),
        DataError,
        ["a semicolon", "decimal=',' (--decimal ,)"],
    ),
    "tabs": (GOOD.replace(",", "\t"), DataError, ["a tab separates", "a comma was expected"]),
    "UTF-16": (GOOD.encode("utf-16"), DataError, ["UTF-16", "encoding='utf-16' (--encoding utf-16)"]),
    "a field that never ends": (f'ds,"{"y" * 200_000}\n', DataError, ["a quote that is not closed"]),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), DataError, ["UTF-16"]),
    "Latin-1": (
        GOOD.replace("b,", "b\xe9,").encode("latin-1"),
        DataError,
        ["line 4 of", "0xE9", "Latin-1", "encoding='cp1252' (--encoding cp1252)"],
    ),
    "days of another country": (GOOD.replace("2020-01-02", "02.01.2020"), CalendarError, ["line 3 of", "'02.01.2020'"]),
    "a space before the day": (
        GOOD.replace("a,2020-01-02", "a, 2020-01-02"),
        CalendarError,
        ["line 3 of", "' 2020-01-02'"],
    ),
    "a missing id": (GOOD.replace("b,2020-01-01", ",2020-01-01"), ColumnError, ["'unique_id'", "line 4 of"]),
    "a missing time": (GOOD.replace("b,2020-01-01", "b,"), CalendarError, ["series 'b'", "line 4 of", "'ds'"]),
    "a time twice": (GOOD.replace("a,2020-01-02", "a,2020-01-01"), CalendarError, ["series 'a'", "line 3 of", "twice"]),
    "mixed zones": (
        "ds,y\n2020-03-29T00:00+01:00,1\n2020-03-30T00:00+02:00,2\n",
        CalendarError,
        ["line 2 of", "+01:00", "line 3 of", "+02:00"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_text_files_are_refused_by_line_and_cure(write, case):
    content, error, parts = BAD[case]
    with pytest.raises(error) as caught:
        read(write(content))
    for part in [*parts, "sales.csv"]:
        assert part in str(caught.value), str(caught.value)


def test_a_time_that_is_none_is_named_among_those_that_series_share(write):
    lines = [f"{name},2020-01-{day:02d}T12:00,1" for day in range(1, 9) for name in "abc"]
    assert read(write("\n".join(["unique_id,ds,y", *lines]))).ids.to_list() == ["a", "b", "c"]
    lines[10] = "b,2020-02-30T12:00,1"
    with pytest.raises(CalendarError, match=r"series 'b', line 12 of .*'2020-02-30T12:00' is no time"):
        read(write("\n".join(["unique_id,ds,y", *lines])))


def test_a_close_name_is_suggested(write):
    with pytest.raises(ColumnError, match="did you mean 'Sales'"):
        read(write("ds,Sales\n1,1\n"), columns=Columns(target="sales"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"absent\.csv: no such file"):
        read(tmp_path / "absent.csv")


def test_a_directory_is_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is a directory"):
        read(tmp_path / "folder.csv")


@pytest.mark.parametrize("name", ["sales.xls", "sales", "sales.csv.zip", "sales.gz"])
def test_an_unknown_ending_lists_those_that_are_known(write, name):
    with pytest.raises(DataError, match=r"\.csv, \.csv\.gz, \.tsv, \.tsv\.gz, \.parquet, \.feather, \.xlsx"):
        read(write(GOOD, name))


@pytest.mark.parametrize("content", [GOOD.encode(), b"PAR1" + b"\0" * 50 + b"PAR1", b"PAR1"])
def test_a_parquet_file_that_is_none_is_refused(write, content):
    with pytest.raises(DataError, match="Parquet file"):
        read(write(content, "sales.parquet"))


@pytest.mark.parametrize("content", [GOOD.encode(), gzip.compress(GOOD.encode(), mtime=0)[:-12], b"\x1f\x8b"])
def test_a_gzip_file_that_is_none_or_cut_is_refused(write, content):
    with pytest.raises(DataError, match="no gzip file, or not a whole one"):
        read(write(content, "sales.csv.gz"))


def test_a_bad_value_in_parquet_is_named_by_row(tmp_path):
    pl.DataFrame({"ds": [1, 2], "y": [1.0, float("inf")]}).write_parquet(tmp_path / "sales.parquet")
    with pytest.raises(ValuesError, match=r"row 1 of .*sales\.parquet, column 'y'"):
        read(tmp_path / "sales.parquet")


def test_a_compressed_file_is_unpacked_up_to_a_limit_that_can_be_raised(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"ds,y\n" + b"".join(b"%d,1\n" % row for row in range(1000)) + b"\n" * 10**7)
    tracemalloc.start()
    with pytest.raises(DataError, match=r"more than 5,000 bytes once it is unpacked: .* larger max_unpacked"):
        read(path, options=ReadOptions(max_unpacked=5000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 10**6
    assert read(path, options=ReadOptions(max_unpacked=2 * 10**7)).n_rows == 1000
