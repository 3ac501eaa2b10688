"""What `fit` leaves: one immutable model, from which every forecast is made in the same few ways."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from loopcast.columns import Bands
from loopcast.data.decomposition import Decomposition, by_channel
from loopcast.data.explanation import BOUNDS, Contributions, Explanation, add_contributions
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.data.schema import TableSchema
from loopcast.errors import NotFittedError, OptionError, ValuesError
from loopcast.features.causal.decompose import decompose
from loopcast.features.causal.track import Periods
from loopcast.forks import check_not_forked
from loopcast.intervals.calibration import PROBABILITY_GRID, Calibration, interpolate_quantiles
from loopcast.intervals.scale import changes_of, naive_scale
from loopcast.intervals.widening import NO_WIDENING, Widening, widened
from loopcast.models.bounds import NO_BOUNDS, Bounds
from loopcast.models.provenance import Provenance
from loopcast.nn.onnx_graph import Export, Graph
from loopcast.validation import check_cutoffs, check_positive

OWN_SPREAD = (0.1, 0.5, 0.9)  # quantiles of a distribution of its own: errors are measured in half their distance
TRANSIENT = {"transient": True}  # a model file leaves such a field out


@dataclass(frozen=True, kw_only=True, eq=False)
class Model(ABC):
    """What a forecaster learned. A subclass adds the numbers, and `_predict`.

    name: of the columns of its forecasts. schema: how the table looked that it was fitted on.
    season: steps in one. horizon: steps ahead that it was made for; None where it is made for any.
    description: in plain words, what was chosen and why.
    min_history: rows that a series needs to be forecast. n_parameters: how many numbers the fit set.
    own_horizon: steps ahead up to which it has a distribution of its own; 0 where it gives single values.
    bounds: what no forecast, interval or path leaves.
    calibration: how wrong it is on rows that it had not seen; None where that was not measured.
    uncalibrated: why not, in a sentence.
    own_widening: how much wider what its own distribution says is after a short history, where that was not measured.
    provenance: when and on what it was fitted, with which versions. tags: the user's own words.
    panel: the series of the fit; None in a loaded model.
    recipe: a forecaster, not fitted, that learns the same without choosing again; None in a loaded model.
    started: whether its training went on from another model, so that the recipe alone does not learn the same.
    """

    name: str
    schema: TableSchema = field(metadata=TRANSIENT)
    season: int
    horizon: int | None
    description: str
    min_history: int = 1
    n_parameters: int = 0
    own_horizon: int = 0
    bounds: Bounds = NO_BOUNDS
    calibration: Calibration | None = None
    uncalibrated: str = ""
    own_widening: Widening = NO_WIDENING
    provenance: Provenance | None = None
    tags: Mapping[str, str] = field(default_factory=dict, metadata=TRANSIENT)
    panel: Panel | None = field(default=None, metadata=TRANSIENT)
    recipe: Any = field(default=None, metadata=TRANSIENT)
    started: bool = field(default=False, metadata=TRANSIENT)

    def __post_init__(self) -> None:
        channels = len(self.schema.columns.targets)
        if self.calibration is not None and self.calibration.channels != channels:
            raise OptionError(f"a calibration is of the model's {channels} targets, got {self.calibration.channels}")

    @abstractmethod
    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        """Forecasts from each cutoff; with quantiles where any are asked for and its own distribution has them.

        panel: each series has a value before the first cutoff. cutoffs: falling. See `Prediction` for shapes.
        """

    def predict(
        self, panel: Panel, horizon: int, cutoffs: Sequence[int] = (0,), probabilities: Sequence[float] = ()
    ) -> Prediction:
        """Forecasts `horizon` steps after each cutoff, and quantiles of these probabilities.

        cutoffs: for each how many of the last rows of each series lie after it, fewer from one to the next.
        Quantiles come from the calibration; without one, from the model's own distribution. The forecast beside them is
        their median.
        All are within the bounds. NotFittedError where there is neither so far ahead, LengthError where a series would
        have no row left, ValuesError where it would have no value, or has one beyond a bound that was asked for.
        """
        check_not_forked()
        steps, back = check_positive("horizon", horizon), check_cutoffs(cutoffs)
        panel.require_rows_before(back[0])
        panel.require_any_value(f"{self.name} needs a value of each series", back[0])
        wanted = tuple(float(each) for each in probabilities)
        self.bounds.check(panel)
        calibrated = bool(wanted) and (self.calibration is not None or steps > self.own_horizon)
        how = self.predict_calibrated if calibrated else self._predict
        return require_finite(self.bounds.apply(self._widened(how(panel, back, steps, wanted))))

    def explain(self, panel: Panel, horizon: int) -> Explanation:
        """The forecasts that `predict` gives after the end of each series, as sums of what they are made of.

        Where bounds clip or round a forecast, a feature of its own, `bounds`, says by how much. OptionError for a kind
        of model that cannot be explained; other errors are those of `predict`.
        """
        within = self.predict(panel, horizon).values[:, 0]
        clipped = within - self._predict(panel, (0,), horizon, ()).values[:, 0]
        parts = self._contributions(panel, horizon)
        own = {BOUNDS: clipped} if clipped.any() else {}
        return Explanation.of(self.name, panel, add_contributions([parts, own]))

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        """What its forecasts after the end of each series are made of, before bounds; see `Explanation`."""
        raise unexplained(self.name)

    def decompose(self, panel: Panel) -> Decomposition:
        """Level, season and what remains of each row, as the causal encoder has them once it has taken the row in.

        The seasons are the model's. For one that reads no encoding it is a view of the data all the same.
        """
        alone = panel.to_univariate()
        found = decompose([alone.series(i)[:, 0] for i in range(alone.n_series)], self.seasons_seen())
        return Decomposition.of(panel, {name: by_channel(each, panel.n_channels) for name, each in found.items()})

    def seasons_seen(self) -> Periods:
        """The seasons that it goes by."""
        return Periods(season=self.season)

    def predict_bands(self, panel: Panel, horizon: int, bands: Bands, cutoffs: Sequence[int] = (0,)) -> Prediction:
        """The same, with the ends of intervals and the quantiles that a table shows."""
        wanted = tuple(dict.fromkeys(bands.probabilities))
        return replace(self.predict(panel, horizon, cutoffs, wanted), bands=bands)

    def why_no_quantiles(self, horizon: int) -> str | None:
        """Why it cannot say how sure it is so far ahead, in a sentence; None where it can."""
        known = self.calibration
        if horizon <= self.own_horizon or (known is not None and known.horizon >= horizon):
            return None
        if known is not None:
            return f"it is calibrated for {known.horizon} steps ahead, and not for {horizon}"
        return self.uncalibrated or "it is not calibrated"

    def why_not_onnx(self, export: Export) -> str | None:
        """Why it cannot be written as such an ONNX file, in a sentence; None where it can."""
        return "it is no single network; Pretrained, Recurrent, PlainRecurrent, and an Auto that took one of them, are"

    def onnx_graph(self, export: Export) -> tuple[Graph, Mapping[str, Any]]:
        """The network, and what the file says of it: texts, or what JSON can hold. OptionError as `why_not_onnx`."""
        raise OptionError(f"{self.name} has no graph: {self.why_not_onnx(export)}")

    def sample_paths(self, panel: Panel, n_paths: int, horizon: int, seed: int) -> np.ndarray:
        """Paths that each series may take after its end, float64 `[series, path, step, channel]`.

        At each step they are spread as the quantiles say; from step to step, and channel to channel, they go together
        as errors did in the calibration. NotFittedError without one that reaches so far.
        """
        calibration = self._errors_ahead(horizon)
        rng = np.random.default_rng(seed)
        shares = calibration.draw((panel.n_series, n_paths), horizon, rng)
        quantiles = self.predict(panel, horizon, (0,), tuple(PROBABILITY_GRID)).quantiles
        if quantiles is None:
            raise RuntimeError("a calibrated model gave no quantiles")
        return self.bounds.bounded(interpolate_quantiles(quantiles[:, 0], shares), self.bounds.lowest(panel, (0,)))

    def center_and_scale(
        self, panel: Panel, horizon: int, cutoffs: tuple[int, ...], usual: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Forecasts `[series, cutoff, step, channel]`, and what their errors are measured in, or what broadcasts to it.

        The median and half the distance of two quantiles of its own distribution; without one, the forecast and how
        much the series usually changes, or where its history is short, how much series do as a rule (`usual`).
        """
        if horizon > self.own_horizon:
            scale = naive_scale(changes_of(panel, self.season, cutoffs), usual)
            return self.bounds.apply(self._predict(panel, cutoffs, horizon, ())).values, scale
        return own_center_and_scale(self._predict(panel, cutoffs, horizon, OWN_SPREAD))

    @property
    def widening(self) -> Widening:
        """How much wider intervals are after a short history."""
        return self.own_widening if self.calibration is None else self.calibration.widening

    def _widened(self, told: Prediction) -> Prediction:
        """As wide as the histories before each cutoff ask for: of each target its own, as targets begin apart."""
        if told.quantiles is None:
            return told
        factors = self.widening.at(told.panel.observed_rows[:, None] - np.array(told.cutoffs)[:, None])
        if (factors == 1).all():  # as of most panels
            return told
        ends = widened(told.values[..., None], told.quantiles, factors[:, :, None, :, None])
        return replace(told, quantiles=ends)

    def predict_calibrated(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        """Quantiles by the calibration, as they are after a long history, and without bounds."""
        calibration = self.require_calibration(horizon)
        shares = calibration.quantiles(np.array(probabilities), horizon)
        further = np.minimum(np.arange(horizon), len(shares) - 1)  # of its own distribution, as at the last step known
        shares = shares[further][None, None]
        if horizon > self.own_horizon:
            center, scale = self.center_and_scale(panel, horizon, cutoffs, calibration.usual)
            quantiles = center[..., None] + scale[..., None] * shares
        else:
            told = self._predict(panel, cutoffs, horizon, tuple(dict.fromkeys((*OWN_SPREAD, *probabilities))))
            center, scale = own_center_and_scale(told)
            own = np.stack([told.quantile(each) for each in probabilities], axis=-1)
            measured = center[..., None] + scale[..., None] * shares
            quantiles = calibration.trust * measured + (1 - calibration.trust) * own
        return Prediction(
            name=self.name, panel=panel, cutoffs=cutoffs, values=center, probabilities=probabilities,
            quantiles=quantiles,
        )  # fmt: skip

    def require_calibration(self, horizon: int) -> Calibration:
        """What was measured, where that or a distribution of its own reaches so far ahead; else NotFittedError."""
        known = self.calibration
        if known is not None and horizon <= max(known.horizon, self.own_horizon):
            return known
        raise NotFittedError(
            f"{self.name} cannot say how sure it is {horizon} steps ahead: {self.why_no_quantiles(horizon)}; "
            f"{self._to_calibrate(horizon)}, or ask for no level"
        )

    def _errors_ahead(self, horizon: int) -> Calibration:
        """What was measured of all these steps: a distribution of its own says nothing of how they go together."""
        if self.why_no_quantiles(horizon) is not None:
            return self.require_calibration(horizon)
        known = self.calibration
        if known is not None and horizon <= known.horizon:
            return known
        reach = "none were measured" if known is None else f"these were measured {known.horizon} steps ahead"
        raise NotFittedError(
            f"{self.name} cannot simulate {horizon} steps ahead: paths go on as errors did, and {reach}; "
            f"{self._to_calibrate(horizon)}, or ask predict for a level"
        )

    def _to_calibrate(self, horizon: int) -> str:
        if self.panel is not None:
            return f"calibrate(horizon={horizon}) first, or fit with horizon={horizon}"
        return f"calibrate(horizon={horizon}, data=...) first, on rows that it was not fitted on"


class Fit(NamedTuple):
    """What a fit gave.

    model: as learned from everything. held_out: the same as learned without the last `held_rows` rows of each series,
    where that came about on the way. held_series: the series that it can be judged on, whole; None is all.
    """

    model: Model
    held_out: Model | None = None
    held_rows: int = 0
    held_series: Panel | None = None


def own_center_and_scale(told: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """The median of a distribution of a model's own, and half the distance of its outer quantiles of OWN_SPREAD."""
    low, center, high = map(told.quantile, OWN_SPREAD)
    return center, (high - low) / 2


def require_finite(prediction: Prediction) -> Prediction:
    """The same; ValuesError that names the first series of which a forecast is infinite or no number."""
    parts = [prediction.values] if prediction.quantiles is None else [prediction.values, prediction.quantiles]
    for part in parts:
        wrong = ~np.isfinite(part).reshape(len(part), -1).all(axis=1)
        if wrong.any():
            raise ValuesError(
                f"{prediction.name} has no finite forecast for series {prediction.panel.ids[int(wrong.argmax())]!r}: "
                "its values are near the largest that numbers can be (divide the column by a constant), or training "
                "diverged (fit with a lower learning_rate)"
            )
    return prediction


def unexplained(name: str) -> OptionError:
    """The error of a model that does not say what its forecasts are made of."""
    return OptionError(
        f"{name} does not say what its forecasts are made of: Linear, Pretrained, Recurrent, Theta, Naive, "
        "SeasonalNaive, Drift, WindowAverage and Mean of these do, and so does Auto, which takes one of them"
    )
