"""What a network's graph takes and gives elsewhere: the arrays of its ports, and what they mean."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known
from loopcast.models.network.histories import Questions, question, with_known
from loopcast.models.network.targets import Channels, apart
from loopcast.nn.step_decoder import PROBABILITIES, SIDE


@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedPorts:
    """The series of a panel as a network reads them: each from its first value on that is neither missing nor 0.

    Of several targets each is a series, those of the first series first. features: float32 `[series, time, feature]`,
    of which `lengths` int32 `[series]` rows count, and others are 0. candidates, codes: float32 `[series, step,
    number]`, what each step after the last row might be, and how far ahead it is. These four are the ports of a graph
    of kind "history"; one of kind "step" takes a row of `features` at a time.
    """

    probabilities: ClassVar[tuple[float, ...]] = PROBABILITIES

    features: np.ndarray
    lengths: np.ndarray
    candidates: np.ndarray
    codes: np.ndarray
    questions: Questions
    order: np.ndarray

    @classmethod
    def of(
        cls, panel: Panel, horizon: int, periods: Periods, encoding: ExogenousEncoder | None, channels: Channels
    ) -> "EncodedPorts":
        """Of the whole of each series, and so many steps after its end."""
        alone = apart(panel, channels)
        questions = question(alone, np.argsort(-alone.lengths, kind="stable"), periods, (0,), horizon)
        if encoding is not None:
            questions = with_known(questions, Known.of(encoding, alone, horizon, periods.season), alone, (0,))
        place, told = np.argsort(questions.series), questions.told
        lengths = (questions.rows[place, 0] + 1).astype(np.int32)
        counts = np.arange(told.inputs.shape[1]) < lengths[:, None]
        return cls(
            features=np.where(counts[..., None], told.inputs[place], np.float32(0)),
            lengths=lengths,
            candidates=told.candidates[place],
            codes=told.codes[place],
            questions=questions,
            order=questions.series,
        )

    @property
    def ports(self) -> dict[str, np.ndarray]:
        """What a graph of kind "history" takes, by name."""
        return {name: getattr(self, name) for name in ("features", "lengths", "candidates", "codes")}

    def read(self, quantiles: np.ndarray) -> np.ndarray:
        """Values float64 `[series, step, probability]`, in the data's units, of the quantiles that a graph gave.

        As the network has them: neither calibrated nor within the forecaster's bounds.
        """
        median_first = np.concatenate([quantiles[..., [SIDE]], quantiles], axis=-1, dtype=np.float64)
        values: np.ndarray = self.questions.read(median_first[self.order])[:, 0, :, 1:]
        return values[np.argsort(self.order)]
