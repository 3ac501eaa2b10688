"""How well gaps are filled: known values are hidden, and every way is asked for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loopcast.models.imputer.baselines import by_series, ways_of
from loopcast.models.imputer.blend import NETWORK
from loopcast.models.imputer.distances import distances
from loopcast.models.imputer.form import Form
from loopcast.models.imputer.holdout import halves
from loopcast.models.imputer.mask_sampler import Hiding
from loopcast.models.imputer.masked_errors import Trial
from loopcast.models.imputer.scaler import Measure

ERRORS = 2000  # of a channel that are looked for, where there are so many known values
MOST_ROUNDS = 8  # of hiding other values

Filler = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # scaled values to filled ones and expected errors


@dataclass(frozen=True, kw_only=True, eq=False)
class Exam:
    """What is asked.

    values: float32 `[row, channel]` with NaN; offsets: where series, or pieces of them, begin and end.
    measure: how they are scaled, once some are hidden: what is asked for has no part in the scale.
    judged: bool `[row]`, which rows count; series: int64 `[row]`, which series a row is of.
    hiding: what is hidden; ways: of filling, beside the network's.
    """

    form: Form
    measure: Measure
    values: np.ndarray
    offsets: np.ndarray
    judged: np.ndarray
    series: np.ndarray
    hiding: Hiding
    ways: tuple[str, ...]

    def tried(self, fill: Filler, rng: np.random.Generator) -> Trial:
        """Hide values, several times over, and fill them with the network and by these ways.

        Values of rows that do not count are hidden as well: what is judged then has no more beside it than what will
        be filled.
        """
        asked = [self._asked(hidden, fill) for hidden in self._rounds(rng)]
        return Trial(
            errors={way: np.concatenate([each.errors[way] for each in asked]) for way in asked[0].errors},
            sizes=np.concatenate([each.sizes for each in asked]),
            away=np.concatenate([each.away for each in asked]),
            half=np.tile(halves(self.judged), len(asked)),
            series=np.tile(self.series[self.judged], len(asked)),
        )

    def _rounds(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """What to hide, bool `[row, channel]`, until there are enough values that count."""
        count = 0
        for _ in range(MOST_ROUNDS):
            hidden = self.hiding.all_over(rng, len(self.values), self.form.window) & ~np.isnan(self.values)
            yield hidden
            count += int(hidden[self.judged].sum())
            if count >= ERRORS * self.values.shape[1]:
                return

    def _asked(self, hidden: np.ndarray, fill: Filler) -> "Round":
        shown = np.where(hidden, np.float32(np.nan), self.values)
        scale = self.measure.scale(shown, self.offsets)
        left, truth = (scale.scaled(values, self.offsets) for values in (shown, self.values))
        filled, sizes = fill(left)
        methods = ways_of(causal=self.form.causal)
        ways = {way: by_series(left, self.offsets, methods[way], self.form.season) for way in self.ways}
        errors = {
            way: np.where(hidden, said - truth, np.nan)[self.judged].astype(np.float32)
            for way, said in {NETWORK: filled, **ways}.items()
        }
        away = distances(np.isnan(left), self.offsets, causal=self.form.causal)
        return Round(errors, sizes[self.judged], away[self.judged])


class Round(NamedTuple):
    """What came of hiding once: as a `Trial` has it, of the rows that count."""

    errors: dict[str, np.ndarray]
    sizes: np.ndarray
    away: np.ndarray
