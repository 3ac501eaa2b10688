"""Windows of series to learn forecasting from, as a source of batches: indices into windows on the device."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import numpy as np

from loopcast.features.sizes import power_of_two
from loopcast.nn.origin_network import OriginNetwork
from loopcast.training.config import TrainingConfig
from loopcast.training.origin_objective import OriginObjective
from loopcast.training.origin_pool import ORIGINS, Draw, Examples

STEP = 1024  # of many windows there is room for a multiple of so many


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
        """The windows, and room after them that is never drawn: numbers that are near one another compile once."""
        windows = len(self.examples.inputs)
        room = min(power_of_two(windows), -(-windows // STEP) * STEP) - windows
        return jax.device_put(
            Examples(*(np.concatenate([part, np.zeros((room, *part.shape[1:]), part.dtype)]) for part in self.examples))
        )

    def updates(self, recipe: TrainingConfig) -> np.ndarray:
        return np.array(self.stretches)

    def batches(self, count: int, recipe: TrainingConfig, rng: np.random.Generator) -> Draw:
        """Every window once before any comes again, each time with some of its origins."""
        windows, uses = len(self.examples.inputs), self.examples.origins.shape[1] // ORIGINS
        turns = [rng.permutation(windows) for _ in range(-(-count * self.batch // windows))]
        drawn = np.concatenate(turns)[: count * self.batch].reshape(count, self.batch)
        return Draw(drawn.astype(np.int32), rng.integers(uses, size=count).astype(np.int32))
