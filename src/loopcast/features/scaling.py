"""What the network sees of a series, and what its output means: a causal encoding of the recent past.

Everything here is a function of the last `reach` values up to now, so training, prediction and a live stream,
which all use it, see the same numbers, and nothing later can leak in.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from loopcast.features.arcsinh import arcsinh

Array = jax.Array
Curve = Literal["none", "log"]
NEAR_ZERO = 0.01  # share of a series' usual size below which the "log" curve becomes a straight line
SMALLEST = 1e-30  # unit of a series of zeros: still a normal float32 when multiplied by NEAR_ZERO


class View(NamedTuple):
    """The past as seen from one step: what goes into the network, and how to read what comes out."""

    features: Array  # [..., Scaling.features], NaN-free
    anchor: Array  # [..., horizon]: output 0 means this, on the curve
    spread: Array  # [...]: output 1 means this much more, on the curve; 0 where the past is flat and stays so
    unit: Array  # [...]: the series' usual size, in its own units
    last: Array  # [...]: the latest value; with gaps the latest that was observed, 0 where none is within reach


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
    gaps: past values may be missing (NaN). Then everything is taken over what is observed within reach: the latest
        value is the latest observed, a level or a seasonal value without one is that value, and changes are those
        between neighbours that are both observed (without any, distances from the mean). Lags that are missing are
        shown as 0, and each step shows two features more: 1 where the latest value is observed, else 0, and
        log(1 + steps since one was), of `reach` steps at most.
    bridge: with gaps, lags and seasons are taken from the straight line across gaps of at most so many steps, from the
        step on at which its later end is known (`loopcast.features.interpolate`).
    """

    curve: Curve = "none"
    lags: int = 1
    level: int = 0
    spread: int = 0
    season: int = 0
    seasons: int = 1
    hold_flat: bool = False
    gaps: bool = False
    bridge: int = 0

    @property
    def reach(self) -> int:
        """How many values back the encoding looks."""
        return max(self.lags, self.level, self.spread + 1, self.season * self.seasons)

    @property
    def features(self) -> int:
        """How many numbers each step shows: the inputs of the network."""
        return self.lags + 2 * self.gaps

    # Without gaps only rows before a series begins have no value, and nothing is computed for what cannot be.

    def whole(self, past: Array, bridged: Array | None) -> Array:
        """`past` with the gaps bridged that end before now, those in `bridged`, of the same shape."""
        if bridged is None:
            return past
        ago = jnp.arange(past.shape[-1] - 1, -1, -1)
        return jnp.where(ago >= _steps_since(past)[..., None], bridged, jnp.nan)

    def view(self, past: Array, horizon: int, bridged: Array | None = None) -> View:
        """`past` `[..., reach]`, latest last, NaN where there is no value, as the network is to see it."""
        whole = self.whole(past, bridged)
        unit = self._unit(past)
        last = _latest(past) if self.gaps else past[..., -1]
        spread = self._spread(past, unit)
        shown = self._bend(whole[..., -self.lags :], unit) - self._level(past, last, unit)[..., None]
        features = jnp.nan_to_num(shown / _nonzero(spread)[..., None])
        if self.gaps:
            features = jnp.concatenate([features, self._freshness(past)], -1)
        return View(features, self._anchor(whole, last, unit, horizon), spread, unit, last)

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

    def _unit(self, past: Array) -> Array:
        size = _mean(jnp.abs(past))
        return jnp.maximum(jnp.nan_to_num(size) if self.gaps else size, SMALLEST)

    def _freshness(self, past: Array) -> Array:
        """Whether the latest value is observed, and the logarithm of how long ago one was, `[..., 2]`."""
        since = _steps_since(past)
        return jnp.stack([jnp.where(since == 0, 1.0, 0.0), jnp.log1p(since)], -1).astype(past.dtype)

    def _level(self, past: Array, last: Array, unit: Array) -> Array:
        if self.level == 0:
            return jnp.zeros(past.shape[:-1], past.dtype)
        mean = _mean(self._bend(past[..., -self.level :], unit))
        return jnp.where(jnp.isnan(mean), self._bend(last[..., None], unit)[..., 0], mean) if self.gaps else mean

    def _spread(self, past: Array, unit: Array) -> Array:
        moving = jnp.nanmax(past, -1) > jnp.nanmin(past, -1) if self.hold_flat else jnp.array(True)
        if self.spread == 0:
            return jnp.where(moving, jnp.ones(past.shape[:-1], past.dtype), 0.0)
        bent = self._bend(past[..., -self.spread - 1 :], unit)
        change = _mean(jnp.abs(jnp.diff(bent, axis=-1)))
        if self.gaps:
            apart = _mean(jnp.abs(bent - _mean(bent)[..., None]))
            change = jnp.where(jnp.isnan(change), apart, change)
        return jnp.where(moving, jnp.nan_to_num(change), 0.0)

    def _anchor(self, past: Array, last: Array, unit: Array, horizon: int) -> Array:
        if self.season == 0:
            return jnp.zeros((*past.shape[:-1], horizon), past.dtype)
        season = past[..., -self.season :]
        if self.seasons > 1:
            return self._repeated(self._usual_season(past, last, unit), horizon)
        seasonal = self._repeated(season, horizon)
        return self._bend(jnp.where(jnp.isnan(seasonal), last[..., None], seasonal), unit)

    def _repeated(self, season: Array, horizon: int) -> Array:
        return jnp.concatenate([season] * -(-horizon // self.season), -1)[..., :horizon]

    def _usual_season(self, past: Array, last: Array, unit: Array) -> Array:
        """The mean of several seasons, on the curve, moved to where the last one has its mean."""
        bent = self._bend(past[..., -self.season * self.seasons :], unit)
        each = bent.reshape(*bent.shape[:-1], self.seasons, self.season)
        usual = _mean(each.swapaxes(-1, -2))
        if not self.gaps:
            moved = usual + (_mean(each[..., -1, :]) - _mean(usual))[..., None]
            return jnp.where(jnp.isnan(moved), bent[..., -1:], moved)
        # Means of different times of the season could differ without any move: only times that both have count.
        moved = usual + jnp.nan_to_num(_mean(each[..., -1, :] - usual))[..., None]
        return jnp.where(jnp.isnan(moved), self._bend(last[..., None], unit), moved)


def _steps_since(past: Array) -> Array:
    """How many steps ago a value was observed, int `[...]`; as many as there are where none was."""
    steps = past.shape[-1]
    return jnp.where(jnp.isnan(past), steps, jnp.arange(steps - 1, -1, -1)).min(-1)


def _latest(past: Array) -> Array:
    """The latest value that was observed; 0 where none was. A sum of one term, which XLA vectorises."""
    ago = jnp.arange(past.shape[-1] - 1, -1, -1)
    return jnp.where(ago == _steps_since(past)[..., None], past, 0.0).sum(-1)


def _mean(values: Array) -> Array:
    """Mean over the last axis of what is there; NaN where nothing is. Shares are added up: a sum could overflow."""
    there = ~jnp.isnan(values)
    count = there.sum(-1, keepdims=True)
    return jnp.where(there, values / count, jnp.where(count > 0, 0.0, jnp.nan)).sum(-1)


def _nonzero(spread: Array) -> Array:
    return jnp.where(spread > 0, spread, 1.0)
