"""What forecasts and their intervals never leave: a lowest and a highest value, and whole numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError, ValuesError

Lower = float | Literal["auto"] | None


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """lower: of every target; "auto" is 0 for a series and target that was never negative before the cutoff, and else
    none; None is none. upper: None is none. integer: whether only whole numbers can come.
    """

    lower: Lower = "auto"
    upper: float | None = None
    integer: bool = False

    def __post_init__(self) -> None:
        if not (self.lower is None or self.lower == "auto" or _is_number(self.lower)):
            raise OptionError(f'lower is a number, None or "auto", got {self.lower!r}')
        if not (self.upper is None or _is_number(self.upper)):
            raise OptionError(f"upper is a number or None, got {self.upper!r}")
        if not isinstance(self.integer, bool):
            raise OptionError(f"integer is True or False, got {self.integer!r}")
        if isinstance(self.lower, int | float) and self.upper is not None and not self.lower < self.upper:
            raise OptionError(f"lower is below upper, got {self.lower!r} and {self.upper!r}")

    def check(self, panel: Panel) -> None:
        """ValuesError where a panel has a value beyond a bound that was asked for: it would be forecast away."""
        lowest = -math.inf if self.lower is None or self.lower == "auto" else self.lower
        highest = math.inf if self.upper is None else self.upper
        wrong = (panel.values < lowest) | (panel.values > highest)
        if wrong.any():
            row, channel = np.unravel_index(int(wrong.argmax()), wrong.shape)
            here = np.array([row])
            raise ValuesError(
                f"series {panel.ids[int(panel.series_of(here)[0])]!r} has {panel.values[row, channel]:g} at "
                f"{panel.times_of(here)[0]} ({panel.targets[channel]!r}), and no value is to be below {lowest:g} or "
                f"above {highest:g}: take other bounds"
            )

    def describe(self, panel: Panel) -> str:
        """What holds for forecasts of this panel, in a sentence; empty where nothing does."""
        never = bool(np.nanmin(panel.values) >= 0)
        parts = [
            "not below 0, as no value is (lower=None lets them be)" if self.lower == "auto" and never else "",
            f"not below {self.lower:g}" if isinstance(self.lower, int | float) else "",
            "" if self.upper is None else f"not above {self.upper:g}",
            "whole numbers" if self.integer else "",
        ]
        said = ", ".join(filter(None, parts))
        return f"Forecasts and intervals are {said}." if said else ""

    def apply(self, prediction: Prediction) -> Prediction:
        """The same prediction within the bounds; of whole numbers, quantiles are the next ones further out."""
        lowest = self.lowest(prediction.panel, prediction.cutoffs)
        values, quantiles = self.bounded(prediction.values, lowest), prediction.quantiles
        if quantiles is not None:
            shares = np.array(prediction.probabilities)
            quantiles = self.bounded(quantiles, lowest[..., None], np.sign(shares - 0.5))
        return replace(prediction, values=values, quantiles=quantiles)

    def lowest(self, panel: Panel, cutoffs: Sequence[int]) -> np.ndarray:
        """The lower bound at each cutoff, -inf where there is none, `[series, cutoff, 1, channel]`."""
        if self.lower != "auto":
            return np.full((1, 1, 1, 1), -math.inf if self.lower is None else self.lower)
        negative = np.where(panel.values < 0, np.arange(panel.n_rows)[:, None], panel.n_rows)
        first = np.minimum.reduceat(negative, panel.offsets[:-1], axis=0)
        ends = panel.offsets[1:, None, None] - np.asarray(cutoffs)[:, None]
        return np.where(first[:, None] < ends, -math.inf, 0.0)[:, :, None]

    def apply_to_rows(
        self, panel: Panel, values: np.ndarray, ends: Sequence[np.ndarray], causal: bool
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """What fills gaps and the ends of its intervals, lower and upper in turn, `[row, channel]` each, within bounds.

        causal: whether "auto" goes by the rows before alone.
        """
        negative = panel.values < 0
        seen = np.logical_or.accumulate if causal else np.logical_or.reduce
        each = [
            np.broadcast_to(seen(negative[a:b], axis=0), (b - a, panel.n_channels)) for a, b in pairwise(panel.offsets)
        ]
        lowest = (
            np.where(np.concatenate(each), -math.inf, 0.0) if self.lower == "auto" else self.lowest(panel, (0,))[0, 0]
        )
        whole = [self.bounded(end, lowest, (-1.0, 1.0)[place % 2]) for place, end in enumerate(ends)]
        return self.bounded(values, lowest), whole

    def bounded(self, values: np.ndarray, lowest: np.ndarray, outward: np.ndarray | float = 0.0) -> np.ndarray:
        """`values` within the bounds; outward: which way whole numbers are rounded, -1 down, 1 up, 0 to the nearest."""
        if self.integer:
            values = np.where(outward < 0, np.floor(values), np.where(outward > 0, np.ceil(values), np.rint(values)))
        return np.clip(values, lowest, math.inf if self.upper is None else self.upper)


NO_BOUNDS = Bounds(lower=None)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
