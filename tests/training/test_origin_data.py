"""Windows of series with rows that are forecast from: where they lie, and what they are to learn."""

import numpy as np
import pytest

from loopcast.features.causal.encode import Origins, encode
from loopcast.features.causal.encoder import left_align
from loopcast.features.causal.track import Periods
from loopcast.models.pretrained.weights import shipped_network
from loopcast.nn.origin_network import OriginNetwork
from loopcast.training.config import TrainingConfig
from loopcast.training.origin_data import OriginData
from loopcast.training.origin_pool import ORIGINS
from loopcast.training.origin_windows import OriginWindows, cut

PERIODS = Periods(season=4)
RECIPE = TrainingConfig(epochs=1, batch_size=4, learning_rate=1e-3, loss="mae")


def windows(series, **options):
    usual = {"horizon": 5, "width": 24, "drawn": 24}
    return OriginWindows(periods=PERIODS, series=series, **(usual | options))


def walks(*lengths):
    rng = np.random.default_rng(0)
    return [100 + rng.normal(size=rows).cumsum() for rows in lengths]


@pytest.mark.parametrize("lengths", [(10,), (24,), (25,), (100, 30, 3)])
def test_windows_cover_each_series_from_its_first_row_to_its_last(lengths):
    which, starts = cut(np.array(lengths), 24)
    for series, length in enumerate(lengths):
        rows = {row for start in starts[which == series] for row in range(start, min(start + 24, length))}
        assert rows == set(range(length))
        assert starts[which == series].max() == max(length - 24, 0)


def test_targets_are_the_values_after_an_origin_and_none_after_the_end():
    series = walks(60)
    examples = windows(series).examples
    values, lengths, _, _ = left_align(series)
    _, starts = cut(lengths, 24)
    steps = np.arange(1, 6)
    for window, start in enumerate(starts):
        for place, origin in enumerate(examples.origins[window]):
            row = start + origin
            told = encode(values, lengths, PERIODS, Origins(np.array([0]), np.array([row]), steps[None]))
            came = np.full(5, np.nan)
            rest = series[0][row + 1 : row + 6]
            came[: len(rest)] = rest
            np.testing.assert_allclose(examples.targets[window, place], told.targets(came[None])[0], rtol=1e-5)
            np.testing.assert_array_equal(examples.inputs[window, origin], told.inputs[0, row])


def test_origins_lie_in_their_window_with_a_row_after_each():
    series = walks(200, 24, 12)
    examples = windows(series).examples
    _, starts = cut(np.array([200, 24, 12]), 24)
    ends = np.repeat([200, 24, 12], np.bincount(cut(np.array([200, 24, 12]), 24)[0]))
    assert (examples.origins >= 0).all()
    assert (starts[:, None] + examples.origins < ends[:, None] - 1).all()
    assert (examples.origins[starts > 0] >= 6).all()  # in the middle of a series the state has to settle


def test_every_window_is_drawn_before_any_comes_again():
    examples = windows(walks(200)).examples
    network = OriginNetwork(shape=shipped_network())
    count, uses = len(examples.inputs), examples.origins.shape[1] // ORIGINS
    source = OriginData(network=network, windows=count, uses=uses, batch=4, stretches=(8,))
    draws = source.batches(8, RECIPE, np.random.default_rng(0))
    flat = draws.windows.ravel()
    assert sorted(flat[:count]) == list(range(count))
    assert draws.use.max() < uses


def test_what_is_known_of_steps_takes_no_more_than_some_memory(monkeypatch):
    series = walks(*[48] * 60)
    plain = windows(series).examples
    monkeypatch.setattr("loopcast.training.origin_windows.MOST_NUMBERS", plain.codes.size // 2)
    assert windows(series).examples.codes.size < 0.7 * plain.codes.size  # each is kept by chance
    monkeypatch.setattr("loopcast.training.origin_windows.MOST_NUMBERS", 1)
    assert len(windows(series).examples.inputs) >= 1


def test_a_few_windows_of_many_are_kept(monkeypatch):
    monkeypatch.setattr("loopcast.training.origin_windows.MOST_WINDOWS", 10)
    assert 1 <= len(windows(walks(*[24] * 100)).examples.inputs) <= 25
