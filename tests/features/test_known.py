"""What is known of rows and of steps ahead, as a network with a decoder of steps reads it."""

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, Panel
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known, trailing_means, width_of_rows, width_of_steps

SEASON = 12


@pytest.fixture
def panel():
    """Two series of unlike length, with weather that is known five steps further, and a region."""
    rng = np.random.default_rng(0)
    tables = [
        pl.DataFrame({"unique_id": name, "ds": np.arange(rows), "y": rng.random(rows), "wind": rng.random(rows),
                      "region": region})
        for name, rows, region in (("a", 40, "north"), ("b", 30, "south"))
    ]  # fmt: skip
    columns = Columns(future=("wind",), static=("region",))
    return Panel.from_table(pl.concat(tables), columns=columns)


@pytest.fixture
def known(panel):
    encoding = ExogenousEncoder.of(panel, unknown=True)
    return encoding, Known.of(encoding, panel, 0, SEASON)


def test_widths_are_those_of_what_is_given(panel, known):
    encoding, given = known
    assert given.rows.shape == (70, width_of_rows(encoding))
    steps = given.of_steps(np.array([0]), np.array([20]), np.array([[1, 2, 3]]))
    assert steps.shape == (1, 3, width_of_steps(encoding, SEASON))


def test_a_step_shows_what_is_known_then_and_how_it_differs_from_the_same_phase_before(panel, known):
    _, given = known
    wind = given.ahead[:, 0]
    steps = np.array([[1, 5, 13]])
    for series, row in ((0, 25), (1, 12)):
        told = given.of_steps(np.array([series]), np.array([row]), steps)[0]
        first = int(given.known_offsets[series])
        for place, step in enumerate(steps[0]):
            before = row + step - SEASON * -(-step // SEASON)
            then = wind[first + min(row + step, panel.lengths[series] - 1)]
            assert told[place, 0] == then
            np.testing.assert_allclose(told[place, -1], then - wind[first + before], rtol=1e-6)


def test_windows_show_the_rows_of_their_own_series(panel, known):
    _, given = known
    shown = given.of_windows(np.array([1, 0]), np.array([25, 0]), 10)
    np.testing.assert_array_equal(shown[0, :5], given.rows[65:70])
    np.testing.assert_array_equal(shown[0, 5:], np.repeat(given.rows[69:70], 5, axis=0))
    np.testing.assert_array_equal(shown[1], given.rows[:10])


def test_trailing_means_never_reach_into_another_series():
    values, offsets = np.random.default_rng(1).random((30, 2)), np.array([0, 18, 30])
    means = trailing_means(values, offsets, SEASON)
    counts = [4, 12, 36]  # a mean of one row is the row
    assert len(means) == len(counts)
    for mean, count in zip(means, counts, strict=True):
        for first, end in ((0, 18), (18, 30)):
            for row in range(first, end):
                own = values[max(row - count + 1, first) : row + 1].mean(axis=0)
                np.testing.assert_allclose(mean[row], own, rtol=1e-6)
