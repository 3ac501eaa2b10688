"""Memory goes by the data: an option that asks for more is an error that says so, before anything is allocated."""

import tracemalloc

import numpy as np
import pytest

from loopcast.errors import LengthError, OptionError
from loopcast.models.imputer.imputer import Imputer
from loopcast.models.plain.forecaster import PlainRecurrent
from loopcast.models.recurrent.forecaster import Recurrent

VALUES = np.sin(np.arange(40.0))
GAPPY = np.where(np.arange(40) % 7, VALUES, np.nan)
QUICK = {"horizon": 2, "units": (2,), "updates": 1, "show_progress": False}
PLAIN = {"horizon": 2, "units": (2,), "epochs": 1, "show_progress": False}


def test_more_lags_than_any_series_has_rows_are_refused():
    with pytest.raises(LengthError, match="learns from 1000001 rows or more; the longest series has 40"):
        PlainRecurrent(**PLAIN | {"lags": 10**6}).fit(VALUES)


def test_a_season_much_longer_than_any_series_takes_no_more_memory():
    tracemalloc.start()
    fitted = Recurrent(**QUICK | {"season": 10**6}).fit(VALUES)
    assert np.isfinite(fitted.predict_panel(fitted.model.panel, 2).values).all()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


@pytest.mark.parametrize("units", [(10**6,), (1,) * 101])
def test_a_network_larger_than_any_file_is_refused(units):
    with pytest.raises(OptionError, match="a network has at most"):
        Recurrent(**QUICK | {"units": units}).fit(VALUES)
    with pytest.raises(OptionError, match="a network has at most"):
        Imputer(units=units, updates=1, show_progress=False).fit(GAPPY)


def test_a_batch_is_no_larger_than_what_there_is_to_fill_it():
    assert "in batches of 1:" in PlainRecurrent(**PLAIN | {"batch_size": 10**6}).fit(VALUES[:3]).describe()
