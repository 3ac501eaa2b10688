"""A Parquet file in parts of whole series."""

import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data import parts
from loopcast.errors import DataError


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 100])
def test_parts_end_where_series_do_however_ids_are_read(tmp_path, monkeypatch, piece):
    monkeypatch.setattr(parts, "PIECE", piece)
    path = tmp_path / "a.parquet"
    ids = ["x"] * 3 + ["y"] + ["z"] * 4 + ["w"] * 2 + ["v"]
    pl.DataFrame({"unique_id": ids, "ds": range(11), "y": range(11), "more": ids}).write_parquet(path, row_group_size=2)
    found = parts.series_parts(path, Columns(), 2)
    assert found == [(0, 4), (4, 6), (10, 1)]
    tables = [parts.read_rows(path, Columns(), rows) for rows in found]
    assert pl.concat(tables).equals(pl.read_parquet(path).drop("more"))


def test_without_ids_a_file_is_one_part_and_without_rows_an_error(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"ds": range(3), "y": range(3)}).write_parquet(path)
    assert parts.series_parts(path, Columns(), 1) == [(0, 3)]
    pl.DataFrame({"ds": [], "y": []}).write_parquet(path)
    with pytest.raises(DataError, match="it has no rows"):
        parts.series_parts(path, Columns(), 1)


def test_a_series_that_is_taken_up_again_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"unique_id": ["a", "b", "a"], "ds": [1, 1, 2], "y": [1.0, 2.0, 3.0]}).write_parquet(path)
    with pytest.raises(DataError, match="series 'a' do not follow one another: sort the file by 'unique_id' and time"):
        parts.series_parts(path, Columns(), 1)
