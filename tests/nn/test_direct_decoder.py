"""The kernels' decoder that steps share, against its specification in NumPy."""

import numpy as np
import pytest

from loopcast.errors import LoopcastError
from loopcast.kernels import LIBRARY
from loopcast.models.pretrained.weights import shipped_network, shipped_weights
from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.step_decoder import StepDecoder, StepWeights

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def draw(rng, *shape, size=1.0):
    return rng.normal(0, size, shape).astype(np.float32)


def question(rng, decoder, *leading, steps):
    return (
        np.tanh(draw(rng, *leading, decoder.state)),
        draw(rng, *leading, decoder.inputs),
        draw(rng, *leading, steps, decoder.candidates, size=3.0),
        draw(rng, *leading, steps, decoder.codes),
    )


def shipped():
    return shipped_network().decoder, shipped_network().parts(shipped_weights()).decoder


def random_decoder(rng, **sizes):
    decoder = StepDecoder(**sizes)
    return decoder, StepWeights(*(draw(rng, *shape, size=0.2) for shape in decoder.shapes.values()))


@pytest.mark.parametrize("steps", [1, 5, 12, 24, 60])
@pytest.mark.parametrize("units", [0, 5, 20])
def test_quantiles_are_as_near_to_the_equations_as_numpys_in_float32(units, steps):
    rng = np.random.default_rng(steps)
    sizes = {"state": 7, "inputs": 3, "candidates": 4, "codes": 2, "units": units}
    decoder, weights = random_decoder(rng, **sizes) if units else shipped()
    asked = question(rng, decoder, 20, 3, steps=steps)
    doubled = StepWeights(*(np.asarray(part, np.float64) for part in weights))
    exact = decoder.apply(doubled, *(part.astype(np.float64) for part in asked), xp=np)
    error = np.abs(DirectDecoder(decoder, weights)(*asked) - exact)
    rounding = np.abs(decoder.apply(weights, *asked, xp=np) - exact)  # of float32: no kernel can do without
    assert np.sqrt((error**2).mean()) <= 2 * np.sqrt((rounding**2).mean())
    assert error.max() <= 4 * rounding.max()


def test_a_row_alone_has_the_bits_that_it_has_among_many():
    rng = np.random.default_rng(0)
    decoder, weights = shipped()
    direct, asked = DirectDecoder(decoder, weights), question(rng, decoder, 700, steps=25)
    whole = direct(*asked)
    for row in (0, 1, 350, 699):
        np.testing.assert_array_equal(direct(*(part[row] for part in asked)), whole[row])
    np.testing.assert_array_equal(direct(*asked[:2], *(part[:, :7] for part in asked[2:])), whole[:, :7])


def test_quantiles_of_large_candidates_do_not_cross_and_are_numbers():
    rng = np.random.default_rng(0)
    decoder, weights = shipped()
    asked = question(rng, decoder, 50, steps=9)
    got = DirectDecoder(decoder, weights)(*asked[:2], 50 * np.sign(asked[2]), asked[3])
    assert np.isfinite(got).all()
    assert (np.diff(got, axis=-1) >= 0).all()


def test_a_call_that_would_leave_its_buffers_is_refused():
    direct = DirectDecoder(*shipped())
    direct.structure.units = 60
    with pytest.raises(LoopcastError, match=r"cannot decode 2 rows of 3 steps: .*whole vectors"):
        direct(*question(np.random.default_rng(0), direct.decoder, 2, steps=3))
