"""The compiled causal encoder against its specification in NumPy."""

import numpy as np
import pytest

from loopcast.errors import LoopcastError
from loopcast.features.causal.encode import Origins, encode, encode_plain
from loopcast.features.causal.encoder import left_align
from loopcast.features.causal.track import ROUNDING, Periods
from loopcast.kernels import LIBRARY

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def awkward_series(rows=120):
    rng, t = np.random.default_rng(0), np.arange(rows)
    usual = np.exp(0.01 * t + 0.3 * np.sin(t * np.pi / 6) + rng.normal(0, 0.1, rows)) * 50
    negative = usual.copy()
    negative[60], negative[70] = -3, np.nan
    return [
        usual,
        np.where(rng.random(rows) < 0.3, np.nan, usual),
        negative,
        negative[:80],
        usual - 60,
        -usual,
        np.zeros(rows),
        np.full(rows, 5.0),
        np.r_[5.0, np.full(rows - 1, np.nan)],
        np.r_[1e-9, np.full(rows - 1, 1e9)],
        1e9 + np.sin(t * np.pi / 6) + rng.normal(0, 0.1, rows),
        1e-9 * usual,
        np.where(rng.random(rows) < 0.3, rng.poisson(5, rows) + 1.0, 0.0),
        np.tile(usual[:12], rows // 12),
        usual[:1],
        usual[:7],
    ]


def question(series):
    """Aligned series, and origins at their ends, their beginnings and in between, in no order."""
    values, lengths, _, _ = left_align(series)
    last = lengths - 1
    places = [last, np.maximum(last - 20, 0), *(np.minimum(last, row) for row in (0, 3, 36, 61))]
    which = np.tile(np.arange(len(lengths)), len(places))
    ahead = np.array([*range(1, 40), 100, 1000, 99_999])
    steps = np.broadcast_to(ahead, (len(which), len(ahead)))
    return values, lengths, Origins(which, np.concatenate(places), steps)


def assert_close(one, other, rounding):
    """Within what float32 keeps, and what the last bits of logarithms are once divided by a small scale."""
    assert (np.abs(one - other) <= 5e-6 + rounding).all()


@pytest.mark.parametrize(
    ("season", "second"),
    [(1, 0), (2, 0), (3, 0), (4, 0), (7, 0), (12, 0), (48, 0), (500, 0), (12, 36), (1, 5), (24, 168), (7, 8)],
)
def test_every_number_is_the_specifications(season, second):
    values, lengths, origins = question(awkward_series())
    periods = Periods(season=season, second=second)
    got = encode(values, lengths, periods, origins)
    wanted = encode_plain(values, lengths, periods, origins)
    within = np.arange(values.shape[1]) < lengths[:, None]
    rounding = ROUNDING * np.where(wanted.written.curved, 1, wanted.written.unit)
    own = rounding / wanted.scale  # of each origin; the largest of a series is that of its rows
    of_series = np.zeros(len(values))
    np.maximum.at(of_series, origins.series, own)
    assert_close(got.inputs[within], wanted.inputs[within], np.repeat(of_series, lengths)[:, None])
    assert (got.inputs[~within] == 0).all()
    assert_close(got.candidates, wanted.candidates, own[:, None, None])
    np.testing.assert_allclose(got.codes, wanted.codes, rtol=0, atol=5e-6)
    np.testing.assert_array_equal(got.written.curved, wanted.written.curved)
    for one, other, least in (
        (got.base, wanted.base, rounding[:, None]),
        (got.scale, wanted.scale, rounding),
        (got.written.unit, wanted.written.unit, 0),
        (got.written.first, wanted.written.first, 0),
        (got.usual, wanted.usual, rounding),
    ):
        assert (np.abs(one - other) <= 1e-12 * np.abs(other) + least).all()


def test_a_series_is_encoded_alone_as_beside_others():
    values, lengths, origins = question(awkward_series())
    whole = encode(values, lengths, Periods(season=12), origins)
    for i, length in enumerate(lengths):
        own = origins.series == i
        apart = Origins(np.zeros(own.sum(), int), origins.rows[own], origins.steps[own])
        alone = encode(values[i : i + 1, :length], lengths[i : i + 1], Periods(season=12), apart)
        np.testing.assert_array_equal(alone.inputs[0], whole.inputs[i, :length])
        for one, other in zip(alone[1:5], whole[1:5], strict=True):
            np.testing.assert_array_equal(one, other[own])


def test_the_usual_change_is_that_of_a_series_own_rows():
    series = [np.arange(1.0, 41.0) - 20.5, np.arange(1.0, 21.0) - 10.5, np.array([-2.0, 1.0])]
    values, lengths, origins = question(series)
    for function in (encode, encode_plain):
        usual = function(values, lengths, Periods(season=4), origins).usual
        np.testing.assert_allclose(usual[:3], [4.0, 4.0, 1.5])


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("length is out of range", {"lengths": np.array([0])}),
        ("length is out of range", {"lengths": np.array([6])}),
        ("after the end of its series", {"origins": Origins(np.array([0]), np.array([5]), np.array([[1]]))}),
        ("after the end of its series", {"origins": Origins(np.array([1]), np.array([4]), np.array([[1]]))}),
        ("a step ahead is out of range", {"origins": Origins(np.array([0]), np.array([4]), np.array([[0]]))}),
        ("a step ahead is out of range", {"origins": Origins(np.array([0]), np.array([4]), np.array([[2**40]]))}),
        ("a season is out of range", {"periods": Periods(season=0)}),
    ],
)
def test_a_call_that_would_leave_its_buffers_is_refused(message, change):
    right = {
        "values": np.arange(1.0, 6.0)[None],
        "lengths": np.array([5]),
        "periods": Periods(season=1),
        "origins": Origins(np.array([0]), np.array([4]), np.array([[1]])),
    }
    encode(**right)
    with pytest.raises(LoopcastError, match=f"cannot encode these series: .*{message}"):
        encode(**(right | change))
