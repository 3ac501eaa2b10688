"""The training of a tuned network: from the shipped weights, on windows of a panel, at random origins."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known, width_of_rows, width_of_steps
from loopcast.models.pretrained.model import PretrainedModel
from loopcast.models.pretrained.tuning import Choice, Tuning
from loopcast.nn.origin_network import OriginNetwork
from loopcast.training.config import TrainingConfig
from loopcast.training.history import Epoch
from loopcast.training.origin_data import OriginData
from loopcast.training.origin_windows import OriginWindows
from loopcast.training.run import TrainingRun

RATE, RATE_KNOWN = 3e-4, 3e-3  # how far an update goes, without and with covariates, learned from nothing
AVERAGE, AVERAGE_KNOWN = 0.98, 0.99  # how much of the mean of weights is kept at each
BATCH = 32


def tuned(
    tuning: Tuning, panel: Panel, choices: Sequence[Choice], callback: Callable[[Epoch, int], None]
) -> Iterator[PretrainedModel]:
    """The model of each choice, by rising updates, of all rows of a panel."""
    plain, alone = tuning.plain, panel.to_univariate()
    shape, start, known = plain.network, plain.weights, None
    encoding = ExogenousEncoder.of(alone, unknown=True, gaps=True) if tuning.known else None
    if encoding is not None:
        season = plain.periods.season
        known = Known.of(encoding, alone, 0, season)
        shape, start = shape.widened(start, width_of_rows(encoding), width_of_steps(encoding, season))
    ends = sorted({choice.updates for choice in choices})
    network = OriginNetwork(shape=shape)
    windows = OriginWindows(
        periods=plain.periods,
        series=[alone.series(i)[:, 0] for i in range(alone.n_series)],
        horizon=tuning.horizon,
        width=min(tuning.width, int(alone.lengths.max())),
        drawn=ends[-1] * BATCH,
        seed=tuning.seed,
        known=known,
    )
    stretches = tuple(np.diff(ends, prepend=0).tolist())
    data = OriginData(network=network, examples=windows.examples, batch=BATCH, stretches=stretches)
    run = TrainingRun(data, _recipe(tuning, len(ends)), data.to_device(), start=start)
    for end, trained in zip(ends, run.epochs(), strict=True):
        callback(trained.history[-1], len(ends))
        whole = network.to_vector(trained.members[0])
        for share in (choice.share for choice in choices if choice.updates == end):
            own = start + np.float32(share) * (whole - start)
            yield replace(plain, network=shape, weights=own, encoding=encoding)


def _recipe(tuning: Tuning, stretches: int) -> TrainingConfig:
    return TrainingConfig(
        epochs=stretches,
        batch_size=BATCH,
        learning_rate=RATE_KNOWN if tuning.known else RATE,
        loss="mae",
        average=AVERAGE_KNOWN if tuning.known else AVERAGE,
        clip=1.0,
        seed=tuning.seed,
    )
