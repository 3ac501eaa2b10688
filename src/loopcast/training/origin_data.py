"""Windows of series to learn forecasting from, as a source of batches: indices into windows on the device."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np

from loopcast.nn.origin_network import OriginNetwork
from loopcast.training.config import TrainingConfig
from loopcast.training.origin_objective import OriginObjective
from loopcast.training.origin_pool import ORIGINS, Draw, Examples


@dataclass(frozen=True, kw_only=True, eq=False)
class OriginData:
    """examples: windows with their origins. batch: windows of an update. stretches: updates between two looks.

    See `DataSource`.
    """

    cure: ClassVar[str] = ""
    validation_batches: ClassVar[None] = None
    judges: ClassVar[int] = 1

    network: OriginNetwork
    examples: Examples
    batch: int
    stretches: tuple[int, ...]

    def objective(self, recipe: TrainingConfig) -> OriginObjective:
        return OriginObjective(network=self.network)

    def to_device(self) -> Any:
        return jax.device_put(self.examples)

    def updates(self, recipe: TrainingConfig) -> np.ndarray:
        return np.array(self.stretches)

    def batches(self, count: int, recipe: TrainingConfig, rng: np.random.Generator) -> Draw:
        """Every window once before any comes again, each time with some of its origins."""
        windows, uses = len(self.examples.inputs), self.examples.origins.shape[1] // ORIGINS
        turns = [rng.permutation(windows) for _ in range(-(-count * self.batch // windows))]
        drawn = np.concatenate(turns)[: count * self.batch].reshape(count, self.batch)
        return Draw(drawn.astype(np.int32), rng.integers(uses, size=count).astype(np.int32))
