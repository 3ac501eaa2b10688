"""How well gaps are filled: known values are hidden, and every way is asked for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loopcast.models.imputer.baselines import by_series, methods_for
from loopcast.models.imputer.blend import NETWORK
from loopcast.models.imputer.distances import gap_distances
from loopcast.models.imputer.form import ImputerConfig
from loopcast.models.imputer.holdout import fold_ids
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.masked_errors import BLOCKS, MaskedErrors
from loopcast.models.imputer.scaler import Scaler

ERRORS = 2000  # of a channel that are looked for, where there are so many known values
MOST_ROUNDS = 8  # of hiding other values

Filler = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # scaled values to filled ones and expected errors


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskedEvaluation:
    """What is asked.

    values: float64 `[row, channel]` with NaN; offsets: where series, or pieces of them, begin and end.
    measure: how they are scaled, once some are hidden: what is asked for has no part in the scale.
    scored: bool `[row]`, which rows count; series: int64 `[row]`, which series a row is of.
    hiding: what is hidden; ways: of filling, beside the network's.
    """

    form: ImputerConfig
    measure: Scaler
    values: np.ndarray
    offsets: np.ndarray
    scored: np.ndarray
    series: np.ndarray
    hiding: MaskSampler
    methods: tuple[str, ...]

    def run(self, fill: Filler, rng: np.random.Generator) -> MaskedErrors:
        """Hide values, several times over, and fill them with the network and by these ways.

        Values of rows that do not count are hidden as well: what is judged then has no more beside it than what will
        be filled.
        """
        asked = [self.evaluate_mask(hidden, fill) for hidden in self._rounds(rng)]
        return MaskedErrors(
            errors={method: np.concatenate([each.errors[method] for each in asked]) for method in asked[0].errors},
            sizes=np.concatenate([each.sizes for each in asked]),
            away=np.concatenate([each.away for each in asked]),
            half=np.tile(fold_ids(self.scored), len(asked)),
            series=np.tile(self.series[self.scored], len(asked)),
            block=np.tile(np.flatnonzero(self.scored) * BLOCKS // len(self.values), len(asked)),
        )

    def _rounds(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """What to hide, bool `[row, channel]`, until there are enough values that count."""
        count = 0
        for _ in range(MOST_ROUNDS):
            hidden = self.hiding.sample_rows(rng, len(self.values), self.form.window) & ~np.isnan(self.values)
            yield hidden
            count += int(hidden[self.scored].sum())
            if count >= ERRORS * self.values.shape[1]:
                return

    def evaluate_mask(self, hidden: np.ndarray, fill: Filler) -> "MaskRound":
        shown = np.where(hidden, np.nan, self.values)
        scale = self.measure.scale(shown, self.offsets)
        left, truth = (scale.scaled(values, self.offsets) for values in (shown, self.values))
        filled, sizes = fill(left)
        fills = methods_for(causal=self.form.causal)
        methods = {method: by_series(left, self.offsets, fills[method], self.form.season) for method in self.methods}
        errors = {
            method: np.where(hidden, said - truth, np.nan)[self.scored].astype(np.float32)
            for method, said in {NETWORK: filled, **methods}.items()
        }
        away = gap_distances(np.isnan(left), self.offsets, causal=self.form.causal)
        return MaskRound(errors, sizes[self.scored], away[self.scored])


class MaskRound(NamedTuple):
    """What came of hiding once: as a `MaskedErrors` has it, of the rows that count."""

    errors: dict[str, np.ndarray]
    sizes: np.ndarray
    away: np.ndarray
