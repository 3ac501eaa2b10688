"""Rows that are not as those before them say: what a stream would have said of each as it came."""

from typing import Any

import numpy as np

from loopcast.columns import Bands, Columns
from loopcast.data.convert import as_panel
from loopcast.data.judged import Judged
from loopcast.data.panel import Panel
from loopcast.errors import NotFittedError, OptionError, quote
from loopcast.live.batches import all_at_once
from loopcast.live.engine import RowBatch
from loopcast.live.model import LiveModel
from loopcast.live.rules import Rules
from loopcast.models.forecaster import Forecaster


def anomalies(forecaster: Forecaster, data: Any = None, *, level: float = 99, columns: Columns | None = None) -> Any:
    """The rows of `data`, each with whether it lies outside of what was to be expected one step before.

    forecaster: fitted, and such that it can be followed live (`Forecaster.live`). data: a panel or table of the fitted
    kind; None is the series given to `fit`. level: in percent, of the interval that a value is to lie in.
    The table, of the kind that came in, has id, time and target, `anomaly` (true or false), `surprise` (how far out the
    value lies, as a normal score) and the ends of the interval, TARGET-lo-99 and TARGET-hi-99, all to the bit as a live
    state says them that is sent these rows one by one; of future covariates all are known ahead, as in a backtest,
    where such a state goes by what it was told (`Live.know`). Of a series' first row nothing is expected, and what is
    missing is no anomaly. Of several targets there is a row for each, which a column `target` names, with its value as
    `y`. The interval follows the series, so that in the long run no more than 1 % lies outside, whatever comes: what
    was an anomaly once may later be usual.

    >>> from loopcast.models.pretrained.forecaster import Pretrained
    >>> panel = Panel.from_series([float(i % 7) for i in range(60)] + [50.0])
    >>> anomalies(Pretrained(season=7).fit(panel))["anomaly"].to_list()[-2:]
    [False, True]
    """
    return judge(forecaster, data, level=level, columns=columns).table()


def judge(forecaster: Forecaster, data: Any = None, *, level: float = 99, columns: Columns | None = None) -> Judged:
    """The same as arrays."""
    levels = Bands.of(level).levels
    if len(levels) != 1:
        raise OptionError(f"an anomaly lies outside of one interval: level is one number, got {quote(level)}")
    panel = forecaster.model.panel if data is None else as_panel(data, columns=columns, like=forecaster.model.schema)
    if panel is None:
        raise NotFittedError("a model file holds no series: give the history, data=...")
    model = LiveModel(forecaster, Rules(level=levels))
    model.bounds.check(panel)
    surprise, _, _, low, high = np.moveaxis(_verdicts(model, panel), -1, 0)
    return Judged(panel=panel, level=levels[0], surprise=surprise, low=low, high=high)


def _verdicts(model: LiveModel, panel: Panel) -> np.ndarray:
    """What is said of each row, `[row, target, 5]`: surprise, drift, forecast, low end, high end."""
    state, which = model.new_state(), panel.series_of(np.arange(panel.n_rows))
    begins = state.begin(panel)
    starts = np.array([each.first.head.start for each in begins])
    steps = np.arange(panel.n_rows) - panel.offsets[which] + starts[which]
    batch = RowBatch(which, [each.first.at for each in begins], steps)
    return all_at_once(state.engines, batch, panel.values, begins).verdicts
