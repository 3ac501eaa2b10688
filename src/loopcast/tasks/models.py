"""The models that a command or a request can name, and those of the options that all of them share."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import loopcast
from loopcast.errors import OptionError
from loopcast.tasks.texts import parse_names

if TYPE_CHECKING:
    from loopcast import Forecaster

BASELINES = ("Naive", "SeasonalNaive", "Drift", "Linear")
DEFAULT_MODELS = "Naive,SeasonalNaive,Drift,Linear,Recurrent"
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """What is asked of all models."""

    horizon: int
    seasons: tuple[int, ...] | None
    seed: int
    budget: float
    bounds: Mapping[str, Any] = field(default_factory=dict)

    @property
    def season(self) -> int | None:
        """The first one, for what sees one alone."""
        return self.seasons[0] if self.seasons else None

    @property
    def both(self) -> dict[str, Any]:
        """For what may see two."""
        return {"season": self.season} if self.seasons is None or len(self.seasons) == 1 else {"seasons": self.seasons}


def recurrent(common: CommonOptions) -> "Forecaster":
    return loopcast.Recurrent(horizon=common.horizon, seed=common.seed, **common.both)


MAKERS: "dict[str, Callable[[CommonOptions], Forecaster]]" = {
    "Naive": lambda common: loopcast.Naive(horizon=common.horizon),
    "SeasonalNaive": lambda common: loopcast.SeasonalNaive(horizon=common.horizon, season=common.season),
    "Drift": lambda common: loopcast.Drift(horizon=common.horizon),
    "Linear": lambda common: loopcast.Linear(horizon=common.horizon, season=common.season),
    "Pretrained": lambda common: loopcast.Pretrained(horizon=common.horizon, seed=common.seed, **common.both),
    "Theta": lambda common: loopcast.Theta(horizon=common.horizon, season=common.season),
    "Trees": lambda common: loopcast.Trees(horizon=common.horizon, seed=common.seed, **common.both),
    "Mean": lambda common: loopcast.Mean(
        horizon=common.horizon, season=common.season, models=(MAKERS["Pretrained"](common), MAKERS["Theta"](common))
    ),
    "Recurrent": recurrent,
    "LSTM": lambda common: recurrent(common).with_options(cell="lstm", alias="LSTM"),
    "GRU": lambda common: recurrent(common).with_options(cell="gru", alias="GRU"),
    "SimpleRNN": lambda common: recurrent(common).with_options(cell="simple", alias="SimpleRNN"),
    "Auto": lambda common: loopcast.Auto(
        horizon=common.horizon, seed=common.seed, budget=common.budget, show_progress=False, **common.both
    ),
}


def build_models(names: Sequence[str], common: CommonOptions) -> "list[Forecaster]":
    """The models of these names, in their order; OptionError for another name or one that comes twice."""
    unknown = [name for name in names if name not in MAKERS]
    if unknown:
        raise OptionError(f"there is no model {unknown[0]!r}; the models are {', '.join(MAKERS)}")
    if len(set(names)) < len(names):
        raise OptionError(f"each model is named once, got {', '.join(names)}")
    return [MAKERS[name](common).with_options(**common.bounds) for name in names]


def seconds(text: str) -> float:
    """`60s`, `2m`, `1h` or plain seconds as seconds; OptionError for anything else.

    >>> seconds("90"), seconds("1.5m")
    (90.0, 90.0)
    """
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text)
    if parts is None or not float(parts[1]):
        raise OptionError(f"a time budget is a number with s, m or h, such as 60s, got {text!r}")
    return float(parts[1]) * UNITS[parts[2] or "s"]


def build_forecasters(
    model: str | None, common: CommonOptions, options: dict[str, Any], *, show_progress: bool | None = False
) -> "list[Forecaster]":
    """The forecasters of these names, with the options that were given, which are those of Recurrent.

    model: names with commas between; None is Recurrent where one of these was given, else Auto. OptionError for another
    name, and for options where none of the names is Recurrent.
    """
    names = parse_names("model", model or ("Recurrent" if options else "Auto"))
    if options and "Recurrent" not in names:
        raise OptionError(
            f"--{next(iter(options))} is an option of Recurrent, and --model {model} "
            f"{'names another' if len(names) == 1 else 'names others'}: leave it out, or name Recurrent"
        )
    return [
        forecaster.with_options(
            **({"show_progress": show_progress} if "show_progress" in forecaster.option_names() else {}),
            **(options if name == "Recurrent" else {}),
        )
        for name, forecaster in zip(names, build_models(names, common), strict=True)
    ]
