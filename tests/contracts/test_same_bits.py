"""The same call gives the same bits, whatever was called before, and changes nothing."""

import numpy as np
import pytest

from contracts.kinds import (
    FORECASTERS,
    HORIZON,
    assert_same_bits,
    filled,
    fit_imputer,
    gappy_panel,
    ordered,
    predicted,
    training_panel,
)
from loopcast import NotFittedError
from loopcast.columns import Bands
from loopcast.storage.codec import encode

LONG = 12  # steps: several times the horizon of a fit


def calls(forecaster):
    """What may be asked of it: as functions without arguments."""
    model = forecaster.model
    levels = [steps for steps in (HORIZON, LONG) if model.why_no_quantiles(steps) is None]
    return {
        **{f"predict({steps})": lambda steps=steps: forecaster.predict(steps) for steps in (HORIZON, LONG)},
        **{f"level({steps})": lambda steps=steps: forecaster.predict(steps, level=80) for steps in levels},
        **({"simulate": lambda: forecaster.simulate(3, HORIZON)} if model.calibration is not None else {}),
        "at two cutoffs": lambda: forecaster.model.predict(training_panel(), HORIZON, (HORIZON, 0)).values,
    }


def facts_and_bytes(model):
    """All that a file would hold of a model, to the bit."""
    learned = encode(model)
    return learned.facts, {name: array.tobytes() for name, array in learned.arrays.items()}


def equal(one, other):
    """Whether two tables or arrays are the same to the bit."""
    return np.array_equal(one, other, equal_nan=True) if isinstance(one, np.ndarray) else one.equals(other)


def test_calls_in_any_order_give_the_same_bits(forecaster):
    asked = calls(forecaster)
    forwards = {name: call() for name, call in asked.items()}
    backwards = {name: call() for name, call in reversed(asked.items())}
    assert all(equal(forwards[name], backwards[name]) for name in asked)
    assert f"level({HORIZON})" in asked


def test_a_forecast_changes_neither_the_model_nor_what_it_holds(forecaster):
    model, before = forecaster.model, facts_and_bytes(forecaster.model)
    for call in calls(forecaster).values():
        call()
    assert forecaster.model is model
    assert facts_and_bytes(model) == before


def test_another_fit_with_the_same_seed_gives_the_same_bits(kind, forecaster):
    again = FORECASTERS[kind]().fit(training_panel())
    assert_same_bits(predicted(again), predicted(forecaster))
    got, wanted = (facts_and_bytes(each.model) for each in (again, forecaster))
    assert got[1] == wanted[1]


def test_a_fit_leaves_other_fits_of_the_same_options_alone(kind, forecaster):
    before = predicted(forecaster)
    forecaster.with_options(alias="other").fit(training_panel())
    assert_same_bits(predicted(forecaster), before)


def test_a_forecaster_is_unfitted_until_it_is_fitted(kind):
    with pytest.raises(NotFittedError):
        FORECASTERS[kind]().predict(HORIZON)


@pytest.mark.parametrize("kind", ["Recurrent", "plain, sequence"])
def test_another_seed_gives_other_bits(kind):
    one, other = (FORECASTERS[kind]().with_options(seed=seed).fit(training_panel()) for seed in (0, 1))
    assert not np.array_equal(predicted(one).values, predicted(other).values)


def test_gaps_are_filled_with_the_same_bits_in_any_order(imputer):
    calls = [imputer.impute, lambda: imputer.impute(level=[50, 80]), lambda: filled(imputer)]
    forwards, backwards = [call() for call in calls], [call() for call in reversed(calls)]
    assert all(equal(one, other) for one, other in zip(forwards, reversed(backwards), strict=True))


def test_filling_gaps_changes_neither_the_imputer_nor_what_it_holds(imputer):
    model, before = imputer.model, facts_and_bytes(imputer.model)
    imputer.fill_panel(gappy_panel(), Bands.of(80))
    imputer.fill_panel(ordered(gappy_panel(), [2, 1, 0]), Bands.of(80))
    assert imputer.model is model
    assert facts_and_bytes(model) == before


def test_another_fit_of_an_imputer_with_the_same_seed_fills_with_the_same_bits(imputer_kind, imputer):
    again = fit_imputer(imputer_kind, gappy_panel())
    np.testing.assert_array_equal(filled(again), filled(imputer))
