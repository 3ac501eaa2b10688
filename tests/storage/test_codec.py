"""Frozen values taken apart and put together again, into declared types alone."""

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal, NamedTuple

import numpy as np
import pytest

from loopcast.errors import ModelFileError
from loopcast.storage.codec import MAY_MISS, TRANSIENT, Encoded, decode, encode


class Pair(NamedTuple):
    first: int
    weights: np.ndarray


@dataclass(frozen=True)
class Whole:
    name: str
    kind: Literal["a", "b"]
    share: float | None
    pairs: tuple[Pair, ...]
    seen: np.ndarray = dataclass_field(metadata=MAY_MISS)
    cached: int = dataclass_field(default=0, metadata=TRANSIENT)


def whole():
    pairs = (Pair(1, np.arange(6, dtype=np.float32).reshape(2, 3)), Pair(2, np.zeros((0, 2))))
    return Whole("café", "b", None, pairs, np.array([1.0, np.nan]), cached=3)


def test_every_field_comes_back_but_those_that_a_file_leaves_out():
    value, back = whole(), decode(Whole, encode(whole()))
    assert (back.name, back.kind, back.share, back.cached) == (value.name, value.kind, None, 0)
    assert [pair.first for pair in back.pairs] == [1, 2]
    assert all(np.array_equal(a.weights, b.weights) for a, b in zip(back.pairs, value.pairs, strict=True))
    np.testing.assert_array_equal(back.seen, value.seen)
    assert decode(Whole, encode(whole()), cached=5).cached == 5


def test_a_file_holds_finite_numbers_alone():
    encoded = encode(whole())
    assert all(np.isfinite(array).all() for array in encoded.arrays.values())


@pytest.mark.parametrize("value", [np.array([np.nan]), np.array([np.inf], np.float32), np.zeros(1, np.int32), object()])
def test_what_no_file_can_hold_is_refused(value):
    with pytest.raises(ModelFileError):
        encode((value,))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "c"},
        {"name": 5},
        {"share": "much"},
        {"share": True},
        {"pairs": {}},
        {"pairs": [{"first": 1.5, "weights": "float32 2 3"}]},
        {"seen": "float64 3"},
        {"another": 1},
    ],
)
def test_facts_of_another_type_are_refused(change):
    encoded = encode(whole())
    with pytest.raises(ModelFileError):
        decode(Whole, Encoded(encoded.facts | change, encoded.arrays))


@pytest.mark.parametrize("name", ["pairs.0.weights", "seen"])
def test_an_array_that_lacks_or_has_another_shape_is_refused(name):
    encoded = encode(whole())
    fewer = {each: array for each, array in encoded.arrays.items() if each != name}
    for arrays in (fewer, encoded.arrays | {name: np.zeros(7, np.float32)}, encoded.arrays | {"more": np.zeros(1)}):
        with pytest.raises(ModelFileError):
            decode(Whole, Encoded(encoded.facts, arrays))
