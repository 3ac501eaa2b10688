"""Codes are text: what is neither a time nor a number to learn from stays as it is written, in every reader."""

import csv
import gzip

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.read import read, read_future, read_whole

HEAD = "unique_id,ds,y,region,price,note,price_ahead"
CODES = {"007": ("0501", "1.10", "TRUE"), "7": ("501", "1.1", "NaN"), "1e3": ("+1", "", "1_000")}


@pytest.fixture(params=["", "\t"])
def path(request, tmp_path):
    """A file of three series of which the ids, as numbers, would be two; the middle value of each is missing."""
    lines = [HEAD] + [
        f"{name},2024-01-0{d},{'' if d == 2 else f'{d}.50'},{region},{price},{note},1"
        for name, (region, price, note) in CODES.items()
        for d in (1, 2, 3)
    ]
    text = "\n".join(lines) + "\n"
    path = tmp_path / ("codes.tsv.gz" if request.param else "codes.csv")
    path.write_bytes(gzip.compress(text.replace(",", "\t").encode()) if request.param else text.encode())
    return path


def test_ids_that_are_equal_as_numbers_are_series_of_their_own(path, tmp_path):
    panel = read(path, columns=Columns(future=["price_ahead"], static=["region"]))
    assert panel.ids.to_list() == list(CODES)
    assert forecast_table(panel, {"m": np.zeros((3, 1))})["unique_id"].to_list() == list(CODES)
    ahead = tmp_path / "ahead.csv"
    ahead.write_text("unique_id,ds,price_ahead\n" + "".join(f"{name},2024-01-04,2\n" for name in CODES))
    assert read_future(ahead, panel).future_lengths.tolist() == [1, 1, 1]
    assert read_whole(path).panel.ids.to_list() == list(CODES)


@pytest.mark.parametrize("typed", [False, True])
def test_a_filled_file_has_all_other_cells_as_they_were_written(path, typed):
    whole = read_whole(path)
    filled = whole.filled(np.full((9, 1), 2.0), np.isnan(whole.panel.values), {})
    if typed:
        filled = whole.with_types(filled)
        assert filled.schema["y"] == pl.Float64
        assert filled.schema["ds"] == pl.Date
    for name, codes in CODES.items():
        rows = filled.filter(pl.col("unique_id") == name)
        assert rows.select("region", "price", "note").fill_null("").unique().rows() == [codes]
    wanted = [1.5, 2.0, 3.5] * 3 if typed else ["1.50", "2.0", "3.50"] * 3
    assert filled["y"].to_list() == wanted


def test_a_filled_file_written_again_differs_in_its_empty_cells_alone(path, tmp_path):
    whole, output = read_whole(path), tmp_path / "out.csv"
    whole.filled(np.full((9, 1), 2.0), np.isnan(whole.panel.values), {}).write_csv(output)
    rows = list(csv.DictReader(output.read_text().splitlines()))
    assert [(row["unique_id"], row["region"], row["price"], row["note"]) for row in rows] == [
        (name, *codes) for name, codes in CODES.items() for _ in range(3)
    ]


def static_of(texts, tmp_path) -> list:
    path = tmp_path / "static.csv"
    path.write_text(
        "unique_id,ds,y,code\n" + "".join(f"s{i},{t},1,{text}\n" for i, text in enumerate(texts) for t in (1, 2))
    )
    return read(path, columns=Columns(static=["code"])).covariates.static["code"].to_list()


def test_a_static_code_does_not_become_a_number(tmp_path):
    assert static_of(["0501", "501", "77"], tmp_path) == ["0501", "501", "77"]
    assert static_of(["1.10", "1.1"], tmp_path) == ["1.10", "1.1"]
    assert static_of(["1E3", "1000"], tmp_path) == ["1E3", "1000"]


def test_static_numbers_of_a_file_are_numbers(tmp_path):
    assert static_of(["0.50", "12", "-3.25"], tmp_path) == [0.5, 12.0, -3.25]


def test_static_tables_are_joined_by_the_text_of_the_ids():
    table = pl.DataFrame({"unique_id": ["007", "7"], "ds": [1, 1], "y": [1.0, 2.0]})
    static = pl.DataFrame({"unique_id": ["7", "007"], "region": ["1.10", "0501"]})
    panel = Panel.from_table(table, Columns(static=["region"]), freq=1, static=static)
    assert panel.covariates.static["region"].to_list() == ["0501", "1.10"]
