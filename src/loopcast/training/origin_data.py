"""Windows of series to learn forecasting from, as a source of batches: indices into windows on the device."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import numpy as np

from loopcast.features.sizes import power_of_two
from loopcast.nn.origin_network import OriginNetwork
from loopcast.training.config import TrainingConfig
from loopcast.training.origin_objective import OriginObjective
from loopcast.training.origin_pool import Draw, Examples

STEP = 1024  # of many windows there is room for a multiple of so many


@dataclass(frozen=True, kw_only=True, eq=False)
class OriginData:
    """windows, uses: of the examples on the device. batch: windows of an update. stretches: updates between two looks.

    See `DataSource`.
    """

    cure: ClassVar[str] = ""
    validation_batches: ClassVar[None] = None
    judges: ClassVar[int] = 1

    network: OriginNetwork
    windows: int
    uses: int
    batch: int
    stretches: tuple[int, ...]

    def objective(self, recipe: TrainingConfig) -> OriginObjective:
        return OriginObjective(network=self.network)

    def updates(self, recipe: TrainingConfig) -> np.ndarray:
        return np.array(self.stretches)

    def batches(self, count: int, recipe: TrainingConfig, rng: np.random.Generator) -> Draw:
        """Every window once before any comes again, each time with some of its origins."""
        turns = [rng.permutation(self.windows) for _ in range(-(-count * self.batch // self.windows))]
        drawn = np.concatenate(turns)[: count * self.batch].reshape(count, self.batch)
        return Draw(drawn.astype(np.int32), rng.integers(self.uses, size=count).astype(np.int32))


def on_device(examples: Examples) -> Examples:
    """The windows, and room after them that is never drawn: numbers that are near one another compile once.

    One array after the other, for with many covariates one of them takes most of the memory.
    """
    windows = len(examples.inputs)
    room = min(power_of_two(windows), -(-windows // STEP) * STEP) - windows
    return Examples(*(jax.device_put(_with_room(part, room)) for part in examples))


def _with_room(part: np.ndarray, room: int) -> np.ndarray:
    return np.concatenate([part, np.zeros((room, *part.shape[1:]), part.dtype)]) if room else part
