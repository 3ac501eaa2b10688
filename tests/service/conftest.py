"""One server for all tests of this folder, as the command starts it."""

import pytest

from service.served import Served


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A server on this machine, which asks for no token."""
    running = Served(tmp_path_factory.mktemp("service"))
    yield running
    running.end()
