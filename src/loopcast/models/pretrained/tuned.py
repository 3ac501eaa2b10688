"""The training of a tuned network: from the shipped weights, on the series of a panel."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.models.network.learn import BATCH, Lesson, Pace
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.width import width_of
from loopcast.models.pretrained.tuning import Choice, Tuning
from loopcast.training.history import Epoch

PACE, PACE_KNOWN = Pace(3e-4, 0.98), Pace(3e-3, 0.99)  # without and with covariates, which are learned from nothing


def tuned(
    tuning: Tuning, panel: Panel, choices: Sequence[Choice], callback: Callable[[Epoch, int], None]
) -> Iterator[NetworkModel]:
    """The model of each choice, by rising updates, of all rows of a panel."""
    plain, alone = tuning.plain, panel.to_univariate()
    shape, start, season = plain.network, plain.weights, plain.periods.season
    encoding = ExogenousEncoder.of(alone, unknown=True) if tuning.known else None
    if encoding is not None:
        shape, start = shape.widened(start, width_of_rows(encoding), width_of_steps(encoding, season))
    lesson = Lesson(
        panel=alone,
        periods=plain.periods,
        encoding=encoding,
        horizon=tuning.horizon,
        shape=shape,
        width=width_of(plain.periods, tuning.longest),
        drawn=BATCH * max(choice.updates for choice in tuning.choices),
        seed=tuning.seed,
    )
    ends = sorted({choice.updates for choice in choices})
    stretches = tuple(np.diff(ends, prepend=0).tolist())
    pace = PACE_KNOWN if tuning.known else PACE
    for end, (whole, epoch) in zip(ends, lesson.learn(start, pace, stretches), strict=True):
        callback(epoch, len(ends))
        for share in (choice.share for choice in choices if choice.updates == end):
            own = start + np.float32(share) * (whole - start)
            yield replace(plain, network=shape, weights=own, encoding=encoding)
