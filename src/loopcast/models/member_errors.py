"""What the members of a mean say of rows that none of them has seen, and how wrong each is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import DataError, LengthError
from loopcast.intervals.holdout import TARGET_PATHS, calibration_cutoffs, long_enough, spread_cutoffs
from loopcast.intervals.scale import changes_of, naive_scale
from loopcast.models.forecaster import Forecaster
from loopcast.models.model import Fit, Model


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """models: copies of the members that have not seen the last `rows` rows of the series of `panel`."""

    models: tuple[Model, ...]
    panel: Panel
    rows: int

    def cutoffs(self, horizon: int, judged_rows: int = 0) -> tuple[int, ...]:
        """Of forecasts that none has seen anything of, and that end before the last `judged_rows` rows.

        LengthError where there is no room for one.
        """
        room = self.rows - horizon - judged_rows
        if room < 0:
            raise LengthError(f"{self.rows} rows are held back, and {horizon + judged_rows} are needed")
        count = -(-TARGET_PATHS // self.panel.n_series)
        return tuple(back + judged_rows for back in spread_cutoffs(horizon, room, count))


def held_out_members(
    members: Sequence[Forecaster], fits: Sequence[Fit], panel: Panel, horizon: int, least: int
) -> HeldOut:
    """The copies that fits left, and of members that are cheap to fit copies that are fitted without the same rows.

    least: rows that members need before the held-back ones. LengthError where series are too short, or a member that
    is not cheap to fit held nothing back; errors of a fit.
    """
    left = [fit.held_rows for fit in fits if fit.held_out is not None]
    rows = min(left) if left else calibration_cutoffs(panel, horizon, least, None)[0]
    enough = long_enough(panel, rows + least)
    seen = enough.drop_last(rows)
    models = []
    for member, fit in zip(members, fits, strict=True):
        if fit.held_out is None and not member.cheap_to_refit:
            raise LengthError(f"no rows were held back from the training of {member.name}")
        models.append(fit.held_out or member.with_options().fit_panel(seen, calibrate=False).model)
    return HeldOut(models=tuple(models), panel=enough, rows=rows)


def scaled_errors(held_out: HeldOut, season: int, horizon: int, cutoffs: tuple[int, ...]) -> np.ndarray:
    """The mean absolute scaled error of each member, over series, cutoffs, steps and targets, float64 `[member]`.

    The scale is the mean change of each series from season to season before each cutoff; what is missing, and series
    that do not change, do not count. DataError where nothing does.
    """
    panel = held_out.panel
    scale = naive_scale(changes_of(panel, season, cutoffs), np.zeros((2, panel.n_channels)))
    actual = panel.actuals(cutoffs, horizon)
    counted = ~np.isnan(actual) & (scale > 0)
    if not counted.any():
        raise DataError("no value of the held-back rows is there, or no series varies before them")
    off = [np.abs(actual - model.predict(panel, horizon, cutoffs).values) for model in held_out.models]
    scaled = [np.divide(each, scale, out=np.zeros_like(each), where=counted) for each in off]
    return np.array([each.sum() for each in scaled]) / counted.sum()


def inverse(errors: np.ndarray) -> np.ndarray:
    """Weights in inverse proportion to errors, of sum 1; where some are 0, those share all.

    >>> inverse(np.array([1.0, 3.0])).tolist(), inverse(np.array([0.0, 3.0])).tolist()
    ([0.75, 0.25], [1.0, 0.0])
    """
    each = (errors == 0).astype(float) if (errors == 0).any() else errors.min() / errors
    weights: np.ndarray = each / each.sum()
    return weights
