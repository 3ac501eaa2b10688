"""The options of `Imputer`."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from loopcast.models.estimator import BoundedEstimator
from loopcast.models.imputer.validation import check_options
from loopcast.nn.shapes import CellName
from loopcast.training.callbacks import Callback, check_callbacks


@dataclass(frozen=True, kw_only=True, eq=False)
class ImputerOptions(BoundedEstimator):
    """What each option means is said at `Imputer`."""

    runtime: ClassVar[frozenset[str]] = frozenset({"callbacks", "show_progress"})
    mode: Literal["two-sided", "causal"] = "two-sided"
    season: int | None = None
    cell: CellName = "lstm"
    units: tuple[int, ...] | None = None
    window: int | None = None
    updates: int | None = None
    batch_size: int | None = None
    learning_rate: float = 0.003
    best: bool = False
    seed: int = 0
    show_progress: bool | None = None
    callbacks: tuple[Callback, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_options(self.get_params())
        object.__setattr__(self, "callbacks", check_callbacks(self.callbacks))
