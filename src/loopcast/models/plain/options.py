"""The options of `PlainRecurrent`, and what they can be."""

import math
from abc import ABC
from dataclasses import dataclass, field
from typing import Literal, get_args

from loopcast.errors import OptionError
from loopcast.features.windows import Strategy
from loopcast.models.forecaster import Forecaster
from loopcast.nn.losses import LossName
from loopcast.nn.network import check_layers
from loopcast.nn.shapes import CellName
from loopcast.nn.stack import Fused
from loopcast.training.callbacks import Callback, check_callbacks
from loopcast.training.config import ScheduleName
from loopcast.validation import LARGEST, check_positive, check_seed, check_show_progress

OwnHead = Literal["dense", "recurrent"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PlainOptions(Forecaster, ABC):
    """What each option means is said at `PlainRecurrent`."""

    horizon: int = field()
    cell: CellName = "lstm"
    units: tuple[int, ...] | None = None
    head: OwnHead = "dense"
    dropout: float = 0.0
    strategy: Strategy = "sequence"
    context: int | None = None
    lags: int = 1
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float = 0.005
    schedule: ScheduleName = "one-cycle"
    clip: float | None = 1.0
    weight_decay: float | None = None
    loss: LossName = "mae"
    patience: int | None = 10
    refit: bool = True
    members: int = 1
    seed: int = 0
    fused: Fused = "auto"
    show_progress: bool | None = None
    callbacks: tuple[Callback, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _one_of("cell", self.cell, CellName)
        _one_of("head", self.head, OwnHead)
        _one_of("strategy", self.strategy, Strategy)
        _one_of("loss", self.loss, LossName)
        _one_of("fused", self.fused, Fused)
        _one_of("schedule", self.schedule, ScheduleName)
        check_positive("members", self.members)
        check_positive("lags", self.lags)
        for name in ("context", "epochs", "batch_size", "patience"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        if self.units is not None:
            if not isinstance(self.units, tuple):
                raise OptionError(f"units is a tuple of layer sizes such as (40, 40), got {self.units!r}")
            check_layers(self.units)
        self._check_numbers()

    def _check_numbers(self) -> None:
        for name in ("learning_rate", "clip", "weight_decay"):
            value = getattr(self, name)
            if value is None and name != "learning_rate":
                continue
            if not (_is_number(value) and 0 < value <= LARGEST):
                raise OptionError(f"{name} is a number above 0 and at most {LARGEST:,}, got {value!r}")
        if not (_is_number(self.dropout) and 0 <= self.dropout < 1):
            raise OptionError(f"dropout is at least 0 and below 1, got {self.dropout!r}")
        check_seed(self.seed)
        if not isinstance(self.refit, bool):
            raise OptionError(f"refit is True or False, got {self.refit!r}")
        check_show_progress(self.show_progress)
        object.__setattr__(self, "callbacks", check_callbacks(self.callbacks))


def _one_of(name: str, value: object, kinds: object) -> None:
    if value not in get_args(kinds):
        raise OptionError(f"{name} is one of {', '.join(map(repr, get_args(kinds)))}, got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
