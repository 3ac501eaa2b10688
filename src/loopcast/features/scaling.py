"""What the network sees of a series, and what its output means: a causal encoding of the recent past.

Everything here is a function of the last `lookback` values up to now, so training, prediction and a live stream,
which all use it, see the same numbers, and nothing later can leak in.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from loopcast.errors import OptionError
from loopcast.features.arcsinh import arcsinh
from loopcast.validation import LARGEST, check_positive

Array = jax.Array
Curve = Literal["none", "log"]
NEAR_ZERO = 0.01  # share of a series' usual size below which the "log" curve becomes a straight line
SMALLEST = 1e-30  # unit of a series of zeros: still a normal float32 when multiplied by NEAR_ZERO


class EncodedWindow(NamedTuple):
    """The past as seen from one step: what goes into the network, and how to read what comes out."""

    features: Array  # [..., Scaling.features], NaN-free
    baseline: Array  # [..., horizon]: output 0 means this, on the curve
    spread: Array  # [...]: output 1 means this much more, on the curve; 0 where the past is flat and stays so
    unit: Array  # [...]: the series' usual size, in its own units
    last: Array  # [...]: the latest value; with gaps the latest that was observed, 0 where none is within reach


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How past values become features, and an output a value. With the defaults, raw values go in and come out.

    transform: "log" bends values as logarithms do, relative to the series' usual size, so that errors and changes
        count in proportion; near zero it is straight, so zeros and negative values have their place on it too:
        asinh(value / (2 * 0.01 * unit)), where unit is the mean size of the last `lookback` values.
    lags: how many of the latest values each step shows, besides what the state carries.
    center_window: subtract the mean of this many latest values; 0 subtracts nothing.
    scale_window: divide by the mean absolute change over this many latest values; 0 divides by nothing.
    season: add the output to the value one season before; 1 is the last value, 0 adds to nothing.
    seasons: with more than one, to the mean of the values so many seasons before, as high as the last season was.
    constant_as_last: where all values within reach are equal, forecast that value.
    gaps: past values may be missing (NaN). Then everything is taken over what is observed within reach: the latest
        value is the latest observed, a level or a seasonal value without one is that value, and changes are those
        between neighbours that are both observed (without any, distances from the mean). Lags that are missing are
        shown as 0, and each step shows two features more: 1 where the latest value is observed, else 0, and
        log(1 + steps since one was), of `lookback` steps at most.
    max_interpolated_gap: with gaps, lags and seasons are taken from the straight line across gaps of at most so many
        steps, from the step on at which its later end is known (`loopcast.features.interpolate`).
    """

    transform: Curve = "none"
    lags: int = 1
    center_window: int = 0
    scale_window: int = 0
    season: int = 0
    seasons: int = 1
    constant_as_last: bool = False
    gaps: bool = False
    max_interpolated_gap: int = 0

    def __post_init__(self) -> None:
        check_positive("lags", self.lags)
        check_positive("seasons", self.seasons)
        others = (self.center_window, self.scale_window, self.season, self.max_interpolated_gap)
        if not all(0 <= each <= LARGEST for each in others) or self.lookback > LARGEST:
            raise OptionError(f"a scaling looks back at most {LARGEST:,} rows, got {self}")
        if self.max_interpolated_gap and not self.gaps:
            raise OptionError("gaps are interpolated where there may be some: gaps=True")

    @property
    def lookback(self) -> int:
        """How many values back the encoding looks."""
        return max(self.lags, self.center_window, self.scale_window + 1, self.season * self.seasons)

    @property
    def differences_only(self) -> bool:
        """Whether nothing changes, but the forecasts with them, where all values are so much higher."""
        return self.transform == "none" and self.center_window > 0 and self.season > 0

    @property
    def features(self) -> int:
        """How many numbers each step shows: the inputs of the network."""
        return self.lags + 2 * self.gaps

    # Without gaps only rows before a series begins have no value, and nothing is computed for what cannot be.

    def interpolate_closed_gaps(self, past: Array, bridged: Array | None) -> Array:
        """`past` with the gaps bridged that end before now, those in `bridged`, of the same shape."""
        if bridged is None:
            return past
        ago = jnp.arange(past.shape[-1] - 1, -1, -1)
        return jnp.where(ago >= _steps_since(past)[..., None], bridged, jnp.nan)

    def encode(self, past: Array, horizon: int, bridged: Array | None = None) -> EncodedWindow:
        """`past` `[..., lookback]`, latest last, NaN where there is no value, as the network is to see it."""
        whole = self.interpolate_closed_gaps(past, bridged)
        unit = self._unit(past)
        last = _latest(past) if self.gaps else past[..., -1]
        spread = self._spread(past, unit)
        shown = self.transform_values(whole[..., -self.lags :], unit) - self._level(past, last, unit)[..., None]
        features = jnp.nan_to_num(shown / _nonzero(spread)[..., None])
        if self.gaps:
            features = jnp.concatenate([features, self.missing_indicators(past)], -1)
        return EncodedWindow(features, self._anchor(whole, last, unit, horizon), spread, unit, last)

    def normalize_target(self, view: EncodedWindow, values: Array) -> Array:
        """What the network should say where `values` `[..., horizon]` came."""
        return (self.transform_values(values, view.unit) - view.baseline) / _nonzero(view.spread)[..., None]

    def denormalize(self, view: EncodedWindow, output: Array) -> Array:
        """The values that the network's `output` `[..., horizon]` means."""
        bent = view.baseline + view.spread[..., None] * output
        values = bent if self.transform == "none" else jnp.sinh(bent) * (2 * NEAR_ZERO) * view.unit[..., None]
        return jnp.where(view.spread[..., None] > 0, values, view.last[..., None])

    # Each of these bends the values that it needs anew: values on the curve that several read would be computed
    # again for each of them, one by one.

    def transform_values(self, values: Array, unit: Array) -> Array:
        return values if self.transform == "none" else arcsinh(values / (2 * NEAR_ZERO * unit[..., None]))

    def _unit(self, past: Array) -> Array:
        size = _mean(jnp.abs(past))
        return jnp.maximum(jnp.nan_to_num(size) if self.gaps else size, SMALLEST)

    def missing_indicators(self, past: Array) -> Array:
        """Whether the latest value is observed, and the logarithm of how long ago one was, `[..., 2]`."""
        since = _steps_since(past)
        return jnp.stack([jnp.where(since == 0, 1.0, 0.0), jnp.log1p(since)], -1).astype(past.dtype)

    def _level(self, past: Array, last: Array, unit: Array) -> Array:
        if self.center_window == 0:
            return jnp.zeros(past.shape[:-1], past.dtype)
        mean = _mean(self.transform_values(past[..., -self.center_window :], unit))
        return (
            jnp.where(jnp.isnan(mean), self.transform_values(last[..., None], unit)[..., 0], mean)
            if self.gaps
            else mean
        )

    def _spread(self, past: Array, unit: Array) -> Array:
        moving = jnp.nanmax(past, -1) > jnp.nanmin(past, -1) if self.constant_as_last else jnp.array(True)
        if self.scale_window == 0:
            return jnp.where(moving, jnp.ones(past.shape[:-1], past.dtype), 0.0)
        bent = self.transform_values(past[..., -self.scale_window - 1 :], unit)
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
            return self.tile_season(self.mean_season(past, last, unit), horizon)
        seasonal = self.tile_season(season, horizon)
        return self.transform_values(jnp.where(jnp.isnan(seasonal), last[..., None], seasonal), unit)

    def tile_season(self, season: Array, horizon: int) -> Array:
        return jnp.concatenate([season] * -(-horizon // self.season), -1)[..., :horizon]

    def mean_season(self, past: Array, last: Array, unit: Array) -> Array:
        """The mean of several seasons, on the curve, moved to where the last one has its mean."""
        bent = self.transform_values(past[..., -self.season * self.seasons :], unit)
        each = bent.reshape(*bent.shape[:-1], self.seasons, self.season)
        usual = _mean(each.swapaxes(-1, -2))
        if not self.gaps:
            moved = usual + (_mean(each[..., -1, :]) - _mean(usual))[..., None]
            return jnp.where(jnp.isnan(moved), bent[..., -1:], moved)
        # Means of different times of the season could differ without any move: only times that both have count.
        moved = usual + jnp.nan_to_num(_mean(each[..., -1, :] - usual))[..., None]
        return jnp.where(jnp.isnan(moved), self.transform_values(last[..., None], unit), moved)


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
