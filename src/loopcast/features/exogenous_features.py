"""What is known of a panel's series besides their values, as a model sees it: empty where there is nothing."""

from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder, FutureFeatures


@dataclass(frozen=True, kw_only=True, eq=False)
class ExogenousFeatures:
    """Numbers by row, by series, and by step to come.

    rows: float32 `[row, number]`: of the past, static, and known ahead, in this order.
    static: float32 `[series, number]`; codes: int32 `[series, table]`.
    ahead: of each row and the steps after the end of each series. past_width: how many numbers are of the past alone.
    """

    rows: np.ndarray
    static: np.ndarray
    codes: np.ndarray
    ahead: FutureFeatures
    past_width: int

    @classmethod
    def of(cls, encoding: ExogenousEncoder | None, panel: Panel, extra: int) -> "ExogenousFeatures":
        """Of a panel and `extra` steps after its ends; errors are those of `ExogenousEncoder`."""
        if encoding is None:
            none = np.zeros((panel.n_series, 0), np.float32)
            return cls(
                rows=np.zeros((panel.n_rows, 0), np.float32),
                static=none,
                codes=none.astype(np.int32),
                ahead=FutureFeatures(np.zeros((panel.n_rows, 0), np.float32), panel.offsets),
                past_width=0,
            )
        encoding.require_same_covariates(panel)
        ahead = encoding.ahead(panel, extra)
        return cls(
            rows=encoding.rows(panel, ahead),
            static=encoding.numbers(panel),
            codes=encoding.codes(panel),
            ahead=ahead,
            past_width=encoding.past_width,
        )

    def after(self, series: np.ndarray, seen: np.ndarray, steps: int) -> np.ndarray:
        """What is known of the `steps` after the first `seen` rows of some series, float32 `[series, step, number]`.

        Of a step that is beyond what was asked for, it says what is known of the last one that is not.
        """
        values, offsets = self.ahead
        if not values.shape[1]:
            return np.zeros((len(series), steps, 0), np.float32)
        rows = offsets[series, None] + seen[:, None] + np.arange(steps)
        return values[np.minimum(rows, offsets[series + 1, None] - 1)]
