from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast.features.gather import Batch, copy_windows, read_windows, to_device
from loopcast.features.windows import WindowPlan
from loopcast.xla_kernels import why_no_kernels
from reference.compiled import gather_windows

plans = st.builds(
    WindowPlan,
    context=st.integers(1, 12),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 6),
    every_step=st.booleans(),
    warmup=st.integers(1, 4),
    partial=st.booleans(),
)
panels = st.lists(st.integers(1, 30), min_size=1, max_size=5)


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


@settings(deadline=None, max_examples=60)
@given(plan=plans, lengths=panels, held_back=st.integers(0, 6))
def test_no_training_window_reaches_outside_its_series_or_into_what_is_held_back(plan, lengths, held_back):
    offsets = offsets_of(lengths)
    index = plan.training(offsets, held_back)
    series = np.searchsorted(offsets, index.begin, side="right") - 1
    assert (index.stop == offsets[1:][series] - held_back).all()
    assert (index.begin == offsets[:-1][series]).all()
    assert set(series) == set(range(len(lengths)))
    if plan.every_step:
        assert (index.start >= index.begin).all()


@settings(deadline=None, max_examples=60)
@given(plan=plans, lengths=panels)
def test_the_last_value_of_a_long_enough_series_is_a_target(plan, lengths):
    offsets = offsets_of(lengths)
    index = plan.training(offsets, 0)
    for begin, stop in pairwise(offsets):
        reach = 1 if plan.partial else plan.horizon
        if stop - begin >= max(plan.context, plan.warmup) + reach:
            mine = index.begin == begin
            assert index.last[mine].max() + reach == stop - 1
            assert (index.start[mine] == begin).any() == (plan.warmup <= plan.context)


def test_a_series_of_context_and_horizon_gives_one_window():
    index = WindowPlan(context=50, horizon=10, stride=1).training(offsets_of([60, 60]), 0)
    assert index.start.tolist() == [0, 60]
    assert index.last.tolist() == [49, 109]


@pytest.mark.slow
@settings(deadline=None, max_examples=8)
@given(
    plan=plans,
    lengths=panels,
    lags=st.integers(1, 5),
    held_back=st.integers(0, 3),
    validation=st.booleans(),
    seed=st.integers(0, 99),
)
def test_gathered_windows_are_what_a_plain_loop_finds(plan, lengths, lags, held_back, validation, seed):
    offsets = offsets_of(lengths)
    values = np.random.default_rng(seed).normal(size=offsets[-1]).astype(np.float32)
    index = plan.validation(offsets, np.array([held_back])) if validation else plan.training(offsets, held_back)
    got = Batch(*map(np.asarray, gather_windows(lags, plan, to_device(values[:, None]), index.stacked())))
    steps = range(plan.context) if plan.every_step else [plan.context - 1]
    for w in range(len(index)):
        for t in range(plan.context):
            row = index.start[w] + t
            for lag in range(lags):
                at = row - lag
                there = index.begin[w] <= at < index.stop[w]
                assert got.features[w, t, lags - 1 - lag] == (values[at] if there else 0)
            assert got.observed[w, t] == (row >= index.begin[w])
        for position, t in enumerate(steps):
            row = index.start[w] + t
            for k in range(plan.horizon):
                at = row + 1 + k
                counts = index.first[w] <= row <= index.last[w] and index.begin[w] <= at < index.stop[w]
                np.testing.assert_array_equal(got.targets[w, position, 0, k], values[at] if counts else np.nan)


def test_validation_windows_forecast_exactly_what_was_held_back():
    plan = WindowPlan(context=4, horizon=3)
    values = np.arange(20, dtype=np.float32)
    got = gather_windows(
        1, plan, to_device(values[:, None]), plan.validation(offsets_of([12, 8]), np.array([3])).stacked()
    )
    np.testing.assert_array_equal(got.targets[:, -1, 0], [[9, 10, 11], [17, 18, 19]])
    assert np.isnan(got.targets[:, :-1]).all()


def test_with_several_cutoffs_each_forecasts_what_comes_after_it_from_what_came_before():
    plan = WindowPlan(context=2, horizon=3)
    values = np.arange(20, dtype=np.float32)
    got = gather_windows(
        1,
        plan,
        to_device(values[:, None]),
        plan.validation(offsets_of([12, 8]), np.array([6, 3])).stacked(),
    )
    np.testing.assert_array_equal(got.targets[:, -1, 0], [[6, 7, 8], [9, 10, 11], [14, 15, 16], [17, 18, 19]])
    np.testing.assert_array_equal(got.features[:, -1, 0], [5, 8, 13, 16])


@pytest.mark.parametrize("poison", [np.nan, 1e9, -1e9])
def test_nothing_after_the_stop_changes_a_window(poison):
    plan = WindowPlan(context=6, horizon=3, stride=2)
    values = np.random.default_rng(0).normal(size=30).astype(np.float32)
    index = plan.training(offsets_of([30]), 5).stacked()
    changed = values.copy()
    changed[25:] = poison
    gathered = [gather_windows(3, plan, to_device(each[:, None]), index) for each in (values, changed)]
    for before, after in zip(*gathered, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.slow
@pytest.mark.skipif(why_no_kernels() is not None, reason="the kernels are not built")
@settings(deadline=None, max_examples=12)
@given(plan=plans, lengths=panels, reach=st.integers(1, 6), held_back=st.integers(0, 3), seed=st.integers(0, 99))
def test_the_kernel_copies_what_the_program_reads(plan, lengths, reach, held_back, seed):
    offsets = offsets_of(lengths)
    values = to_device(np.random.default_rng(seed).normal(size=(offsets[-1], 1)).astype(np.float32)).ravel()
    index = plan.training(offsets, held_back).stacked()
    for copied, read in zip(
        copy_windows(reach, plan, values, index), read_windows(reach, plan, values, index), strict=True
    ):
        np.testing.assert_array_equal(copied, read)


@pytest.mark.skipif(why_no_kernels() is not None, reason="the kernels are not built")
def test_an_index_that_names_rows_of_no_panel_reads_nothing():
    plan, far = WindowPlan(context=3, horizon=2), 2**31 - 8
    index = np.array([[-far, -far, -far, far, far], [far, -5, far, far, far]], np.int32)
    past, ahead = copy_windows(2, plan, to_device(np.ones((4, 1), np.float32)).ravel(), index)
    assert np.isnan(past).all()
    assert np.isnan(ahead).all()
