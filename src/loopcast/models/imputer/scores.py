"""How far off each way of filling was on values that were held back, which way fills what, and that in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from loopcast.models.imputer.blend import NETWORK
from loopcast.models.imputer.masked_errors import MaskedErrors
from loopcast.significance import NOISE
from loopcast.storage.codec import MAY_MISS

ENOUGH = 50  # hidden values of a series, for a way of its own


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """mae: of each way, mean absolute errors by channel in units of its spread; NaN where nothing could be hidden.

    p_values: of each simple way, by channel, that the network only differs from it by chance; NaN without a test.
    """

    mae: Mapping[str, np.ndarray] = field(metadata=MAY_MISS)
    p_values: Mapping[str, np.ndarray] = field(metadata=MAY_MISS)

    @classmethod
    def of(cls, trial: MaskedErrors) -> "Scores":
        return cls(
            mae={method: mae(errors) for method, errors in trial.errors.items()},
            p_values={method: trial.p_values(method) for method in trial.errors if method != NETWORK},
        )

    def ranked(self, channel: int) -> list[tuple[str, float]]:
        """Ways of filling a channel and their mean absolute errors, best first; none if nothing of it was hidden.

        Of equals the simple ones come first.
        """
        errors = ((method, float(mae[channel])) for method, mae in self.mae.items())
        return sorted(
            (pair for pair in errors if not np.isnan(pair[1])), key=lambda pair: (pair[1], pair[0] == NETWORK)
        )

    def best(self, channel: int) -> str:
        """The way that was best for a channel; the network where nothing could be hidden."""
        return next((method for method, _ in self.ranked(channel)), NETWORK)

    def table(self, names: Sequence[str], chosen: np.ndarray) -> pl.DataFrame:
        """A row for each channel and way, best first: target, way, mae, and how many series of it this way fills."""
        methods = list(self.mae)
        rows = [
            {
                "target": name,
                "method": method,
                "mae": mae,
                "fills": int((chosen[:, channel] == methods.index(method)).sum()),
            }
            for channel, name in enumerate(names)
            for method, mae in self.ranked(channel)
        ]
        return pl.DataFrame(
            rows, schema={"target": pl.String, "method": pl.String, "mae": pl.Float64, "fills": pl.Int64}
        )

    def verdict(self, names: Sequence[str], *, best: bool) -> str:
        """Whether the network was worth it, in a sentence or two. best: whether what did better fills."""
        tried = [channel for channel in range(len(names)) if self.ranked(channel)]
        if not tried:
            return "There were too few values to hold any back: nothing says how far off this is."
        lost = [channel for channel in tried if self.best(channel) != NETWORK]
        won = [channel for channel in tried if self.best(channel) == NETWORK]
        sentences = [self._won(won, len(names)) if won else "", self._lost(lost, names, best) if lost else ""]
        return " ".join(filter(None, sentences))

    def _won(self, won: Sequence[int], targets: int) -> str:
        unsure = [channel for channel in won if not self._second_p_value(channel) < NOISE]
        doubt = f" (for {len(unsure)} of them by no more than noise may give)" if unsure else ""
        return f"On values that were held back, the network was best for {len(won)} of {targets} targets{doubt}."

    def _lost(self, lost: Sequence[int], names: Sequence[str], best: bool) -> str:
        equal = [channel for channel in lost if self.mae[self.best(channel)][channel] == self.mae[NETWORK][channel]]
        how = "better than" if not equal else "as well as" if len(equal) == len(lost) else "better than, or as well as,"
        methods = "; ".join(f"{self.best(channel)} for {names[channel]}" for channel in lost)
        done = "fills them" if best else "the network fills them all the same: best takes the simple way"
        return (
            f"On values that were held back, a simple way did {how} the network "
            f"for {len(lost)} of {len(names)} targets ({methods}), and {done}."
        )

    def _second_p_value(self, channel: int) -> float:
        """Of the difference to the best of the simple ways; NaN where there is no test."""
        second = next((method for method, _ in self.ranked(channel) if method != NETWORK), None)
        return float("nan") if second is None else float(self.p_values[second][channel])


def mae(errors: np.ndarray) -> np.ndarray:
    """The mean size of errors `[row, channel]` that are there, `[channel]`; NaN where none is."""
    sizes = np.abs(errors)
    count = (~np.isnan(sizes)).sum(axis=0)
    return np.where(count > 0, np.nansum(sizes, axis=0) / np.maximum(count, 1), np.nan)


def select_methods(scores: Scores, trial: MaskedErrors, series: int, *, best: bool) -> np.ndarray:
    """The place, among the ways of `scores`, of the one that fills a series and channel, int64 `[series + 1, channel]`.

    The network, or with `best` that which was best on hidden values of the series where there are enough, and of all
    series otherwise. The last row is for series that were not there.
    """
    methods = list(scores.mae)
    channels = len(scores.mae[NETWORK])
    usual = [methods.index(scores.best(channel) if best else NETWORK) for channel in range(channels)]
    places = np.tile(np.array(usual, np.int64), (series + 1, 1))
    for i in np.unique(trial.series) if best and series > 1 else ():
        own = {method: errors[trial.series == i] for method, errors in trial.errors.items()}
        enough = (~np.isnan(own[NETWORK])).sum(axis=0) >= ENOUGH
        errors = np.stack([mae(own[method]) for method in methods])[:, enough]
        # of equals the last: the network is the first
        places[i, enough] = len(methods) - 1 - np.where(np.isnan(errors), np.inf, errors)[::-1].argmin(axis=0)
    return places
