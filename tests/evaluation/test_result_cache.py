"""Kept results of a backtest: they come back as they were, or not at all."""

import numpy as np
import polars as pl
import pytest

from loopcast import Drift, backtest
from loopcast.errors import DataError

TABLE = pl.DataFrame({"ds": range(30), "y": np.sin(np.arange(30.0))})


@pytest.fixture
def kept(tmp_path):
    """The file of a result, and what a run that finds it gives."""
    first = run(tmp_path)
    [path] = tmp_path.iterdir()
    return path, first


def run(folder):
    return backtest(Drift(), TABLE, 2, n_windows=2, level=[80], cache_dir=folder).table


def test_damage_in_any_byte_is_an_error_that_names_the_file_and_a_cure_that_works(kept):
    path, wanted = kept
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        with pytest.raises(DataError, match=f"{path.name} is damaged: remove it"):
            run(path.parent)
    path.unlink()
    assert run(path.parent).equals(wanted)


def test_a_file_that_is_cut_or_longer_is_an_error(kept):
    path, _ = kept
    content = path.read_bytes()
    for damaged in (b"", content[:50], content[:-1], content + b"\0"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="is damaged"):
            run(path.parent)


def test_the_result_of_something_else_under_its_name_is_an_error(kept):
    path, _ = kept
    other = path.parent / "other"
    backtest(Drift(), TABLE, 3, n_windows=2, level=[80], cache_dir=other)
    [stranger] = other.iterdir()
    path.write_bytes(stranger.read_bytes())
    with pytest.raises(DataError, match="is damaged"):
        run(path.parent)
