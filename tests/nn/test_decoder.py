"""The decoder's kernel against its specification, and against loops."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from loopcast.kernels import LIBRARY
from loopcast.nn.decoder import DECODER_UNITS, decode, decode_plain

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
SIZES = [(1, 1, 1, 1), (3, 16, 5, 1), (2, 17, 1, 3), (5, 40, 24, 2), (1, 3, 40, 9), (0, 4, 2, 1), (40, 7, 3, 2)]


def case(batch, time, horizon, outputs, seed=0):
    rng = np.random.default_rng(seed)
    shapes = (batch, time, DECODER_UNITS), (batch, time + horizon - 1, DECODER_UNITS), (DECODER_UNITS, outputs)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def by_loop(mixed, known, readout, horizon):
    steps = [
        [np.maximum(mixed[:, t] + known[:, t + h], 0) @ readout for h in range(horizon)] for t in range(mixed.shape[1])
    ]
    shape = (*mixed.shape[:2], horizon * readout.shape[1])
    return np.array(steps).transpose(2, 0, 1, 3).reshape(shape)


@pytest.mark.parametrize("size", SIZES)
def test_both_give_what_loops_give(size):
    given = case(*size)
    wanted = by_loop(*given, size[2])
    for function in (decode, decode_plain):
        np.testing.assert_allclose(function(*given), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_gradients_are_those_of_the_specification(size):
    given = case(*size)
    weights = np.random.default_rng(1).normal(size=(size[0], size[1], size[2] * size[3])).astype(np.float32)
    both = [
        jax.jit(jax.grad(lambda *a, f=f: (f(*a) * weights).sum(), argnums=(0, 1, 2)))(*given)
        for f in (decode, decode_plain)
    ]
    for ours, theirs in zip(*both, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-4)


def test_two_calls_give_the_same_bits():
    given = case(64, 100, 24, 2)
    first = decode(*given)
    for _ in range(5):
        np.testing.assert_array_equal(decode(*given), first)


@pytest.mark.parametrize("instructions", ["plain", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_to_rounding(instructions):
    code = (
        "import numpy as np; from loopcast.nn.decoder import *; r = np.random.default_rng(0);"
        "a = [r.normal(size=s).astype('f4') for s in ((3, 20, 16), (3, 26, 16), (16, 2))];"
        "print(float(np.abs(np.asarray(decode(*a)) - np.asarray(decode_plain(*a))).max()) < 1e-4)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"LOOPCAST_INSTRUCTIONS": instructions},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    ("shapes", "part"),
    [
        (((2, 5, 15), (2, 6, 15), (15, 1)), "should have shape"),
        (((2, 5, 16), (2, 4, 16), (16, 1)), "from_future should have 5 steps or more, got 4|workspace"),
        (((2, 5, 16), (3, 6, 16), (16, 1)), "should have shape"),
    ],
)
def test_wrong_shapes_are_refused(shapes, part):
    with pytest.raises(Exception, match=part):
        jax.block_until_ready(decode(*[np.zeros(shape, np.float32) for shape in shapes]))
