"""What values are measured in, from what is known of them: of one fit, of each series, or of each row up to it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loopcast.errors import OptionError

FLAT = 1e-12  # of the size of a channel: one that changes less counts as constant


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """level and spread, float64 `[1, channel]` for all alike, `[series, channel]`, or `[row, channel]`."""

    level: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, offsets: np.ndarray) -> "Scale":
        """Mean and standard deviation of what is known of each series; 0 where nothing is, or nothing varies."""
        known = ~np.isnan(values)
        plain = np.where(known, values, 0)
        count = np.maximum(np.add.reduceat(known, offsets[:-1], dtype=np.int64), 1)
        level = np.add.reduceat(plain, offsets[:-1]) / count
        away = np.where(known, values - np.repeat(level, np.diff(offsets), axis=0), 0)
        spread = np.sqrt(np.add.reduceat(away**2, offsets[:-1]) / count)
        flat = spread <= FLAT * np.maximum(np.abs(level), FLAT)
        return cls(level=level, spread=np.where(flat, 0, spread))

    @classmethod
    def running(cls, values: np.ndarray, offsets: np.ndarray, usual: np.ndarray) -> "Scale":
        """Mean and standard deviation of what is known of each series up to each row, that included.

        prior: `[3, channel]`, as of `prior`. The spread counts as one value more: that of one value is 0. Between known
        values nothing changes, so a last value carried over a gap is that value again. Before the first known value a
        series is as series are: the usual level, and a spread that has in it how far apart their levels are.
        """
        level, spread = np.empty_like(values), np.empty_like(values)
        for begin, stop in pairwise(offsets):
            level[begin:stop], spread[begin:stop] = _running(values[begin:stop], usual)
        return cls(level=level, spread=spread)

    @property
    def prior(self) -> np.ndarray:
        """What series are like as a rule, float64 `[3, channel]`: their mean level, the root of their mean squared
        spread, and the same with the variance of levels between series.
        """
        level, square = self.level, np.mean(self.spread**2, axis=0)
        return np.stack([level.mean(axis=0), np.sqrt(square), np.sqrt(square + level.var(axis=0))])

    def rows(self, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Level and spread of each row, `[row, channel]` or what broadcasts to it."""
        if len(self.level) in (1, offsets[-1]):
            return self.level, self.spread
        lengths = np.diff(offsets)
        return np.repeat(self.level, lengths, axis=0), np.repeat(self.spread, lengths, axis=0)

    def scaled(self, values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """`values` `[row, channel]` in these units, float32; what does not vary is 0."""
        level, spread = self.rows(offsets)
        return ((values - level) / np.where(spread > 0, spread, 1)).astype(np.float32)


def _running(values: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level and spread of one series, `[time, channel]`."""
    known = ~np.isnan(values)
    first = np.where(known.any(axis=0), values[known.argmax(axis=0), np.arange(values.shape[1])], 0)
    away = np.where(known, values - first, 0)  # of small numbers no digits are lost
    count = np.cumsum(known, axis=0)
    mean = np.cumsum(away, axis=0) / np.maximum(count, 1)
    squares = np.maximum(np.cumsum(away**2, axis=0) - count * mean**2, 0)
    level, begun = usual[0], count > 0
    spread = np.sqrt((squares + usual[1] ** 2) / (count + 1))
    return np.where(begun, first + mean, level), np.where(begun, spread, usual[2])


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaler:
    """How a fitted imputer scales series: each by itself, or as it was fitted.

    fixed: the scale of the one series that it was fitted on. prior: `[3, channel]`, as of `Scale.prior`, with which
    series begin that are scaled row by row, so that no later value is seen. At most one of the two.
    """

    fixed: Scale | None = None
    prior: np.ndarray | None = None

    def check(self, channels: int, *, causal: bool) -> None:
        """OptionError unless it is of so many channels, and no spread is below 0."""
        if self.fixed is not None and (self.prior is not None or self.fixed.level.shape != (1, channels)):
            raise OptionError("series are scaled as the one of the fit, or by what series are like")
        if self.prior is not None and (self.prior.shape != (3, channels) or not causal):
            raise OptionError(f"what series are like is [3, {channels}] of a causal imputer, got {self.prior.shape}")
        spreads = [
            *([] if self.fixed is None else [self.fixed.spread]),
            *([] if self.prior is None else [self.prior[1:]]),
        ]
        if any((spread < 0).any() for spread in spreads):
            raise OptionError("no spread is below 0")

    @classmethod
    def of(cls, shown: np.ndarray, offsets: np.ndarray, *, causal: bool) -> "Scaler":
        """From what a fit may see, float64 `[row, channel]`."""
        scale = Scale.of(shown, offsets)
        if len(offsets) == 2:  # one series keeps its scale, so that stretches of it can be filled by themselves
            return cls(fixed=scale)
        return cls(prior=scale.prior) if causal else cls()

    def scale(self, values: np.ndarray, offsets: np.ndarray) -> Scale:
        """The scale of these values `[row, channel]`."""
        if self.fixed is not None:
            return self.fixed
        return Scale.of(values, offsets) if self.prior is None else Scale.running(values, offsets, self.prior)
