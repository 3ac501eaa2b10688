"""What a fit leaves: an imputer's networks and how they are weighed, and how these fill the gaps of series."""

import hashlib
from dataclasses import dataclass
from functools import partial

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.imputer.baselines import by_series, methods_for
from loopcast.models.imputer.blend import NETWORK, Blend
from loopcast.models.imputer.chunked import predict_gaps
from loopcast.models.imputer.distances import gap_distances
from loopcast.models.imputer.form import ImputerConfig
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.masked_evaluation import MaskedEvaluation
from loopcast.models.imputer.scaler import Scale, Scaler
from loopcast.models.imputer.scores import Scores
from loopcast.models.imputer.widths import IntervalWidths

COMPARED_LEVEL = 90  # percent, of intervals that are compared


@dataclass(frozen=True, kw_only=True, eq=False)
class ImputerState:
    """The numbers of a fitted imputer.

    weights: of each member, float32 `[member, parameter]`, after so many updates; what they say is averaged.
    measure: how series are scaled.
    blend: of what the network and simple ways say; widths: of intervals; scores: of every way.
    methods: the place, among the ways of `scores`, of what fills a series and channel, int64 `[series + 1, channel]`;
        the last row is for series that it was not fitted on. The network is the first, and means the blend.
    fitted_on: `digest` of what it was fitted on.
    """

    form: ImputerConfig
    weights: np.ndarray
    updates: int
    measure: Scaler
    blend: Blend
    widths: IntervalWidths
    scores: Scores
    methods: np.ndarray
    fitted_on: str

    def filled(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Every gap of a panel filled, and the error that is expected there, float32 `[row, channel]` each.

        NaN, or what means nothing, where a value is known.
        """
        scale = self.scale_of(panel)
        level, spread = scale.rows(panel.offsets)
        values = scale.scaled(panel.values, panel.offsets)
        said, sizes = ensemble_predict(self.form, self.weights, values, panel.offsets)
        names, chosen = list(self.scores.mae), self._chosen(panel)
        simple = {
            method: by_series(values, panel.offsets, fill, self.form.season)
            for method, fill in methods_for(causal=self.form.causal).items()
            if method in self.blend.baselines_used or (chosen == names.index(method)).any()
        }
        filled = self.blend.combine({NETWORK: said, **simple}, self.gap_distance(panel))
        for method, other in simple.items():
            takes = (chosen == names.index(method)) & ~np.isnan(other)
            filled = np.where(takes, other.astype(np.float32), filled)
        return filled * spread + level, sizes * spread

    def _chosen(self, panel: Panel) -> np.ndarray:
        """The place of the way that fills each row and channel, `[row, channel]` or `[1, channel]`."""
        if (self.methods == self.methods[-1]).all() or digest(panel) != self.fitted_on:
            return self.methods[-1:]
        return np.repeat(self.methods[:-1], panel.lengths, axis=0)

    def widths_for(self, panel: Panel, seed: int) -> IntervalWidths:
        """How wide intervals of this panel's gaps are, in expected errors.

        Series that it was not fitted on may be harder than those that it was: known values of theirs are hidden in
        turn, in the pattern of their own gaps, and if intervals would be wider by the errors there, on the whole, they
        are. They are not if narrower, for some of these values may have been learned from. In a causal imputer never,
        for these are known values from anywhere.
        """
        if self.form.causal or digest(panel) == self.fitted_on:
            return self.widths
        missing = np.isnan(panel.values)
        exam = MaskedEvaluation(
            form=self.form,
            measure=self.measure,
            values=panel.values,
            offsets=panel.offsets,
            scored=np.ones(panel.n_rows, bool),
            series=panel.series_of(np.arange(panel.n_rows)),
            hiding=MaskSampler(missing=missing, offsets=panel.offsets, missing_share=float(missing.mean())),
            methods=self.blend.baselines_used,
        )
        said = partial(ensemble_predict, self.form, self.weights, offsets=panel.offsets)
        trial = exam.run(said, np.random.default_rng(seed))
        own, away = trial.weighed(self.blend).widths, self.gap_distance(panel)
        return max(self.widths, own, key=lambda widths: float(widths.of(COMPARED_LEVEL, away)[missing].sum()))

    def gap_distance(self, panel: Panel) -> np.ndarray:
        return gap_distances(np.isnan(panel.values), panel.offsets, causal=self.form.causal)

    def scale_of(self, panel: Panel) -> Scale:
        return self.measure.scale(panel.values, panel.offsets)


def ensemble_predict(
    form: ImputerConfig, weights: np.ndarray, values: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The mean of what members say at gaps of scaled values `[row, channel]`, and of the errors they expect."""
    said = [predict_gaps(form, member, values, offsets) for member in weights]
    filled, sizes = (np.stack(parts).mean(axis=0) for parts in zip(*said, strict=True))
    return filled, sizes


def digest(panel: Panel) -> str:
    """What tells the values of one panel from those of another."""
    return hashlib.sha256(panel.values.tobytes() + panel.offsets.tobytes()).hexdigest()
