"""Windows with values hidden in them, drawn anew for each update: what an imputer learns from."""

from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import numpy as np

from loopcast.models.imputer.form import ImputerConfig
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.objective import ImputerBatch, ImputerObjective, ImputerRows
from loopcast.training.config import TrainingConfig


@dataclass(frozen=True, kw_only=True, eq=False)
class HiddenData:
    """The source of one member's batches; see `DataSource`.

    values: scaled, float32 `[row, channel]` with NaN; offsets: of the rows of each series, int64 `[series + 1]`.
    held: the rows that each member does not see, bool `[row, member]`; hiding: where values are hidden.
    n_updates: how many there are, in the epochs of a recipe together.
    """

    cure: ClassVar[str] = ""
    validation_batches: ClassVar[None] = None
    judges: ClassVar[int] = 1

    config: ImputerConfig
    values: np.ndarray
    offsets: np.ndarray
    held: np.ndarray
    hiding: MaskSampler
    n_updates: int
    member: int = 0

    def of_member(self, member: int) -> "HiddenData":
        return replace(self, member=member)

    def objective(self, recipe: TrainingConfig) -> ImputerObjective:
        return ImputerObjective(config=self.config)

    def to_device(self) -> ImputerRows:
        """For every member."""
        values = np.concatenate([self.values, np.full((1, self.values.shape[1]), np.nan, np.float32)])
        return ImputerRows(*jax.device_put((values, np.concatenate([self.held, np.zeros_like(self.held[:1])]))))

    def updates(self, recipe: TrainingConfig) -> np.ndarray:
        return np.diff(np.linspace(0, self.n_updates, recipe.epochs + 1).round().astype(np.int64))

    def batches(self, count: int, recipe: TrainingConfig, rng: np.random.Generator) -> ImputerBatch:
        drawn = [self._drawn(recipe.batch_size, rng) for _ in range(count)]
        return ImputerBatch(
            np.full(count, self.member, np.int32), *(np.stack(part) for part in zip(*drawn, strict=True))
        )

    def _drawn(self, windows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Windows from anywhere: where they begin, where their series end, and what is hidden of them."""
        width = self.config.window
        places = np.maximum(np.diff(self.offsets) - width, 0) + 1
        ends = np.cumsum(places)
        number = rng.integers(ends[-1], size=windows)
        series = np.searchsorted(ends, number, side="right")
        start = self.offsets[series] + number - (ends - places)[series]
        hidden = self.hiding.sample(rng, windows, width)
        return start.astype(np.int32), self.offsets[series + 1].astype(np.int32), hidden
