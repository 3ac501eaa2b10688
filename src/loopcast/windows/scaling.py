"""What the network sees of a series, and what its output means: a causal encoding of the recent past.

Everything here is a function of the last `reach` values up to now, so training, prediction and a live stream,
which all use it, see the same numbers, and nothing later can leak in.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from loopcast.windows.arcsinh import arcsinh

Array = jax.Array
Curve = Literal["none", "log"]
NEAR_ZERO = 0.01  # share of a series' usual size below which the "log" curve becomes a straight line
SMALLEST = 1e-30  # unit of a series of zeros: still a normal float32 when multiplied by NEAR_ZERO


class View(NamedTuple):
    """The past as seen from one step: what goes into the network, and how to read what comes out."""

    features: Array  # [..., lags], NaN-free
    anchor: Array  # [..., horizon]: output 0 means this, on the curve
    spread: Array  # [...]: output 1 means this much more, on the curve; 0 where the past is flat and stays so
    unit: Array  # [...]: the series' usual size, in its own units
    last: Array  # [...]: the latest value


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How past values become features, and an output a value. With the defaults, raw values go in and come out.

    curve: "log" bends values as logarithms do, relative to the series' usual size, so that errors and changes
        count in proportion; near zero it is straight, so zeros and negative values have their place on it too:
        asinh(value / (2 * 0.01 * unit)), where unit is the mean size of the last `reach` values.
    lags: how many of the latest values each step shows, besides what the state carries.
    level: subtract the mean of this many latest values; 0 subtracts nothing.
    spread: divide by the mean absolute change over this many latest values; 0 divides by nothing.
    season: add the output to the value one season before; 1 is the last value, 0 adds to nothing.
    seasons: with more than one, to the mean of the values so many seasons before, as high as the last season was.
    hold_flat: where all values within reach are equal, forecast that value.
    """

    curve: Curve = "none"
    lags: int = 1
    level: int = 0
    spread: int = 0
    season: int = 0
    seasons: int = 1
    hold_flat: bool = False

    @property
    def reach(self) -> int:
        """How many values back the encoding looks."""
        return max(self.lags, self.level, self.spread + 1, self.season * self.seasons)

    def view(self, past: Array, horizon: int) -> View:
        """`past` `[..., reach]`, latest last, NaN where there is no value, as the network is to see it."""
        unit = jnp.maximum(_mean(jnp.abs(past)), SMALLEST)
        spread = self._spread(past, unit)
        shown = self._bend(past[..., -self.lags :], unit) - self._level(past, unit)[..., None]
        features = jnp.nan_to_num(shown / _nonzero(spread)[..., None])
        return View(features, self._anchor(past, unit, horizon), spread, unit, past[..., -1])

    def output_for(self, view: View, values: Array) -> Array:
        """What the network should say where `values` `[..., horizon]` came."""
        return (self._bend(values, view.unit) - view.anchor) / _nonzero(view.spread)[..., None]

    def value_of(self, view: View, output: Array) -> Array:
        """The values that the network's `output` `[..., horizon]` means."""
        bent = view.anchor + view.spread[..., None] * output
        values = bent if self.curve == "none" else jnp.sinh(bent) * (2 * NEAR_ZERO) * view.unit[..., None]
        return jnp.where(view.spread[..., None] > 0, values, view.last[..., None])

    # Each of these bends the values that it needs anew: values on the curve that several read would be computed
    # again for each of them, one by one.

    def _bend(self, values: Array, unit: Array) -> Array:
        return values if self.curve == "none" else arcsinh(values / (2 * NEAR_ZERO * unit[..., None]))

    def _level(self, past: Array, unit: Array) -> Array:
        if self.level == 0:
            return jnp.zeros(past.shape[:-1], past.dtype)
        return _mean(self._bend(past[..., -self.level :], unit))

    def _spread(self, past: Array, unit: Array) -> Array:
        moving = jnp.nanmax(past, -1) > jnp.nanmin(past, -1) if self.hold_flat else jnp.array(True)
        if self.spread == 0:
            return jnp.where(moving, jnp.ones(past.shape[:-1], past.dtype), 0.0)
        change = jnp.diff(self._bend(past[..., -self.spread - 1 :], unit), axis=-1)
        return jnp.where(moving, jnp.nan_to_num(_mean(jnp.abs(change))), 0.0)

    def _anchor(self, past: Array, unit: Array, horizon: int) -> Array:
        if self.season == 0:
            return jnp.zeros((*past.shape[:-1], horizon), past.dtype)
        season = past[..., -self.season :]
        if self.seasons > 1:
            return self._repeated(self._usual_season(past, unit), horizon)
        seasonal = self._repeated(season, horizon)
        return self._bend(jnp.where(jnp.isnan(seasonal), past[..., -1:], seasonal), unit)

    def _repeated(self, season: Array, horizon: int) -> Array:
        return jnp.concatenate([season] * -(-horizon // self.season), -1)[..., :horizon]

    def _usual_season(self, past: Array, unit: Array) -> Array:
        """The mean of several seasons, on the curve, moved to where the last one has its mean."""
        bent = self._bend(past[..., -self.season * self.seasons :], unit)
        each = bent.reshape(*bent.shape[:-1], self.seasons, self.season)
        usual = _mean(each.swapaxes(-1, -2))
        moved = usual + (_mean(each[..., -1, :]) - _mean(usual))[..., None]
        return jnp.where(jnp.isnan(moved), bent[..., -1:], moved)


def _mean(values: Array) -> Array:
    """Mean over the last axis of what is there; NaN where nothing is. Shares are added up: a sum could overflow."""
    there = ~jnp.isnan(values)
    count = there.sum(-1, keepdims=True)
    return jnp.where(there, values / count, jnp.where(count > 0, 0.0, jnp.nan)).sum(-1)


def _nonzero(spread: Array) -> Array:
    return jnp.where(spread > 0, spread, 1.0)
