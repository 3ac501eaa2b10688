"""Every kind of forecaster and imputer, small, and the series that the contracts are checked on."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from loopcast import (
    Auto,
    Drift,
    Forecaster,
    Imputer,
    Linear,
    Mean,
    Naive,
    Panel,
    PlainRecurrent,
    Prediction,
    Pretrained,
    Recurrent,
    SeasonalNaive,
    Theta,
    Trees,
    WindowAverage,
)
from loopcast.columns import Bands

HORIZON, SEASON, BACK = 3, 4, 6  # steps ahead, steps in a season, rows after the earlier of two cutoffs
PROBABILITIES = (0.1, 0.5, 0.9)
LENGTHS = (60, 47, 41)


def recurrent(**options) -> Recurrent:
    """A network of a few numbers, trained for a moment."""
    small = {"horizon": HORIZON, "units": (4,), "season": SEASON, "updates": 3, "show_progress": False}
    return Recurrent(**small | options)


def plain(**options) -> PlainRecurrent:
    """A plain network of a few numbers, trained for a moment."""
    small = {"horizon": HORIZON, "units": (4,), "epochs": 2, "patience": 1, "refit": False, "show_progress": False}
    return PlainRecurrent(**small | options)


class SmallAuto(Auto):
    """Auto as it is, but for the size of the network that it compares, which alone would take most of the time."""

    def candidates(self, panel: Panel) -> list[Forecaster]:
        """The baselines of Auto, and one small network."""
        return [
            *super().candidates(panel)[:5],
            recurrent(seed=self.seed, season=self.season),
        ]


FORECASTERS: dict[str, Callable[[], Forecaster]] = {
    "Naive": Naive,
    "SeasonalNaive": lambda: SeasonalNaive(season=SEASON),
    "Drift": Drift,
    "WindowAverage": lambda: WindowAverage(window=5),
    "Linear": lambda: Linear(horizon=HORIZON, season=SEASON, context=6),
    "Pretrained": lambda: Pretrained(season=SEASON),
    "Pretrained, tuned": lambda: Pretrained(horizon=HORIZON, season=SEASON, tune=2, show_progress=False),
    "Theta": lambda: Theta(season=SEASON),
    "Trees": lambda: Trees(season=SEASON, trees=10),
    "Mean": lambda: Mean(
        models=[Naive(), Linear(horizon=HORIZON, season=SEASON, context=6), SeasonalNaive(season=SEASON)], season=SEASON
    ),
    "Mean, by errors": lambda: Mean(
        models=[Drift(), Mean(models=[Naive(), Drift()], alias="both")], weights="error", season=SEASON, horizon=HORIZON
    ),
    "Recurrent": recurrent,
    "Recurrent, gru": lambda: recurrent(cell="gru", units=(4, 3)),
    "plain, sequence": plain,
    "plain, iterated": lambda: plain(strategy="iterated", cell="gru"),
    "plain, direct": lambda: plain(strategy="direct", cell="simple", context=12),
    "Auto": lambda: SmallAuto(horizon=HORIZON, season=SEASON, alias="Auto", budget=0.001, show_progress=False),
}

IMPUTERS: dict[str, Callable[[], Imputer]] = {
    "two-sided": lambda: Imputer(units=(4,), updates=8, season=SEASON, window=24, show_progress=False),
    "causal": lambda: Imputer(
        mode="causal", cell="gru", units=(4,), updates=8, season=SEASON, window=24, show_progress=False
    ),
}

# Whose programs compile for long, and whose path through the library another kind takes too.
LATE = {"Recurrent, gru", "plain, iterated", "plain, direct", "causal"}

PLAIN = ("plain, sequence", "plain, iterated", "plain, direct")

# What a check leaves out: how, and why.
EXEMPT: dict[str, tuple[tuple[str, ...], str]] = {
    "another level": (
        ("Recurrent", "Recurrent, gru", "Pretrained", "Pretrained, tuned", "Theta", "Trees", *PLAIN),
        "on a log scale, as of a season that multiplies, changes count in proportion to the level, so a forecast does "
        "not move along with it",
    ),
    "units": (PLAIN, "a plain network sees raw values, and knows neither of their size nor that they are constant"),
    "gaps": (PLAIN, "a raw value cannot be missing: that is refused, in words"),
}


def each(kinds) -> list:
    """The names of kinds; those that compile for long wait for `make test-all`."""
    return [pytest.param(name, marks=[pytest.mark.slow] if name in LATE else []) for name in kinds]


def kinds_for(check: str) -> list:
    """The forecasters that a check runs on."""
    return each(name for name in FORECASTERS if name not in EXEMPT[check][0])


def series(lengths=LENGTHS, seed=0) -> Panel:
    """Positive seasonal series of unequal lengths with a trend and noise."""
    random = np.random.default_rng(seed)
    parts = []
    for i, n in enumerate(lengths):
        t = np.arange(n)
        level = 50 + 20 * i + 0.5 * t + 9 * np.sin(t * np.pi / 2 + i)
        parts.append(level + random.normal(0, 2, n))
    return panel_of(parts)


def panel_of(parts, ids=None) -> Panel:
    """A panel of one-dimensional arrays, each a series; called a, b, c and so on."""
    longest = max(map(len, parts))
    padded = np.stack([np.pad(part.astype(np.float64), (0, longest - len(part))) for part in parts])[:, :, None]
    whole = Panel.from_array(padded, ids=ids or [chr(ord("a") + i) for i in range(len(parts))])
    return whole.take_heads(np.arange(len(parts)), np.array([len(part) for part in parts]), 0)


def gappy(panel: Panel, share=0.15, seed=1) -> Panel:
    """The panel with some of its values missing, the first of each series never."""
    missing = np.random.default_rng(seed).uniform(size=panel.values.shape) < share
    missing[panel.offsets[:-1]] = False
    return replace(panel, values=np.where(missing, np.nan, panel.values))


def ordered(panel: Panel, places) -> Panel:
    """The series at these places, in this order."""
    places = np.array(places)
    return panel.take_heads(places, panel.lengths[places], 0)


def with_ends(panel: Panel, rows: int, change: Callable[[np.ndarray], np.ndarray]) -> Panel:
    """The panel with its last `rows` rows of each series put through `change`."""
    values = panel.values.copy()
    for end in panel.offsets[1:]:
        values[end - rows : end] = change(values[end - rows : end])
    return replace(panel, values=values)


@cache
def whole_panel() -> Panel:
    """The series with `BACK` rows more than what forecasters are fitted on."""
    return series()


@cache
def training_panel() -> Panel:
    """The series that every forecaster is fitted on."""
    return whole_panel().drop_last(BACK)


@cache
def gappy_panel() -> Panel:
    """The series that every imputer is fitted on."""
    return gappy(series())


@cache
def fitted(name: str) -> Forecaster:
    """A forecaster of this kind, fitted once for all checks."""
    return FORECASTERS[name]().fit(training_panel())


@cache
def fitted_imputer(name: str) -> Imputer:
    """An imputer of this kind, fitted once for all checks."""
    return fit_imputer(name, gappy_panel())


def fit_imputer(name: str, data) -> Imputer:
    """An imputer of this kind in which the network, trained for a moment, is heard as much as the simple ways."""
    imputer = IMPUTERS[name]().fit(data)
    blend = imputer.model.blend
    even = replace(blend, shares=np.full_like(blend.shares, 1 / len(blend.shares)))
    return imputer.set_model(replace(imputer.model, blend=even))


def predicted(forecaster: Forecaster, panel: Panel | None = None) -> Prediction:
    """What a forecaster says of a panel, quantiles included."""
    return forecaster.predict_panel(panel or training_panel(), HORIZON, (0,), PROBABILITIES)


def filled(imputer: Imputer, panel: Panel | None = None) -> np.ndarray:
    """What an imputer fills the gaps of a panel with and the ends of an interval, `[row, 3]`."""
    gaps = imputer.fill_panel(panel or gappy_panel(), Bands.of(80))
    return np.concatenate([gaps.values, gaps.ends[:, 0]], axis=1)


def assert_same_bits(got: Prediction, wanted: Prediction) -> None:
    """Forecasts and quantiles are equal to the bit, and numbers."""
    assert np.isfinite(wanted.values).all()
    np.testing.assert_array_equal(got.values, wanted.values)
    np.testing.assert_array_equal(got.quantiles, wanted.quantiles)
