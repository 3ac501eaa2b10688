"""Every check runs on every kind, each of which is fitted once."""

import pytest

from contracts.kinds import FORECASTERS, IMPUTERS, each, fitted, fitted_imputer


@pytest.fixture(scope="session", params=each(FORECASTERS))
def kind(request):
    """The name of a kind of forecaster."""
    return request.param


@pytest.fixture(scope="session")
def forecaster(kind):
    """A fitted forecaster of each kind; nobody changes it."""
    return fitted(kind)


@pytest.fixture(scope="session", params=each(IMPUTERS))
def imputer_kind(request):
    """The name of a kind of imputer."""
    return request.param


@pytest.fixture(scope="session")
def imputer(imputer_kind):
    """A fitted imputer of each kind; nobody changes it."""
    return fitted_imputer(imputer_kind)
