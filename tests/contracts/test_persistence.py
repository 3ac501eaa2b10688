"""What was learned outlives the process, a copy and a crowd; what is read from is left as it was."""

import copy
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from contracts.kinds import (
    FORECASTERS,
    HORIZON,
    IMPUTERS,
    SmallAuto,
    assert_same_bits,
    filled,
    fit_imputer,
    fitted,
    fitted_imputer,
    gappy_panel,
    predicted,
    training_panel,
)
from loopcast import Auto, Panel

IN_A_FRESH_PROCESS = """
import sys
from pathlib import Path
import polars as pl
import loopcast

folder = Path(sys.argv[1])
whole, gappy = pl.read_ipc(folder / "whole.ipc"), pl.read_ipc(folder / "gappy.ipc")
for path in sorted(folder.glob("*.forecaster")):
    loopcast.load(path).predict(3, data=whole, level=80).write_ipc(f"{path}.ipc")
for path in sorted(folder.glob("*.imputer")):
    loopcast.load_imputer(path).impute(gappy, level=80).write_ipc(f"{path}.ipc")
"""


def long_table(panel) -> pl.DataFrame:
    """The series of a panel as a table, missing values as null."""
    lengths = panel.lengths.tolist()
    return pl.DataFrame(
        {
            "unique_id": [name for name, rows in zip(panel.ids, lengths, strict=True) for _ in range(rows)],
            "ds": [step for rows in lengths for step in range(rows)],
            "y": panel.values[:, 0],
        }
    ).fill_nan(None)


def storable(name):
    """The fitted forecaster; that of the small Auto as an Auto, which is what a file can hold."""
    forecaster = fitted(name)
    if not isinstance(forecaster, SmallAuto):
        return forecaster
    return Auto(**forecaster.get_params()).set_model(forecaster.model)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with a file of each kind, and what a fresh process made of each of them."""
    folder = tmp_path_factory.mktemp("models")
    long_table(training_panel()).write_ipc(folder / "whole.ipc")
    long_table(gappy_panel()).write_ipc(folder / "gappy.ipc")
    for name in FORECASTERS:
        storable(name).save(folder / f"{name}.forecaster")
    for name in IMPUTERS:
        fitted_imputer(name).save(folder / f"{name}.imputer")
    subprocess.run([sys.executable, "-c", IN_A_FRESH_PROCESS, str(folder)], check=True, env=dict(os.environ))
    return Path(folder)


@pytest.mark.slow
def test_a_file_forecasts_with_the_same_bits_in_a_fresh_process(kind, forecaster, folder):
    wanted = forecaster.predict(HORIZON, data=long_table(training_panel()), level=80)
    assert pl.read_ipc(folder / f"{kind}.forecaster.ipc").equals(wanted)
    assert wanted.height == HORIZON * training_panel().n_series


@pytest.mark.slow
def test_a_file_fills_gaps_with_the_same_bits_in_a_fresh_process(imputer_kind, imputer, folder):
    wanted = imputer.impute(long_table(gappy_panel()), level=80)
    assert pl.read_ipc(folder / f"{imputer_kind}.imputer.ipc").equals(wanted)
    assert wanted["y-imputed"].any()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_forecasts_with_the_same_bits(forecaster, duplicate):
    other = duplicate(forecaster)
    assert other is not forecaster
    assert other.to_code() == forecaster.to_code()
    assert_same_bits(predicted(other), predicted(forecaster))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_of_an_imputer_fills_with_the_same_bits(imputer, duplicate):
    np.testing.assert_array_equal(filled(duplicate(imputer)), filled(imputer))


def test_four_threads_at_once_give_the_bits_of_one(forecaster):
    wanted = predicted(forecaster)
    with ThreadPoolExecutor(4) as threads:
        for got in threads.map(predicted, [forecaster] * 8):
            assert_same_bits(got, wanted)


def test_four_threads_at_once_fill_with_the_bits_of_one(imputer):
    wanted = filled(imputer)
    with ThreadPoolExecutor(4) as threads:
        for got in threads.map(filled, [imputer] * 8):
            np.testing.assert_array_equal(got, wanted)


def read_only(values) -> np.ndarray:
    """A copy of an array that cannot be written to."""
    values = np.array(values)
    values.setflags(write=False)
    return values


def frame_of(panel) -> pd.DataFrame:
    """A pandas table whose numbers cannot be written to."""
    table = long_table(panel)
    columns = {name: read_only(table[name].to_numpy()) for name in ("ds", "y")}
    return pd.DataFrame({"unique_id": table["unique_id"].to_list()} | columns, copy=False)


def test_a_table_to_fit_on_and_to_forecast_may_be_read_only_and_stays_as_it_was(kind, forecaster):
    table = frame_of(training_panel())
    before = table.copy(deep=True)
    got = FORECASTERS[kind]().fit(table).predict(HORIZON, data=table, level=80)
    pd.testing.assert_frame_equal(table, before)
    wanted = forecaster.predict(HORIZON, level=80)
    np.testing.assert_array_equal(got.iloc[:, 2:].to_numpy(), wanted[:, 2:].to_numpy())


def test_an_array_may_be_read_only_and_stays_as_it_was(forecaster):
    values = read_only(training_panel().series(0)[None])
    before = values.copy()
    got = forecaster.predict(HORIZON, data=values)
    np.testing.assert_array_equal(values, before)
    assert got.equals(forecaster.predict(HORIZON, data=Panel.from_array(before)))


def test_a_table_with_gaps_may_be_read_only_and_stays_as_it_was(imputer_kind, imputer):
    table = frame_of(gappy_panel())
    before = table.copy(deep=True)
    got = fit_imputer(imputer_kind, table).impute(table)
    pd.testing.assert_frame_equal(table, before)
    wanted = imputer.impute(long_table(gappy_panel()))["y"]
    np.testing.assert_array_equal(got["y"].to_numpy().astype(np.float32), wanted.to_numpy().astype(np.float32))
