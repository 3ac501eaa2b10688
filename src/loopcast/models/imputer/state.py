"""What a fit leaves: an imputer's networks and how they are weighed, and how these fill the gaps of series."""

import hashlib
from dataclasses import dataclass
from functools import partial

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.imputer.baselines import by_series, ways_of
from loopcast.models.imputer.blend import NETWORK, Blend
from loopcast.models.imputer.chunked import fill
from loopcast.models.imputer.distances import distances
from loopcast.models.imputer.form import Form
from loopcast.models.imputer.mask_sampler import Hiding
from loopcast.models.imputer.masked_evaluation import Exam
from loopcast.models.imputer.scaler import Measure, Scale
from loopcast.models.imputer.scores import Scores
from loopcast.models.imputer.widths import Widths

USUAL = 90  # percent, of intervals that are compared


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """The numbers of a fitted imputer.

    weights: of each member, float32 `[member, parameter]`, after so many updates; what they say is averaged.
    measure: how series are scaled.
    blend: of what the network and simple ways say; widths: of intervals; scores: of every way.
    chosen: the place, among the ways of `scores`, of what fills a series and channel, int64 `[series + 1, channel]`;
        the last row is for series that it was not fitted on. The network is the first, and means the blend.
    fitted_on: `digest` of what it was fitted on.
    """

    form: Form
    weights: np.ndarray
    updates: int
    measure: Measure
    blend: Blend
    widths: Widths
    scores: Scores
    chosen: np.ndarray
    fitted_on: str

    def filled(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Every gap of a panel filled, and the error that is expected there, float32 `[row, channel]` each.

        NaN, or what means nothing, where a value is known.
        """
        scale = self.scale_of(panel)
        level, spread = scale.rows(panel.offsets)
        values = scale.scaled(panel.values, panel.offsets)
        said, sizes = said_by(self.form, self.weights, values, panel.offsets)
        names, chosen = list(self.scores.mae), self._chosen(panel)
        simple = {
            way: by_series(values, panel.offsets, method, self.form.season)
            for way, method in ways_of(causal=self.form.causal).items()
            if way in self.blend.beside or (chosen == names.index(way)).any()
        }
        filled = self.blend.of({NETWORK: said, **simple}, self.away(panel))
        for way, other in simple.items():
            takes = (chosen == names.index(way)) & ~np.isnan(other)
            filled = np.where(takes, other.astype(np.float32), filled)
        return filled * spread + level, sizes * spread

    def _chosen(self, panel: Panel) -> np.ndarray:
        """The place of the way that fills each row and channel, `[row, channel]` or `[1, channel]`."""
        if (self.chosen == self.chosen[-1]).all() or digest(panel) != self.fitted_on:
            return self.chosen[-1:]
        return np.repeat(self.chosen[:-1], panel.lengths, axis=0)

    def widths_for(self, panel: Panel, seed: int) -> Widths:
        """How wide intervals of this panel's gaps are, in expected errors.

        Series that it was not fitted on may be harder than those that it was: known values of theirs are hidden in
        turn, in the pattern of their own gaps, and if intervals would be wider by the errors there, on the whole, they
        are. They are not if narrower, for some of these values may have been learned from. In a causal imputer never,
        for these are known values from anywhere.
        """
        if self.form.causal or digest(panel) == self.fitted_on:
            return self.widths
        missing = np.isnan(panel.values)
        exam = Exam(
            form=self.form,
            measure=self.measure,
            values=panel.values,
            offsets=panel.offsets,
            judged=np.ones(panel.n_rows, bool),
            series=panel.series_of(np.arange(panel.n_rows)),
            hiding=Hiding(missing=missing, offsets=panel.offsets, there=float(missing.mean())),
            ways=self.blend.beside,
        )
        said = partial(said_by, self.form, self.weights, offsets=panel.offsets)
        trial = exam.tried(said, np.random.default_rng(seed))
        own, away = trial.weighed(self.blend).widths, self.away(panel)
        return max(self.widths, own, key=lambda widths: float(widths.of(USUAL, away)[missing].sum()))

    def away(self, panel: Panel) -> np.ndarray:
        return distances(np.isnan(panel.values), panel.offsets, causal=self.form.causal)

    def scale_of(self, panel: Panel) -> Scale:
        return self.measure.scale(panel.values, panel.offsets)


def said_by(form: Form, weights: np.ndarray, values: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of what members say at gaps of scaled values `[row, channel]`, and of the errors they expect."""
    said = [fill(form, member, values, offsets) for member in weights]
    filled, sizes = (np.stack(parts).mean(axis=0) for parts in zip(*said, strict=True))
    return filled, sizes


def digest(panel: Panel) -> str:
    """What tells the values of one panel from those of another."""
    return hashlib.sha256(panel.values.tobytes() + panel.offsets.tobytes()).hexdigest()
