"""Gradient-boosted trees on what the pretrained network is shown: what people would use otherwise."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import LengthError
from loopcast.features.causal.inputs import INPUTS, LAGS
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known
from loopcast.kernels import why_not_built
from loopcast.models.calibrate import usual_steps
from loopcast.models.model import Fit, Model
from loopcast.models.network.histories import Asked, Questions
from loopcast.models.network.reading import read_values
from loopcast.models.network.targets import Channels
from loopcast.models.trees.ensemble import TreeEnsemble
from loopcast.models.trees.grow import grow, require_installed
from loopcast.models.trees.native_trees import native_said
from loopcast.models.two_seasons import TwoSeasons
from loopcast.nn.step_decoder import PROBABILITIES
from loopcast.storage.registry import register
from loopcast.training.origin_pool import ORIGINS, STEPS, Examples
from loopcast.training.origin_windows import OriginWindows
from loopcast.validation import check_positive, check_seed

MOST_ROWS = 100_000  # that trees are grown from
WIDTH = 96  # rows of a window: only its origins are learned from
SHOWN = LAGS + 10  # of what a network sees of a row: differences of values, levels and seasons


@dataclass(frozen=True, kw_only=True, eq=False)
class TreesModel(Model):
    """ensemble: of all steps ahead; periods: of the series; encoding: of covariates, None where there are none."""

    ensemble: TreeEnsemble
    periods: Periods
    encoding: ExogenousEncoder | None = None
    channels: ClassVar[Channels] = "independent"

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        asked = Asked(periods=self.periods, encoding=self.encoding)
        each = asked.answers(panel, cutoffs, horizon, 1, self._values)
        return Prediction(name=self.name, panel=panel, cutoffs=cutoffs, values=each[..., 0])

    def _values(self, questions: Questions) -> np.ndarray:
        """Of some series, `[series, cutoff, step, 1]`."""
        told = questions.told
        shown = features(told.candidates, told.codes, told.inputs[questions.at])
        said = native_said(self.ensemble, shown) if why_not_built() is None else self.ensemble.said(shown)
        alike = np.broadcast_to(said.reshape(*told.base.shape, 1), (*told.base.shape, len(PROBABILITIES)))
        return read_values(questions, alike, np.array([0.5]))


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Trees(TwoSeasons):
    """Gradient-boosted regression trees, one model of all series and all steps ahead, grown by scikit-learn.

    They are asked what the pretrained network is asked, and shown the same: differences from level and season in units
    of the usual change, what each step might be by level, seasons and slope, and what is known of rows and of steps:
    covariates, their trailing means and changes, the calendar. The loss is the squared error of the arcsinh of what
    comes in those units, so that outliers count little, of at most 100,000 steps after random rows. Growing them takes
    `pip install "loopcast[trees]"`; a forecast of a loaded model does not.

    trees: how many, each of which mends a tenth of what those before it leave. seasons, season: as of `Pretrained`.
    seed: of the rows.

    Missing values are shown as missing. Several targets are forecast each by itself.
    """

    model_type: ClassVar[Any] = TreesModel

    trees: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("trees", self.trees)
        check_seed(self.seed)
        require_installed()

    def _fit(self, panel: Panel) -> Fit:
        return Fit(self._grown(panel))

    def _grown(self, panel: Panel) -> TreesModel:
        """From random rows of all series."""
        periods, alone = self.periods_of(panel), panel.to_univariate()
        encoding = ExogenousEncoder.of(alone, unknown=True)
        known = None if encoding is None else Known.of(encoding, alone, 0, periods.season)
        rows, targets, weights = self._examples(alone, periods, known)
        ensemble = grow(rows, np.arcsinh(targets), weights, self.trees, self.seed)
        return TreesModel(
            **self.model_fields(panel),
            ensemble=ensemble,
            periods=periods,
            encoding=encoding,
            n_parameters=len(ensemble.value),
            description=(
                f"{len(ensemble.roots)} gradient-boosted trees, grown from {len(rows):,} steps ahead of rows of these "
                "series; one model of all series and steps."
            ),
        )

    def _examples(
        self, panel: Panel, periods: Periods, known: Known | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What is shown `[row, feature]`, what came `[row]`, and weights `[row]`; LengthError where nothing came."""
        steps = self.horizon or usual_steps(panel, periods.season)
        windows = OriginWindows(
            periods=periods,
            series=[panel.series(i)[:, 0] for i in range(panel.n_series)],
            horizon=steps,
            width=min(WIDTH, int(panel.lengths.max())),
            drawn=MOST_ROWS // ORIGINS // min(steps, STEPS),
            seed=self.seed,
            known=known,
        )
        examples: Examples = windows.examples
        shown = np.take_along_axis(examples.inputs, examples.origins[..., None], axis=1)
        rows = features(examples.candidates, examples.codes, shown)
        targets = examples.targets.ravel()
        weights = np.broadcast_to(examples.weights[..., None], examples.targets.shape).ravel()
        there = np.flatnonzero(~np.isnan(targets))
        if not len(there):
            raise LengthError(f"{self.name} learns from values that come after others, and no series has two")
        kept = there[:: -(-len(there) // MOST_ROWS)]
        return rows[kept], targets[kept], weights[kept]

    def _min_rows(self, season: int, horizon: int) -> int:
        return 2


def features(candidates: np.ndarray, codes: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """What trees are shown of each step of each origin, float32 `[row, feature]`.

    candidates, codes: `[..., step, number]`, codes with what is known of a step; shown: `[..., input]`, of the row.
    """
    own = np.concatenate([shown[..., :SHOWN], shown[..., INPUTS:]], axis=-1)[..., None, :]
    own = np.broadcast_to(own, (*codes.shape[:-1], own.shape[-1]))
    each = np.concatenate([candidates, codes, own], axis=-1)
    return each.reshape(-1, each.shape[-1])
