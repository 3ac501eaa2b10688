"""Which cutoffs a backtest has, and which of them share a fit."""

from dataclasses import dataclass

from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True)
class RollingOrigin:
    """A rolling origin, as a value.

    step_size: rows from one cutoff to the next; the last one is `horizon` rows before the end of each series.
    refit: False fits once, before the first cutoff; True before each; a number before every so many.

    >>> RollingOrigin(horizon=2, n_windows=3, step_size=1, refit=2).fit_groups
    [(4, 3), (2,)]
    """

    horizon: int
    n_windows: int
    step_size: int
    refit: bool | int = False

    def __post_init__(self) -> None:
        check_positive("horizon", self.horizon)
        check_positive("n_windows", self.n_windows)
        check_positive("step_size", self.step_size)
        if not isinstance(self.refit, bool):
            check_positive("refit", self.refit)

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """How many of a series' last rows are to come at each cutoff."""
        return tuple(self.horizon + self.step_size * back for back in reversed(range(self.n_windows)))

    @property
    def fit_groups(self) -> list[tuple[int, ...]]:
        """`cutoffs`, in stretches that share a fit."""
        size = self.n_windows if self.refit is False else int(self.refit)
        return [self.cutoffs[first : first + size] for first in range(0, self.n_windows, size)]
