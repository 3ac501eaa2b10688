"""Which cutoffs a backtest has, and which of them share a fit."""

from dataclasses import dataclass

from loopcast.validation import positive


@dataclass(frozen=True, kw_only=True)
class Origins:
    """A rolling origin, as a value.

    step: rows from one cutoff to the next; the last one is `horizon` rows before the end of each series.
    refit: False fits once, before the first cutoff; True before each; a number before every so many.

    >>> Origins(horizon=2, windows=3, step=1, refit=2).blocks
    [(4, 3), (2,)]
    """

    horizon: int
    windows: int
    step: int
    refit: bool | int = False

    def __post_init__(self) -> None:
        positive("horizon", self.horizon)
        positive("windows", self.windows)
        positive("step", self.step)
        if not isinstance(self.refit, bool):
            positive("refit", self.refit)

    @property
    def unseen(self) -> tuple[int, ...]:
        """How many of a series' last rows are to come at each cutoff."""
        return tuple(self.horizon + self.step * back for back in reversed(range(self.windows)))

    @property
    def blocks(self) -> list[tuple[int, ...]]:
        """`unseen`, in stretches that share a fit."""
        size = self.windows if self.refit is False else int(self.refit)
        return [self.unseen[first : first + size] for first in range(0, self.windows, size)]
