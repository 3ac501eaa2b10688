"""What values are measured in, from what is known of them."""

from dataclasses import dataclass

import numpy as np

FLAT = 1e-6  # of the size of a channel: one that changes less counts as constant


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """What values are measured in: level and spread, float32 `[series, channel]`, or `[1, channel]` for all alike."""

    level: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, offsets: np.ndarray) -> "Scale":
        """Mean and standard deviation of what is known of each series; 0 and 1 where nothing is, or nothing varies."""
        known = ~np.isnan(values)
        plain = np.where(known, values, 0).astype(np.float64)
        count = np.maximum(np.add.reduceat(known, offsets[:-1], dtype=np.int64), 1)
        level = np.add.reduceat(plain, offsets[:-1]) / count
        away = np.where(known, values - np.repeat(level, np.diff(offsets), axis=0), 0)
        spread = np.sqrt(np.add.reduceat(away**2, offsets[:-1]) / count)
        flat = spread <= FLAT * np.maximum(np.abs(level), FLAT)
        return cls(level=level.astype(np.float32), spread=np.where(flat, 1, spread).astype(np.float32))

    def rows(self, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Level and spread of each row, `[row, channel]` or what broadcasts to it."""
        if len(self.level) == 1:
            return self.level, self.spread
        lengths = np.diff(offsets)
        return np.repeat(self.level, lengths, axis=0), np.repeat(self.spread, lengths, axis=0)

    def scaled(self, values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """`values` `[row, channel]` in these units."""
        level, spread = self.rows(offsets)
        return (values - level) / spread
