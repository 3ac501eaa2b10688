"""What a fit of an imputer leaves: networks and how they are weighed, and how these fill the gaps of series."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from loopcast.columns import NO_BANDS, Bands
from loopcast.data.panel import Panel
from loopcast.data.schema import TableSchema
from loopcast.errors import OptionError
from loopcast.models.bounds import Bounds
from loopcast.models.fill_gaps import FilledGaps
from loopcast.models.imputer.baselines import BLENDED, by_series, methods_for
from loopcast.models.imputer.blend import NETWORK, Blend
from loopcast.models.imputer.chunked import predict_gaps
from loopcast.models.imputer.distances import gap_distances
from loopcast.models.imputer.form import ImputerConfig
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.masked_evaluation import MaskedEvaluation
from loopcast.models.imputer.scaler import Scale, Scaler
from loopcast.models.imputer.scores import Scores
from loopcast.models.imputer.validation import require_values
from loopcast.models.imputer.widths import WIDTH_SHARES, IntervalWidths
from loopcast.models.model import TRANSIENT
from loopcast.models.provenance import Provenance

COMPARED_LEVEL = 90  # percent, of intervals that are compared


@dataclass(frozen=True, kw_only=True, eq=False)
class ImputerModel:
    """What an imputer learned, immutable.

    schema: how the table looked that it was fitted on.
    config, weights: the networks, float32 `[member, parameter]`, after so many updates; their outputs are averaged.
    scaler: how series are scaled.
    blend: of what the network and simple methods say; widths: of intervals; scores: of every method.
    methods: the place, among those of `scores`, of what fills a series and channel, int64 `[series + 1, channel]`;
        the last row is for series that it was not fitted on. The network is the first, and means the blend.
    fitted_on: `digest` of what it was fitted on. unsure: which gaps were too long to be tried, in a sentence, or "".
    bounds: what no fill leaves.
    best: whether the method that did best fills each channel. seed: of the values hidden in series that are new to it.
    provenance: when and on what it was fitted, with which versions. tags: the user's own words.
    panel: the series of the fit; None in a loaded model.
    """

    schema: TableSchema = field(metadata=TRANSIENT)
    config: ImputerConfig
    weights: np.ndarray
    updates: int
    scaler: Scaler
    blend: Blend
    widths: IntervalWidths
    scores: Scores
    methods: np.ndarray
    fitted_on: str
    unsure: str
    best: bool
    bounds: Bounds
    seed: int
    provenance: Provenance | None = None
    tags: Mapping[str, str] = field(default_factory=dict, metadata=TRANSIENT)
    panel: Panel | None = field(default=None, metadata=TRANSIENT)

    def __post_init__(self) -> None:
        config, channels = self.config, self.config.channels
        known = (NETWORK, *methods_for(causal=config.causal))
        blended = (NETWORK, *BLENDED["causal" if config.causal else "two-sided"])
        if len(self.schema.columns.targets) != channels:
            raise OptionError(f"expected {channels} targets, got {self.schema.columns.targets}")
        if self.weights.ndim != 2 or self.weights.shape[1] != config.network.parameters or not len(self.weights):
            raise OptionError(f"weights are [member, {config.network.parameters}], got {self.weights.shape}")
        if self.blend.methods != blended or tuple(self.scores.mae) != known:
            raise OptionError(f"the methods of an imputer are {known}, blended {blended}")
        self.blend.check(channels)
        self.widths.check(channels)
        if any(mae.shape != (channels,) for mae in self.scores.mae.values()):
            raise OptionError(f"scores are numbers of {channels} channels")
        if self.methods.ndim != 2 or self.methods.shape[1] != channels or self.methods.dtype != np.int64:
            raise OptionError(f"methods are int64 [series + 1, {channels}], got {self.methods.shape}")
        if not ((self.methods >= 0) & (self.methods < len(known))).all() or not len(self.methods):
            raise OptionError(f"methods are places from 0 to {len(known) - 1}")
        self.scaler.check(channels, causal=config.causal)

    @property
    def n_parameters(self) -> int:
        """How many numbers training set."""
        return self.weights.size

    @property
    def description(self) -> str:
        """In plain words, what was trained, and for how many targets a simple method would have been better."""
        network, members = self.config.network, len(self.weights)
        units = "-".join(map(str, network.units))
        return (
            f"{f'{members} networks, averaged: ' if members > 1 else ''}{network.cell.upper()} {units}, "
            f"{'from both ends' if network.directions == 2 else 'forwards'}, {network.parameters:,} parameters, "
            f"windows of {self.config.window} rows, {self.updates:,} updates. "
            f"{self.scores.verdict(self.schema.columns.targets, best=self.best)}{f' {self.unsure}' * bool(self.unsure)}"
        )

    def fill(self, panel: Panel, bands: Bands = NO_BANDS) -> FilledGaps:
        """Every gap of a panel filled, with the ends of its intervals.

        An interval is as wide as the network expects to be off there, times what held-back values ask for. Series that
        are new to it are tried first: known values are hidden as their gaps are, and where it is further off than it
        was on what it was fitted on, intervals are wider (not in a causal imputer, which looks at nothing later).
        OptionError for other channels than those of the fit, and for levels above 99; ValuesError for a series of which
        a channel has no value, where series are scaled each by itself.
        """
        self._check(panel, bands)
        filled, expected = self._predict(panel)
        marks = np.isnan(panel.values)
        ends = [np.where(marks, end, np.nan) for end in self._ends(panel, filled, expected, bands)]
        values, ends = self.bounds.apply_to_rows(panel, np.where(marks, filled, np.nan), ends, self.config.causal)
        shape = (*values.shape, len(bands.probabilities))
        return FilledGaps(values=values, marks=marks, bands=bands, ends=np.stack(ends, -1) if ends else np.empty(shape))

    def _check(self, panel: Panel, bands: Bands) -> None:
        if panel.n_channels != self.config.channels:
            raise OptionError(f"the imputer was fitted on {self.config.channels} channels, got {panel.n_channels}")
        if bands.quantiles or any(level / 100 > WIDTH_SHARES[-1] for level in bands.levels):
            raise OptionError(f"intervals of filled values go up to {WIDTH_SHARES[-1]:.0%}, got {bands}")
        if self.scaler.fixed is None:
            require_values(panel)

    def _ends(self, panel: Panel, values: np.ndarray, expected: np.ndarray, bands: Bands) -> list[np.ndarray]:
        """Both ends of each interval, `[row, channel]` each."""
        if not bands:
            return []
        widths, away = self.widths_for(panel), self.gap_distance(panel)
        halves = [widths.of(level, away) * expected for level in bands.levels]
        return [end for half in halves for end in (values - half, values + half)]

    def _predict(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Every gap of a panel filled, and the error that is expected there, float64 `[row, channel]` each.

        NaN, or what means nothing, where a value is known.
        """
        scale = self.scale_of(panel)
        level, spread = scale.rows(panel.offsets)
        values = scale.scaled(panel.values, panel.offsets)
        said, sizes = ensemble_predict(self.config, self.weights, values, panel.offsets)
        names, chosen = list(self.scores.mae), self._chosen(panel)
        simple = {
            method: by_series(values, panel.offsets, fill, self.config.season)
            for method, fill in methods_for(causal=self.config.causal).items()
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

    def widths_for(self, panel: Panel) -> IntervalWidths:
        """How wide intervals of this panel's gaps are, in expected errors.

        Series that it was not fitted on may be harder than those that it was: known values of theirs are hidden in
        turn, in the pattern of their own gaps, and if intervals would be wider by the errors there, on the whole, they
        are. They are not if narrower, for some of these values may have been learned from. In a causal imputer never,
        for these are known values from anywhere.
        """
        if self.config.causal or digest(panel) == self.fitted_on:
            return self.widths
        missing = np.isnan(panel.values)
        exam = MaskedEvaluation(
            form=self.config,
            measure=self.scaler,
            values=panel.values,
            offsets=panel.offsets,
            scored=np.ones(panel.n_rows, bool),
            series=panel.series_of(np.arange(panel.n_rows)),
            hiding=MaskSampler(missing=missing, offsets=panel.offsets, missing_share=float(missing.mean())),
            methods=self.blend.baselines_used,
        )
        said = partial(ensemble_predict, self.config, self.weights, offsets=panel.offsets)
        trial = exam.run(said, np.random.default_rng(self.seed))
        own, away = trial.weighed(self.blend).widths, self.gap_distance(panel)
        return max(self.widths, own, key=lambda widths: float(np.nansum(widths.of(COMPARED_LEVEL, away)[missing])))

    def gap_distance(self, panel: Panel) -> np.ndarray:
        return gap_distances(np.isnan(panel.values), panel.offsets, causal=self.config.causal)

    def scale_of(self, panel: Panel) -> Scale:
        return self.scaler.scale(panel.values, panel.offsets)


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
