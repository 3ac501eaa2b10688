"""What a budget allows, by the size of the data and no clock."""

from itertools import pairwise

import numpy as np
import polars as pl

from loopcast import Columns, Naive, Panel, Pretrained, Recurrent, Trees
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.selection.plan import affordable, seconds_of

CANDIDATES = [Naive(), *(Recurrent(horizon=2, alias=f"Recurrent{i}") for i in range(4))]
ORIGINS = RollingOrigin(horizon=2, n_windows=1, step_size=2)


def panel(rows):
    return Panel.from_array(np.zeros((1, rows, 1)))


def names(budget, rows=1000):
    return [each.name for each in affordable(CANDIDATES, panel(rows), ORIGINS, budget)]


def test_a_larger_budget_takes_more_candidates_in_their_order():
    taken = [names(budget) for budget in (0.001, 15, 1e6)]
    assert taken[0] == ["Naive"]
    assert taken[1][:2] == ["Naive", "Recurrent0"]
    assert all(more[: len(fewer)] == fewer for fewer, more in pairwise(taken))
    assert taken[-1] == [each.name for each in CANDIDATES]


def test_more_data_leave_room_for_fewer():
    assert len(names(40, rows=200_000)) < len(names(40))
    assert seconds_of(CANDIDATES[1], panel(200_000)) > seconds_of(CANDIDATES[1], panel(100))


def test_trees_take_longer_with_covariates():
    table = pl.DataFrame({"ds": range(30), "y": np.arange(30.0), "a": np.arange(30.0), "b": np.arange(30.0)})
    with_two = Panel.from_table(table, columns=Columns(past=("a", "b")))
    assert seconds_of(Trees(), with_two) > seconds_of(Trees(), panel(30)) > 0


def test_a_network_that_trains_is_not_tried_on_few_values():
    assert names(1e6, rows=999) == ["Naive"]


def test_what_is_no_network_costs_nothing_that_counts():
    assert seconds_of(Naive(), panel(100)) == seconds_of(Pretrained(tune=False), panel(100)) == 0
