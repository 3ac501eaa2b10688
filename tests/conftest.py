"""What tests of several rooms share."""

import pytest

from reference.chromium import CHROMIUM, LACKING, QUIET


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests of a file; they are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip(LACKING)
    with sync_api.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()
