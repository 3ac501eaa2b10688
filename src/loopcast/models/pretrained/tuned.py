"""The training of a tuned network: from the shipped weights, on the series of a panel."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.models.network.further import further_updates
from loopcast.models.network.learn import BATCH, Lesson, Pace
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.width import width_of
from loopcast.models.pretrained.tuning import Choice, Tuning
from loopcast.nn.origin_shape import OriginShape
from loopcast.training.history import Epoch

PACE, PACE_KNOWN = Pace(3e-4, 0.98), Pace(5e-3, 0.99)  # without and with covariates, which are learned from nothing


class Tuned(NamedTuple):
    """A choice, the whole way that its updates went, float32 `[parameter]`, and the model at its share of it."""

    choice: Choice
    whole: np.ndarray
    model: NetworkModel


def tuned(tuning: Tuning, panel: Panel, callback: Callable[[Epoch, int], None]) -> Iterator[Tuned]:
    """What each choice comes to, by rising updates, of the rows of a panel."""
    encoding = tuning.plain.encoding
    if encoding is None and tuning.known:
        encoding = ExogenousEncoder.of(panel.to_univariate(), unknown=True)
    shape, start = _begin(tuning, encoding)
    lesson = _lesson(tuning, panel, encoding, shape)
    ends = sorted({choice.updates for choice in tuning.choices})
    stretches = tuple(np.diff(ends, prepend=0).tolist())
    for end, (whole, epoch) in zip(ends, lesson.learn(start, _pace(tuning), stretches), strict=True):
        callback(epoch, len(ends))
        for choice in (choice for choice in tuning.choices if choice.updates == end):
            model = replace(tuning.plain, network=shape, weights=_at(choice.share, start, whole), encoding=encoding)
            yield Tuned(choice, whole, model)


def go_on(tuning: Tuning, panel: Panel, before: Tuned, callback: Callable[[Epoch, int], None]) -> NetworkModel:
    """The model after a few more updates, on all rows of a panel."""
    model, updates = before.model, further_updates(before.choice.updates)
    shape, start = _begin(tuning, model.encoding)
    lesson = _lesson(tuning, panel, model.encoding, shape)
    [(whole, epoch)] = lesson.learn(before.whole, _pace(tuning), (updates,), final=True)
    callback(epoch, 1)
    return replace(model, weights=_at(before.choice.share, start, whole))


def _begin(tuning: Tuning, encoding: ExogenousEncoder | None) -> tuple[OriginShape, np.ndarray]:
    """The architecture, and the weights before tuning in it."""
    plain = tuning.plain
    if encoding is plain.encoding:
        return plain.network, plain.weights
    widths = width_of_rows(encoding), width_of_steps(encoding, plain.periods.season)
    return plain.network.widened(plain.weights, *widths)


def _at(share: float, start: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The weights at a share of the way."""
    return start + np.float32(share) * (whole - start)


def _pace(tuning: Tuning) -> Pace:
    return PACE_KNOWN if tuning.known and tuning.plain.encoding is None else PACE


def _lesson(tuning: Tuning, panel: Panel, encoding: ExogenousEncoder | None, shape: OriginShape) -> Lesson:
    return Lesson(
        panel=panel.to_univariate(),
        periods=tuning.plain.periods,
        encoding=encoding,
        horizon=tuning.horizon,
        shape=shape,
        width=width_of(tuning.plain.periods, tuning.longest),
        drawn=BATCH * max(choice.updates for choice in tuning.choices),
        seed=tuning.seed,
    )
