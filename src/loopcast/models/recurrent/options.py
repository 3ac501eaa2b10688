"""The options of `Recurrent`, and what they can be."""

import math
from abc import ABC
from dataclasses import dataclass, field
from typing import Literal, get_args

from loopcast.errors import OptionError
from loopcast.features.windows import Strategy
from loopcast.models.forecaster import Forecaster
from loopcast.nn.heads import DistributionName, LossName
from loopcast.nn.network import CellName, check_layers
from loopcast.nn.stack import Fused
from loopcast.training.config import ScheduleName
from loopcast.validation import LARGEST, check_positive, check_seed

OwnHead = Literal["dense", "recurrent"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RecurrentOptions(Forecaster, ABC):
    """What each option means is said at `Recurrent`."""

    horizon: int = field()
    cell: CellName = "lstm"
    units: tuple[int, ...] | None = None
    head: OwnHead = "dense"
    distribution: DistributionName = "point"
    dropout: float | None = None
    strategy: Strategy = "sequence"
    context: int | Literal["all"] | None = None
    scaling: Literal["auto", "none"] = "auto"
    log: bool | None = None
    gaps: bool | None = None
    channels: Literal["joint", "independent"] | None = None
    unknown_categories: bool = False
    lags: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: ScheduleName = "one-cycle"
    clip: float | None = 1.0
    weight_decay: float | None = None
    loss: LossName = "mae"
    patience: int | None = 10
    refit: bool = True
    members: int = 3
    seed: int = 0
    fused: Fused = "auto"
    show_progress: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _one_of("cell", self.cell, CellName)
        _one_of("head", self.head, OwnHead)
        _one_of("distribution", self.distribution, DistributionName)
        _one_of("strategy", self.strategy, Strategy)
        _one_of("loss", self.loss, LossName)
        _one_of("fused", self.fused, Fused)
        _one_of("schedule", self.schedule, ScheduleName)
        _one_of("scaling", self.scaling, Literal["auto", "none"])
        if self.channels is not None:
            _one_of("channels", self.channels, Literal["joint", "independent"])
        check_positive("members", self.members)
        for name in ("lags", "epochs", "batch_size", "patience"):
            if getattr(self, name) is not None:
                check_positive(name, getattr(self, name))
        if self.context is not None and self.context != "all":
            check_positive("context", self.context)
        self._check_units()
        self._check_numbers()

    def _check_units(self) -> None:
        if self.units is None:
            return
        if not isinstance(self.units, tuple):
            raise OptionError(f"units is a tuple of layer sizes such as (40, 40), got {self.units!r}")
        check_layers(self.units)

    def _check_numbers(self) -> None:
        for name in ("learning_rate", "clip", "weight_decay"):
            value = getattr(self, name)
            if value is not None and not (_is_number(value) and 0 < value <= LARGEST):
                raise OptionError(f"{name} is a number above 0 and at most {LARGEST:,}, got {value!r}")
        if self.dropout is not None and not (_is_number(self.dropout) and 0 <= self.dropout < 1):
            raise OptionError(f"dropout is at least 0 and below 1, got {self.dropout!r}")
        check_seed(self.seed)
        for name in ("log", "gaps", "show_progress", "refit", "unknown_categories"):
            value, firm = getattr(self, name), name in ("refit", "unknown_categories")
            if not isinstance(value, bool) and (firm or value is not None):
                raise OptionError(f"{name} is True or False{'' if firm else ', or None'}, got {value!r}")
        if self.distribution != "point" and (self.head != "dense" or self.loss != "mae"):
            raise OptionError(
                f'distribution="{self.distribution}" has a dense head and a loss of its own: leave head and loss as '
                f"they are, got head={self.head!r} and loss={self.loss!r}"
            )
        if self.scaling == "none" and self.log is not None:
            raise OptionError('log belongs to scaling="auto"; with scaling="none" the network sees raw values')


def _one_of(name: str, value: object, kinds: object) -> None:
    if value not in get_args(kinds):
        raise OptionError(f"{name} is one of {', '.join(map(repr, get_args(kinds)))}, got {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
