"""Memory goes by the data: an option that asks for more is an error that says so, before anything is allocated."""

import numpy as np
import pytest

from loopcast.errors import LengthError, OptionError
from loopcast.models.imputer.imputer import Imputer
from loopcast.models.plain.forecaster import Recurrent

VALUES = np.sin(np.arange(40.0))
GAPPY = np.where(np.arange(40) % 7, VALUES, np.nan)
QUICK = {"horizon": 2, "units": (2,), "epochs": 1, "show_progress": False}


@pytest.mark.parametrize("option", ["season", "lags"])
def test_looking_back_much_further_than_any_series_goes_is_refused_and_the_cure_works(option):
    with pytest.raises(LengthError, match=f"{option}=1,000,000 looks back further .* 40 rows: give a smaller {option}"):
        Recurrent(**QUICK | {option: 10**6}).fit(VALUES)
    Recurrent(**QUICK | {option: 4}).fit(VALUES)


@pytest.mark.parametrize("units", [(10**6,), (1,) * 101])
def test_a_network_larger_than_any_file_is_refused(units):
    with pytest.raises(OptionError, match="a network has at most"):
        Recurrent(**QUICK | {"units": units}).fit(VALUES)
    with pytest.raises(OptionError, match="a network has at most"):
        Imputer(units=units, updates=1, show_progress=False).fit(GAPPY)


def test_a_batch_is_no_larger_than_what_there_is_to_fill_it():
    assert "in batches of 1:" in Recurrent(**QUICK | {"batch_size": 10**6}).fit(VALUES[:6]).describe()
