"""How wrong a model is on rows that it has not seen: of a copy fitted without them, or on data of their own."""

from collections.abc import Callable
from dataclasses import replace

from loopcast.data.panel import Panel
from loopcast.errors import DataError, LengthError
from loopcast.intervals.calibration import Calibration, calibration_of
from loopcast.intervals.holdout import TARGET_PATHS, calibration_cutoffs, long_enough, spread_cutoffs
from loopcast.intervals.scale import changes_of, usual_changes
from loopcast.models.model import Fit, Model
from loopcast.models.short_histories import ShortHistories

USUAL_STEPS = 12  # or two seasons: how far a forecaster of any horizon is calibrated unasked


def usual_steps(panel: Panel, season: int) -> int:
    """How far ahead a forecaster without a horizon is calibrated: as said above, or what half of the rows allow."""
    most = (int(panel.observed_lengths.max()) - season - 1) // 2
    return max(min(max(2 * season, USUAL_STEPS), most), 1)


def measure(model: Model, panel: Panel, horizon: int, cutoffs: tuple[int, ...]) -> Calibration:
    """From the errors at these cutoffs, after which the model has seen nothing."""
    usual = usual_changes(changes_of(panel, model.season, cutoffs))
    center, scale = model.center_and_scale(panel, horizon, cutoffs, usual)
    actual = panel.actuals(cutoffs, horizon)
    independent = panel.n_series * (1 + (cutoffs[0] - cutoffs[-1]) // horizon)
    known = calibration_of(actual - center, scale, usual, model.name, panel.targets, independent)
    short = ShortHistories(
        model=replace(model, panel=None), calibration=known, panel=panel, horizon=horizon, cutoffs=cutoffs
    )
    return replace(known, widening=short.widening())


def by_refit(
    refit: Callable[[Panel], Model], panel: Panel, horizon: int, least: int, n_windows: int | None
) -> Calibration:
    """From a copy that is fitted on all but a tail, and forecasts that tail.

    refit: the model learned from a panel. least: rows that it needs. n_windows: cutoffs in the tail; None chooses.
    LengthError where series are too short to hold a tail back.
    """
    cutoffs = calibration_cutoffs(panel, horizon, least, n_windows)
    enough = long_enough(panel, cutoffs[0] + least)
    model = refit(enough.drop_last(cutoffs[0]))
    return measure(model, enough, horizon, cutoffs)


def from_held_out(held_out: Model, panel: Panel, horizon: int, held_rows: int) -> Calibration:
    """From a model that has not seen the last `held_rows` rows of each series."""
    enough = long_enough(panel, held_rows + held_out.season + 1)
    cutoffs = spread_cutoffs(horizon, held_rows - horizon, -(-TARGET_PATHS // enough.n_series))
    return measure(held_out, enough, horizon, cutoffs)


def after_fit(model: Model, fit: Fit, steps: int) -> Model:
    """The model with a calibration, from what the fit held back or else a second fit; or with why it has none."""
    if model.own_horizon and fit.held_out is None and not model.recipe.cheap_to_refit:
        return replace(model, uncalibrated="its own distribution reaches no further")
    try:
        return replace(model, calibration=_measured(model, fit, steps))
    except DataError as error:  # what a forecast needs, rows that leave some out may not have: the model says so
        return replace(model, uncalibrated=str(error))


def _measured(model: Model, fit: Fit, steps: int) -> Calibration:
    panel, recipe = model.panel, model.recipe
    if panel is None:
        raise RuntimeError("a model that was just fitted has a panel")
    if fit.held_out is not None:
        judged = panel if fit.held_series is None else fit.held_series
        return from_held_out(fit.held_out, judged, steps, fit.held_rows)
    slow = [each.name for each in (recipe, *recipe.parts()) if not each.cheap_to_refit]
    if slow:
        raise LengthError(f"no rows were held back from the training of {', '.join(slow)}")
    found: Calibration = recipe.calibration_by_refit(panel, steps, None)
    return found


def on_new_data(model: Model, panel: Panel, horizon: int, n_windows: int | None) -> Calibration:
    """From the errors of the model as it is, at cutoffs of data that it was not fitted on."""
    least = max(model.min_history, model.season + 1)
    cutoffs = calibration_cutoffs(panel, horizon, least, n_windows)
    return measure(model, long_enough(panel, cutoffs[0] + least), horizon, cutoffs)
