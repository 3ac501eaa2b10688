"""Every option is read by something, is part of the code that makes a forecaster, and survives a copy."""

import sys
from typing import Any

import pytest

import loopcast
from contracts.kinds import FORECASTERS, HORIZON, IMPUTERS, LATE, SmallAuto, gappy_panel, training_panel
from loopcast import (
    Auto,
    Drift,
    Imputer,
    Linear,
    Mean,
    Naive,
    OptionError,
    PlainRecurrent,
    Pretrained,
    Recurrent,
    SeasonalNaive,
    Theta,
    Trees,
    WindowAverage,
)
from loopcast.models.estimator import Estimator


class Silent:
    """A callback that makes nothing of what it is told."""

    def on_epoch_end(self, epoch, logs):
        """Nothing."""


# Another value than the one that an option has of itself; an option without a value here fails the checks.
OTHER: dict[str, Any] = {
    "alias": "Other",
    "batch_size": 8,
    "best": True,
    "budget": 5.0,
    "callbacks": (Silent(),),
    "cell": "simple",
    "channels": "joint",
    "clip": 2.0,
    "context": 9,
    "dropout": 0.25,
    "epochs": 2,
    "fused": "never",
    "head": "recurrent",
    "horizon": 7,
    "integer": True,
    "lags": 3,
    "learning_rate": 0.02,
    "loss": "mse",
    "lower": None,
    "members": 2,
    "mode": "causal",
    "models": (Theta(season=4), WindowAverage(window=3, alias="few")),
    "n_jobs": 2,
    "on": "ray",
    "patience": 4,
    "refit": False,
    "ridge": 0.5,
    "scaling": "none",
    "schedule": "constant",
    "season": 6,
    "seasons": (6, 12),
    "seed": 7,
    "share": 0.25,
    "show_progress": False,
    "start": "weights.safetensors",
    "strategy": "direct",
    "trees": 9,
    "tune": 3,
    "units": (5, 4),
    "updates": 9,
    "upper": 1e9,
    "weight_decay": 0.01,
    "weights": "error",
    "window": 6,
}
MADE = {
    Naive: {}, SeasonalNaive: {}, Drift: {}, WindowAverage: {"window": 3}, Linear: {"horizon": 2},
    Pretrained: {}, Theta: {}, Trees: {}, Mean: {"models": (Naive(), Drift())}, Recurrent: {"horizon": 2},
    PlainRecurrent: {"horizon": 2},
    Auto: {"horizon": 2}, Imputer: {},
}  # fmt: skip
OPTIONS = [(made, option) for made in MADE for option in sorted(made.option_names())]
COPYING = {"get_params", "stored_options", "option_names", "__post_init__", "replace", "_replace", "__repr__"}
CHECKING = ("_check", "check_")  # names of functions that see whether an option can be


def different(made, option):
    """One of this class with its options as they are but for one of them."""
    return made(**MADE[made]).with_options(**{option: OTHER[option]})


@pytest.mark.parametrize(("made", "option"), OPTIONS)
def test_an_option_is_in_the_code_that_makes_it_unless_it_says_how_to_run(made, option):
    plain, other = made(**MADE[made]), different(made, option)
    assert other.get_params()[option] != plain.get_params()[option]
    assert (other.to_code() != plain.to_code()) == (option not in made.runtime)
    assert made.runtime <= made.option_names()


@pytest.mark.parametrize(("made", "option"), OPTIONS)
def test_the_code_makes_one_with_the_same_options(made, option):
    other = different(made, option)
    again = eval(other.to_code(), {"loopcast": loopcast})
    assert again.stored_options() == other.stored_options()
    assert not again.is_fitted


@pytest.mark.parametrize(("made", "option"), OPTIONS)
def test_params_make_one_with_the_same_params_as_a_clone_does(made, option):
    params = different(made, option).get_params(deep=False)
    again = made(**params)
    assert set(params) == made.option_names()
    assert all(again.get_params()[name] is value for name, value in params.items())


@pytest.mark.parametrize("made", MADE)
def test_options_do_not_change_and_unknown_ones_are_refused(made):
    one = made(**MADE[made])
    with pytest.raises(OptionError):
        one.set_params(season=3)
    with pytest.raises(AttributeError):
        one.season = 3
    with pytest.raises(TypeError):
        one.with_options(no_such_option=1)


@pytest.mark.parametrize("made", MADE)
def test_an_option_of_no_meaning_is_refused_by_name(made):
    for option in sorted(made.option_names() - {"alias"}):
        with pytest.raises(OptionError, match=option):
            made(**MADE[made]).with_options(**{option: object()})


@pytest.fixture
def read(monkeypatch):
    """What is read of options, by the names of the class and the option: not by copies and checks of them."""
    seen = set()

    def reading(self, name):
        frame = sys._getframe(1)
        while frame.f_code.co_name.startswith("<"):  # a comprehension: it reads for what it stands in
            frame = frame.f_back
        caller = frame.f_code.co_name
        if caller not in COPYING and not caller.startswith(CHECKING):
            seen.add((type(self).__name__, name))
        return object.__getattribute__(self, name)

    monkeypatch.setattr(Estimator, "__getattribute__", reading, raising=False)
    return seen


@pytest.mark.parametrize(
    "made", sorted({type(make()) for make in FORECASTERS.values()}, key=lambda made: made.__name__)
)
def test_fits_and_forecasts_read_every_option(made, read):
    for name, make in FORECASTERS.items():
        if type(make()) is made and name not in LATE:
            make().fit(training_panel()).predict(HORIZON)
    assert {(made.__name__, option) for option in made.option_names()} <= read


def test_a_fit_of_an_imputer_reads_every_option(imputer_kind, read):
    IMPUTERS[imputer_kind]().fit(gappy_panel()).impute()
    assert {("Imputer", option) for option in Imputer.option_names()} <= read


def test_every_public_kind_is_checked():
    public = {each for each in vars(loopcast).values() if isinstance(each, type) and issubclass(each, Estimator)}
    assert {each for each in public if each.model_type is not None} <= set(MADE)
    assert {type(make()) for make in FORECASTERS.values()} == set(MADE) - {Auto, Imputer} | {SmallAuto}
